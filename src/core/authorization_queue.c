/*
 * Challenges that are looked at, and those that wait for it.  One thread takes whatever answers the prober has given and hands all their
 * outcomes to the writer, which calls back when they are durable; nobody sleeps for one look, and a host that is silent holds a
 * place and no thread.  Whoever brings a challenge asks the prober at once where there is a place.
 *
 * Each account with something to do stands once in a ring and gets its turn, whoever came before it with thousands; it may hold
 * some of the places, and all accounts' looks beyond their first together only half of them: new accounts are counted by
 * address (RATE_ACME_ACCOUNT), so a place is left for whoever comes.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/authorization_inner.h"
#include "core/core.h"
#include "core/writer.h"
#include "ipc/channel.h"

#define LOOK_PLACES 128        /* two questions each: the prober has LIMIT_PROBES_RUNNING, and others ask too */
#define LOOK_PLACES_SECOND 64  /* of them for looks of accounts that have one running */
#define LOOK_GROUP 64          /* answers taken at once */
#define LOOK_MANY 8            /* answers that were there at once: then nobody waits for more */
#define LOOK_AGAIN_MS 500      /* the prober restarts within two seconds */
#define LOOK_AGAIN_MAX 40
#define LOOK_IDLE_MS 1000
#define LOOK_BUCKETS 256
#define SWEEP_OLD_SEC 30    /* longer than any look */

struct look_entry {
        struct authorization_queue *queue;
        struct look_entry *next; /* of the account, oldest first */
        struct look_entry *next_again; /* of those that nobody could look at */
        int64_t again_ms;              /* monotonic */
        struct authorization_look look;
        struct authorization_attempt *attempt; /* being asked, or NULL */
        struct writer_step step;               /* its outcome */
        int tries;
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
        struct channel_box *box; /* NULL: not started */
        pthread_t thread;
        pthread_mutex_t lock;
        struct look_account *buckets[LOOK_BUCKETS];
        struct look_account *turn; /* whose turn it is; NULL = nobody is there */
        size_t count, running;
        size_t second;  /* running looks beyond their accounts' first */
        size_t writing; /* outcomes that are with the writer */
        pthread_cond_t written;
        struct look_entry *again, *again_last; /* to be done again, by time: each waits equally long */
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
        entry->queue = queue;
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
        return add(queue, account, look) ? ERR_NONE : ERR_MEMORY;
}

/* ---- going ------------------------------------------------------------------------------------------------------ */

static void drop_locked(struct authorization_queue *queue, struct look_entry *entry)
{
        struct look_account *account = account_find(queue, entry->look.acme_id);
        struct look_entry **link = &account->first;

        if (entry->running) {
                queue->running--;
                account->running--;
                queue->second -= account->running > 0;
        }
        while (*link != entry)
                link = &(*link)->next;
        *link = entry->next;
        queue->count--;
        if (--account->count == 0)
                account_drop(queue, account);
        authorization_attempt_free(entry->attempt);
        free(entry);
}

void authorization_queue_drop(struct authorization_queue *queue, struct look_entry *entry)
{
        pthread_mutex_lock(&queue->lock);
        drop_locked(queue, entry);
        pthread_mutex_unlock(&queue->lock);
}

static bool may_run(const struct authorization_queue *queue, const struct look_account *account)
{
        if (account->running == account->count || account->running >= LIMIT_ACME_LOOKS_ACCOUNT)
                return false;
        return account->running == 0 || queue->second < LOOK_PLACES_SECOND;
}

static struct look_entry *take_locked(struct authorization_queue *queue)
{
        struct look_account *account = queue->running < LOOK_PLACES ? queue->turn : NULL;

        while (account && !may_run(queue, account))
                account = account->right == queue->turn ? NULL : account->right;
        if (account == NULL)
                return NULL;
        struct look_entry *entry = account->first;

        while (entry->running)
                entry = entry->next;
        entry->running = true;
        queue->running++;
        queue->second += account->running > 0;
        account->running++;
        queue->turn = account->right;
        return entry;
}

struct look_entry *authorization_queue_take(struct authorization_queue *queue)
{
        pthread_mutex_lock(&queue->lock);
        struct look_entry *entry = queue->stopping ? NULL : take_locked(queue);

        pthread_mutex_unlock(&queue->lock);
        return entry;
}

