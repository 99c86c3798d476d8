/* See writer.h.  A list under a lock and a thread. */
#include "core/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"

#define GATHER_FROM 8    /* at work, from which on a round of few waits for more */
#define GATHER_MS 8      /* so long at most: a commit costs the same pages and the same sync for one as for ten */
#define RECENT 16        /* steps that tell how many are at work: whoever has just been answered comes again … */
#define RECENT_MS 100    /* … if it was just now */

struct recent {
        int64_t owner, at_ms;
};

struct writer {
        struct store *store;
        const atomic_int *at_work; /* NULL: nobody is expected */
        pthread_mutex_t lock;
        pthread_cond_t filled;
        struct writer_step *head, **tail;
        size_t length;
        struct recent recent[RECENT]; /* who pushed last, in a ring */
        size_t pushed;
        bool idle, stopping;
        pthread_t thread;
        bool has_thread;
};

/* ---- a round's steps ------------------------------------------------------------------------------------------------ */

static bool is_among(struct writer_step *const *taken, size_t n, int64_t owner)
{
        for (size_t i = 0; i < n; i++)
                if (taken[i]->owner == owner)
                        return true;
        return false;
}

/* One turn: the oldest of each owner. */
static size_t take_turn(struct writer_step **queue, struct writer_step *taken[], size_t room)
{
        size_t n = 0;

        for (struct writer_step **link = queue; *link && n < room;) {
                struct writer_step *step = *link;

                if (is_among(taken, n, step->owner)) {
                        link = &step->next;
                        continue;
                }
                *link = step->next;
                taken[n++] = step;
        }
        return n;
}

size_t writer_take(struct writer_step **queue, struct writer_step *taken[WRITER_ROUND], size_t n)
{
        size_t count = 0;

        if (n <= WRITER_ROUND) /* all, as a rule */
                for (; *queue; *queue = (*queue)->next)
                        taken[count++] = *queue;
        while (*queue && count < WRITER_ROUND)
                count += take_turn(queue, taken + count, WRITER_ROUND - count);
        return count;
}

/* How many different owners pushed lately. */
static int recent_owners(const struct writer *writer, int64_t now_ms)
{
        int n = 0;

        for (size_t i = 0; i < RECENT; i++) {
                const struct recent *one = &writer->recent[i];
                bool is_new = one->at_ms > now_ms - RECENT_MS;

                for (size_t k = 0; k < i && is_new; k++)
                        is_new = writer->recent[k].owner != one->owner;
                n += is_new;
        }
        return n;
}

static int gather_ms(const struct writer *writer)
{
        const int at_work = writer->at_work ? atomic_load(writer->at_work) : 0;
        const int owners = recent_owners(writer, clock_mono_ms()), most = at_work > owners ? at_work : owners;

        if (most < GATHER_FROM || writer->length >= WRITER_ROUND / 2 || writer->stopping)
                return 0;
        return most < 2 * GATHER_MS ? most / 2 : GATHER_MS;
}

/* Where many are at work more will come soon; a lone client waits for nobody.  Under the lock. */
static void writer_gather(struct writer *writer)
{
        const int ms = gather_ms(writer);

        if (ms == 0)
                return;
        pthread_mutex_unlock(&writer->lock);
        nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
        pthread_mutex_lock(&writer->lock);
}

/* 0: the end. */
static size_t writer_next(struct writer *writer, struct writer_step *taken[WRITER_ROUND])
{
        pthread_mutex_lock(&writer->lock);
        writer->idle = true;
        while (writer->head == NULL && !writer->stopping)
                pthread_cond_wait(&writer->filled, &writer->lock);
        writer->idle = false;
        writer_gather(writer);
        const size_t n = writer_take(&writer->head, taken, writer->length);

        writer->length -= n;
        writer->tail = &writer->head;
        while (*writer->tail)
                writer->tail = &(*writer->tail)->next;
        pthread_mutex_unlock(&writer->lock);
        return n;
}

/* ---- a round --------------------------------------------------------------------------------------------------------- */

static void round_write(struct writer *writer, struct writer_step **steps, size_t n)
{
        struct store_work works[WRITER_ROUND];
        size_t k = 0;

        for (size_t i = 0; i < n; i++)
                if (steps[i]->work.fn)
                        works[k++] = steps[i]->work;
        store_run_many(writer->store, works, k);
        for (size_t i = n; i > 0; i--)
                steps[i - 1]->work.result = steps[i - 1]->work.fn ? works[--k].result : RES_OK;
}

/* What they read is of one moment, and locks once. */
static void round_end(struct writer *writer, struct writer_step **steps, size_t n)
{
        struct store_conn *conn = NULL;
        const bool one_moment = res_is_ok(store_read(writer->store, &conn)) && res_is_ok(store_snapshot_begin(conn));

        for (size_t i = 0; i < n; i++)
                steps[i]->done(steps[i]->arg, steps[i]->work.result);
        if (one_moment)
                store_snapshot_end(conn);
}

static void *writer_thread(void *arg)
{
        struct writer *writer = arg;
        struct writer_step *steps[WRITER_ROUND];

        for (size_t n; (n = writer_next(writer, steps)) > 0;) {
                round_write(writer, steps, n);
                round_end(writer, steps, n);
        }
        return NULL;
}

void writer_push(struct writer *writer, struct writer_step *step)
{
        step->next = NULL;
        pthread_mutex_lock(&writer->lock);
        *writer->tail = step;
        writer->tail = &step->next;
        writer->length++;
        writer->recent[writer->pushed++ % RECENT] = (struct recent){step->owner, clock_mono_ms()};
        if (writer->idle)
                pthread_cond_signal(&writer->filled);
        pthread_mutex_unlock(&writer->lock);
}

int writer_gather_ms(struct writer *writer)
{
        pthread_mutex_lock(&writer->lock);
        const int ms = gather_ms(writer);

        pthread_mutex_unlock(&writer->lock);
        return ms;
}

/* ---- life ------------------------------------------------------------------------------------------------------------- */

res writer_new(struct store *store, struct writer **ret_writer)
{
        struct writer *writer = calloc(1, sizeof *writer);

        ENSURE(writer != NULL, ERR_MEMORY);
        writer->store = store;
        writer->tail = &writer->head;
        pthread_mutex_init(&writer->lock, NULL);
        pthread_cond_init(&writer->filled, NULL);
        *ret_writer = writer;
        return RES_OK;
}

res writer_start(struct writer *writer)
{
        TRY(thread_start(writer_thread, writer, &writer->thread));
        writer->has_thread = true;
        return RES_OK;
}

void writer_expect(struct writer *writer, const atomic_int *at_work)
{
        pthread_mutex_lock(&writer->lock);
        writer->at_work = at_work;
        pthread_mutex_unlock(&writer->lock);
}

void writer_stop(struct writer *writer)
{
        if (writer == NULL || !writer->has_thread)
                return;
        pthread_mutex_lock(&writer->lock);
        writer->stopping = true;
        pthread_cond_signal(&writer->filled);
        pthread_mutex_unlock(&writer->lock);
        pthread_join(writer->thread, NULL);
        writer->has_thread = false;
}

void writer_free(struct writer *writer)
{
        if (writer == NULL)
                return;
        writer_stop(writer);
        pthread_mutex_destroy(&writer->lock);
        pthread_cond_destroy(&writer->filled);
        free(writer);
}
