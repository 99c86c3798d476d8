/*
 * Starting, counting and stopping.  Stopping has an order: no new connections; requests in flight get their time; those
 * that no worker has begun are refused; the others are waited for; only then the library is stopped, because it must
 * not be while one of its connections is suspended.
 */
#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { HTTP_LAST_REPLIES_MS = 1000 }; /* for the last replies to leave once every handler is done */

/* -- counting what is in flight ---------------------------------------------------------------- */

void http_server_begin(struct http_server *server, size_t *count)
{
        pthread_mutex_lock(&server->lock);
        ++*count;
        pthread_mutex_unlock(&server->lock);
}

void http_server_end(struct http_server *server, size_t *count)
{
        pthread_mutex_lock(&server->lock);
        if (--*count == 0)
                pthread_cond_broadcast(&server->finished);
        pthread_mutex_unlock(&server->lock);
}

/* Until *count is 0; deadline_ms 0 = as long as it takes. */
static bool http_server_wait(struct http_server *server, const size_t *count, int64_t deadline_ms)
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
        TRY(http_connections_init(&server->connections));
        server->has_connections = true;
        return RES_OK;
}

static void http_server_free(struct http_server *server)
{
        http_pool_stop(server->own_pool);
        if (server->has_connections)
                http_connections_done(&server->connections);
        http_identity_free(server->identity);
        pthread_cond_destroy(&server->finished);
        pthread_mutex_destroy(&server->lock);
        free(server);
}

/* The library's threads inherit the mask: signals belong to whoever waits for them. */
static struct MHD_Daemon *http_daemon_start_masked(struct http_server *server)
{
        struct MHD_Daemon *daemon;
        sigset_t all, before;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        daemon = http_daemon_start(server);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return daemon;
}

res http_server_start(const struct http_config *config, const struct http_tls *tls, struct http_server **ret_server)
{
        struct http_server *server = calloc(1, sizeof(*server));
        res result;

        ENSURE(server, ERR_MEMORY);
        server->magic = HTTP_SERVER_MAGIC;
        server->config = *config;
        signal(SIGPIPE, SIG_IGN);
        http_raise_open_files();
        result = http_server_prepare(server, tls);
        if (res_is_ok(result)) {
                server->daemon = http_daemon_start_masked(server);
                result = server->daemon ? RES_OK : FAIL(ERR_IO);
        }
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
        return http_call_of(job)->server == server;
}

/* Those that no worker has begun. */
static void http_server_refuse_waiting(struct http_server *server)
{
        struct http_job *job = server->pool ? http_pool_take_waiting(server->pool, http_job_is_of, server) : NULL;

        while (job) {
                struct http_call *call = http_call_of(job);

                job = job->next;
                http_call_refuse(call, 503);
                http_call_resume(call);
        }
}

void http_server_stop(struct http_server *server, int wait_ms)
{
        const int64_t deadline_ms = clock_mono_ms() + (wait_ms > 0 ? wait_ms : 1);
        MHD_socket listen_fd;

        if (!server)
                return;
        assert(server->magic == HTTP_SERVER_MAGIC);
        server->stopping = true;
        listen_fd = MHD_quiesce_daemon(server->daemon);
        if (!http_server_wait(server, &server->busy, deadline_ms))
                http_server_refuse_waiting(server);
        (void)http_server_wait(server, &server->working, /* deadline_ms= */ 0);
        (void)http_server_wait(server, &server->busy, clock_mono_ms() + HTTP_LAST_REPLIES_MS);
        MHD_stop_daemon(server->daemon);
        if (listen_fd != MHD_INVALID_SOCKET)
                close(listen_fd);
        http_server_free(server);
}