const struct authorization_look *authorization_queue_look(const struct look_entry *entry)
{
        return &entry->look;
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* Nobody could look, or store what was seen.  What stays so is left to the client's next poll and the sweep. */
static void put_off(struct authorization_queue *queue, struct look_entry *entry)
{
        authorization_attempt_free(entry->attempt);
        entry->attempt = NULL;
        if (++entry->tries >= LOOK_AGAIN_MAX) {
                log_line(LOG_WARNING, "authorization", "id=%lld why=\"nobody could look\"", (long long)entry->look.authorization_id);
                authorization_queue_drop(queue, entry);
                return;
        }
        entry->again_ms = clock_mono_ms() + LOOK_AGAIN_MS;
        entry->next_again = NULL;
        pthread_mutex_lock(&queue->lock);
        *(queue->again ? &queue->again_last->next_again : &queue->again) = entry;
        queue->again_last = entry;
        pthread_mutex_unlock(&queue->lock);
}

/* It belongs to the box from here on. */
static void ask(struct authorization_queue *queue, struct look_entry *entry)
{
        entry->attempt = authorization_attempt_new(queue->core, &entry->look);
        if (!authorization_attempt_post(entry->attempt, queue->box, entry))
                put_off(queue, entry);
}

/* All that may begin now. */
static void ask_next(struct authorization_queue *queue)
{
        for (struct look_entry *entry; queue->box && (entry = authorization_queue_take(queue)) != NULL;)
                ask(queue, entry);
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
        ask_next(queue);
        return FAIL(err);
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

/* On the writer's thread. */
static void look_written(void *arg, res stored)
{
        struct look_entry *entry = arg;
        struct authorization_queue *queue = entry->queue;

        if (authorization_attempt_end(entry->attempt, stored))
                authorization_queue_drop(queue, entry);
        else
                put_off(queue, entry);
        ask_next(queue);
        pthread_mutex_lock(&queue->lock);
        if (--queue->writing == 0)
                pthread_cond_signal(&queue->written);
        pthread_mutex_unlock(&queue->lock);
}

static void look_write(struct authorization_queue *queue, struct look_entry *entry)
{
        pthread_mutex_lock(&queue->lock);
        queue->writing++;
        pthread_mutex_unlock(&queue->lock);
        entry->step = (struct writer_step){
                .work = authorization_attempt_work(entry->attempt), .owner = entry->look.acme_id, .done = look_written, .arg = entry};
        writer_push(queue->core->writer, &entry->step);
}

static void look_finish(struct authorization_queue *queue, struct look_entry *entry)
{
        if (authorization_attempt_judge(entry->attempt))
                look_write(queue, entry);
        else
                put_off(queue, entry);
}

/* The first whose time has come, taken out. */
static struct look_entry *take_again(struct authorization_queue *queue)
{
        pthread_mutex_lock(&queue->lock);
        struct look_entry *entry = queue->again;

        if (entry && entry->again_ms > clock_mono_ms())
                entry = NULL;
        if (entry)
                queue->again = entry->next_again;
        pthread_mutex_unlock(&queue->lock);
        return entry;
}

/* How long nothing is to be done but taking answers; less than 0: it is the end. */
static int look_idle_ms(struct authorization_queue *queue)
{
        pthread_mutex_lock(&queue->lock);
        const int64_t left_ms = queue->again ? queue->again->again_ms - clock_mono_ms() : LOOK_IDLE_MS;
        const bool stopping = queue->stopping;

        pthread_mutex_unlock(&queue->lock);
        if (stopping)
                return -1;
        return left_ms < 0 ? 0 : left_ms < LOOK_IDLE_MS ? (int)left_ms : LOOK_IDLE_MS;
}

/* Where many are at work more answers will come soon, and a wake-up costs as much as taking ten of them. */
static void look_gather(struct authorization_queue *queue)
{
        const int ms = writer_gather_ms(queue->core->writer) / 2;

        if (ms > 0)
                nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

static void *look_thread(void *arg)
{
        struct authorization_queue *queue = arg;
        void *entries[LOOK_GROUP];
        size_t n = 0;

        for (int wait_ms; (wait_ms = look_idle_ms(queue)) >= 0;) {
                if (n < LOOK_MANY)
                        look_gather(queue);
                n = channel_box_take(queue->box, wait_ms, LOOK_GROUP, entries);
                for (size_t i = 0; i < n; i++)
                        look_finish(queue, entries[i]);
                for (struct look_entry *entry; (entry = take_again(queue)) != NULL;)
                        ask(queue, entry);
                ask_next(queue); /* what was over its share, or came before we began */
        }
        return NULL;
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

res authorization_queue_new(struct core *core, struct authorization_queue **ret_queue)
{
        struct authorization_queue *queue = calloc(1, sizeof *queue);

        ENSURE(queue != NULL, ERR_MEMORY);
        queue->core = core;
        pthread_mutex_init(&queue->lock, NULL);
        pthread_cond_init(&queue->written, NULL);
        *ret_queue = queue;
        return RES_OK;
}

res authorization_queue_start(struct authorization_queue *queue)
{
        queue->box = channel_box_new(queue->core->prober);
        ENSURE(queue->box != NULL, ERR_MEMORY);
        if (pthread_create(&queue->thread, NULL, look_thread, queue) == 0)
                return RES_OK;
        channel_box_free(queue->box);
        queue->box = NULL;
        return FAIL(ERR_MEMORY);
}

static void entries_drop(struct authorization_queue *queue)
{
        while (queue->turn)
                drop_locked(queue, queue->turn->first);
}

void authorization_queue_stop(struct authorization_queue *queue)
{
        if (queue == NULL || queue->box == NULL)
                return;
        pthread_mutex_lock(&queue->lock);
        queue->stopping = true;
        pthread_mutex_unlock(&queue->lock);
        pthread_join(queue->thread, NULL);
        pthread_mutex_lock(&queue->lock);
        while (queue->writing > 0)
                pthread_cond_wait(&queue->written, &queue->lock);
        pthread_mutex_unlock(&queue->lock);
        entries_drop(queue); /* now, while the channel is there that attempts belong to */
        channel_box_free(queue->box);
        queue->box = NULL;
}

void authorization_queue_free(struct authorization_queue *queue)
{
        if (queue == NULL)
                return;
        entries_drop(queue);
        pthread_cond_destroy(&queue->written);
        pthread_mutex_destroy(&queue->lock);
        free(queue);
}

/* ---- what a crash left behind ---------------------------------------------------------------------------------- */

res authorization_sweep(struct act *act, bool at_start)
{
        struct store_conn *reader = NULL;
        const struct acme_authorization_row *rows = NULL;
        size_t n = 0;

        TRY(store_read(act->core->store, &reader));
        TRY(store_acme_authorization_list_processing(reader, act->arena, act->now_sec + (at_start ? 1 : -SWEEP_OLD_SEC), LIMIT_ACME_LOOKS / 8, &rows, &n));
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
