/*
 * Group commit.  Whoever finds nobody leading leads: it opens the transaction and runs, oldest first, its own
 * function and those of everybody who waits, each in a savepoint; it commits when nobody waits any more, passes
 * the lead on if somebody came meanwhile, and wakes its group.  There is no committer thread that could die before
 * its writers: the committer is always one of them.
 *
 * A full disk or a failed write inside one savepoint can roll back everything.  Then the autocommit flag is up again,
 * all who ran before have lost their work, and they are run again, up to GROUP_TRIES times.
 */
#include "store/group.h"

#include <stdlib.h>

enum waiter_state { WAITER_WAITS, WAITER_LEADS, WAITER_DONE };

struct waiter {
        struct store_work **works; /* to be run: in one group, and told of together */
        size_t n;
        enum waiter_state state; /* written before `wake` is posted */
        sem_t wake;
        struct waiter *next;
};

struct group {
        struct waiter *first, *last; /* ran well so far, or failed on its own */
        size_t count;                /* of functions */
        bool lost;
};

static void queue_push(struct store *store, struct waiter *w)
{
        if (store->queue_tail)
                store->queue_tail->next = w;
        else
                store->queue_head = w;
        store->queue_tail = w;
}

static struct waiter *queue_pop(struct store *store)
{
        struct waiter *w;

        pthread_mutex_lock(&store->queue_lock);
        w = store->queue_head;
        if (w) {
                store->queue_head = w->next;
                if (!store->queue_head)
                        store->queue_tail = NULL;
                w->next = NULL;
        }
        pthread_mutex_unlock(&store->queue_lock);
        return w;
}

static void group_add(struct group *group, struct waiter *w)
{
        if (group->last)
                group->last->next = w;
        else
                group->first = w;
        group->last = w;
        group->count += w->n;
}

/* Whoever ran well does not keep it. */
static void group_fail(struct group *group, enum err code)
{
        for (struct waiter *w = group->first; w; w = w->next)
                for (size_t i = 0; i < w->n; i++)
                        if (res_is_ok(w->works[i]->result))
                                w->works[i]->result = FAIL(code);
}

static bool transaction_is_gone(struct store *store)
{
        return sqlite3_get_autocommit(store->writer->db) != 0;
}

/* What stands in the transaction is not what should: all of it goes, or the process does. */
static void transaction_abandon(struct store *store)
{
        if (!transaction_is_gone(store))
                (void)sqlite3_exec(store->writer->db, "ROLLBACK", NULL, NULL, NULL);
        if (!transaction_is_gone(store)) {
                store->writer->on_fatal("a transaction can neither be ended nor taken back");
                abort();
        }
}

/* A failed function's rows are taken back; where not even that succeeds, nobody's may be committed. */
static res savepoint_end(struct store *store, res r)
{
        if (!res_is_ok(r))
                TRY(conn_control(store->writer, CONTROL_ROLLBACK_TO));
        return conn_control(store->writer, CONTROL_RELEASE);
}

static res run_in_savepoint(struct store *store, struct store_work *work)
{
        struct store_tx tx = {.store = store, .conn = store->writer};
        res r;

        TRY(conn_control(store->writer, CONTROL_SAVEPOINT));
        r = work->fn(&tx, work->arg);
        if (transaction_is_gone(store))
                return res_is_ok(r) ? FAIL(ERR_STORE_RETRY) : r;
        if (!res_is_ok(savepoint_end(store, r))) {
                transaction_abandon(store);
                return res_is_ok(r) ? FAIL(ERR_STORE_RETRY) : r;
        }
        work->search_account = tx.search_account;
        return r;
}

/* false: the transaction is gone; whoever has not run is as lost as those who have. */
static bool waiter_run(struct store *store, struct waiter *w)
{
        for (size_t i = 0; i < w->n; i++)
                w->works[i]->result = FAIL(ERR_STORE_RETRY);
        for (size_t i = 0; i < w->n; i++) {
                w->works[i]->result = run_in_savepoint(store, w->works[i]);
                if (transaction_is_gone(store))
                        return false;
        }
        return true;
}

static void group_run(struct store *store, struct group *group)
{
        struct waiter *w;

        while (group->count < GROUP_MAX && (w = queue_pop(store)) != NULL) {
                group->lost = !waiter_run(store, w);
                group_add(group, w);
                if (group->lost) {
                        group_fail(group, ERR_STORE_RETRY);
                        return;
                }
        }
}

