/*
 * See rounds.h.  While one round commits, the next gathers, so the more are written the less each costs.
 *
 * A wait is held by two: the bell, and whoever begins what will ring.  The one who lets go last goes on, because the ring may come
 * before the beginner is done.
 */
#include "acme/rounds.h"

#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/thread.h"

#define ROUND_OWNERS 1024       /* counters of accounts' places, by the last digits of their ids */
#define ROUND_BUSY 8            /* places taken, from which on a round of few waits for more */
#define ROUND_GATHER_NS 5000000 /* so long: a commit costs the same pages and the same sync for one as for ten */

struct acme_rounds {
        struct acme *acme;
        pthread_mutex_t lock;
        pthread_cond_t filled;
        struct acme_call *head, **tail;
        size_t length;
        bool idle, stopping;
        pthread_t thread;
        bool has_thread;
        atomic_int places, own[ROUND_OWNERS];
};

/* ---- places ---------------------------------------------------------------------------------------------------- */

static atomic_int *own_places(struct acme_rounds *rounds, const struct acme_call *call)
{
        return &rounds->own[(uint64_t)call->account.acme_id % ROUND_OWNERS];
}

res acme_rounds_enter(struct acme_call *call)
{
        struct acme_rounds *rounds = call->acme->rounds;
        const int all = atomic_fetch_add(&rounds->places, 1), own = atomic_fetch_add(own_places(rounds, call), 1);

        call->has_place = true;
        if (all < LIMIT_ACME_WRITING / 2 || (all < LIMIT_ACME_WRITING && own < LIMIT_ACME_WRITING_ACCOUNT))
                return RES_OK;
        acme_rounds_leave(call);
        return act_fail(&call->act, ERR_STORE_BUSY, "Too many requests are being worked on; try again.");
}

void acme_rounds_leave(struct acme_call *call)
{
        if (!call->has_place)
                return;
        call->has_place = false;
        atomic_fetch_sub(own_places(call->acme->rounds, call), 1);
        atomic_fetch_sub(&call->acme->rounds->places, 1);
}

/* ---- one call ---------------------------------------------------------------------------------------------------- */

static void rounds_add(struct acme_rounds *rounds, struct acme_call *call)
{
        call->next_call = NULL;
        pthread_mutex_lock(&rounds->lock);
        *rounds->tail = call;
        rounds->tail = &call->next_call;
        rounds->length++;
        if (rounds->idle)
                pthread_cond_signal(&rounds->filled);
        pthread_mutex_unlock(&rounds->lock);
}

static void come(struct acme_call *call, const void *outcome)
{
        if (res_is_ok(call->pushed) && outcome == NULL) { /* it will read */
                rounds_add(call->acme->rounds, call);
                return;
        }
        call->next = ACME_ANSWERED;
        acme_call_settle(call, res_is_ok(call->pushed) ? call->then(call, outcome) : call->pushed);
        acme_rounds_go(call);
}

static void let_go(struct acme_call *call, const void *outcome)
{
        if (atomic_fetch_sub(&call->holds, 1) == 1)
                come(call, outcome);
}

static void heard(void *arg, const void *outcome)
{
        let_go(arg, outcome);
}

/* Left at the bell; what will ring is begun, and where that fails it is rung here. */
static MUST res wait_push(struct acme_call *call, int ms, void (*fn)(void *arg, const void *outcome), void *arg)
{
        struct bell *bell = call->acme->core->bell;

        call->ear = (struct bell_call){.key = call->wait.key, .until_ms = clock_mono_ms() + ms, .fn = fn, .arg = arg};
        bell_leave(bell, &call->ear);
        const res pushed = call->wait.push(call);

        if (!res_is_ok(pushed))
                bell_ring(bell, call->wait.key, /* outcome= */ NULL);
        return pushed;
}

static void wait_begin(struct acme_call *call)
{
        atomic_store(&call->holds, 2);
        call->pushed = wait_push(call, call->wait.ms, heard, call);
        let_go(call, /* outcome= */ NULL);
}

void acme_rounds_go(struct acme_call *call)
{
        assert(call->next != ACME_BLOCKS);
        if (call->next == ACME_WRITES) {
                rounds_add(call->acme->rounds, call);
        } else if (call->next == ACME_WAITS) {
                wait_begin(call);
        } else {
                acme_rounds_leave(call);
                http_request_done(call->request);
        }
}

/* ---- a round ------------------------------------------------------------------------------------------------------ */

static bool is_among(struct acme_call *const *taken, size_t n, int64_t acme_id)
{
        for (size_t i = 0; i < n; i++)
                if (taken[i]->account.acme_id == acme_id)
                        return true;
        return false;
}

/* One turn: the oldest of each account. */
static size_t take_turn(struct acme_call **queue, struct acme_call *taken[], size_t room)
{
        size_t n = 0;

        for (struct acme_call **link = queue; *link && n < room;) {
                struct acme_call *call = *link;

                if (is_among(taken, n, call->account.acme_id)) {
                        link = &call->next_call;
                        continue;
                }
                *link = call->next_call;
                taken[n++] = call;
        }
        return n;
}

size_t acme_rounds_take(struct acme_call **queue, struct acme_call *taken[ACME_ROUND_MAX], size_t n)
{
        size_t count = 0;

        if (n <= ACME_ROUND_MAX) /* all, as a rule */
                for (; *queue; *queue = (*queue)->next_call)
                        taken[count++] = *queue;
        while (*queue && count < ACME_ROUND_MAX)
                count += take_turn(queue, taken + count, ACME_ROUND_MAX - count);
        return count;
}

