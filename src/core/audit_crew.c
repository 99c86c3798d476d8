/*
 * A thread a processor, at most CREW_MAX, and a short queue of pages.  Records lie in the signer's log nearly as their rows do in
 * the database: so a thread looks one row up by its serial, reads the rows behind it in one go, and finds the next ones there.
 */
#include <stdlib.h>
#include <unistd.h>

#include "core/audit_inner.h"
#include "core/core.h"
#include "ipc/channel.h"

#define CREW_MAX 8
#define CREW_PAGES 16
#define WINDOW_ROWS 64
#define WINDOW_ARENA (64 * 1024 * 1024)

struct audit_page {
        struct channel_reply reply;
        uint32_t count;
};

struct audit_crew {
        struct audit *audit;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        struct audit_page page[CREW_PAGES]; /* a ring */
        size_t first, n, working;
        bool ending;
        res result; /* the first failure */
        pthread_t thread[CREW_MAX];
        size_t thread_count;
};

res audit_page_cut(struct bytes *rest, struct msg_log_item *ret_item, struct bytes *ret_der)
{
        ENSURE(rest->n >= sizeof *ret_item, ERR_IPC_FRAME);
        memcpy(ret_item, rest->p, sizeof *ret_item);
        *rest = bytes_of(rest->p + sizeof *ret_item, rest->n - sizeof *ret_item);
        ENSURE(rest->n >= ret_item->entry.cert_len, ERR_IPC_FRAME);
        *ret_der = bytes_of(rest->p, ret_item->entry.cert_len);
        *rest = bytes_of(rest->p + ret_item->entry.cert_len, rest->n - ret_item->entry.cert_len);
        return RES_OK;
}

/* ---- rows in the order of their making --------------------------------------------------------------------- */

struct window {
        struct arena *arena;
        const struct issued_row *rows;
        size_t n, next;
};

static void window_done(struct window *window)
{
        arena_free(window->arena);
        *window = (struct window){.arena = NULL};
}

static const struct issued_row *window_find(struct window *window, struct bytes serial)
{
        for (size_t i = 0; i < window->n; i++) {
                const size_t at = (window->next + i) % window->n;
                const struct issued_row *row = &window->rows[at];

                if (bytes_equal(row->serial, serial)) {
                        window->next = at + 1;
                        return row;
                }
        }
        return NULL;
}

/* NULL = the database does not have it. */
static res window_get(struct window *window, struct store_conn *conn, struct bytes serial, const struct issued_row **ret_row)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(WINDOW_ARENA);
        struct issued_status found;

        *ret_row = window_find(window, serial);
        if (*ret_row != NULL)
                return RES_OK;
        res got = store_issued_get_status(conn, arena, serial, &found);

        if (got.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(got);
        window_done(window);
        window->arena = arena;
        arena = NULL;
        TRY(store_issued_list_all(conn, window->arena, found.issued_id - 1, WINDOW_ROWS, &window->rows, &window->n));
        *ret_row = window_find(window, serial);
        return RES_OK;
}

/* ---- a thread --------------------------------------------------------------------------------------------------- */

static res judge_page(struct audit *audit, struct window *window, const struct audit_page *page)
{
        struct bytes rest = page->reply.tail;
        struct store_conn *conn = NULL;

        TRY(store_read(audit->act->core->store, &conn));
        for (uint32_t i = 0; i < page->count; i++) {
                const struct issued_row *row = NULL;
                struct msg_log_item item;
                struct bytes der;

                TRY(audit_page_cut(&rest, &item, &der));
                TRY(window_get(window, conn, bytes_of(item.entry.serial, MSG_SERIAL_SIZE), &row));
                TRY(audit_take_record(audit, &item, der, row));
        }
        return RES_OK;
}

/* The lock is held before and after. */
static void take_page(struct audit_crew *crew, struct window *window)
{
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        struct audit_page page = crew->page[crew->first];
        const bool is_wanted = res_is_ok(crew->result);

        reply = page.reply;
        crew->first = (crew->first + 1) % CREW_PAGES;
        crew->n--;
        crew->working++;
        pthread_cond_broadcast(&crew->changed);
        pthread_mutex_unlock(&crew->lock);
        const res judged = is_wanted ? judge_page(crew->audit, window, &page) : RES_OK;

        pthread_mutex_lock(&crew->lock);
        if (!res_is_ok(judged) && res_is_ok(crew->result))
                crew->result = judged;
        crew->working--;
        pthread_cond_broadcast(&crew->changed);
}

static void *crew_run(void *arg)
{
        struct audit_crew *crew = arg;
        struct window window = {.arena = NULL};

        pthread_mutex_lock(&crew->lock);
        while (crew->n > 0 || !crew->ending) {
                if (crew->n == 0)
                        pthread_cond_wait(&crew->changed, &crew->lock);
                else
                        take_page(crew, &window);
        }
        pthread_mutex_unlock(&crew->lock);
        window_done(&window);
        return NULL;
}

/* ---- the crew ------------------------------------------------------------------------------------------------------ */

void audit_crew_free(struct audit_crew *crew)
{
        if (crew == NULL)
                return;
        pthread_mutex_lock(&crew->lock);
        crew->ending = true;
        if (res_is_ok(crew->result))
                crew->result = FAIL(ERR_STORE_BUSY); /* what still lies there is not judged */
        pthread_cond_broadcast(&crew->changed);
        pthread_mutex_unlock(&crew->lock);
        for (size_t i = 0; i < crew->thread_count; i++)
                pthread_join(crew->thread[i], NULL);
        pthread_cond_destroy(&crew->changed);
        pthread_mutex_destroy(&crew->lock);
        free(crew);
}

res audit_crew_new(struct audit *audit, struct audit_crew **ret_crew)
{
        struct audit_crew *crew = calloc(1, sizeof *crew);
        const long processors = sysconf(_SC_NPROCESSORS_ONLN);
        const size_t wanted = processors < 1 ? 1 : processors > CREW_MAX ? CREW_MAX : (size_t)processors;

        ENSURE(crew != NULL, ERR_MEMORY);
        crew->audit = audit;
        pthread_mutex_init(&crew->lock, NULL);
        pthread_cond_init(&crew->changed, NULL);
        while (crew->thread_count < wanted && pthread_create(&crew->thread[crew->thread_count], NULL, crew_run, crew) == 0)
                crew->thread_count++;
        if (crew->thread_count == 0) {
                audit_crew_free(crew);
                return FAIL(ERR_MEMORY);
        }
        *ret_crew = crew;
        return RES_OK;
}

res audit_crew_give(struct audit_crew *crew, struct channel_reply *page, uint32_t count)
{
        pthread_mutex_lock(&crew->lock);
        while (crew->n == CREW_PAGES)
                pthread_cond_wait(&crew->changed, &crew->lock);
        const res result = crew->result;

        if (res_is_ok(result)) {
                crew->page[(crew->first + crew->n++) % CREW_PAGES] = (struct audit_page){*page, count};
                *page = (struct channel_reply){.err = ERR_NONE};
                pthread_cond_broadcast(&crew->changed);
        }
        pthread_mutex_unlock(&crew->lock);
        return result;
}

res audit_crew_finish(struct audit_crew *crew)
{
        pthread_mutex_lock(&crew->lock);
        while (crew->n > 0 || crew->working > 0)
                pthread_cond_wait(&crew->changed, &crew->lock);
        const res result = crew->result;

        pthread_mutex_unlock(&crew->lock);
        return result;
}
