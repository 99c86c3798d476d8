/*
 * A connection is a small machine (enum http_connection_state) that is turned until it has to wait.  A call that is answered at
 * once never leaves this thread, and in the good case its bytes are never copied but into its arena.  Any other is handed over,
 * and the connection left alone, unread, until the call comes back.  Nothing in here frees a connection but the one who turns it.
 */
#include "http/exchange.h"

#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/secret.h"
#include "http/reply.h"
#include "http/server.h"
#include "http/transport.h"

enum { HTTP_FAIR_TURNS = 32, HTTP_SMALL_BODY = 4096 /* is put behind its head: one piece leaves sooner than two */ };

enum http_turn { HTTP_TURN_ON, HTTP_TURN_WAIT };

static struct http_server *http_server_of(const struct http_connection *connection)
{
        return connection->engine->server;
}

static void http_client_turn(struct http_connection *connection)
{
        http_deadline_set(&connection->engine->waiting, &connection->deadline, connection->engine->now_ms);
}

/* -- after a reply ------------------------------------------------------------------------------- */

static void http_call_end(struct http_connection *connection)
{
        struct http_engine *engine = connection->engine;
        struct http_call *call = connection->call;

        connection->call = NULL;
        if (call->counted)
                http_server_end_busy(engine->server);
        if (engine->spare)
                http_call_free(call);
        else
                engine->spare = http_call_renew(call);
}

/* Closing while bytes of the client are unread would take the reply from it (RFC 9112 §9.6). */
static void http_hang_up(struct http_connection *connection)
{
        if (!connection->readable && connection->drained == 0) {
                connection->state = HTTP_CONNECTION_DEAD;
                return;
        }
        buf_wipe(&connection->in);
        buf_init(&connection->in, LIMIT_HTTP_SLICE);
        connection->state = HTTP_CONNECTION_LINGER;
        http_transport_end(connection);
        http_deadline_set(&connection->engine->lingering, &connection->deadline, connection->engine->now_ms);
}

static void http_reply_left(struct http_connection *connection, bool last)
{
        http_call_end(connection);
        if (last) {
                http_hang_up(connection);
                return;
        }
        connection->state = HTTP_CONNECTION_HEAD;
        connection->scan = (struct http_head_scan){0};
        connection->fresh = connection->in.n > 0;
        connection->request_until_ms = 0;
        http_client_turn(connection);
}

/* -- replies ------------------------------------------------------------------------------------- */

/* The time starts anew only when a slice more has left: who takes a byte a minute is not taking it. */
static void http_reply_goes_on(struct http_connection *connection)
{
        if (connection->deadline.link.next && connection->sent < connection->slice_end)
                return;
        connection->slice_end = connection->sent + LIMIT_HTTP_SLICE;
        http_client_turn(connection);
}

static enum http_turn http_send(struct http_connection *connection)
{
        struct http_call *call = connection->call;
        const bool last = call->close;

        switch (http_transport_send(connection, last)) {
        case HTTP_IO_OK:
                if (connection->head.p == (const char *)connection->engine->head.p)
                        secret_wipe(connection->engine->head.p, connection->head.n); /* a body may be in it */
                http_reply_left(connection, last);
                return HTTP_TURN_ON;
        case HTTP_IO_WAIT:
                if (connection->head.p == (const char *)connection->engine->head.p) /* the next reply is put together there */
                        connection->head = str_dup(call->request.arena, connection->head);
                http_reply_goes_on(connection);
                return HTTP_TURN_WAIT;
        case HTTP_IO_END:
                break;
        }
        connection->state = HTTP_CONNECTION_DEAD;
        return HTTP_TURN_ON;
}

/* The call's reply is filled: it is put together, and leaves as far as the socket takes it. */
static enum http_turn http_answer(struct http_connection *connection)
{
        struct http_engine *engine = connection->engine;
        struct http_call *call = connection->call;

