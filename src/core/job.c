/*
 * The dispatcher and its threads.  One thread looks for due jobs (a read, at most once a second when nobody wakes it),
 * claims as many as there are idle threads, and queues them; a slow job (a web server that drips) holds one thread only.
 */
#include "core/job.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"

#define JOB_QUEUE 64            /* claimed at once; more would sit in memory under a running lease */
#define JOB_LEASE_SEC 120       /* longer than any look: the prober answers within 60 s or is given up */
#define JOB_IDLE_MS 1000
#define JOB_ARENA (4 * 1024 * 1024)

static const char *const job_names[JOB_KIND_COUNT] = {
        [JOB_VALIDATE] = "validate", [JOB_ISSUE] = "issue", [JOB_DEADLINE] = "deadline", [JOB_REVOKE] = "revoke", [JOB_DELETE] = "delete",
        [JOB_EXPIRE] = "expire",     [JOB_ORDER] = "order",       [JOB_CRL] = "crl",     [JOB_LISTENER] = "listener",
        [JOB_SUCCESSOR] = "successor",
        [JOB_ACME] = "acme",         [JOB_RECONCILE] = "reconcile", [JOB_REPLACE] = "replace",
};

struct job_item {
        struct arena *arena;
        struct job_row row;
        enum job_kind kind;
};

struct job_runner {
        struct core *core;
        struct {
                job_fn *fn;
                void *context;
        } kinds[JOB_KIND_COUNT];
        unsigned thread_count;
        pthread_t dispatcher, *threads;
        pthread_mutex_t lock;
        pthread_cond_t work, wake;
        struct job_item queue[JOB_QUEUE];
        size_t head, length, busy;
        bool woken, stopping, started;
};

struct str job_name(enum job_kind kind)
{
        return str_of(job_names[kind]);
}

res job_put(struct store_tx *tx, enum job_kind kind, int64_t account_id, struct str subject, int64_t due_at,
            int64_t now_sec)
{
        return store_job_put(tx, str_of(job_names[kind]), account_id, subject, due_at, now_sec);
}

res job_end(struct store_tx *tx, enum job_kind kind, struct str subject)
{
        return store_job_drop(tx, str_of(job_names[kind]), subject);
}

res job_again(struct store_tx *tx, const struct core *core, int64_t job_id, int64_t due_at, const char *why)
{
        res r = store_job_again(tx, job_id, str_of(core->node), due_at, str_of(why));

        return r.err == ERR_NOT_FOUND ? RES_OK : r; /* dropped meanwhile, or another node holds it now */
}

struct job_postponed {
        const struct core *core;
        const struct job_row *job;
        int64_t due_at;
};

static res job_postpone_tx(struct store_tx *tx, void *arg)
{
        const struct job_postponed *postponed = arg;

        return job_again(tx, postponed->core, postponed->job->job_id, postponed->due_at, "");
}

void job_postpone(struct act *act, const struct job_row *job, int64_t due_at)
{
        struct job_postponed postponed = {act->core, job, due_at};
        res r = store_run(act->core->store, job_postpone_tx, &postponed);

        if (!res_is_ok(r))
                log_line(LOG_WARNING, "job_postpone", "kind=%s err=%s", log_quote(job->kind), err_name(r.err));
}

/* ---- claiming ---------------------------------------------------------------------------------- */

struct job_claim {
        struct job_runner *runner;
        struct arena *arena;
        enum job_kind kind;
        size_t room;
        int64_t now_sec;
        const struct job_row *rows;
        size_t count;
};

static res job_claim_tx(struct store_tx *tx, void *arg)
{
        struct job_claim *claim = arg;

        return store_job_claim(tx, claim->arena, str_of(job_names[claim->kind]), str_of(claim->runner->core->node), claim->now_sec,
                               claim->now_sec + JOB_LEASE_SEC, (int64_t)claim->room, &claim->rows, &claim->count);
}

