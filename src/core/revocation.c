/* See revocation.h.  A tick reads one small row a shard: about 20 rows for a million certificates. */
#include "core/revocation.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/act.h"
#include "core/crl.h"
#include "core/job.h"
#include "core/ocsp_cache.h"
#include "store/crl_shard.h"

#define WATCH_MS 1000
#define WATCH_ARENA (4 * 1024 * 1024)
#define WATCH_ISSUER_NAME 48

/* What was seen last. */
struct watched {
        char issuer[WATCH_ISSUER_NAME];
        int64_t shard, revoked_count, crl_number;
};

struct revocation_watch {
        struct core *core;
        struct crl_cache *crls;
        struct watched *v;
        size_t n, capacity;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t woken;
        bool stopping;
};

static struct watched *watch_find(struct revocation_watch *watch, const struct crl_shard_row *row)
{
        for (size_t i = 0; i < watch->n; i++)
                if (watch->v[i].shard == row->shard && str_equals(row->issuer, watch->v[i].issuer))
                        return &watch->v[i];
        return NULL;
}

/* NULL without memory or with an absurd name: seen as new again at the next tick. */
static struct watched *watch_add(struct revocation_watch *watch, const struct crl_shard_row *row)
{
        if (row->issuer.n >= WATCH_ISSUER_NAME)
                return NULL;
        if (watch->n == watch->capacity) {
                size_t capacity = watch->capacity ? watch->capacity * 2 : 16;
                struct watched *v = realloc(watch->v, capacity * sizeof *v);

                if (v == NULL)
                        return NULL;
                watch->v = v;
                watch->capacity = capacity;
        }
        struct watched *seen = &watch->v[watch->n++];

        *seen = (struct watched){.shard = row->shard};
        memcpy(seen->issuer, row->issuer.p, row->issuer.n);
        return seen;
}

static res watch_put_job(struct store_tx *tx, void *arg)
{
        const struct act *act = arg;

        return job_put(tx, JOB_CRL, 0, STR("all"), act->now_sec, act->now_sec);
}

/* Tells whether the CRL job has something to do.  What fails is tried again at the next tick. */
static bool watch_shard(struct revocation_watch *watch, struct act *act, const struct crl_shard_row *row)
{
        struct watched *seen = watch_find(watch, row);
        bool is_moved;

        if (seen == NULL && (seen = watch_add(watch, row)) == NULL)
                return false;
        if (row->crl_number <= seen->crl_number || row->crl_number <= crl_cache_number(watch->crls, row->issuer, row->shard) ||
            res_is_ok(crl_serve_stored(act, watch->crls, row)))
                seen->crl_number = row->crl_number;
        is_moved = row->revoked_count != seen->revoked_count;
        if (is_moved && watch->core->ocsp != NULL)
                ocsp_cache_forget(watch->core->ocsp, row->issuer, row->shard);
        seen->revoked_count = row->revoked_count;
        return is_moved && row->revoked_count != row->listed;
}

static res watch_tick(struct revocation_watch *watch)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(WATCH_ARENA);
        struct store_conn *conn = NULL;
        const struct crl_shard_row *rows = NULL;
        struct act act;
        size_t n = 0;
        bool is_due = false;

        act_begin(&act, watch->core, arena, 0);
        TRY(store_read(watch->core->store, &conn));
        TRY(store_crl_shard_list(conn, arena, &rows, &n));
        for (size_t i = 0; i < n; i++)
                is_due |= watch_shard(watch, &act, &rows[i]);
        if (!is_due)
                return RES_OK;
        TRY(store_run(watch->core->store, watch_put_job, &act)); /* lost with a full disk: the job looks by itself too */
        job_runner_wake(watch->core->jobs);
        return RES_OK;
}

static bool watch_wait(struct revocation_watch *watch)
{
        const int64_t until_ms = clock_mono_ms() + WATCH_MS;
        const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
        bool go_on;

        pthread_mutex_lock(&watch->lock);
        while (!watch->stopping && pthread_cond_timedwait(&watch->woken, &watch->lock, &until) == 0)
                ;
        go_on = !watch->stopping;
        pthread_mutex_unlock(&watch->lock);
        return go_on;
}

static void *watch_run(void *arg)
{
        struct revocation_watch *watch = arg;
        enum err last = ERR_NONE;

        while (watch_wait(watch)) {
                res r = watch_tick(watch);

                if (r.err != last && !res_is_ok(r)) /* once, not each second */
                        log_line(LOG_WARNING, "revocation_watch", "err=%s", err_name(r.err));
                last = r.err;
        }
        return NULL;
}

static void watch_free(struct revocation_watch *watch)
{
        pthread_cond_destroy(&watch->woken);
        pthread_mutex_destroy(&watch->lock);
        free(watch->v);
        free(watch);
}

res revocation_watch_start(struct core *core, struct crl_cache *crls, struct revocation_watch **ret_watch)
{
        struct revocation_watch *watch = calloc(1, sizeof *watch);
        pthread_condattr_t monotonic;

        ENSURE(watch != NULL, ERR_MEMORY);
        watch->core = core;
        watch->crls = crls;
        pthread_mutex_init(&watch->lock, NULL);
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&watch->woken, &monotonic);
        pthread_condattr_destroy(&monotonic);
        if (pthread_create(&watch->thread, NULL, watch_run, watch) != 0) {
                watch_free(watch);
                return FAIL(ERR_MEMORY);
        }
        *ret_watch = watch;
        return RES_OK;
}

void revocation_watch_stop(struct revocation_watch *watch)
{
        if (watch == NULL)
                return;
        pthread_mutex_lock(&watch->lock);
        watch->stopping = true;
        pthread_cond_signal(&watch->woken);
        pthread_mutex_unlock(&watch->lock);
        pthread_join(watch->thread, NULL);
        watch_free(watch);
}
