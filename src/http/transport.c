/*
 * Sockets are told of once when something changes (edge-triggered), so a connection remembers that it may be read until a read
 * finds less than it had room for.  That the socket takes more is asked for only once it did not.  With TLS the records are
 * made in the engine's buffer and sent from there; only what the socket did not take is kept with the connection.
 */
#include "http/transport.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/limits.h"
#include "base/secret.h"
#include "http/engine.h"

/* -- the socket ----------------------------------------------------------------------------------- */

/* HTTP_IO_OK with *ret_n > 0. */
static enum http_io http_socket_read(struct http_connection *connection, uint8_t *to, size_t room, size_t *ret_n)
{
        ssize_t n;

        if (!connection->readable)
                return HTTP_IO_WAIT;
        do
                n = recv(connection->fd, to, room, 0);
        while (n < 0 && errno == EINTR);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
                connection->readable = false;
                return HTTP_IO_WAIT;
        }
        if (n <= 0)
                return HTTP_IO_END;
        /* Less than there was room for: all is read; but the end of it is told only together with the last bytes. */
        connection->readable = connection->hung_up || (size_t)n == room;
        *ret_n = (size_t)n;
        return HTTP_IO_OK;
}

/* To be told when the socket takes more: asked for the first time that it does not. */
static enum http_io http_socket_wait(struct http_connection *connection)
{
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = connection};

        if (connection->told_writes)
                return HTTP_IO_WAIT;
        if (epoll_ctl(connection->engine->epoll_fd, EPOLL_CTL_MOD, connection->fd, &event) != 0)
                return HTTP_IO_END;
        connection->told_writes = true;
        return HTTP_IO_WAIT;
}

/* HTTP_IO_OK with *ret_n, which may be less than there is. */
static enum http_io http_socket_write(struct http_connection *connection, struct str first, struct str second, size_t *ret_n)
{
        struct iovec parts[2] = {{(void *)(uintptr_t)first.p, first.n}, {(void *)(uintptr_t)second.p, second.n}};
        const struct msghdr message = {.msg_iov = parts, .msg_iovlen = second.n > 0 ? 2 : 1};
        ssize_t n;

        do
                n = second.n > 0 ? sendmsg(connection->fd, &message, MSG_NOSIGNAL)
                                 : send(connection->fd, first.p, first.n, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return errno == EAGAIN || errno == EWOULDBLOCK ? http_socket_wait(connection) : HTTP_IO_END;
        *ret_n = (size_t)n;
        return HTTP_IO_OK;
}

/* -- records -------------------------------------------------------------------------------------- */

/* All of *from, whose beginning is taken off as it leaves. */
static enum http_io http_push(struct http_connection *connection, struct str *from)
{
        while (from->n > 0) {
                size_t n = 0;
                const enum http_io io = http_socket_write(connection, *from, (struct str){0}, &n);

                if (io != HTTP_IO_OK)
                        return io;
                from->p += n;
                from->n -= n;
        }
        return HTTP_IO_OK;
}

/* What the socket did not take before. */
static enum http_io http_push_unsent(struct http_connection *connection)
{
        struct buf *unsent = &connection->unsent;
        struct str rest = buf_str(unsent);
        enum http_io io;

        if (unsent->n == 0)
                return HTTP_IO_OK;
        io = http_push(connection, &rest);
        if (rest.n > 0)
                memmove(unsent->p, rest.p, rest.n);
        unsent->n = rest.n;
        if (io == HTTP_IO_OK)
                buf_done(unsent), buf_init(unsent, 4 * LIMIT_HTTP_SLICE);
        return io;
}

/* The engine's records leave, or what is left of them is kept: in their order. */
static enum http_io http_push_records(struct http_connection *connection)
{
        struct buf *out = &connection->engine->out;
        struct str rest = buf_str(out);
        enum http_io io = http_push_unsent(connection);

