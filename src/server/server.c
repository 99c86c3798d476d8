/*
 * Starting and stopping the server.  The order is that of what needs what: descriptors and settings, store, the other
 * programs, snapshots, listeners, jobs; stopping goes the other way round, so that nobody uses what is gone.
 */
#include "server/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acme/acme.h"
#include "api/api.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/place.h"
#include "base/random.h"
#include "base/secret.h"
#include "core/account.h"
#include "core/account_cache.h"
#include "core/acme_account.h"
#include "core/acme_sweep.h"
#include "core/authorization.h"
#include "core/bell.h"
#include "core/catalogue.h"
#include "core/certificate_end.h"
#include "core/crl.h"
#include "core/deletion.h"
#include "core/domain.h"
#include "core/issue.h"
#include "core/issuers.h"
#include "core/job.h"
#include "core/kept_cname.h"
#include "core/successor.h"
#include "core/rate.h"
#include "core/reconcile.h"
#include "core/replacement.h"
#include "core/ocsp_cache.h"
#include "core/ocsp_queue.h"
#include "core/revocation.h"
#include "core/order.h"
#include "core/revoke_request.h"
#include "core/validation.h"
#include "core/weak_file.h"
#include "core/writer.h"
#include "ipc/channel.h"
#include "ipc/control.h"
#include "sandbox/sandbox.h"
#include "server/check.h"
#include "server/listener.h"
#include "server/routes.h"
#include "server/setup.h"
#include "server/status.h"
#include "store/instance.h"
#include "store/store.h"

#define SERVER_WORKERS 32        /* a worker that waits for the outside holds a thread; OUTSIDE_MAX of them may */
#define SERVER_CONTROL_WORKERS 2  /* an audit keeps one for a while */
#define SERVER_JOB_THREADS 16
#define SERVER_STOP_MS 10000
#define SERVER_START_ARENA (4 * 1024 * 1024)
#define SERVER_NODE_CHARS 12

/* ---- the conversations ---------------------------------------------------------------------------------- */

struct peer_slot {
        enum msg_peer peer;
        struct channel **channel;
};

static void server_peers(struct core *core, struct peer_slot slots[4])
{
        slots[0] = (struct peer_slot){MSG_PEER_SIGNER, &core->signer};
        slots[1] = (struct peer_slot){MSG_PEER_VAULT, &core->vault};
        slots[2] = (struct peer_slot){MSG_PEER_KEYMAKER, &core->keymaker};
        slots[3] = (struct peer_slot){MSG_PEER_PROBER, &core->prober};
}

static res server_channels(struct server *server, struct control *control)
{
        struct peer_slot slots[4];

        server_peers(&server->core, slots);
        for (int i = 0; i < 4; i++) {
                int fd = control_take_peer(control, slots[i].peer);

                *slots[i].channel = channel_new(slots[i].peer);
                ENSURE(*slots[i].channel != NULL, ERR_MEMORY);
                if (fd >= 0)
                        channel_replace_fd(*slots[i].channel, fd);
        }
        return RES_OK;
}

static void server_new_peer(struct server *server, struct control *control, uint32_t peer)
{
        struct peer_slot slots[4];

        server_peers(&server->core, slots);
        for (int i = 0; i < 4; i++)
                if (slots[i].peer == peer)
                        channel_replace_fd(*slots[i].channel, control_take_peer(control, slots[i].peer));
}

/* ---- start ------------------------------------------------------------------------------------------------ */

static void server_fatal(const char *why)
{
        log_line(LOG_ERROR, "fatal", "why=%s", log_quote(str_of(why)));
        _exit(1); /* what is on the disk is not known any more; the parent starts anew */
}

static res server_store(struct server *server, const struct migrations *migrations, struct buf *why)
{
        char path[PATH_MAX];

        snprintf(path, sizeof path, "%s/chancery.db", server->conf->data_dir);
        const struct store_options options = {
                .path = path, .migrations = migrations, .threads_later = true, .on_fatal = server_fatal};

        return store_open_with(&options, why, &server->core.store);
}