/* Where many are at work more will come soon; a lone client waits for nobody.  Under the lock. */
static void rounds_gather(struct acme_rounds *rounds)
{
        if (rounds->length >= ACME_ROUND_MAX / 2 || atomic_load(&rounds->places) < ROUND_BUSY || rounds->stopping)
                return;
        pthread_mutex_unlock(&rounds->lock);
        nanosleep(&(struct timespec){.tv_nsec = ROUND_GATHER_NS}, NULL);
        pthread_mutex_lock(&rounds->lock);
}

/* 0: the end. */
static size_t rounds_next(struct acme_rounds *rounds, struct acme_call *taken[ACME_ROUND_MAX])
{
        size_t n;

        pthread_mutex_lock(&rounds->lock);
        rounds->idle = true;
        while (rounds->head == NULL && !rounds->stopping)
                pthread_cond_wait(&rounds->filled, &rounds->lock);
        rounds->idle = false;
        rounds_gather(rounds);
        n = acme_rounds_take(&rounds->head, taken, rounds->length);
        rounds->length -= n;
        rounds->tail = &rounds->head;
        while (*rounds->tail)
                rounds->tail = &(*rounds->tail)->next_call;
        pthread_mutex_unlock(&rounds->lock);
        return n;
}

static void round_write(struct acme_rounds *rounds, struct acme_call **calls, size_t n)
{
        struct store_work works[ACME_ROUND_MAX];
        size_t k = 0;

        for (size_t i = 0; i < n; i++)
                if (calls[i]->next == ACME_WRITES)
                        works[k++] = calls[i]->work;
        store_run_many(rounds->acme->core->store, works, k);
        for (size_t i = n; i > 0; i--) {
                calls[i - 1]->work.result = RES_OK;
                if (calls[i - 1]->next == ACME_WRITES)
                        calls[i - 1]->work.result = works[--k].result;
        }
}

/* What they read is of one moment, and locks once. */
static void round_go_on(struct acme_rounds *rounds, struct acme_call **calls, size_t n)
{
        struct store_conn *conn = NULL;
        const bool one_moment = res_is_ok(store_read(rounds->acme->core->store, &conn)) && res_is_ok(store_snapshot_begin(conn));

        for (size_t i = 0; i < n; i++) {
                struct acme_call *call = calls[i];

                call->next = ACME_ANSWERED;
                acme_call_settle(call, res_is_ok(call->work.result) ? call->then(call, NULL) : call->work.result);
        }
        if (one_moment)
                store_snapshot_end(conn);
}

static void *rounds_thread(void *arg)
{
        struct acme_rounds *rounds = arg;
        struct acme_call *calls[ACME_ROUND_MAX];

        for (size_t n; (n = rounds_next(rounds, calls)) > 0;) {
                round_write(rounds, calls, n);
                round_go_on(rounds, calls, n);
                for (size_t i = 0; i < n; i++)
                        acme_rounds_go(calls[i]);
        }
        return NULL;
}

/* ---- on a worker -------------------------------------------------------------------------------------------------- */

static void wake(void *arg, const void *outcome)
{
        (void)outcome;
        sem_post(arg);
}

static MUST res drive_wait_ms(struct acme_call *call, int ms)
{
        sem_t rung;

        sem_init(&rung, 0, 0);
        const res pushed = wait_push(call, ms, wake, &rung);

        while (sem_wait(&rung) != 0)
                ; /* a signal */
        sem_destroy(&rung);
        return pushed;
}

/* Threads that wait are counted, because hosts may be slow on purpose and issuing may be switched off. */
static MUST res drive_wait(struct acme_call *call)
{
        const int64_t account_id = call->account.account_id;

        if (!outside_enter(call->wait.waiting, account_id))
                return call->wait.short_ms > 0 ? drive_wait_ms(call, call->wait.short_ms) : call->wait.push(call);
        res pushed = drive_wait_ms(call, call->wait.ms);

        outside_leave(call->wait.waiting, account_id);
        return pushed;
}

static MUST res drive_step(struct acme_call *call)
{
        const enum acme_next next = call->next;

        call->next = ACME_ANSWERED;
        if (next == ACME_WRITES)
                TRY(store_run(call->acme->core->store, call->work.fn, call->work.arg));
        else if (next == ACME_WAITS)
                TRY(drive_wait(call));
        return call->then(call, /* outcome= */ NULL);
}

void acme_rounds_drive(struct acme_call *call)
{
        call->is_worker = true;
        while (call->next != ACME_ANSWERED)
                acme_call_settle(call, drive_step(call));
        acme_rounds_leave(call);
}

/* ---- life ----------------------------------------------------------------------------------------------------------- */

res acme_rounds_new(struct acme *acme, struct acme_rounds **ret_rounds)
{
        struct acme_rounds *rounds = calloc(1, sizeof *rounds);

        ENSURE(rounds != NULL, ERR_MEMORY);
        rounds->acme = acme;
        rounds->tail = &rounds->head;
        pthread_mutex_init(&rounds->lock, NULL);
        pthread_cond_init(&rounds->filled, NULL);
        *ret_rounds = rounds;
        return RES_OK;
}

res acme_rounds_start(struct acme_rounds *rounds)
{
        TRY(thread_start(rounds_thread, rounds, &rounds->thread));
        rounds->has_thread = true;
        return RES_OK;
}

void acme_rounds_free(struct acme_rounds *rounds)
{
        if (rounds == NULL)
                return;
        pthread_mutex_lock(&rounds->lock);
        rounds->stopping = true;
        pthread_cond_signal(&rounds->filled);
        pthread_mutex_unlock(&rounds->lock);
        if (rounds->has_thread)
                pthread_join(rounds->thread, NULL);
        pthread_mutex_destroy(&rounds->lock);
        pthread_cond_destroy(&rounds->filled);
        free(rounds);
}