        http_call_mend_reply(call);
        if (!http_call_keeps(call) || http_server_of(connection)->stopping)
                call->close = true;
        http_reply_head(call, (struct str){engine->date, engine->date_n},
                        call->close ? HTTP_CLOSES : call->needs_host ? HTTP_KEEPS : HTTP_KEEPS_1_0, &engine->head);
        connection->state = HTTP_CONNECTION_SENDING;
        connection->body = http_reply_has_body(call) ? buf_str(&call->reply.body) : (struct str){0};
        if (connection->body.n <= HTTP_SMALL_BODY) {
                buf_add_str(&engine->head, connection->body);
                connection->body.n = 0;
        }
        connection->head = buf_str(&engine->head);
        connection->sent = connection->slice_end = 0;
        if (!res_is_ok(buf_check(&engine->head))) {
                connection->state = HTTP_CONNECTION_DEAD;
                return HTTP_TURN_ON;
        }
        return http_send(connection);
}

static enum http_turn http_refuse(struct http_connection *connection, int status)
{
        const struct http_config *config = &http_server_of(connection)->config;
        struct http_call *call = connection->call;

        connection->drained++; /* bytes of it may still be on their way */
        http_call_refuse(call, status);
        if (status == 413 && config->too_large)
                config->too_large(config->routes.context, &call->request, &call->reply);
        return http_answer(connection);
}

/* -- handing over -------------------------------------------------------------------------------- */

static void http_call_work(struct http_job *job)
{
        struct http_call *call = http_call_of(job);
        const struct http_routes *routes = &http_server_of(call->connection)->config.routes;

        assert(call->magic == HTTP_CALL_MAGIC && call->state == HTTP_CALL_WORKING);
        routes->handle(routes->context, &call->request, &call->reply);
        http_engine_give_back(call->connection->engine, call);
}

void http_request_done(struct http_request *request)
{
        struct http_call *call = (struct http_call *)((uintptr_t)request - offsetof(struct http_call, request));

        assert(call->magic == HTTP_CALL_MAGIC && call->state == HTTP_CALL_WORKING);
        http_engine_give_back(call->connection->engine, call);
}

/* The connection waits for whoever takes the call.  Once somebody has, nothing of the call is touched here. */
static void http_hand_over(struct http_connection *connection)
{
        struct http_server *server = http_server_of(connection);
        const struct http_config *config = &server->config;
        struct http_call *call = connection->call;

        connection->state = HTTP_CONNECTION_WORKING;
        call->state = HTTP_CALL_WORKING;
        call->job.run = http_call_work;
        atomic_fetch_add(&server->working, 1);
        if (config->later && config->later(config->routes.context, &call->request, &call->reply))
                return;
        if (server->pool) {
                http_pool_add(server->pool, &call->job);
                return;
        }
        http_call_refuse(call, 503);
        http_engine_give_back(connection->engine, call);
}

/* The request is whole. */
static enum http_turn http_dispatch(struct http_connection *connection)
{
        struct http_server *server = http_server_of(connection);
        const struct http_routes *routes = &server->config.routes;
        struct http_call *call = connection->call;
        const int refused = http_call_finish_body(call);

        if (refused)
                return http_refuse(connection, refused);
        http_deadline_drop(&connection->deadline);
        call->counted = true;
        atomic_fetch_add(&server->busy, 1);
        if (routes->direct && routes->direct(routes->context, &call->request, &call->reply))
                return http_answer(connection);
        if (!server->pool && !server->config.later)
                return http_refuse(connection, 503);
        http_hand_over(connection);
        return HTTP_TURN_WAIT;
}

void http_exchange_resume(struct http_connection *connection)
{
        assert(connection->magic == HTTP_CONNECTION_MAGIC && connection->state == HTTP_CONNECTION_WORKING);
        connection->call->state = HTTP_CALL_READY;
        (void)http_answer(connection);
        http_exchange_run(connection);
}

/* -- reading ------------------------------------------------------------------------------------- */

/* Who asks before sending is told to go on, unless the body has begun to come (RFC 9110 §10.1.1). */
static void http_say_continue(struct http_connection *connection, struct str rest)
{
        const struct str expect = http_header(&connection->call->request, "Expect");

        if (rest.n > 0 || !connection->call->needs_host || !str_equal_nocase(expect, STR("100-continue")) ||
            (!connection->is_chunked && connection->body_left == 0))
                return;
        if (http_transport_say(connection, STR("HTTP/1.1 100 Continue\r\n\r\n")) != HTTP_IO_OK)
                connection->state = HTTP_CONNECTION_DEAD;
}

