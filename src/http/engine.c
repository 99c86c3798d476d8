/*
 * One round: what epoll tells, calls that came back, connections that were stopped in the middle of a long turn, deadlines.
 * The order matters in one point only: each socket is in one event of a round, so a connection that is freed cannot be met
 * again in it.  Before an engine sleeps it says so and looks once more at the list of what is done; who adds to the list looks
 * whether it sleeps: one of the two sees the other, and only a sleeper costs a system call.
 */
#include "http/engine.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/thread.h"
#include "http/exchange.h"
#include "http/server.h"
#include "http/transport.h"

enum { HTTP_EVENTS = 64, HTTP_REST_MS = 60000, HTTP_ACCEPT_PAUSE_MS = 100, HTTP_DATE_MS = 500 };

/* -- what is done -------------------------------------------------------------------------------- */

void http_engine_wake(struct http_engine *engine)
{
        atomic_store(&engine->sleeps, false);
        (void)!eventfd_write(engine->wake_fd, 1); /* never read: each write is a change, and epoll tells of changes */
}

void http_engine_give_back(struct http_engine *engine, struct http_call *call)
{
        struct http_server *server = engine->server;

        call->done_next = atomic_load(&engine->done);
        while (!atomic_compare_exchange_weak(&engine->done, &call->done_next, call))
                continue;
        if (atomic_exchange(&engine->sleeps, false))
                http_engine_wake(engine);
        http_server_end_working(server);
}

/* Oldest first. */
static struct http_call *http_engine_take_done(struct http_engine *engine)
{
        struct http_call *newest = atomic_load(&engine->done) ? atomic_exchange(&engine->done, NULL) : NULL, *oldest = NULL;

        while (newest) {
                struct http_call *older = newest->done_next;

                newest->done_next = oldest;
                oldest = newest;
                newest = older;
        }
        return oldest;
}

static void http_engine_resume_done(struct http_engine *engine)
{
        struct http_call *call = http_engine_take_done(engine);

        while (call) {
                struct http_call *next = call->done_next; /* the call is freed with its reply */

                http_exchange_resume(call->connection);
                call = next;
        }
}

/* -- connections --------------------------------------------------------------------------------- */

void http_engine_close(struct http_connection *connection)
{
        struct http_server *server = connection->engine->server;

        if (connection->call && connection->call->counted)
                http_server_end_busy(server);
        http_connection_free(connection);
        atomic_fetch_sub(&server->connections, 1);
}