static void job_enqueue(struct job_runner *runner, enum job_kind kind, const struct job_row *row)
{
        struct job_item item = {.arena = arena_new(JOB_ARENA), .kind = kind, .row = *row};

        item.row.kind = str_of(job_names[kind]);
        item.row.subject = str_dup(item.arena, row->subject);
        runner->queue[(runner->head + runner->length++) % JOB_QUEUE] = item;
        pthread_cond_signal(&runner->work);
}

static bool job_kind_is_due(struct job_runner *runner, enum job_kind kind, int64_t now_sec)
{
        struct store_conn *reader = NULL;
        int64_t due_at = INT64_MAX;

        return runner->kinds[kind].fn != NULL && res_is_ok(store_read(runner->core->store, &reader)) &&
               res_is_ok(store_job_next_due(reader, str_of(job_names[kind]), &due_at)) && due_at <= now_sec;
}

/* Claims what is due of one kind; how many. */
static size_t job_dispatch(struct job_runner *runner, enum job_kind kind, size_t room)
{
        struct job_claim claim = {.runner = runner, .kind = kind, .room = room, .now_sec = clock_now_sec()};

        if (room == 0 || !job_kind_is_due(runner, kind, claim.now_sec))
                return 0;
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(JOB_ARENA);

        claim.arena = arena;
        res claimed = store_run(runner->core->store, job_claim_tx, &claim);

        if (!res_is_ok(claimed)) {
                log_line(LOG_WARNING, "job_claim", "kind=%s err=%s", job_names[kind], err_name(claimed.err));
                return 0;
        }
        pthread_mutex_lock(&runner->lock);
        for (size_t i = 0; i < claim.count; i++)
                job_enqueue(runner, kind, &claim.rows[i]);
        pthread_mutex_unlock(&runner->lock);
        return claim.count;
}

static size_t job_dispatch_all(struct job_runner *runner, size_t room)
{
        size_t claimed = 0;

        for (int kind = 0; kind < JOB_KIND_COUNT; kind++)
                claimed += job_dispatch(runner, (enum job_kind)kind, room - claimed);
        return claimed;
}

static void job_wait(struct job_runner *runner, int ms)
{
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)(ms % 1000) * 1000000;
        until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (!runner->woken && !runner->stopping)
                pthread_cond_timedwait(&runner->wake, &runner->lock, &until);
        runner->woken = false;
}

static void *job_dispatcher(void *arg)
{
        struct job_runner *runner = arg;

        pthread_mutex_lock(&runner->lock);
        while (!runner->stopping) {
                size_t room = runner->thread_count > runner->busy + runner->length
                                      ? runner->thread_count - runner->busy - runner->length
                                      : 0;

                pthread_mutex_unlock(&runner->lock);
                bool more = job_dispatch_all(runner, room < JOB_QUEUE ? room : JOB_QUEUE) > 0;

                pthread_mutex_lock(&runner->lock);
                if (!more)
                        job_wait(runner, JOB_IDLE_MS);
        }
        pthread_mutex_unlock(&runner->lock);
        return NULL;
}

/* ---- doing ------------------------------------------------------------------------------------- */

static void job_run_one(struct job_runner *runner, struct job_item *item)
{
        struct act act;

        act_begin(&act, runner->core, item->arena, item->row.account_id);
        runner->kinds[item->kind].fn(&act, &item->row, runner->kinds[item->kind].context);
        arena_free(item->arena);
}

static void *job_thread(void *arg)
{
        struct job_runner *runner = arg;

        pthread_mutex_lock(&runner->lock);
        for (;;) {
                while (runner->length == 0 && !runner->stopping)
                        pthread_cond_wait(&runner->work, &runner->lock);
                if (runner->length == 0)
                        break;
                struct job_item item = runner->queue[runner->head];

                runner->head = (runner->head + 1) % JOB_QUEUE;
                runner->length--;
                runner->busy++;
                pthread_mutex_unlock(&runner->lock);
                job_run_one(runner, &item);
                pthread_mutex_lock(&runner->lock);
                runner->busy--;
                runner->woken = true; /* a thread is free: there may be more */
                pthread_cond_signal(&runner->wake);
        }
        pthread_mutex_unlock(&runner->lock);
        return NULL;
}