/* Behind it: no program, no other socket, no file of the signer's.  Before the first thread, so that all are in it. */
static res server_jail(const struct server *server)
{
        const struct sandbox_plan plan = {.role = SANDBOX_SERVER, .data_dir = server->conf->data_dir};
        CLEAN(buf_done) struct buf notes = {0};

        buf_init(&notes, LIMIT_ERR_DETAIL);
        TRY(sandbox_enter(&plan, &notes));
        log_line(LOG_INFO, "jail", "%s", buf_c(&notes));
        return RES_OK;
}

static res server_weak_keys(struct core *core, struct arena *arena, struct buf *why)
{
        const char *path = arena_printf(arena, "%s/debian-rsa2048.txt", place_of(arena, "weak-keys"));

        return weak_file_open(path, WEAK_FILE_DEBIAN_LINES, &core->weak_keys, why);
}

/* What is installed is read first, by whoever started the service: the server's own user may be unable to. */
static res server_open(struct server *server, const struct control *control, struct arena *arena, struct buf *why)
{
        struct core *core = &server->core;
        CLEAN(migrations_free_ptr) struct migrations *migrations = NULL;

        TRY(domain_rules_new(&server->conf->names_private_suffixes, &core->domains, why));
        TRY(catalogue_load_all(server->conf, &core->catalogue, why));
        TRY(server_weak_keys(core, arena, why));
        TRY(issuers_new(server->conf->catalogue_dir, &core->issuers, why));
        TRY(migrations_read(place_of(arena, "migrations"), why, &migrations));
        TRY(sandbox_take_user(control->user.uid, control->user.gid, server->conf));
        TRY(server_store(server, migrations, why));
        return server_jail(server);
}

static res node_store_tx(struct store_tx *tx, void *arg)
{
        return store_instance_put(tx, STR("node"), str_of(arg));
}

/* This node's name, made once: leases are told apart by it. */
static res server_node(struct server *server, struct act *act)
{
        struct store_conn *conn = NULL;
        struct str name = {0};
        char made[SERVER_NODE_CHARS + 1];

        TRY(store_read(server->core.store, &conn));
        res found = store_instance_get(conn, act->arena, STR("node"), &name);

        if (found.err == ERR_NOT_FOUND) {
                random_text(made, SERVER_NODE_CHARS, RANDOM_LOWER36);
                found = store_run(server->core.store, node_store_tx, made);
                name = str_of(made);
        }
        TRY(found);
        ENSURE(name.n < sizeof server->core.node, ERR_STORE);
        memcpy(server->core.node, name.p, name.n);
        return RES_OK;
}

static res server_core(struct server *server, struct act *act, struct buf *why)
{
        struct core *core = &server->core;

        TRY(store_start(core->store));
        TRY(server_node(server, act));
        TRY(kept_cname_begin(act));
        TRY(issuers_ask(core->issuers, core->signer, why));
        TRY(catalogue_check_issuers(core->catalogue, core->issuers, why));
        TRY(account_cache_new(&core->accounts));
        TRY(acme_account_cache_new(&core->acme_accounts));
        TRY(bell_new(&core->bell));
        TRY(writer_new(core->store, &core->writer));
        TRY(writer_start(core->writer));
        TRY(rate_new(&core->rate));
        TRY(authorization_queue_new(core, &core->authorizations));
        TRY(issue_queue_new(core, &core->issue));
        TRY(job_runner_new(core, SERVER_JOB_THREADS, &core->jobs));
        TRY(crl_cache_new(&server->crls));
        TRY(ocsp_cache_new(&core->ocsp));
        return crl_begin(act, server->crls);
}

static res server_jobs(struct server *server)
{
        struct job_runner *jobs = server->core.jobs;

        job_runner_set(jobs, JOB_VALIDATE, validation_job, NULL);
        job_runner_set(jobs, JOB_ISSUE, issue_prepare_job, NULL);
        job_runner_set(jobs, JOB_DEADLINE, validation_deadline_job, NULL);
        job_runner_set(jobs, JOB_DELETE, deletion_job, NULL);
        job_runner_set(jobs, JOB_REVOKE, revocation_deadline_job, NULL);
        job_runner_set(jobs, JOB_EXPIRE, certificate_expire_job, NULL);
        job_runner_set(jobs, JOB_ORDER, order_expire_job, NULL);
        job_runner_set(jobs, JOB_CRL, crl_job, server->crls);
        job_runner_set(jobs, JOB_LISTENER, listener_job, server);
        job_runner_set(jobs, JOB_SUCCESSOR, successor_job, NULL);
        job_runner_set(jobs, JOB_ACME, acme_sweep_job, &server->acme_swept);
        job_runner_set(jobs, JOB_REPLACE, replacement_job, NULL);
        job_runner_set(jobs, JOB_RECONCILE, reconcile_job, NULL);
        TRY(authorization_queue_start(server->core.authorizations));
        TRY(issue_queue_start(server->core.issue));
        TRY(job_runner_start(jobs));
        TRY(ocsp_queue_start(&server->core, &server->ocsp));
        return revocation_watch_start(&server->core, server->crls, &server->revocations);
}