static bool http_engine_watch(struct http_engine *engine, int fd, uint32_t events, void *pointer)
{
        struct epoll_event event = {.events = events, .data.ptr = pointer};

        return epoll_ctl(engine->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static struct http_connection *http_engine_open(struct http_engine *engine, int fd, const struct sockaddr *address)
{
        const struct http_config *config = &engine->server->config;
        struct http_connection *connection = http_connection_new(fd, config->is_local ? NULL : address);

        if (!connection)
                return NULL;
        connection->engine = engine;
        if ((config->tls && !res_is_ok(http_session_open(&connection->session, engine->server->identity))) ||
            !http_engine_watch(engine, fd, EPOLLIN | EPOLLRDHUP | EPOLLET, connection)) {
                http_session_close(&connection->session);
                free(connection);
                return NULL;
        }
        http_ring_add(&engine->all, &connection->all);
        connection->request_until_ms = engine->now_ms + LIMIT_HTTP_REQUEST_MS;
        http_deadline_set(&engine->waiting, &connection->deadline, engine->now_ms);
        return connection;
}

/* Beyond what is even refused in words a connection is closed at once. */
static void http_engine_admit(struct http_engine *engine, int fd, const struct sockaddr *address)
{
        struct http_server *server = engine->server;
        const size_t before = atomic_fetch_add(&server->connections, 1);
        struct http_connection *connection = NULL;

        if (before < LIMIT_HTTP_CONNECTIONS + LIMIT_HTTP_REFUSED_CONNECTIONS)
                connection = http_engine_open(engine, fd, address);
        if (!connection) {
                close(fd);
                atomic_fetch_sub(&server->connections, 1);
                return;
        }
        if (server->config.is_local && !http_connection_is_own(fd))
                connection->refused_status = 403;
        else if (before >= LIMIT_HTTP_CONNECTIONS)
                connection->refused_status = 503;
}

/* -- the listening socket ------------------------------------------------------------------------ */

static void http_engine_unlisten(struct http_engine *engine)
{
        if (engine->accepts)
                (void)epoll_ctl(engine->epoll_fd, EPOLL_CTL_DEL, engine->server->config.listen_fd, NULL);
        engine->accepts = false;
}

static bool http_engine_listen(struct http_engine *engine)
{
        const struct http_server *server = engine->server;

        engine->accept_again_ms = 0;
        engine->accepts = http_engine_watch(engine, server->config.listen_fd,
                                            EPOLLIN | (server->engine_count > 1 ? (uint32_t)EPOLLEXCLUSIVE : 0), engine);
        return engine->accepts;
}

/* One a round: others wait too, and epoll tells again. */
static void http_engine_accept(struct http_engine *engine)
{
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof(address);
        const int fd = accept4(engine->server->config.listen_fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
                http_engine_admit(engine, fd, (const struct sockaddr *)&address);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                http_engine_unlisten(engine); /* it would be told again and again */
                engine->accept_again_ms = engine->now_ms + HTTP_ACCEPT_PAUSE_MS;
        }
}

static void http_engine_mind_listening(struct http_engine *engine)
{
        if (engine->server->stopping)
                http_engine_unlisten(engine);
        else if (engine->accept_again_ms && engine->now_ms >= engine->accept_again_ms && !http_engine_listen(engine))
                engine->accept_again_ms = engine->now_ms + HTTP_ACCEPT_PAUSE_MS;
}

/* -- rounds -------------------------------------------------------------------------------------- */

static void http_engine_look_at_clock(struct http_engine *engine)
{
        engine->now_ms = clock_mono_ms();
        if (engine->now_ms - engine->date_ms >= HTTP_DATE_MS || !engine->date[0]) {
                char now[CLOCK_HTTP_SIZE];

                clock_http_text(clock_now_sec(), now);
                engine->date_n = (size_t)snprintf(engine->date, sizeof(engine->date), "Date: %s\r\n", now);
                engine->date_ms = engine->now_ms;
        }
}

static int http_engine_patience(struct http_engine *engine)
{
        int wait_ms = HTTP_REST_MS;

        if (http_ring_first(&engine->again))
                return 0;
        if (engine->accept_again_ms)
                wait_ms = HTTP_ACCEPT_PAUSE_MS;
        wait_ms = http_deadlines_wait(&engine->waiting, engine->now_ms, wait_ms);
        wait_ms = http_deadlines_wait(&engine->lingering, engine->now_ms, wait_ms);
        atomic_store(&engine->sleeps, true);
        return atomic_load(&engine->done) || atomic_load(&engine->ending) ? 0 : wait_ms;
}

static void http_engine_event(struct http_engine *engine, const struct epoll_event *event)
{
        struct http_connection *connection = event->data.ptr;

        if (event->data.ptr == &engine->wake_fd)
                return; /* what it is about is looked at in every round */
        if (event->data.ptr == engine) {
                if (engine->accepts)
                        http_engine_accept(engine);
                return;
        }
        assert(connection->magic == HTTP_CONNECTION_MAGIC);
        if (event->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
                connection->readable = true;
        if (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
                connection->hung_up = true;
        http_exchange_run(connection);
}

/* Each once: whoever wants another turn is put behind the others. */
static void http_engine_go_on(struct http_engine *engine)
{
        const struct http_link *last = http_ring_first(&engine->again) ? engine->again.before : NULL;
        bool is_last = last == NULL;

        while (!is_last) {
                struct http_link *link = http_ring_first(&engine->again);

                is_last = link == last;
                http_link_remove(link);
                http_exchange_run((struct http_connection *)((uintptr_t)link - offsetof(struct http_connection, again)));
        }
}

static void http_engine_end_overdue(struct http_engine *engine)
{
        struct http_deadline *overdue;

        while ((overdue = http_deadlines_overdue(&engine->waiting, engine->now_ms)) ||
               (overdue = http_deadlines_overdue(&engine->lingering, engine->now_ms)))
                http_engine_close(http_connection_of_deadline(overdue));
}

static void http_engine_round(struct http_engine *engine)
{
        struct epoll_event events[HTTP_EVENTS];
        const int n = epoll_wait(engine->epoll_fd, events, HTTP_EVENTS, http_engine_patience(engine));

        atomic_store(&engine->sleeps, false);
        http_engine_look_at_clock(engine);
        for (int i = 0; i < n; i++)
                http_engine_event(engine, &events[i]);
        http_engine_resume_done(engine);
        http_engine_go_on(engine);
        http_engine_end_overdue(engine);
        http_engine_mind_listening(engine);
}

static void *http_engine_run(void *arg)
{
        struct http_engine *engine = arg;

        while (!atomic_load(&engine->ending))
                http_engine_round(engine);
        http_engine_resume_done(engine);
        return NULL;
}

/* -- beginning and end --------------------------------------------------------------------------- */

res http_engine_init(struct http_engine *engine, struct http_server *server)
{
        *engine = (struct http_engine){.server = server, .epoll_fd = -1, .wake_fd = -1};
        http_ring_init(&engine->all);
        http_ring_init(&engine->again);
        http_deadlines_init(&engine->waiting, LIMIT_HTTP_IDLE_SEC * 1000);
        http_deadlines_init(&engine->lingering, LIMIT_HTTP_LINGER_MS);
        buf_init(&engine->out, 8 * LIMIT_HTTP_SLICE);
        buf_init(&engine->head, LIMIT_HTTP_CONNECTION_BYTES);
        engine->text = malloc(HTTP_READ_TEXT);
        ENSURE(engine->text, ERR_MEMORY);
        if (server->config.tls) {
                engine->records = malloc(HTTP_READ_RECORDS);
                engine->record = malloc(HTTP_ONE_RECORD);
                ENSURE(engine->records && engine->record, ERR_MEMORY);
        }
        engine->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        engine->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        ENSURE(engine->epoll_fd >= 0 && engine->wake_fd >= 0, ERR_IO);
        ENSURE(http_engine_watch(engine, engine->wake_fd, EPOLLIN | EPOLLET, &engine->wake_fd), ERR_IO);
        http_engine_look_at_clock(engine);
        return RES_OK;
}

res http_engine_start(struct http_engine *engine)
{
        ENSURE(http_engine_listen(engine), ERR_IO);
        TRY(thread_start(http_engine_run, engine, &engine->thread));
        engine->has_thread = true;
        return RES_OK;
}

void http_engine_done(struct http_engine *engine)
{
        struct http_link *link;

        atomic_store(&engine->ending, true);
        if (engine->has_thread) {
                http_engine_wake(engine);
                pthread_join(engine->thread, NULL);
        }
        while ((link = http_ring_first(&engine->all)))
                http_engine_close((struct http_connection *)((uintptr_t)link - offsetof(struct http_connection, all)));
        if (engine->epoll_fd >= 0)
                close(engine->epoll_fd);
        if (engine->wake_fd >= 0)
                close(engine->wake_fd);
        http_call_free(engine->spare);
        buf_wipe(&engine->out);
        buf_wipe(&engine->head);
        free(engine->text);
        free(engine->records);
        free(engine->record);
}
