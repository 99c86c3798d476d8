/*
 * See ocsp_queue.h.  A list under a lock and a thread.  A question waits LIMIT_IPC_SIGN_MS at most, from the moment that it
 * was put down: when the signer is away, those that came first use that up, and the ones behind them do not wait it again.
 */
#include "core/ocsp_queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

#define QUEUE_ARENA (256 * 1024)

struct ocsp_queue {
        struct core *core;
        pthread_mutex_t lock;
        pthread_cond_t filled;
        struct ocsp_ask *head, **tail;
        size_t n;
        bool is_stopping;
        pthread_t thread;
};

bool ocsp_queue_add(struct ocsp_queue *queue, struct ocsp_ask *ask)
{
        bool taken;

        ask->next = NULL;
        ask->asked_ms = clock_mono_ms();
        pthread_mutex_lock(&queue->lock);
        taken = queue->n < LIMIT_OCSP_WAITING;
        if (taken) {
                *queue->tail = ask;
                queue->tail = &ask->next;
                if (queue->n++ == 0)
                        pthread_cond_signal(&queue->filled);
        }
        pthread_mutex_unlock(&queue->lock);
        return taken;
}

/* The oldest that wait, for as long as there are none; 0: the end. */
static size_t queue_take(struct ocsp_queue *queue, struct ocsp_ask *asks[LIMIT_ISSUE_BATCH])
{
        size_t n = 0;

        pthread_mutex_lock(&queue->lock);
        while (queue->head == NULL && !queue->is_stopping)
                pthread_cond_wait(&queue->filled, &queue->lock);
        for (; queue->head != NULL && n < LIMIT_ISSUE_BATCH; n++) {
                asks[n] = queue->head;
                queue->head = queue->head->next;
        }
        if (queue->head == NULL)
                queue->tail = &queue->head;
        queue->n -= n;
        pthread_mutex_unlock(&queue->lock);
        return n;
}

static void queue_answer(struct ocsp_queue *queue, struct ocsp_ask **asks, size_t n)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(QUEUE_ARENA);
        const int64_t now_ms = clock_mono_ms();
        struct act act;

        act_begin(&act, queue->core, arena, 0);
        for (; n > 0 && now_ms - asks[0]->asked_ms >= LIMIT_IPC_SIGN_MS; asks++, n--) {
                ocsp_answer_late(queue->core, asks[0], act.now_sec);
                asks[0]->done(asks[0]);
        }
        if (n > 0)
                ocsp_answer_many(&act, asks, n, (int)(LIMIT_IPC_SIGN_MS - (now_ms - asks[0]->asked_ms)));
}

static void *queue_run(void *arg)
{
        struct ocsp_queue *queue = arg;
        struct ocsp_ask *asks[LIMIT_ISSUE_BATCH];

        for (size_t n; (n = queue_take(queue, asks)) > 0;)
                queue_answer(queue, asks, n);
        return NULL;
}

static void queue_free(struct ocsp_queue *queue)
{
        pthread_cond_destroy(&queue->filled);
        pthread_mutex_destroy(&queue->lock);
        free(queue);
}

res ocsp_queue_start(struct core *core, struct ocsp_queue **ret_queue)
{
        struct ocsp_queue *queue = calloc(1, sizeof *queue);

        ENSURE(queue != NULL, ERR_MEMORY);
        queue->core = core;
        queue->tail = &queue->head;
        pthread_mutex_init(&queue->lock, NULL);
        pthread_cond_init(&queue->filled, NULL);
        if (pthread_create(&queue->thread, NULL, queue_run, queue) != 0) {
                queue_free(queue);
                return FAIL(ERR_MEMORY);
        }
        *ret_queue = queue;
        return RES_OK;
}

void ocsp_queue_stop(struct ocsp_queue *queue)
{
        if (queue == NULL)
                return;
        pthread_mutex_lock(&queue->lock);
        queue->is_stopping = true;
        pthread_cond_signal(&queue->filled);
        pthread_mutex_unlock(&queue->lock);
        pthread_join(queue->thread, NULL);
        queue_free(queue);
}