static void group_commit(struct store *store, struct group *group)
{
        res r = conn_control(store->writer, CONTROL_COMMIT);

        if (res_is_ok(r)) {
                atomic_fetch_add(&store->groups, 1);
                atomic_fetch_add(&store->functions, (long long)group->count);
                return;
        }
        transaction_abandon(store);
        group_fail(group, r.err);
        group->lost = true;
}

/* Nobody's function ran: all who wait now get the reason. */
static void group_refuse(struct store *store, struct group *group, res reason)
{
        struct waiter *w;

        while (group->count < GROUP_MAX && (w = queue_pop(store)) != NULL) {
                for (size_t i = 0; i < w->n; i++)
                        w->works[i]->result = reason;
                group_add(group, w);
        }
}

void store_lock_writes(struct store *store)
{
        pthread_mutex_lock(&store->write_gate);
        pthread_mutex_lock(&store->write_lock);
        pthread_mutex_unlock(&store->write_gate);
}

void store_unlock_writes(struct store *store)
{
        pthread_mutex_unlock(&store->write_lock);
}

static void group_do(struct store *store, struct group *group)
{
        res r;

        store_lock_writes(store);
        r = conn_control(store->writer, CONTROL_BEGIN);
        if (!res_is_ok(r)) {
                group_refuse(store, group, r);
        } else {
                group_run(store, group);
                if (!group->lost)
                        group_commit(store, group);
        }
        if (group->lost)
                atomic_fetch_add(&store->lost_groups, 1);
        store_unlock_writes(store);
}

static void lead_pass_on(struct store *store)
{
        struct waiter *heir;

        pthread_mutex_lock(&store->queue_lock);
        heir = store->queue_head;
        if (heir) {
                heir->state = WAITER_LEADS;
                sem_post(&heir->wake);
        } else {
                store->leading = false;
        }
        pthread_mutex_unlock(&store->queue_lock);
}

static void group_wake(struct group *group, const struct waiter *self)
{
        struct waiter *next;

        for (struct waiter *w = group->first; w; w = next) {
                next = w->next; /* w is gone once it wakes */
                if (w == self)
                        continue;
                w->state = WAITER_DONE;
                sem_post(&w->wake);
        }
}

/* The leader is the oldest in the queue, so it is in its own group. */
static void lead(struct store *store, struct waiter *self)
{
        struct group group = {0};

        group_do(store, &group);
        lead_pass_on(store);
        group_wake(&group, self);
}

static bool waiter_enter(struct store *store, struct waiter *w)
{
        bool leads;

        pthread_mutex_lock(&store->queue_lock);
        queue_push(store, w);
        leads = !store->leading;
        store->leading = true;
        pthread_mutex_unlock(&store->queue_lock);
        return leads;
}

static void run_once(struct store *store, struct store_work **works, size_t n)
{
        struct waiter w = {.works = works, .n = n, .state = WAITER_WAITS};

        sem_init(&w.wake, 0, 0);
        if (waiter_enter(store, &w)) {
                lead(store, &w);
        } else {
                while (sem_wait(&w.wake) != 0)
                        ; /* a signal; wait on */
                if (w.state == WAITER_LEADS)
                        lead(store, &w);
        }
        sem_destroy(&w.wake);
}

/* Those that another's failure took along. */
static size_t keep_lost(struct store_work **works, size_t n)
{
        size_t kept = 0;

        for (size_t i = 0; i < n; i++)
                if (works[i]->result.err == ERR_STORE_RETRY)
                        works[kept++] = works[i];
        return kept;
}

static void after_commit(struct store *store, const struct store_work *work)
{
        if (res_is_ok(work->result) && work->search_account != 0)
                (void)search_after_commit(store, work->search_account); /* what fails is done at the next chance */
}

static void run_some(struct store *store, struct store_work **works, size_t n)
{
        for (int i = 0; i < GROUP_TRIES && n > 0; i++) {
                run_once(store, works, n);
                n = keep_lost(works, n);
        }
}

res store_run(struct store *store, store_fn *fn, void *arg)
{
        struct store_work work = {.fn = fn, .arg = arg}, *works[1] = {&work};

        run_some(store, works, 1);
        after_commit(store, &work);
        return work.result;
}

void store_run_many(struct store *store, struct store_work *works, size_t n)
{
        for (size_t done = 0; done < n;) {
                struct store_work *some[GROUP_MAX];
                size_t k = 0;

                for (; k < GROUP_MAX && done + k < n; k++)
                        some[k] = &works[done + k];
                run_some(store, some, k);
                done += k;
        }
        for (size_t i = 0; i < n; i++)
                after_commit(store, &works[i]);
}
