/*
 * libmicrohttpd parses on its own thread; here its callbacks become calls.  A call that is answered at once never leaves
 * that thread.  Any other is suspended, handed to a worker and resumed by it, whereupon the library asks again and gets
 * the reply.  The library's facts that shape this file: the raw query comes only through its URI callback, whose result
 * is the request's context from then on; whoever hangs up while suspended is noticed only afterwards.
 */
#include "http/server.h"

#include <assert.h>
#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "base/log.h"

enum { HTTP_ONE_RECORD = 12 * 1024 }; /* and at most 4 KB of headers: a TLS record holds 16 KB */

/* -- replies ----------------------------------------------------------------------------------- */

static void http_add_headers(struct MHD_Response *response, const struct http_call *call)
{
        const struct http_reply *reply = &call->reply;

        MHD_add_response_header(response, "Content-Type",
                                reply->content_type ? reply->content_type : "text/plain; charset=utf-8");
        if (call->close || call->server->stopping)
                MHD_add_response_header(response, "Connection", "close");
        for (size_t i = 0; i < reply->header_count; i++) {
                const char *name = str_copy(call->request.arena, reply->headers[i].name);
                const char *value = str_copy(call->request.arena, reply->headers[i].value);

                if (!name || !value || MHD_add_response_header(response, name, value) != MHD_YES)
                        log_line(LOG_ERROR, "reply-header", "rid=%s name=%s", call->request.request_id,
                                 log_quote(reply->headers[i].name));
        }
}

/*
 * The library writes headers and body apart, which over TLS makes two records and two system calls of every answer.  A
 * small one is held back in the session until both are in, and leaves in one record when the library says that it is done.
 */
static gnutls_session_t http_session_of(struct MHD_Connection *connection)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

        return info ? info->tls_session : NULL;
}

static void http_hold_back(struct http_call *call)
{
        if (!call->server->config.tls || call->reply.body.n > HTTP_ONE_RECORD || call->held_back)
                return;
        gnutls_record_cork(http_session_of(call->connection));
        call->held_back = true;
}

/*
 * A client that pipelined until its own receive window was full, and does not read, has no claim on our patience.  The
 * library may have corked the socket too, and thinks that everything has left: saying TCP_NODELAY again sends what waits,
 * which would otherwise stay for 200 ms (tcp(7)).
 */
