/*
 * The issuer's thread: takes whatever tickets are there, up to a round's worth, has them signed and hands the outcome to the writer.  It
 * waits for the signer alone: while one round is signed or stored, the tickets of the next gather.
 *
 * Where more wait than a round holds, the accounts take turns, so that one with thousands delays another's single order by a
 * round and not by all of its own; and one account fills the queue only to a part.
 */
#include "core/issue_inner.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/thread.h"
#include "core/core.h"
#include "core/writer.h"

#define ISSUE_QUEUE 4096           /* more wait as jobs in the store */
#define ISSUE_QUEUE_SHARED 2048    /* beyond it an account with ISSUE_QUEUE_OWN in it adds none: the rest is the others' */
#define ISSUE_QUEUE_OWN 256
#define ISSUE_SWEEP 1024           /* jobs put at once */
#define ISSUE_FORGOTTEN_SEC 5      /* a round is over by then as a rule; if not, a job too many does no harm */
#define ISSUE_PAUSE_NS 1000000000L /* after the store failed: a full disk is not asked a thousand times a second */

struct issue_queue {
        struct core *core;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t work;
        struct issue_ticket tickets[ISSUE_QUEUE]; /* oldest first */
        size_t length;
        bool stopping, started;
        bool idle;      /* the thread waits for work */
        bool pauses;    /* the store failed */
        size_t writing; /* rounds that are with the writer */
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

/* There already, or no room for it. */
static bool queue_refuses(const struct issue_queue *queue, const struct issue_ticket *ticket)
{
        size_t own = 0;

        for (size_t i = 0; i < queue->length; i++) {
                if (strcmp(queue->tickets[i].certificate_id, ticket->certificate_id) == 0)
                        return true;
                own += queue->tickets[i].account_id == ticket->account_id;
        }
        return queue->length >= ISSUE_QUEUE || (queue->length >= ISSUE_QUEUE_SHARED && own >= ISSUE_QUEUE_OWN);
}

void issue_queue_push(struct issue_queue *queue, const struct issue_ticket *ticket)
{
        pthread_mutex_lock(&queue->lock);
        /* Full: the job's lease ends and it is asked again; what has no job gets one by the sweep. */
        const bool refused = queue_refuses(queue, ticket);

        if (!refused) {
                queue->tickets[queue->length++] = *ticket;
                if (queue->idle)
                        pthread_cond_signal(&queue->work);
        }
        pthread_mutex_unlock(&queue->lock);
        if (refused)
                issue_begun_free(ticket->begun);
}

static bool is_among(const struct issue_ticket *tickets, size_t n, int64_t account_id)
{
        for (size_t i = 0; i < n; i++)
                if (tickets[i].account_id == account_id)
                        return true;
        return false;
}

/* One turn: the oldest ticket of each account, up to `room` of them; the others move up. */
static size_t queue_turn(struct issue_queue *queue, struct issue_ticket *tickets, size_t room)
{
        size_t n = 0, kept = 0;

        for (size_t i = 0; i < queue->length; i++) {
                if (n < room && !is_among(tickets, n, queue->tickets[i].account_id))
                        tickets[n++] = queue->tickets[i];
                else if (kept++ != i)
                        queue->tickets[kept - 1] = queue->tickets[i];
        }
        queue->length = kept;
        return n;
}

/* The first turn is everybody's, so that is all that many accounts get; one alone has as many turns as the round has places. */
size_t issue_queue_take(struct issue_queue *queue, struct issue_ticket tickets[LIMIT_ISSUE_BATCH])
{
        size_t n = 0;

        if (queue->length <= LIMIT_ISSUE_BATCH) { /* all, as a rule */
                n = queue->length;
                memcpy(tickets, queue->tickets, n * sizeof *tickets);
                queue->length = 0;
        }
        while (queue->length > 0 && n < LIMIT_ISSUE_BATCH)
                n += queue_turn(queue, tickets + n, LIMIT_ISSUE_BATCH - n);
        return n;
}

/* Its tickets come again, all of them: nothing of it is stored. */
static void round_again(struct issue_round *round)
{
        struct issue_queue *queue = round->queue;

        pthread_mutex_lock(&queue->lock);
        queue->pauses = true;
        pthread_mutex_unlock(&queue->lock);
        for (size_t i = 0; i < round->count; i++)
                issue_queue_push(queue, &round->tickets[i]);
}

/* On the writer's thread. */
static void round_stored(void *arg, res stored)
{
        struct issue_round *round = arg;
        struct issue_queue *queue = round->queue;

        if (!issue_round_end(round, stored))
                round_again(round);
        issue_round_free(round);
        pthread_mutex_lock(&queue->lock);
        if (--queue->writing == 0 && queue->stopping)
                pthread_cond_signal(&queue->work);
        pthread_mutex_unlock(&queue->lock);
}

static void round_store(struct issue_round *round)
{
        struct issue_queue *queue = round->queue;

        pthread_mutex_lock(&queue->lock);
        queue->writing++;
        pthread_mutex_unlock(&queue->lock);
        round->step = (struct writer_step){.work = {.fn = issue_finish, .arg = round}, .done = round_stored, .arg = round};
        writer_push(queue->core->writer, &round->step);
}

static void round_run(struct issue_queue *queue, const struct issue_ticket *tickets, size_t n)
{
        struct issue_round *round = issue_round_new(queue->core, tickets, n);

        round->queue = queue;
        if (issue_round_sign(round)) {
                round_store(round);
        } else {
                round_again(round);
                issue_round_free(round);
        }
}

/* The next round's, for as long as there are none; 0: the end. */
static size_t queue_next(struct issue_queue *queue, struct issue_ticket tickets[LIMIT_ISSUE_BATCH], bool *ret_pauses)
{
        size_t n = 0;

        pthread_mutex_lock(&queue->lock);
        queue->idle = true;
        while (queue->length == 0 && !queue->stopping)
                pthread_cond_wait(&queue->work, &queue->lock);
        queue->idle = false;
        if (!queue->stopping)
                n = issue_queue_take(queue, tickets);
        *ret_pauses = queue->pauses;
        queue->pauses = false;
        pthread_mutex_unlock(&queue->lock);
        return n;
}

static void *issue_thread(void *arg)
{
        struct issue_queue *queue = arg;
        struct issue_ticket tickets[LIMIT_ISSUE_BATCH];
        bool pauses = false;

        for (size_t n; (n = queue_next(queue, tickets, &pauses)) > 0;) {
                if (pauses)
                        nanosleep(&(struct timespec){.tv_nsec = ISSUE_PAUSE_NS - 1}, NULL);
                round_run(queue, tickets, n);
        }
        return NULL;
}

res issue_queue_start(struct issue_queue *queue)
{
        TRY(thread_start(issue_thread, queue, &queue->thread));
        queue->started = true;
        return RES_OK;
}

void issue_queue_stop(struct issue_queue *queue)
{
        if (queue == NULL || !queue->started)
                return;
        pthread_mutex_lock(&queue->lock);
        queue->stopping = true;
        pthread_cond_signal(&queue->work);
        pthread_mutex_unlock(&queue->lock);
        pthread_join(queue->thread, NULL);
        pthread_mutex_lock(&queue->lock);
        while (queue->writing > 0)
                pthread_cond_wait(&queue->work, &queue->lock);
        pthread_mutex_unlock(&queue->lock);
        queue->started = false;
}

void issue_queue_free(struct issue_queue *queue)
{
        if (queue == NULL)
                return;
        for (size_t i = 0; i < queue->length; i++)
                issue_begun_free(queue->tickets[i].begun);
        pthread_mutex_destroy(&queue->lock);
        pthread_cond_destroy(&queue->work);
        free(queue);
}

/* ---- what a crash left behind, or a full queue --------------------------------------------------------------------- */

struct forgotten {
        const struct act *act;
        const struct issued_row *rows;
        size_t count;
};

static res forgotten_tx(struct store_tx *tx, void *arg)
{
        const struct forgotten *forgotten = arg;
        const int64_t now_sec = forgotten->act->now_sec;

        for (size_t i = 0; i < forgotten->count; i++)
                TRY(job_put(tx, JOB_ISSUE, forgotten->rows[i].account_id, forgotten->rows[i].certificate_id, now_sec, now_sec));
        return RES_OK;
}

res issue_sweep(struct act *act, bool at_start)
{
        struct forgotten forgotten = {.act = act};
        struct store_conn *reader = NULL;

        TRY(store_read(act->core->store, &reader));
        TRY(store_issued_list_forgotten(reader, act->arena, act->now_sec - (at_start ? 0 : ISSUE_FORGOTTEN_SEC), job_name(JOB_ISSUE), ISSUE_SWEEP,
                                        &forgotten.rows, &forgotten.count));
        return forgotten.count > 0 ? store_run(act->core->store, forgotten_tx, &forgotten) : RES_OK;
}
