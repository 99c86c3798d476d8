/*
 * The issuer's thread: takes whatever tickets are there, up to a round's worth, and runs the round.  It waits for
 * nothing: while one round commits, the tickets of the next gather.
 */
#include "core/issue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/core.h"

#define ISSUE_QUEUE 4096           /* more wait as jobs in the store */
#define ISSUE_PAUSE_NS 1000000000L /* after the store failed: a full disk is not asked a thousand times a second */

struct issue_queue {
        struct core *core;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t work;
        struct issue_ticket tickets[ISSUE_QUEUE];
        size_t head, length;
        bool stopping, started;
};

res issue_queue_new(struct core *core, struct issue_queue **ret_queue)
{
        struct issue_queue *queue = calloc(1, sizeof *queue);

        ENSURE(queue != NULL, ERR_MEMORY);
        queue->core = core;
        pthread_mutex_init(&queue->lock, NULL);
        pthread_cond_init(&queue->work, NULL);
        *ret_queue = queue;
        return RES_OK;
}

static bool queue_holds(const struct issue_queue *queue, const char *certificate_id)
{
        for (size_t i = 0; i < queue->length; i++)
                if (strcmp(queue->tickets[(queue->head + i) % ISSUE_QUEUE].certificate_id, certificate_id) == 0)
                        return true;
        return false;
}

void issue_queue_push(struct issue_queue *queue, const struct issue_ticket *ticket)
{
        pthread_mutex_lock(&queue->lock);
        /* Full: the job's lease ends and it is asked again. */
        if (queue->length < ISSUE_QUEUE && !queue_holds(queue, ticket->certificate_id)) {
                queue->tickets[(queue->head + queue->length++) % ISSUE_QUEUE] = *ticket;
                pthread_cond_signal(&queue->work);
        }
        pthread_mutex_unlock(&queue->lock);
}

static size_t queue_take(struct issue_queue *queue, struct issue_ticket *tickets)
{
        size_t n = 0;

        while (queue->length > 0 && n < LIMIT_ISSUE_BATCH) {
                tickets[n++] = queue->tickets[queue->head];
                queue->head = (queue->head + 1) % ISSUE_QUEUE;
                queue->length--;
        }
        return n;
}

static void *issue_thread(void *arg)
{
        struct issue_queue *queue = arg;
        struct issue_ticket tickets[LIMIT_ISSUE_BATCH];

        pthread_mutex_lock(&queue->lock);
        while (!queue->stopping) {
                if (queue->length == 0) {
                        pthread_cond_wait(&queue->work, &queue->lock);
                        continue;
                }
                size_t n = queue_take(queue, tickets);

                pthread_mutex_unlock(&queue->lock);
                bool done = issue_round(queue->core, tickets, n);

                if (!done)
                        nanosleep(&(struct timespec){.tv_nsec = ISSUE_PAUSE_NS - 1}, NULL);
                for (size_t i = 0; !done && i < n; i++)
                        issue_queue_push(queue, &tickets[i]);
                pthread_mutex_lock(&queue->lock);
        }
        pthread_mutex_unlock(&queue->lock);
        return NULL;
}

res issue_queue_start(struct issue_queue *queue)
{
        ENSURE(pthread_create(&queue->thread, NULL, issue_thread, queue) == 0, ERR_MEMORY);
        queue->started = true;
        return RES_OK;
}

void issue_queue_stop(struct issue_queue *queue)
{
        if (queue == NULL || !queue->started)
                return;
        pthread_mutex_lock(&queue->lock);
        queue->stopping = true;
        pthread_cond_broadcast(&queue->work);
        pthread_mutex_unlock(&queue->lock);
        pthread_join(queue->thread, NULL);
        queue->started = false;
}

void issue_queue_free(struct issue_queue *queue)
{
        if (queue == NULL)
                return;
        pthread_mutex_destroy(&queue->lock);
        pthread_cond_destroy(&queue->work);
        free(queue);
}