static enum http_turn http_begin(struct http_connection *connection, struct str head, struct str rest)
{
        struct http_call *call = connection->call;
        int refused = http_call_set_head(call, head);

        if (connection->refused_status)
                refused = connection->refused_status;
        if (refused)
                return http_refuse(connection, refused);
        call->state = HTTP_CALL_READING;
        connection->state = HTTP_CONNECTION_BODY;
        connection->is_chunked = http_call_is_chunked(call);
        connection->body_left = connection->is_chunked ? 0 : http_call_length(call);
        connection->chunks = (struct http_chunks){0};
        http_say_continue(connection, rest);
        return HTTP_TURN_ON;
}

static void http_call_open(struct http_connection *connection)
{
        struct http_engine *engine = connection->engine;
        struct http_call *call = engine->spare ? engine->spare : http_call_new();

        engine->spare = NULL;
        http_call_begin(call, engine->now_ms);
        call->connection = connection;
        call->request.is_local = engine->server->config.is_local;
        memcpy(call->request.peer, connection->peer, sizeof(call->request.peer));
        connection->call = call;
}

/* What was taken of `text` is cut off it; the rest waits for more if the turn is HTTP_TURN_WAIT. */
static enum http_turn http_eat_head(struct http_connection *connection, struct str *text)
{
        size_t size = 0;
        const int verdict = http_head_find(&connection->scan, *text, http_server_of(connection)->room, &size);
        struct str head = *text;

        if (verdict == HTTP_READ_MORE)
                return HTTP_TURN_WAIT;
        http_call_open(connection);
        if (verdict != HTTP_READ_OK) {
                *text = (struct str){0};
                return http_refuse(connection, connection->refused_status ? connection->refused_status : verdict);
        }
        head.n = size;
        text->p += size;
        text->n -= size;
        return http_begin(connection, head, *text);
}

/* More than the drain limit is not heard out. */
static bool http_eat_part(struct http_connection *connection, struct str part)
{
        if (part.n == 0 || http_call_add_body(connection->call, part.p, part.n))
                return true;
        connection->state = HTTP_CONNECTION_DEAD;
        return false;
}

static enum http_turn http_eat_chunks(struct http_connection *connection, struct str *text)
{
        for (;;) {
                struct str part = {0};
                const int verdict = http_chunks_next(&connection->chunks, text, &part);

                if (verdict == HTTP_READ_MORE)
                        return HTTP_TURN_WAIT;
                if (verdict != HTTP_READ_OK)
                        return http_refuse(connection, verdict);
                if (connection->chunks.state == HTTP_CHUNK_ENDED)
                        return http_dispatch(connection);
                if (!http_eat_part(connection, part))
                        return HTTP_TURN_ON;
        }
}

static enum http_turn http_eat_body(struct http_connection *connection, struct str *text)
{
        struct str part = *text;

        if (connection->is_chunked)
                return http_eat_chunks(connection, text);
        if (part.n > connection->body_left)
                part.n = connection->body_left;
        if (!http_eat_part(connection, part))
                return HTTP_TURN_ON;
        connection->body_left -= part.n;
        if (part.n > 0)
                text->p += part.n;
        text->n -= part.n;
        return connection->body_left == 0 ? http_dispatch(connection) : HTTP_TURN_WAIT;
}

/* One request at most.  What is not taken stays in *text. */
static enum http_turn http_eat(struct http_connection *connection, struct str *text)
{
        enum http_turn turn = HTTP_TURN_ON;

        if (connection->state == HTTP_CONNECTION_HEAD)
                turn = http_eat_head(connection, text);
        if (connection->state == HTTP_CONNECTION_BODY)
                turn = http_eat_body(connection, text);
        return turn;
}

static bool http_is_reading(const struct http_connection *connection)
{
        return connection->state == HTTP_CONNECTION_HEAD || connection->state == HTTP_CONNECTION_BODY;
}

/* What is in `in`; the memory is given back when nothing is left of it. */
static enum http_turn http_eat_kept(struct http_connection *connection)
{
        struct buf *in = &connection->in;
        struct str text = buf_str(in);
        enum http_turn turn;