/* ---- life -------------------------------------------------------------------------------------- */

res job_runner_new(struct core *core, unsigned threads, struct job_runner **ret_runner)
{
        struct job_runner *runner = calloc(1, sizeof *runner);
        pthread_condattr_t monotonic;

        ENSURE(runner != NULL, ERR_MEMORY);
        runner->core = core;
        runner->thread_count = threads;
        runner->threads = calloc(threads, sizeof *runner->threads);
        if (runner->threads == NULL) {
                free(runner);
                return FAIL(ERR_MEMORY);
        }
        pthread_mutex_init(&runner->lock, NULL);
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&runner->wake, &monotonic);
        pthread_condattr_destroy(&monotonic);
        pthread_cond_init(&runner->work, NULL);
        *ret_runner = runner;
        return RES_OK;
}

void job_runner_set(struct job_runner *runner, enum job_kind kind, job_fn *fn, void *context)
{
        runner->kinds[kind].fn = fn;
        runner->kinds[kind].context = context;
}

static res job_prepare_tx(struct store_tx *tx, void *arg)
{
        static const enum job_kind sweeps[] = {JOB_EXPIRE, JOB_ORDER, JOB_CRL, JOB_LISTENER, JOB_ACME, JOB_RECONCILE};
        struct job_runner *runner = arg;

        TRY(store_job_release_node(tx, str_of(runner->core->node)));
        for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps; i++)
                TRY(job_put(tx, sweeps[i], 0, STR("all"), clock_now_sec(), clock_now_sec()));
        return RES_OK;
}

res job_runner_start(struct job_runner *runner)
{
        TRY(store_run(runner->core->store, job_prepare_tx, runner));
        for (unsigned i = 0; i < runner->thread_count; i++)
                ENSURE(pthread_create(&runner->threads[i], NULL, job_thread, runner) == 0, ERR_MEMORY);
        ENSURE(pthread_create(&runner->dispatcher, NULL, job_dispatcher, runner) == 0, ERR_MEMORY);
        runner->started = true;
        return RES_OK;
}

void job_runner_wake(struct job_runner *runner)
{
        if (runner == NULL)
                return;
        pthread_mutex_lock(&runner->lock);
        runner->woken = true;
        pthread_cond_signal(&runner->wake);
        pthread_mutex_unlock(&runner->lock);
}

/* Not begun: their leases are freed at the next start. */
static void job_drop_queue(struct job_runner *runner)
{
        while (runner->length > 0) {
                arena_free(runner->queue[runner->head].arena);
                runner->head = (runner->head + 1) % JOB_QUEUE;
                runner->length--;
        }
}

void job_runner_stop(struct job_runner *runner)
{
        if (runner == NULL || !runner->started)
                return;
        pthread_mutex_lock(&runner->lock);
        runner->stopping = true;
        job_drop_queue(runner);
        pthread_cond_broadcast(&runner->work);
        pthread_cond_broadcast(&runner->wake);
        pthread_mutex_unlock(&runner->lock);
        pthread_join(runner->dispatcher, NULL);
        for (unsigned i = 0; i < runner->thread_count; i++)
                pthread_join(runner->threads[i], NULL);
        job_drop_queue(runner); /* what the dispatcher still brought when all threads had gone */
        runner->started = false;
}

void job_runner_free(struct job_runner *runner)
{
        if (runner == NULL)
                return;
        pthread_mutex_destroy(&runner->lock);
        pthread_cond_destroy(&runner->work);
        pthread_cond_destroy(&runner->wake);
        free(runner->threads);
        free(runner);
}
