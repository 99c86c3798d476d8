/*
 * Starting, counting and stopping.  Stopping has an order: no new connections; requests in flight get their time; those
 * that no worker has begun are refused; the others are waited for; only then the engines end, because a call that is
 * somebody else's comes back to one.
 */
#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"

enum { HTTP_LAST_REPLIES_MS = 1000 }; /* for the last replies to leave once every handler is done */

/* -- counting what is in flight ---------------------------------------------------------------- */

/* Who waits is there only once `stopping` is set, and looks at the count after that; engines outlive the wait. */
void http_server_end_busy(struct http_server *server)
{
        if (atomic_fetch_sub(&server->busy, 1) != 1 || !server->stopping)
                return;
        pthread_mutex_lock(&server->lock);
        pthread_cond_broadcast(&server->finished);
        pthread_mutex_unlock(&server->lock);
}

/* Workers of a shared pool outlive the server, so the last look at it is under the lock that its end takes. */
void http_server_end_working(struct http_server *server)
{
        pthread_mutex_lock(&server->lock);
        if (atomic_fetch_sub(&server->working, 1) == 1)
                pthread_cond_broadcast(&server->finished);
        pthread_mutex_unlock(&server->lock);
}

/* Until *count is 0; deadline_ms 0 = as long as it takes. */
static bool http_server_wait(struct http_server *server, const _Atomic size_t *count, int64_t deadline_ms)
{
        const struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};
        bool done;

        pthread_mutex_lock(&server->lock);
        while (*count > 0) {
                if (deadline_ms == 0)
                        pthread_cond_wait(&server->finished, &server->lock);
                else if (pthread_cond_timedwait(&server->finished, &server->lock, &until) == ETIMEDOUT)
                        break;
        }
        done = *count == 0;
        pthread_mutex_unlock(&server->lock);
        return done;
}

/* -- start and stop ------------------------------------------------------------------------------ */

static void http_raise_open_files(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
                limit.rlim_cur = limit.rlim_max;
                (void)setrlimit(RLIMIT_NOFILE, &limit);
        }
}

static res http_server_prepare_engines(struct http_server *server)
{
        const unsigned count = server->config.listeners > 1 ? server->config.listeners : 1;

        server->engines = calloc(count, sizeof(*server->engines));
        ENSURE(server->engines, ERR_MEMORY);
        while (server->engine_count < count)
                TRY(http_engine_init(&server->engines[server->engine_count++], server));
        return RES_OK;
}

static res http_server_prepare(struct http_server *server, const struct http_tls *tls)
{
        pthread_condattr_t attr;

        pthread_mutex_init(&server->lock, NULL);
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&server->finished, &attr);
        pthread_condattr_destroy(&attr);
        server->pool = server->config.pool;
        if (server->config.tls)
                TRY(http_identity_new(tls, &server->identity));
        if (!server->pool && server->config.workers > 0)
                TRY(http_pool_start(server->config.workers, &server->own_pool));
        if (server->own_pool)
                server->pool = server->own_pool;
        return http_server_prepare_engines(server);
}

static void http_server_free(struct http_server *server)
{
        for (unsigned i = 0; i < server->engine_count; i++)
                http_engine_done(&server->engines[i]);
        free(server->engines);
        http_pool_stop(server->own_pool);
        http_identity_free(server->identity);
        pthread_cond_destroy(&server->finished);
        pthread_mutex_destroy(&server->lock);
        free(server);
}

/* What a listening socket has, those that are accepted from it have too; a unix socket has no delay, and does not mind. */
static res http_prepare_socket(int fd)
{
        const int flags = fcntl(fd, F_GETFL), on = 1;

        ENSURE(flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0, ERR_IO);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        return RES_OK;
}

static res http_server_start_engines(struct http_server *server)
{
        TRY(http_prepare_socket(server->config.listen_fd));
        for (unsigned i = 0; i < server->engine_count; i++)
                TRY(http_engine_start(&server->engines[i]));
        return RES_OK;
}

res http_server_start(const struct http_config *config, const struct http_tls *tls, struct http_server **ret_server)
{
        struct http_server *server = calloc(1, sizeof(*server));
        res result;

        ENSURE(server, ERR_MEMORY);
        server->magic = HTTP_SERVER_MAGIC;
        server->config = *config;
        server->room = config->connection_bytes ? config->connection_bytes : LIMIT_HTTP_CONNECTION_BYTES;
        signal(SIGPIPE, SIG_IGN);
        http_raise_open_files();
        result = http_server_prepare(server, tls);
        if (res_is_ok(result))
                result = http_server_start_engines(server);
        if (!res_is_ok(result)) {
                http_server_free(server);
                return result;
        }
        *ret_server = server;
        return RES_OK;
}

res http_server_set_tls(struct http_server *server, const struct http_tls *tls)
{
        ENSURE(server->identity, ERR_CRYPTO);
        return http_identity_set(server->identity, tls);
}

static bool http_job_is_of(const struct http_job *job, const void *server)
{
        return http_call_of(job)->connection->engine->server == server;
}

/* Those that no worker has begun. */
static void http_server_refuse_waiting(struct http_server *server)
{
        struct http_job *job = server->pool ? http_pool_take_waiting(server->pool, http_job_is_of, server) : NULL;

        while (job) {
                struct http_call *call = http_call_of(job);

                job = job->next;
                http_call_refuse(call, 503);
                http_engine_give_back(call->connection->engine, call);
        }
}

static void http_server_wake(struct http_server *server)
{
        for (unsigned i = 0; i < server->engine_count; i++)
                http_engine_wake(&server->engines[i]);
}

void http_server_stop(struct http_server *server, int wait_ms)
{
        const int64_t deadline_ms = clock_mono_ms() + (wait_ms > 0 ? wait_ms : 1);
        int listen_fd;

        if (!server)
                return;
        assert(server->magic == HTTP_SERVER_MAGIC);
        listen_fd = server->config.listen_fd;
        server->stopping = true;
        http_server_wake(server);
        if (!http_server_wait(server, &server->busy, deadline_ms))
                http_server_refuse_waiting(server);
        (void)http_server_wait(server, &server->working, /* deadline_ms= */ 0);
        (void)http_server_wait(server, &server->busy, clock_mono_ms() + HTTP_LAST_REPLIES_MS);
        http_server_free(server);
        close(listen_fd);
}
