/*
 * The threads that look at challenges.  Most of them sleep in the prober's answer, for seconds when a host is hostile; so there
 * are many, one account may hold only a few of them, and what waits is bounded.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "core/authorization_inner.h"
#include "core/core.h"

#define LOOK_THREADS 64
#define LOOK_STACK (256 * 1024)
#define LOOK_AGAIN_MS 500   /* the prober restarts within two seconds */
#define LOOK_AGAIN_MAX 40
#define SWEEP_EVERY_SEC 30
#define SWEEP_OLD_SEC 30    /* longer than any look */
#define LOOK_WAITING_ACCOUNT 128

struct look_entry {
        struct authorization_look look;
        bool running;
};

struct authorization_queue {
        struct core *core;
        pthread_t threads[LOOK_THREADS];
        size_t thread_count;
        pthread_mutex_t lock;
        pthread_cond_t work;
        struct look_entry *entries[LIMIT_ACME_LOOKS]; /* oldest first */
        size_t count;
        bool stopping;
};

static size_t count_account(const struct authorization_queue *queue, int64_t acme_id, bool running_only)
{
        size_t n = 0;

        for (size_t i = 0; i < queue->count; i++)
                n += queue->entries[i]->look.acme_id == acme_id && (queue->entries[i]->running || !running_only);
        return n;
}

static bool holds(const struct authorization_queue *queue, int64_t authorization_id)
{
        for (size_t i = 0; i < queue->count; i++)
                if (queue->entries[i]->look.authorization_id == authorization_id)
                        return true;
        return false;
}

static enum err push_locked(struct authorization_queue *queue, const struct authorization_look *look)
{
        if (holds(queue, look->authorization_id))
                return ERR_NONE;
        if (queue->stopping || queue->count == LIMIT_ACME_LOOKS ||
            count_account(queue, look->acme_id, /* running_only= */ false) >= LOOK_WAITING_ACCOUNT)
                return ERR_RATE;
        struct look_entry *entry = calloc(1, sizeof *entry);

        if (entry == NULL)
                return ERR_MEMORY;
        entry->look = *look;
        queue->entries[queue->count++] = entry;
        pthread_cond_signal(&queue->work);
        return ERR_NONE;
}

res authorization_queue_push(struct act *act, const struct authorization_look *look)
{
        struct authorization_queue *queue = act->core->authorizations;

        pthread_mutex_lock(&queue->lock);
        const enum err err = push_locked(queue, look);

        pthread_mutex_unlock(&queue->lock);
        if (err == ERR_RATE) {
                act->retry_after_sec = 10;
                return act_fail(act, ERR_RATE, "Too many challenges are being looked at; try again in 10 s.");
        }
        return FAIL(err);
}

/* ---- threads ------------------------------------------------------------------------------------------------ */

static struct look_entry *take(struct authorization_queue *queue)
{
        for (size_t i = 0; i < queue->count; i++) {
                struct look_entry *entry = queue->entries[i];

                if (entry->running || count_account(queue, entry->look.acme_id, /* running_only= */ true) >= LIMIT_ACME_LOOKS_ACCOUNT)
                        continue;
                entry->running = true;
                return entry;
        }
        return NULL;
}

static void drop(struct authorization_queue *queue, struct look_entry *entry)
{
        for (size_t i = 0; i < queue->count; i++)
                if (queue->entries[i] == entry) {
                        queue->count--;
                        memmove(&queue->entries[i], &queue->entries[i + 1], (queue->count - i) * sizeof *queue->entries);
                        break;
                }
        free(entry);
}

static bool is_stopping(struct authorization_queue *queue)
{
        pthread_mutex_lock(&queue->lock);
        const bool stopping = queue->stopping;

        pthread_mutex_unlock(&queue->lock);
        return stopping;
}