static void http_let_go(struct http_call *call, struct http_connection *connection)
{
        const int on = 1;

        if (!call->held_back)
                return;
        call->held_back = false;
        if (!connection)
                return;
        if (gnutls_record_uncork(http_session_of(call->connection), 0) < 0)
                (void)shutdown(connection->fd, SHUT_RDWR);
        else
                (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* The body is lent: the library lets go of it before it tells that the request is complete. */
static enum MHD_Result http_send(struct http_call *call)
{
        struct buf *body = &call->reply.body;
        struct MHD_Response *response;
        enum MHD_Result result;

        http_call_mend_reply(call);
        response = MHD_create_response_from_buffer(body->n, body->p, MHD_RESPMEM_PERSISTENT);
        if (!response)
                return MHD_NO;
        http_add_headers(response, call);
        call->state = HTTP_CALL_SENT;
        http_hold_back(call);
        result = MHD_queue_response(call->connection, (unsigned)call->reply.status, response);
        MHD_destroy_response(response);
        return result;
}

static enum MHD_Result http_refuse(struct http_call *call, int status)
{
        const struct http_config *config = &call->server->config;

        http_call_refuse(call, status);
        if (status == 413 && config->too_large)
                config->too_large(config->routes.context, &call->request, &call->reply);
        return http_send(call);
}

/* -- the way of a call ------------------------------------------------------------------------- */

void http_call_resume(struct http_call *call)
{
        struct http_server *server = call->server;

        call->state = HTTP_CALL_READY;
        MHD_resume_connection(call->connection); /* from here on the call may be gone */
        http_server_end(server, &server->working);
}

static void http_call_work(struct http_job *job)
{
        struct http_call *call = http_call_of(job);

        assert(call->magic == HTTP_CALL_MAGIC && call->state == HTTP_CALL_WORKING);
        call->server->config.routes.handle(call->server->config.routes.context, &call->request, &call->reply);
        http_call_resume(call);
}

void http_request_done(struct http_request *request)
{
        struct http_call *call = (struct http_call *)((uintptr_t)request - offsetof(struct http_call, request));

        assert(call->magic == HTTP_CALL_MAGIC && call->state == HTTP_CALL_WORKING);
        http_call_resume(call);
}

/* The connection waits for whoever takes the call.  Once somebody has, it may be gone. */
static void http_hand_over(struct http_call *call)
{
        struct http_server *server = call->server;
        const struct http_config *config = &server->config;

        call->state = HTTP_CALL_WORKING;
        call->job.run = http_call_work;
        http_server_begin(server, &server->working);
        MHD_suspend_connection(call->connection);
        if (config->later && config->later(config->routes.context, &call->request, &call->reply))
                return;
        if (server->pool) {
                http_pool_add(server->pool, &call->job);
                return;
        }
        http_call_refuse(call, 503);
        http_call_resume(call);
}

static struct http_connection *http_connection_of(struct MHD_Connection *connection)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        struct http_connection *own = info ? info->socket_context : NULL;

        assert(!own || own->magic == HTTP_CONNECTION_MAGIC);
        return own;
}

/* The request is whole. */
static enum MHD_Result http_dispatch(struct http_call *call)
{
        struct http_server *server = call->server;
        const struct http_routes *routes = &server->config.routes;

        http_connection_hold(http_connection_of(call->connection));
        call->counted = true;
        http_server_begin(server, &server->busy);
        if (routes->direct && routes->direct(routes->context, &call->request, &call->reply))
                return http_send(call);
        if (!server->pool && !server->config.later)
                return http_refuse(call, 503);
        http_hand_over(call);
        return MHD_YES;
}

static enum MHD_Result http_take_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                        const char *value, size_t value_size)
{
        (void)kind;
        http_call_add_header(cls, (struct str){name, name_size}, (struct str){value ? value : "", value_size});
        return MHD_YES;
}

/* The headers are whole. */
static enum MHD_Result http_begin(struct http_call *call, const char *method, const char *version)
{
        struct http_connection *connection = http_connection_of(call->connection);
        int refused;

        if (!connection)
                return MHD_NO;
        memcpy(call->request.peer, connection->peer, sizeof(call->request.peer));
        call->request.method = str_dup(call->request.arena, str_of(method));
        call->request.is_local = call->server->config.is_local;
        call->needs_host = version && strcmp(version, "HTTP/1.0") != 0;
        MHD_get_connection_values_n(call->connection, MHD_HEADER_KIND, http_take_header, call);
        refused = connection->refused ? connection->refused_status : http_call_check(call);
        if (refused)
                return http_refuse(call, refused);
        call->state = HTTP_CALL_READING;
        return MHD_YES;
}

static enum MHD_Result http_read(struct http_call *call, const char *bytes, size_t *n)
{
        int refused;

        if (*n > 0) {
                const bool go_on = http_call_add_body(call, bytes, *n);

                *n = 0;
                return go_on ? MHD_YES : MHD_NO;
        }
        refused = http_call_finish_body(call);
        return refused ? http_refuse(call, refused) : http_dispatch(call);
}

/* -- the library's callbacks --------------------------------------------------------------------- */

static void *http_on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
        struct http_call *call = http_call_new();

        call->server = cls;
        call->connection = connection;
        http_call_set_uri(call, uri);
        return call;
}