        if (io == HTTP_IO_OK)
                io = http_push(connection, &rest);
        if (io == HTTP_IO_WAIT) {
                buf_add_str(&connection->unsent, rest);
                if (!res_is_ok(buf_check(&connection->unsent)))
                        io = HTTP_IO_END;
        }
        buf_clear(out);
        return io;
}

/*
 * The client has said the last word of the handshake, and we owe it nothing: the kernel would keep its acknowledgement for 40 ms,
 * and a client without TCP_NODELAY keep its request for as long.
 */
static void http_acknowledge(const struct http_connection *connection)
{
        const int on = 1;

        (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static enum http_io http_records_read(struct http_connection *connection, struct str *ret_text)
{
        struct http_engine *engine = connection->engine;
        struct http_session *session = &connection->session;
        enum http_session_state state;
        size_t n = 0;
        const enum http_io io = http_socket_read(connection, engine->records, HTTP_READ_RECORDS, &n);

        if (io != HTTP_IO_OK)
                return io;
        session->in = bytes_of(engine->records, n);
        session->out = &engine->out;
        state = http_session_read(session, engine->text, HTTP_READ_TEXT, &n);
        if (engine->out.n > 0 && http_push_records(connection) == HTTP_IO_END)
                return HTTP_IO_END;
        if (!connection->has_shaken && http_session_has_shaken(session)) {
                connection->has_shaken = true;
                if (n == 0)
                        http_acknowledge(connection);
        }
        *ret_text = (struct str){(const char *)engine->text, n};
        if (state == HTTP_SESSION_GOES_ON)
                return HTTP_IO_OK;
        if (state == HTTP_SESSION_FAILED || n == 0)
                return HTTP_IO_END;
        connection->readable = connection->hung_up = true; /* the next read finds the end */
        (void)shutdown(connection->fd, SHUT_RD);
        return HTTP_IO_OK;
}

enum http_io http_transport_read(struct http_connection *connection, struct str *ret_text)
{
        struct http_engine *engine = connection->engine;
        size_t n = 0;
        enum http_io io;

        if (connection->session.ssl)
                return http_records_read(connection, ret_text);
        io = http_socket_read(connection, engine->text, HTTP_READ_TEXT, &n);
        *ret_text = (struct str){(const char *)engine->text, n};
        return io;
}

/* -- replies -------------------------------------------------------------------------------------- */

/* What is left of the reply, in two parts. */
static void http_reply_rest(const struct http_connection *connection, struct str *ret_head, struct str *ret_body)
{
        const size_t sent = connection->sent, head_n = connection->head.n;

        *ret_head = sent < head_n ? (struct str){connection->head.p + sent, head_n - sent} : (struct str){0};
        *ret_body = connection->body;
        if (sent > head_n) {
                ret_body->p += sent - head_n;
                ret_body->n -= sent - head_n;
        }
}

static enum http_io http_plain_send(struct http_connection *connection)
{
        for (;;) {
                struct str head, body;
                enum http_io io;
                size_t n = 0;

                http_reply_rest(connection, &head, &body);
                if (head.n + body.n == 0)
                        return HTTP_IO_OK;
                io = head.n > 0 ? http_socket_write(connection, head, body, &n)
                                : http_socket_write(connection, body, (struct str){0}, &n);
                if (io != HTTP_IO_OK)
                        return io;
                connection->sent += n;
        }
}

/* The head and as much of the body as goes into the same record, put together in the engine's memory. */
static bool http_write_first(struct http_connection *connection, struct str head, struct str body)
{
        uint8_t *text = connection->engine->record;
        const size_t head_n = head.n < HTTP_ONE_RECORD ? head.n : HTTP_ONE_RECORD;
        const size_t body_n = body.n < HTTP_ONE_RECORD - head_n ? body.n : HTTP_ONE_RECORD - head_n;
        bool written;

        memcpy(text, head.p, head_n);
        if (body_n > 0)
                memcpy(text + head_n, body.p, body_n);
        written = http_session_write(&connection->session, text, head_n + body_n);
        secret_wipe(text, head_n + body_n);
        connection->sent += head_n + body_n;
        return written;
}

static bool http_write_slice(struct http_connection *connection, struct str body)
{
        const size_t n = body.n < LIMIT_HTTP_SLICE ? body.n : LIMIT_HTTP_SLICE;

        connection->sent += n;
        return http_session_write(&connection->session, body.p, n);
}

/* A slice at a time, so that a client that does not read costs no more memory than one. */
static enum http_io http_records_send(struct http_connection *connection, bool last)
{
        for (;;) {
                enum http_io io = http_push_unsent(connection);
                struct str head, body;

                http_reply_rest(connection, &head, &body);
                if (io != HTTP_IO_OK || head.n + body.n == 0)
                        return io;
                connection->session.out = &connection->engine->out;
                if (!(head.n > 0 ? http_write_first(connection, head, body) : http_write_slice(connection, body))) {
                        buf_clear(&connection->engine->out);
                        return HTTP_IO_END;
                }
                if (last && connection->sent == connection->head.n + connection->body.n)
                        http_session_end(&connection->session);
                io = http_push_records(connection);
                if (io != HTTP_IO_OK)
                        return io;
        }
}

enum http_io http_transport_send(struct http_connection *connection, bool last)
{
        return connection->session.ssl ? http_records_send(connection, last) : http_plain_send(connection);
}

enum http_io http_transport_flush(struct http_connection *connection)
{
        return http_push_unsent(connection);
}

enum http_io http_transport_say(struct http_connection *connection, struct str text)
{
        size_t n = 0;

        if (!connection->session.ssl)
                return http_socket_write(connection, text, (struct str){0}, &n) == HTTP_IO_OK && n == text.n ? HTTP_IO_OK
                                                                                                             : HTTP_IO_END;
        connection->session.out = &connection->engine->out;
        if (http_session_write(&connection->session, text.p, text.n))
                return http_push_records(connection) == HTTP_IO_END ? HTTP_IO_END : HTTP_IO_OK;
        buf_clear(&connection->engine->out);
        return HTTP_IO_END;
}

void http_transport_end(struct http_connection *connection)
{
        (void)shutdown(connection->fd, SHUT_WR);
}