/* What nobody could look at stays with the client's next poll and the sweep. */
static void look_until_done(struct authorization_queue *queue, const struct authorization_look *look)
{
        for (int i = 0; i < LOOK_AGAIN_MAX; i++) {
                if (authorization_look(queue->core, look) || is_stopping(queue))
                        return;
                nanosleep(&(struct timespec){.tv_nsec = LOOK_AGAIN_MS * 1000000L}, NULL);
        }
        log_line(LOG_WARNING, "authorization", "id=%lld why=\"nobody could look\"", (long long)look->authorization_id);
}

static void *look_thread(void *arg)
{
        struct authorization_queue *queue = arg;

        pthread_mutex_lock(&queue->lock);
        while (!queue->stopping) {
                struct look_entry *entry = take(queue);

                if (entry == NULL) {
                        pthread_cond_wait(&queue->work, &queue->lock);
                        continue;
                }
                pthread_mutex_unlock(&queue->lock);
                look_until_done(queue, &entry->look);
                pthread_mutex_lock(&queue->lock);
                drop(queue, entry);
                if (queue->count > 0)
                        pthread_cond_signal(&queue->work); /* one of this account's may go on */
        }
        pthread_mutex_unlock(&queue->lock);
        return NULL;
}

res authorization_queue_new(struct core *core, struct authorization_queue **ret_queue)
{
        struct authorization_queue *queue = calloc(1, sizeof *queue);

        ENSURE(queue != NULL, ERR_MEMORY);
        queue->core = core;
        pthread_mutex_init(&queue->lock, NULL);
        pthread_cond_init(&queue->work, NULL);
        *ret_queue = queue;
        return RES_OK;
}

res authorization_queue_start(struct authorization_queue *queue)
{
        pthread_attr_t small;
        bool failed = false;

        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, LOOK_STACK);
        while (queue->thread_count < LOOK_THREADS && !failed) {
                failed = pthread_create(&queue->threads[queue->thread_count], &small, look_thread, queue) != 0;
                queue->thread_count += !failed;
        }
        pthread_attr_destroy(&small);
        ENSURE(!failed, ERR_MEMORY);
        return RES_OK;
}

void authorization_queue_stop(struct authorization_queue *queue)
{
        if (queue == NULL)
                return;
        pthread_mutex_lock(&queue->lock);
        queue->stopping = true;
        pthread_cond_broadcast(&queue->work);
        pthread_mutex_unlock(&queue->lock);
        for (size_t i = 0; i < queue->thread_count; i++)
                pthread_join(queue->threads[i], NULL);
        queue->thread_count = 0;
}

void authorization_queue_free(struct authorization_queue *queue)
{
        if (queue == NULL)
                return;
        for (size_t i = 0; i < queue->count; i++)
                free(queue->entries[i]);
        pthread_mutex_destroy(&queue->lock);
        pthread_cond_destroy(&queue->work);
        free(queue);
}

/* ---- what a crash left behind ---------------------------------------------------------------------------------- */

static MUST res sweep(struct act *act)
{
        struct store_conn *reader = NULL;
        const struct acme_authorization_row *rows = NULL;
        size_t n = 0;

        TRY(store_read(act->core->store, &reader));
        TRY(store_acme_authorization_list_processing(reader, act->arena, act->now_sec - SWEEP_OLD_SEC, LIMIT_ACME_LOOKS / 4, &rows, &n));
        for (size_t i = 0; i < n; i++) {
                struct acme_account account;
                struct authorization_look look;

                TRY(acme_account_find(act, rows[i].acme_id, &account));
                authorization_look_fill(&rows[i], &account, &look);
                TRY(authorization_queue_push(act, &look));
        }
        return RES_OK;
}

void authorization_sweep_job(struct act *act, const struct job_row *job, void *context)
{
        res r = sweep(act);
        (void)context;

        if (!res_is_ok(r) && r.err != ERR_RATE)
                log_line(LOG_WARNING, "authorization_sweep", "err=%s", err_name(r.err));
        job_postpone(act, job, act->now_sec + SWEEP_EVERY_SEC);
}