static enum MHD_Result http_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                       const char *method, const char *version, const char *upload, size_t *upload_size,
                                       void **context)
{
        struct http_call *call = *context;

        (void)cls, (void)connection, (void)url;
        assert(call && call->magic == HTTP_CALL_MAGIC);
        switch (call->state) {
        case HTTP_CALL_NEW:
                return http_begin(call, method, version);
        case HTTP_CALL_READING:
                return http_read(call, upload, upload_size);
        case HTTP_CALL_READY:
                return http_send(call);
        case HTTP_CALL_WORKING:
        case HTTP_CALL_SENT:
                break;
        }
        *upload_size = 0; /* the rest of a body that was refused */
        return MHD_YES;
}

static void http_on_completed(void *cls, struct MHD_Connection *connection, void **context,
                              enum MHD_RequestTerminationCode how)
{
        struct http_server *server = cls;
        struct http_call *call = *context;
        struct http_connection *own = http_connection_of(connection);
        bool counted;

        (void)how;
        *context = NULL;
        if (own)
                http_connection_await(own, LIMIT_HTTP_REQUEST_MS);
        if (!call)
                return;
        counted = call->counted;
        http_let_go(call, own);
        http_call_free(call);
        if (counted)
                http_server_end(server, &server->busy);
}

static void http_connection_admit(struct http_server *server, struct http_connection *connection)
{
        if (!connection)
                return;
        connection->server = server;
        if (server->config.is_local && !http_connection_is_own(connection->fd)) {
                connection->refused = true;
                connection->refused_status = 403;
        }
}

static void http_on_connection(void *cls, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode what)
{
        struct http_server *server = cls;
        const union MHD_ConnectionInfo *fd, *address;

        assert(server->magic == HTTP_SERVER_MAGIC);
        if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
                if (*context)
                        http_connection_close(&server->connections, *context);
                *context = NULL;
                return;
        }
        fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        address = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        *context = http_connection_open(&server->connections, fd->connect_fd,
                                        server->config.is_local || !address ? NULL : address->client_addr);
        http_connection_admit(server, *context);
}

static int http_on_certificate(gnutls_session_t session, const gnutls_datum_t *ca_names, int ca_count,
                               const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain,
                               unsigned *chain_length, gnutls_privkey_t *key)
{
        /* The library hangs its connection on the session; through it we find whose listener this is. */
        const struct http_connection *connection = http_connection_of(gnutls_session_get_ptr(session));
        struct http_identity_view view;

        (void)ca_names, (void)ca_count, (void)algorithms, (void)algorithm_count;
        if (!connection)
                return -1;
        http_identity_view(connection->server->identity, &view);
        *chain = view.chain;
        *chain_length = view.chain_length;
        *key = view.key;
        return 0;
}

struct MHD_Daemon *http_daemon_start(struct http_server *server)
{
        const bool tls = server->config.tls;
        const size_t bytes = server->config.connection_bytes ? server->config.connection_bytes : LIMIT_HTTP_CONNECTION_BYTES;
        const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0);
        struct MHD_OptionItem options[] = {
                {MHD_OPTION_LISTEN_SOCKET, server->config.listen_fd, NULL},
                {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)http_on_uri, server},
                {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_on_completed, server},
                {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_on_connection, server},
                {MHD_OPTION_CONNECTION_LIMIT, LIMIT_HTTP_CONNECTIONS + LIMIT_HTTP_REFUSED_CONNECTIONS, NULL},
                {MHD_OPTION_CONNECTION_TIMEOUT, LIMIT_HTTP_IDLE_SEC, NULL},
                {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)bytes, NULL},
                {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
                {MHD_OPTION_THREAD_POOL_SIZE, server->config.listeners > 1 ? (intptr_t)server->config.listeners : 0,
                 NULL},
                {tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, 0,
                 (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
                {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(intptr_t)http_on_certificate},
                {MHD_OPTION_END, 0, NULL},
        };

        return MHD_start_daemon(flags, 0, NULL, NULL, http_on_request, server, MHD_OPTION_ARRAY, options,
                                MHD_OPTION_END);
}
