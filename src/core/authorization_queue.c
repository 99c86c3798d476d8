/*
 * The threads that look at challenges.  Most of them sleep in the prober's answer, for seconds when a host is hostile; so there
 * are many.  Each account with something to do stands once in a ring and gets its turn, whoever came before it with
 * thousands; it may hold some of the threads, and all accounts' looks beyond their first together only half of them: new
 * accounts are counted by address (RATE_ACME_ACCOUNT), so a thread is left for whoever comes.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "core/authorization_inner.h"
#include "core/core.h"

#define LOOK_THREADS 128         /* two questions each: the prober has LIMIT_PROBES_RUNNING, and others ask too */
#define LOOK_THREADS_SECOND 64   /* of them for looks of accounts that have one running */
#define LOOK_STACK (256 * 1024)
#define LOOK_AGAIN_MS 500   /* the prober restarts within two seconds */
#define LOOK_AGAIN_MAX 40
#define LOOK_BUCKETS 256
#define LOOK_OWN_ACCOUNT 4  /* looks of an account, running or waiting, beyond which its request threads leave them to ours */
#define SWEEP_EVERY_SEC 30
#define SWEEP_OLD_SEC 30    /* longer than any look */

struct look_entry {
        struct look_entry *next; /* of the account, oldest first */
        struct authorization_look look;
        struct authorization_attempt *attempt; /* that somebody began and could not wait for, or NULL */
        bool running;
};

struct look_account {
        struct look_account *same_bucket;
        struct look_account *left, *right; /* the ring */
        int64_t acme_id;
        struct look_entry *first;
        size_t count, running;
};

struct authorization_queue {
        struct core *core;
        pthread_t threads[LOOK_THREADS];
        size_t thread_count;
        pthread_mutex_t lock;
        pthread_cond_t work;
        struct look_account *buckets[LOOK_BUCKETS];
        struct look_account *turn; /* whose turn it is; NULL = nobody is there */
        size_t count, running;
        size_t second; /* running looks beyond their accounts' first */
        bool stopping;
};

/* ---- accounts ------------------------------------------------------------------------------------------------- */

static struct look_account **bucket_of(struct authorization_queue *queue, int64_t acme_id)
{
        return &queue->buckets[(uint64_t)acme_id % LOOK_BUCKETS];
}

static struct look_account *account_find(struct authorization_queue *queue, int64_t acme_id)
{
        struct look_account *account = *bucket_of(queue, acme_id);

        while (account && account->acme_id != acme_id)
                account = account->same_bucket;
        return account;
}

/* At the end of the ring: left of whose turn it is. */
static struct look_account *account_add(struct authorization_queue *queue, int64_t acme_id)
{
        struct look_account **bucket = bucket_of(queue, acme_id), *account = calloc(1, sizeof *account);

        if (account == NULL)
                return NULL;
        account->acme_id = acme_id;
        account->same_bucket = *bucket;
        *bucket = account;
        account->left = queue->turn ? queue->turn->left : account;
        account->right = queue->turn ? queue->turn : account;
        account->left->right = account;
        account->right->left = account;
        if (queue->turn == NULL)
                queue->turn = account;
        return account;
}

static void account_drop(struct authorization_queue *queue, struct look_account *account)
{
        struct look_account **link = bucket_of(queue, account->acme_id);

        while (*link != account)
                link = &(*link)->same_bucket;
        *link = account->same_bucket;
        account->left->right = account->right;
        account->right->left = account->left;
        if (queue->turn == account)
                queue->turn = account->right == account ? NULL : account->right;
        free(account);
}

/* ---- coming ----------------------------------------------------------------------------------------------------- */

/* Its entries' end, or NULL when it is there already. */
static struct look_entry **entry_end(struct look_account *account, int64_t authorization_id)
{
        struct look_entry **link = &account->first;

        for (; *link; link = &(*link)->next)
                if ((*link)->look.authorization_id == authorization_id)
                        return NULL;
        return link;
}

