/*
 * `chancery serve` from top to bottom: settings, data directory, master key, listeners, programs.
 */
#include "serve/serve.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/conf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/place.h"
#include "sandbox/sandbox.h"
#include "serve/data.h"
#include "serve/listen.h"
#include "serve/supervise.h"

#define WHY_MAX 4096

static void conf_clean(struct conf **conf)
{
        conf_free(*conf);
}

static void supervise_done(struct supervise *s)
{
        fd_close(&s->tls);
        fd_close(&s->public);
        fd_close(&s->control);
        fd_close(&s->master_key);
        fd_close(&s->lock);
}

/* No core dumps, below us either; as many descriptors as we may have. */
static void set_limits(void)
{
        struct rlimit none = {0, 0}, files;

        setrlimit(RLIMIT_CORE, &none);
        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                setrlimit(RLIMIT_NOFILE, &files);
        }
}

static const char *config_argument(int argc, char **argv)
{
        const char *found = NULL;

        for (int i = 1; i + 1 < argc; i++)
                if (strcmp(argv[i], "--config") == 0)
                        found = argv[i + 1];
        return found;
}

static res choose_users(const struct conf *conf, struct users *ret_users, struct buf *why)
{
        const char *note = NULL;

        TRY(users_choose(conf, ret_users, &note, why));
        if (note)
                log_line(LOG_WARNING, "users", "apart=no why=%s", log_quote(str_of(note)));
        else
                log_line(LOG_INFO, "users", "apart=%s", ret_users->apart ? "yes" : "no");
        if (!ret_users->apart && !sandbox_has_landlock())
                log_line(LOG_WARNING, "keys_open", "why=\"one user for all programs, and no Landlock in this kernel: a server that is "
                                                   "broken into could read keys/; start as root\"");
        return RES_OK;
}

static res serve(int argc, char **argv, struct buf *why, int *ret_exit_code)
{
        CLEAN(conf_clean) struct conf *conf = NULL;
        CLEAN(buf_done) struct buf program_dir = {0};
        CLEAN(supervise_done)
        struct supervise s = {.magic = SUPERVISE_MAGIC,
                              .arguments = argv + 1,
                              .lock = -1,
                              .master_key = -1,
                              .tls = -1,
                              .public = -1,
                              .control = -1};

        buf_init(&program_dir, 8192);
        TRY(conf_load(argc, argv, 1, &conf, why));
        TRY(place_of_programs(&program_dir, why));
        TRY(choose_users(conf, &s.users, why));
        TRY(data_open(conf, &s.lock, why));
        TRY(data_master_key(conf, &s.master_key, why));
        TRY(users_own_data(&s.users, conf->data_dir, why));
        TRY(listen_tcp(&conf->server_listen, "server.listen", &s.tls, why));
        TRY(listen_tcp(&conf->public_listen, "public.listen", &s.public, why));
        TRY(listen_control(conf->data_dir, &s.control, why));
        s.program_dir = buf_c(&program_dir);
        s.config_path = config_argument(argc, argv);
        return supervise_run(&s, ret_exit_code);
}

int serve_main(int argc, char **argv)
{
        CLEAN(buf_done) struct buf why = {0};
        int exit_code = 1;

        log_init("parent", LOG_INFO);
        set_limits();
        buf_init(&why, WHY_MAX);
        res result = serve(argc, argv, &why, &exit_code);
        if (res_is_ok(result))
                return exit_code;
        fprintf(stderr, "chancery serve: %s\n", why.n ? buf_c(&why) : err_sentence(result.err));
        return result.err == ERR_USAGE ? 2 : 1;
}