static res server_listen(struct server *server, struct act *act, struct control *control)
{
        struct http_tls tls = {0};
        const struct http_config tls_config = {
                .listen_fd = control_take_fd(control, MSG_FD_TLS_LISTENER), .tls = true, .workers = SERVER_WORKERS,
                .routes = {server, routes_direct, routes_handle}, .later = routes_later, .too_large = routes_too_large};
        const struct http_config public_config = {
                .listen_fd = control_take_fd(control, MSG_FD_PUBLIC_LISTENER), .connection_bytes = LIMIT_HTTP_PUBLIC_BYTES,
                .routes = {server, status_direct, NULL}, .later = status_later};
        const struct http_config control_config = {
                .listen_fd = control_take_fd(control, MSG_FD_CONTROL_LISTENER), .is_local = true, .workers = SERVER_CONTROL_WORKERS,
                .routes = {server, NULL, routes_control}};

        TRY(listener_begin(act, &tls));
        TRY(http_server_start(&public_config, NULL, &server->public));
        TRY(http_server_start(&control_config, NULL, &server->control));
        return http_server_start(&tls_config, &tls, &server->tls);
}

/* ---- ready -------------------------------------------------------------------------------------------------- */

static int port_of(int fd)
{
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof address;
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address;
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;

        if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
                return 0;
        return ntohs(address.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

static void server_address(struct server *server, int port)
{
        const struct conf_list *names = &server->conf->server_name;

        (void)snprintf(server->address, sizeof server->address, "https://%s:%d", names->n ? names->v[0] : "localhost", port);
}

/* To the person at the terminal, before the ready line; a link that only works once does no harm in a log. */
static void print_setup_link(struct act *act, const char *address)
{
        char token[SETUP_TOKEN_SIZE];

        if (res_is_ok(setup_begin(act, token)) && token[0]) {
                printf("set-up link (works once, for 24 hours): %s/setup#%s\n", address, token);
                fflush(stdout);
        }
        secret_wipe(token, sizeof token);
}

static const char *ready_text(struct server *server, struct act *act, int public_port)
{
        print_setup_link(act, server->address);
        return arena_printf(act->arena, "ready public=http://%s:%d console=%s/", server->conf->public_listen.host, public_port,
                            server->address);
}

/* ---- the whole life ------------------------------------------------------------------------------------------ */

static res server_start(struct server *server, struct control *control, struct buf *why)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(SERVER_START_ARENA);
        int public_port = port_of(control->other[MSG_FD_PUBLIC_LISTENER]);
        struct act act;

        server_address(server, port_of(control->other[MSG_FD_TLS_LISTENER]));
        act_begin(&act, &server->core, arena, 0);
        TRY(server_core(server, &act, why));
        TRY(api_new(&(struct api_config){.core = &server->core, .rate = server->conf->limits_rate}, &server->api));
        TRY(acme_new(&server->core, &server->acme));
        acme_start(server->acme);
        res r = server_listen(server, &act, control);

        if (!res_is_ok(r)) {
                buf_add_text(why, act.detail);
                return r;
        }
        TRY(server_jobs(server));
        atomic_store(&server->ready, true);
        return control_ready(control, ready_text(server, &act, public_port));
}

/*
 * The parent's word is read by a thread of its own, from the first moment: the ends of conversations may come while the
 * start still waits for one of them.  STOP, or the parent's end, closes all conversations, so that no start hangs.
 */
struct control_watch {
        struct server *server;
        struct control *control;
        pthread_t thread;
        sem_t ended;
};

static void server_close_channels(struct server *server)
{
        struct peer_slot slots[4];

        server_peers(&server->core, slots);
        for (int i = 0; i < 4; i++)
                channel_close(*slots[i].channel);
}

static void *control_thread(void *arg)
{
        struct control_watch *watch = arg;

        for (;;) {
                enum control_event event;
                uint32_t which = 0;

                if (!res_is_ok(control_next(watch->control, &event, &which)) || event == CONTROL_STOP || event == CONTROL_END)
                        break;
                if (event == CONTROL_PEER)
                        server_new_peer(watch->server, watch->control, which);
        }
        if (!atomic_load(&watch->server->ready))
                server_close_channels(watch->server);
        sem_post(&watch->ended);
        return NULL;
}

static void server_stop(struct server *server)
{
        struct peer_slot slots[4];

        atomic_store(&server->core.stopping, true);
        http_server_stop(server->tls, SERVER_STOP_MS);
        http_server_stop(server->public, SERVER_STOP_MS);
        http_server_stop(server->control, SERVER_STOP_MS);
        ocsp_queue_stop(server->ocsp);
        revocation_watch_stop(server->revocations);
        issue_queue_stop(server->core.issue);
        server_peers(&server->core, slots);
        server_close_channels(server); /* a look at a slow web server is not waited for: it is done again */
        authorization_queue_stop(server->core.authorizations);
        writer_stop(server->core.writer);
        job_runner_stop(server->core.jobs);
        for (int i = 0; i < 4; i++)
                channel_free(*slots[i].channel);
        job_runner_free(server->core.jobs);
        issue_queue_free(server->core.issue);
        authorization_queue_free(server->core.authorizations);
        acme_free(server->acme);
        writer_free(server->core.writer);
        api_free(server->api);
        rate_free(server->core.rate);
        bell_free(server->core.bell);
        acme_account_cache_free(server->core.acme_accounts);
        crl_cache_free(server->crls);
        ocsp_cache_free(server->core.ocsp);
        account_cache_free(server->core.accounts);
        issuers_free(server->core.issuers);
        catalogue_free(server->core.catalogue);
        weak_file_free(server->core.weak_keys);
        domain_rules_free(server->core.domains);
        store_close(server->core.store);
}

static res server_live(struct server *server, struct control *control, struct buf *why)
{
        struct control_watch watch = {.server = server, .control = control};

        sem_init(&watch.ended, 0, 0);
        ENSURE(pthread_create(&watch.thread, NULL, control_thread, &watch) == 0, ERR_MEMORY);
        res r = server_start(server, control, why);

        if (res_is_ok(r))
                while (sem_wait(&watch.ended) != 0 && errno == EINTR)
                        ;
        else
                shutdown(control->fd, SHUT_RDWR); /* the watcher sees the end */
        pthread_join(watch.thread, NULL);
        sem_destroy(&watch.ended);
        return r;
}

static res server_life(struct server *server, struct control *control, struct buf *why)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(SERVER_START_ARENA);

        server->core.conf = server->conf;
        TRY(server_channels(server, control));
        res r = server_open(server, control, arena, why);

        if (res_is_ok(r))
                r = server_live(server, control, why);
        server_stop(server);
        return r;
}

int server_main(int argc, char **argv)
{
        struct server server = {0};
        struct control control;
        CLEAN(buf_done) struct buf why = {0};

        if (argc == 3 && strcmp(argv[1], "--check-catalogue") == 0)
                return check_catalogue(argv[2]);
        log_init("server", LOG_INFO);
        secret_harden_process();
        umask(077); /* the database is for this user alone */
        signal(SIGPIPE, SIG_IGN);
        buf_init(&why, LIMIT_ERR_DETAIL * 4);
        res r = conf_load(argc, argv, 1, &server.conf, &why);

        if (res_is_ok(r) && server.conf->test_clock)
                r = clock_use_file(server.conf->test_clock);
        if (res_is_ok(r))
                r = control_start(&control, CONTROL_FD);
        if (res_is_ok(r)) {
                r = server_life(&server, &control, &why);
                control_done(&control);
        }
        conf_free(server.conf);
        if (!res_is_ok(r))
                log_line(LOG_ERROR, "stopped", "err=%s why=%s", err_name(r.err), log_quote(str_of(buf_c(&why))));
        return res_is_ok(r) ? 0 : 1;
}