static bool has_room(const struct authorization_queue *queue, const struct look_account *account)
{
        if (account == NULL) /* whoever has nothing here yet comes in behind a full house too */
                return queue->count < LIMIT_ACME_LOOKS + LIMIT_ACME_LOOKS / 4;
        return queue->count < LIMIT_ACME_LOOKS && account->count < LIMIT_ACME_LOOKS_WAITING;
}

/* `account` = its own, or NULL as long as it has none.  NULL: out of memory. */
static struct look_entry *add(struct authorization_queue *queue, struct look_account *account, const struct authorization_look *look)
{
        struct look_entry *entry = calloc(1, sizeof *entry);

        if (entry && account == NULL)
                account = account_add(queue, look->acme_id);
        if (entry == NULL || account == NULL) {
                free(entry);
                return NULL;
        }
        entry->look = *look;
        *entry_end(account, look->authorization_id) = entry;
        account->count++;
        queue->count++;
        return entry;
}

static enum err push_locked(struct authorization_queue *queue, const struct authorization_look *look)
{
        struct look_account *account = account_find(queue, look->acme_id);

        if (account && entry_end(account, look->authorization_id) == NULL)
                return ERR_NONE;
        if (queue->stopping || !has_room(queue, account))
                return ERR_RATE;
        if (add(queue, account, look) == NULL)
                return ERR_MEMORY;
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

/* ---- going ------------------------------------------------------------------------------------------------------ */

static void begin(struct authorization_queue *queue, struct look_account *account, struct look_entry *entry)
{
        entry->running = true;
        queue->running++;
        queue->second += account->running > 0;
        account->running++;
}

static struct look_account *end(struct authorization_queue *queue, struct look_entry *entry)
{
        struct look_account *account = account_find(queue, entry->look.acme_id);

        entry->running = false;
        queue->running--;
        account->running--;
        queue->second -= account->running > 0;
        return account;
}

static void drop(struct authorization_queue *queue, struct look_entry *entry)
{
        struct look_account *account = end(queue, entry);
        struct look_entry **link = &account->first;

        while (*link != entry)
                link = &(*link)->next;
        *link = entry->next;
        queue->count--;
        if (--account->count == 0)
                account_drop(queue, account);
        free(entry);
}

/* ---- on the caller's thread ------------------------------------------------------------------------------------- */

static struct look_entry *enter_locked(struct authorization_queue *queue, const struct authorization_look *look)
{
        struct look_account *account = account_find(queue, look->acme_id);

        if (queue->stopping || !has_room(queue, account))
                return NULL;
        if (account && (account->count >= LOOK_OWN_ACCOUNT || entry_end(account, look->authorization_id) == NULL ||
                        (account->running > 0 && queue->second >= LOOK_THREADS_SECOND)))
                return NULL;
        return add(queue, account, look);
}

bool authorization_queue_enter(struct core *core, const struct authorization_look *look)
{
        struct authorization_queue *queue = core->authorizations;

        pthread_mutex_lock(&queue->lock);
        struct look_entry *entry = enter_locked(queue, look);

        if (entry)
                begin(queue, account_find(queue, look->acme_id), entry);
        pthread_mutex_unlock(&queue->lock);
        return entry != NULL;
}

void authorization_queue_leave(struct core *core, const struct authorization_look *look, bool is_over,
                               struct authorization_attempt *attempt)
{
        struct authorization_queue *queue = core->authorizations;

        pthread_mutex_lock(&queue->lock);
        struct look_entry *entry = account_find(queue, look->acme_id)->first;