        connection->fresh = false;
        turn = http_eat(connection, &text);
        if (connection->state == HTTP_CONNECTION_LINGER)
                return turn; /* `in` is gone */
        if (text.n > 0 && text.n < in->n)
                memmove(in->p, text.p, text.n);
        secret_wipe(in->p + text.n, in->n - text.n);
        in->n = text.n;
        if (in->n == 0) {
                const size_t ceiling = in->ceiling;

                buf_done(in);
                buf_init(in, ceiling);
                connection->fresh = false;
        }
        return http_is_reading(connection) ? HTTP_TURN_ON : turn;
}

/* Fresh from the socket. */
static enum http_turn http_eat_fresh(struct http_connection *connection, struct str text)
{
        const struct str all = text;
        enum http_turn turn = HTTP_TURN_ON;

        if (connection->in.n > 0) {
                connection->fresh = true;
        } else {
                turn = http_eat(connection, &text);
                connection->fresh = turn == HTTP_TURN_ON && text.n > 0;
        }
        if (http_is_reading(connection) || connection->state == HTTP_CONNECTION_WORKING || connection->state == HTTP_CONNECTION_SENDING)
                buf_add_str(&connection->in, text);
        if (!res_is_ok(buf_check(&connection->in)) && connection->state != HTTP_CONNECTION_WORKING)
                connection->state = HTTP_CONNECTION_DEAD;
        secret_wipe((void *)(uintptr_t)all.p, all.n);
        return http_is_reading(connection) ? HTTP_TURN_ON : turn;
}

/* A deadline for the whole request besides the one for its next byte; the hand-shake belongs to the first. */
static bool http_is_too_slow(struct http_connection *connection)
{
        const int64_t now_ms = connection->engine->now_ms;

        if (connection->request_until_ms == 0)
                connection->request_until_ms = now_ms + LIMIT_HTTP_REQUEST_MS;
        return now_ms > connection->request_until_ms;
}

static enum http_turn http_read(struct http_connection *connection)
{
        struct str text = {0};
        enum http_io io = http_transport_flush(connection);

        if (io == HTTP_IO_OK)
                io = http_transport_read(connection, &text);
        if (io == HTTP_IO_WAIT)
                return HTTP_TURN_WAIT;
        if (io == HTTP_IO_END || http_is_too_slow(connection)) {
                connection->state = HTTP_CONNECTION_DEAD;
                return HTTP_TURN_ON;
        }
        http_client_turn(connection);
        return text.n > 0 ? http_eat_fresh(connection, text) : HTTP_TURN_ON;
}

static enum http_turn http_linger(struct http_connection *connection)
{
        struct str text = {0};
        const enum http_io io = http_transport_read(connection, &text);

        if (io == HTTP_IO_WAIT)
                return HTTP_TURN_WAIT;
        connection->drained += text.n;
        if (io == HTTP_IO_END || connection->drained > LIMIT_HTTP_DRAIN)
                connection->state = HTTP_CONNECTION_DEAD;
        return HTTP_TURN_ON;
}

/* -- turning ------------------------------------------------------------------------------------- */

static enum http_turn http_turn(struct http_connection *connection)
{
        switch (connection->state) {
        case HTTP_CONNECTION_HEAD:
        case HTTP_CONNECTION_BODY:
                return connection->fresh ? http_eat_kept(connection) : http_read(connection);
        case HTTP_CONNECTION_SENDING:
                return http_send(connection);
        case HTTP_CONNECTION_LINGER:
                return http_linger(connection);
        case HTTP_CONNECTION_WORKING:
        case HTTP_CONNECTION_DEAD:
                break;
        }
        return HTTP_TURN_WAIT;
}

void http_exchange_run(struct http_connection *connection)
{
        enum http_turn turn = HTTP_TURN_ON;

        assert(connection->magic == HTTP_CONNECTION_MAGIC);
        for (int turns = 0; turn == HTTP_TURN_ON && turns < HTTP_FAIR_TURNS; turns++)
                turn = http_turn(connection);
        if (connection->state == HTTP_CONNECTION_DEAD) {
                http_engine_close(connection);
                return;
        }
        if (turn == HTTP_TURN_ON && !connection->again.next)
                http_ring_add(&connection->engine->again, &connection->again);
}
