/* Start and end of both instances: settings, the master key read once, then the loop. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "ipc/control.h"
#include "sandbox/sandbox.h"
#include "vault/stock.h"
#include "vault/v1.h"
#include "vault/vault.h"

#define MASTER_KEY_MAX 256
#define STOCK_IDLE_MS 2000 /* after that long without a request keys are made ahead; not while the first start makes the roots */

static res master_key(struct control *control, uint8_t ret_key[PKI_SEAL_KEY_SIZE])
{
        int fd = control_take_fd(control, MSG_FD_MASTER_KEY);
        uint8_t master[MASTER_KEY_MAX];

        ENSURE(fd >= 0, ERR_IO);
        ssize_t n = pread(fd, master, sizeof master, 0);

        close(fd);
        ENSURE(n > 0, ERR_IO);
        res r = pki_seal_derive(bytes_of(master, (size_t)n), "vault", ret_key);

        secret_wipe(master, sizeof master);
        return r;
}

/* Every algorithm once, so that nothing is fetched later. */
static res vault_warm_up(const struct vault *vault)
{
        const struct msg_vault_aad aad = {.version = 1};
        struct msg_vault_v1_sign_reply mac;
        CLEAN(buf_done) struct buf sealed = {0};
        CLEAN(secret_done) struct secret plain = {0};

        buf_init(&sealed, 1024);
        TRY(vault_seal(vault, &aad, bytes_of("warm", 4), &sealed));
        TRY(vault_unseal(vault, &aad, buf_bytes(&sealed), &plain));
        TRY(v1_mac(1, bytes_of("warm", 4), bytes_of("warm", 4), &mac));
        return v1_mac(256, bytes_of("warm", 4), bytes_of("warm", 4), &mac);
}

static res vault_jail(const struct vault *vault, const char *data_dir)
{
        const struct sandbox_plan plan = {.role = SANDBOX_VAULT, .data_dir = data_dir};
        CLEAN(buf_done) struct buf notes = {0};

        buf_init(&notes, LIMIT_ERR_DETAIL);
        TRY(vault_warm_up(vault));
        TRY(sandbox_enter(&plan, &notes));
        log_line(LOG_INFO, "jail", "%s", buf_c(&notes));
        return RES_OK;
}

static bool vault_idle(void *context)
{
        struct vault *vault = context;

        return stock_fill_one(vault->stock);
}

static res vault_run(struct vault *vault, struct conf *conf)
{
        struct control control;

        TRY(control_start(&control, CONTROL_FD));
        const struct answer_hooks hooks = {
                .magic = ANSWER_MAGIC,
                .handle = vault_handle,
                .idle = vault->stock ? vault_idle : NULL,
                .idle_ms = vault->stock ? STOCK_IDLE_MS : 0,
                .context = vault,
                .wipe = true,
        };
        res r = sandbox_take_user(control.user.uid, control.user.gid, conf);

        if (res_is_ok(r))
                r = master_key(&control, vault->key);
        if (res_is_ok(r))
                r = vault_jail(vault, conf->data_dir);
        if (res_is_ok(r))
                r = control_ready(&control, "");
        if (res_is_ok(r))
                r = answer_loop(&control, &hooks);
        control_done(&control);
        return r;
}

int vault_main(int argc, char **argv)
{
        bool is_named = argc > 1 && argv[1][0] != '-'; /* `vault` or `keymaker`, before the settings */
        bool is_keymaker = is_named && strcmp(argv[1], "keymaker") == 0;
        struct vault vault = {.magic = VAULT_MAGIC};
        struct conf *conf = NULL;
        CLEAN(buf_done) struct buf why = {0};

        log_init(is_keymaker ? "keymaker" : "vault", LOG_INFO);
        secret_harden_process();
        for (int i = 0; i < 3; i++) /* the parent ends us by its channel, after what is in flight */
                signal((const int[]){SIGPIPE, SIGINT, SIGTERM}[i], SIG_IGN);
        buf_init(&why, LIMIT_ERR_DETAIL);
        res r = conf_load(argc, argv, is_named ? 2 : 1, &conf, &why);

        if (res_is_ok(r) && is_keymaker)
                r = stock_new(&vault.stock);
        if (res_is_ok(r))
                r = vault_run(&vault, conf);
        stock_free(vault.stock);
        secret_wipe(&vault, sizeof vault);
        conf_free(conf);
        if (res_is_ok(r) || r.err == ERR_IPC_LOST)
                return 0;
        log_line(LOG_ERROR, "ended", "err=%s why=%s", err_name(r.err), log_quote(buf_str(&why)));
        return 1;
}