        while (entry->look.authorization_id != look->authorization_id)
                entry = entry->next;
        entry->attempt = attempt;
        if (is_over)
                drop(queue, entry);
        else
                (void)end(queue, entry);
        if (queue->count > queue->running) /* this one, or one of those who were over their share */
                pthread_cond_signal(&queue->work);
        pthread_mutex_unlock(&queue->lock);
}

/* ---- threads ------------------------------------------------------------------------------------------------ */

static bool may_run(const struct authorization_queue *queue, const struct look_account *account)
{
        if (account->running == account->count || account->running >= LIMIT_ACME_LOOKS_ACCOUNT)
                return false;
        return account->running == 0 || queue->second < LOOK_THREADS_SECOND;
}

/* The next account that has something to do and may, and its oldest. */
static struct look_entry *take(struct authorization_queue *queue)
{
        struct look_account *account = queue->turn;

        while (account && !may_run(queue, account))
                account = account->right == queue->turn ? NULL : account->right;
        if (account == NULL)
                return NULL;
        struct look_entry *entry = account->first;

        while (entry->running)
                entry = entry->next;
        begin(queue, account, entry);
        queue->turn = account->right;
        return entry;
}

static bool is_stopping(struct authorization_queue *queue)
{
        pthread_mutex_lock(&queue->lock);
        const bool stopping = queue->stopping;

        pthread_mutex_unlock(&queue->lock);
        return stopping;
}

/* `attempt`: begun before, or NULL. */
static bool look_once(struct authorization_queue *queue, const struct authorization_look *look, struct authorization_attempt *attempt)
{
        struct acme_authorization_row row = {0};

        if (attempt == NULL)
                attempt = authorization_attempt_new(queue->core, look);
        const bool ended = authorization_attempt_wait(attempt, LIMIT_IPC_PROBE_MS) && authorization_attempt_end(attempt, &row);

        authorization_attempt_free(attempt);
        return ended;
}

/* What nobody could look at stays with the client's next poll and the sweep. */
static void look_until_done(struct authorization_queue *queue, const struct authorization_look *look, struct authorization_attempt *attempt)
{
        for (int i = 0; i < LOOK_AGAIN_MAX; i++) {
                if (look_once(queue, look, i == 0 ? attempt : NULL) || is_stopping(queue))
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
                struct authorization_attempt *attempt = entry->attempt;

                entry->attempt = NULL;
                pthread_mutex_unlock(&queue->lock);
                look_until_done(queue, &entry->look, attempt);
                pthread_mutex_lock(&queue->lock);
                drop(queue, entry);
                if (queue->count > queue->running)
                        pthread_cond_signal(&queue->work); /* one of those who were over their share may go on */
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

static void entries_drop(struct authorization_queue *queue)
{
        while (queue->turn) {
                struct look_account *account = queue->turn;

                while (account->first) {
                        struct look_entry *entry = account->first;

                        account->first = entry->next;
                        authorization_attempt_free(entry->attempt);
                        free(entry);
                }
                account_drop(queue, account);
        }
        queue->count = 0;
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
        entries_drop(queue); /* now, while the channel is there that attempts belong to */
}

void authorization_queue_free(struct authorization_queue *queue)
{
        if (queue == NULL)
                return;
        entries_drop(queue);
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
        TRY(store_acme_authorization_list_processing(reader, act->arena, act->now_sec - SWEEP_OLD_SEC, LIMIT_ACME_LOOKS / 8, &rows, &n));
        for (size_t i = 0; i < n; i++) {
                struct acme_account account;
                struct authorization_look look;

                TRY(acme_account_find(act, rows[i].acme_id, &account));
                authorization_look_fill(&rows[i], &account, &look);
                res pushed = authorization_queue_push(act, &look);

                ENSURE(res_is_ok(pushed) || pushed.err == ERR_RATE, pushed.err); /* one over its share: the others' turn */
        }
        return RES_OK;
}

void authorization_sweep_job(struct act *act, const struct job_row *job, void *context)
{
        res r = sweep(act);
        (void)context;

        if (!res_is_ok(r))
                log_line(LOG_WARNING, "authorization_sweep", "err=%s", err_name(r.err));
        job_postpone(act, job, act->now_sec + SWEEP_EVERY_SEC);
}
