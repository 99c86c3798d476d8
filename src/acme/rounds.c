/*
 * See rounds.h.  What is stored goes to the writer (core/writer.h), which calls back when it is durable.
 *
 * A wait is held by two: the bell, and whoever begins what will ring.  The one who lets go last goes on, because the ring may come
 * before the beginner is done.
 */
#include "acme/rounds.h"

#include <assert.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"

#define ROUND_OWNERS 1024 /* counters of accounts' places, by the last digits of their ids */

struct acme_rounds {
        struct acme *acme;
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

static void written(void *arg, res stored)
{
        struct acme_call *call = arg;

        call->next = ACME_ANSWERED;
        acme_call_settle(call, res_is_ok(stored) ? call->then(call, /* outcome= */ NULL) : stored);
        acme_rounds_go(call);
}

/* With call->step.work, or none: what it reads is of one moment with the others'. */
static void push(struct acme_call *call)
{
        call->step.owner = call->account.acme_id;
        call->step.done = written;
        call->step.arg = call;
        writer_push(call->acme->core->writer, &call->step);
}

static void come(struct acme_call *call, const void *outcome)
{
        if (res_is_ok(call->pushed) && outcome == NULL) { /* it will read */
                push(call);
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
                push(call);
        } else if (call->next == ACME_WAITS) {
                wait_begin(call);
        } else {
                acme_rounds_leave(call);
                http_request_done(call->request);
        }
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
                TRY(store_run(call->acme->core->store, call->step.work.fn, call->step.work.arg));
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
        *ret_rounds = rounds;
        return RES_OK;
}

void acme_rounds_start(struct acme_rounds *rounds)
{
        writer_expect(rounds->acme->core->writer, &rounds->places);
}

void acme_rounds_free(struct acme_rounds *rounds)
{
        free(rounds);
}
