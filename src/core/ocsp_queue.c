/*
 * See ocsp_queue.h.  A list under a lock and a thread.  A question waits LIMIT_IPC_SIGN_MS at most, from the moment that it
 * was put down: when the signer is away, those that came first use that up, and the ones behind them do not wait it again.
 *
 * A batch costs some ten switches between threads and programs, however many are in it.  So after one of several the thread waits a
 * moment for as many again, because who was answered asks again; a question that comes when nobody asked for a while waits for nobody.
 */
#include "core/ocsp_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define QUEUE_ARENA (256 * 1024)
#define QUEUE_MANY 4       /* in flight, from which on as many are waited for */
#define QUEUE_GATHER_MS 1  /* so long: a signature takes a thirtieth of it */
#define QUEUE_REMEMBERED 8 /* batches: what was in flight in none of these is not waited for */

struct ocsp_queue {
        struct core *core;
        pthread_mutex_t lock;
        pthread_cond_t filled;
        struct ocsp_ask *head, **tail;
        size_t n, wanted;     /* who puts down the one that makes n be `wanted` wakes the thread */
        size_t usual, most;   /* in flight: what is waited for, and the most in the batches that were counted since */
        unsigned counted;
        bool is_stopping;
        struct arena *arena; /* of a batch */
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
                if (++queue->n == queue->wanted)
                        pthread_cond_signal(&queue->filled);
        }
        pthread_mutex_unlock(&queue->lock);
        return taken;
}

static void queue_gather(struct ocsp_queue *queue)
{
        const int64_t until_ms = clock_mono_ms() + QUEUE_GATHER_MS + 1; /* whole milliseconds: at least one */
        const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};

        queue->wanted = queue->usual < LIMIT_ISSUE_BATCH ? queue->usual : LIMIT_ISSUE_BATCH;
        while (queue->n < queue->wanted && !queue->is_stopping)
                if (pthread_cond_timedwait(&queue->filled, &queue->lock, &until) != 0)
                        break;
}

static void queue_wait(struct ocsp_queue *queue)
{
        if (queue->usual >= QUEUE_MANY)
                queue_gather(queue);
        queue->wanted = 1;
        while (queue->n == 0 && !queue->is_stopping)
                pthread_cond_wait(&queue->filled, &queue->lock);
}

/* What was answered in a batch and what came meanwhile were in flight together. */
static void queue_remember(struct ocsp_queue *queue, size_t in_flight)
{
        queue->most = in_flight > queue->most ? in_flight : queue->most;
        if (queue->most > queue->usual || ++queue->counted == QUEUE_REMEMBERED) {
                queue->usual = queue->most;
                queue->most = queue->counted = 0;
        }
}

/* The oldest that wait, for as long as there are none; 0: the end. */
static size_t queue_take(struct ocsp_queue *queue, size_t answered, struct ocsp_ask *asks[LIMIT_ISSUE_BATCH])
{
        size_t n = 0;

        pthread_mutex_lock(&queue->lock);
        queue_remember(queue, answered + queue->n);
        queue_wait(queue);
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
        const int64_t now_ms = clock_mono_ms();
        struct act act;

        act_begin(&act, queue->core, queue->arena, 0);
        for (; n > 0 && now_ms - asks[0]->asked_ms >= LIMIT_IPC_SIGN_MS; asks++, n--) {
                ocsp_answer_late(queue->core, asks[0], act.now_sec);
                asks[0]->done(asks[0]);
        }
        if (n > 0)
                ocsp_answer_many(&act, asks, n, (int)(LIMIT_IPC_SIGN_MS - (now_ms - asks[0]->asked_ms)));
        arena_clear(queue->arena);
}

static void *queue_run(void *arg)
{
        struct ocsp_queue *queue = arg;
        struct ocsp_ask *asks[LIMIT_ISSUE_BATCH];

        for (size_t n = 0; (n = queue_take(queue, /* answered= */ n, asks)) > 0;)
                queue_answer(queue, asks, n);
        return NULL;
}

static void queue_free(struct ocsp_queue *queue)
{
        pthread_cond_destroy(&queue->filled);
        pthread_mutex_destroy(&queue->lock);
        arena_free(queue->arena);
        free(queue);
}

res ocsp_queue_start(struct core *core, struct ocsp_queue **ret_queue)
{
        struct ocsp_queue *queue = calloc(1, sizeof *queue);
        pthread_condattr_t monotonic;

        ENSURE(queue != NULL, ERR_MEMORY);
        queue->core = core;
        queue->tail = &queue->head;
        pthread_mutex_init(&queue->lock, NULL);
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&queue->filled, &monotonic);
        pthread_condattr_destroy(&monotonic);
        queue->arena = arena_new(QUEUE_ARENA);
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
