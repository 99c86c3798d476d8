/*
 * The program from start to end: settings, master key, profiles, log, CA; then the jail; then the loop.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"
#include "pki/seal.h"
#include "sandbox/sandbox.h"
#include "signer/authority_file.h"
#include "signer/signer.h"

#define PROFILES_MAX (256 * 1024)
#define TBS_MAX (LIMIT_CERT_BYTES - 1024)

/* ---- requests ------------------------------------------------------------------------------------- */

static const struct {
        enum msg_type type;
        res (*handle)(struct signer *signer, const struct frame *request, struct answer *answer);
} calls[] = {
        {MSG_SIGNER_ISSUE, signer_issue},     {MSG_SIGNER_OCSP, signer_ocsp},
        {MSG_SIGNER_INFO, signer_info},       {MSG_SIGNER_LISTENER, signer_listener},
        {MSG_SIGNER_LOG, signer_log},         {MSG_SIGNER_CRL_BEGIN, signer_crl_begin},
        {MSG_SIGNER_CRL_ADD, signer_crl_add}, {MSG_SIGNER_CRL_END, signer_crl_end},
        {MSG_SIGNER_HAS, signer_has},
};

MUST res signer_handle(void *context, const struct frame *request, struct answer *answer)
{
        struct signer *signer = context;

        ENSURE(signer->magic == SIGNER_MAGIC, ERR_INTERNAL);
        for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
                if (request->head.type == calls[i].type)
                        return calls[i].handle(signer, request, answer);
        return answer_fail(answer, ERR_IPC_FRAME, "The signer does not do this.");
}

static res finish(void *context)
{
        struct signer *signer = context;
        res synced = journal_sync(signer->journal);

        if (synced.err == ERR_IO) { /* nobody knows what the disk holds: start anew from what it really has */
                log_line(LOG_ERROR, "log_sync", "err=IO");
                exit(1);
        }
        return synced;
}

static void fd_came(void *context, struct control *control, enum msg_fd_kind kind)
{
        CLEAN(fd_close) int fd = control_take_fd(control, kind);

        if (kind == MSG_FD_CONFIG)
                signer_off_read(context, fd);
}

static void forget_conversation(void *context)
{
        signer_crl_forget(context);
}

/* ---- making the CA's own certificates --------------------------------------------------------------- */

static res make_own(void *context, const struct authority_order *in, struct buf *ret_der)
{
        struct signer *signer = context;
        int64_t now = clock_now_sec();
        CLEAN(buf_done) struct buf why = {0};
        struct signer_order order = {.profile = pki_profiles_find(&signer->profiles, str_of(in->profile)),
                                     .issuer = in->issuer,
                                     .now = now,
                                     .not_before = now - 3600,
                                     .spki = in->spki,
                                     .key_id = in->key_id,
                                     .subject = in->subject};

        buf_init(&why, LIMIT_ERR_DETAIL);
        if (!order.profile) {
                log_line(LOG_ERROR, "profile_missing", "name=%s", in->profile);
                return FAIL(ERR_CONFIG);
        }
        int64_t days = in->days < order.profile->max_days ? in->days : order.profile->max_days;
        order.not_after = order.not_before + days * 86400 - 1;
        random_bytes(order.serial, sizeof(order.serial));
        pki_serial_fix(order.serial);
        digest_sha256(in->spki, order.request_hash);
        res made = signer_make(signer, &order, &why);
        if (!res_is_ok(made))
                log_line(LOG_ERROR, "own_certificate", "profile=%s err=%s why=%s", in->profile, err_name(made.err),
                         log_quote(buf_str(&why)));
        TRY(made);
        buf_clear(ret_der);
        buf_add(ret_der, signer->der.p, signer->der.n);
        return buf_check(ret_der);
}

static res log_own(void *context)
{
        struct signer *signer = context;

        return journal_sync(signer->journal);
}

static res own_is_logged(void *context, const struct pki_cert *cert, struct bytes der, bool *ret_is)
{
        struct signer *signer = context;
        struct journal_entry entry;

        *ret_is = false;
        if (cert->serial.n != MSG_SERIAL_SIZE)
                return RES_OK;
        res found = journal_find(signer->journal, cert->serial.p, &entry);
        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        *ret_is = bytes_equal(entry.der, der);
        return RES_OK;
}

static struct authority_maker maker_of(struct signer *signer)
{
        return (struct authority_maker){.make = make_own, .log = log_own, .is_logged = own_is_logged, .context = signer};
}

MUST res signer_responder(struct signer *signer, const struct authority_issuer *issuer)
{
        struct authority_maker maker = maker_of(signer);

        return authority_responder(signer->authority, issuer, signer->kit, &maker, clock_now_sec());
}

/* ---- start ------------------------------------------------------------------------------------------- */

static res load_profiles(struct signer *signer, struct buf *why)
{
        char path[PATH_MAX];
        CLEAN(buf_done) struct buf text = {0};

        buf_init(&text, PROFILES_MAX);
        snprintf(path, sizeof(path), "%s/profiles.ini", signer->conf->catalogue_dir);
        res got = authority_file_read(path, &text);
        if (!res_is_ok(got))
                buf_printf(why, "cannot read %s", path);
        TRY(got);
        return pki_profiles_parse(buf_str(&text), &signer->profiles, why);
}

static res derive_key(struct control *control, uint8_t ret_key[PKI_SEAL_KEY_SIZE])
{
        CLEAN(fd_close) int fd = control_take_fd(control, MSG_FD_MASTER_KEY);
        CLEAN(secret_done) struct secret master = {0};

        ENSURE(fd >= 0, ERR_CONFIG);
        TRY(secret_init(&master, 256));
        ssize_t n = pread(fd, master.p, master.n, 0);
        ENSURE(n >= 0, ERR_IO);
        return pki_seal_derive(bytes_of(master.p, (size_t)n), "signer", ret_key);
}

static res open_authority(struct signer *signer, const uint8_t *seal_key, struct buf *why)
{
        struct authority_maker maker = maker_of(signer);

        TRY(authority_open(signer->conf, seal_key, signer->kit, &maker, &signer->authority, why));
        for (size_t i = 0; i < signer->authority->count; i++)
                if (*signer->authority->issuer[i].parent)
                        TRY(signer_responder(signer, &signer->authority->issuer[i]));
        return authority_write_roots(signer->authority, signer->conf->data_dir);
}

static res enter_jail(const struct signer *signer)
{
        struct sandbox_plan plan = {.role = SANDBOX_SIGNER, .data_dir = signer->conf->data_dir};
        CLEAN(buf_done) struct buf notes = {0};

        buf_init(&notes, 1024);
        TRY(sandbox_enter(&plan, &notes));
        log_line(LOG_INFO, "jail", "%s", buf_c(&notes));
        return RES_OK;
}

MUST res signer_open(struct signer *signer, const uint8_t *seal_key, struct buf *why)
{
        char log_dir[PATH_MAX];

        buf_init(&signer->tbs, TBS_MAX);
        buf_init(&signer->der, LIMIT_CERT_BYTES);
        TRY(pki_kit_new(&signer->kit));
        TRY(load_profiles(signer, why));
        TRY(sandbox_take_user(signer->user.uid, signer->user.gid, signer->conf));
        snprintf(log_dir, sizeof(log_dir), "%s/log", signer->conf->data_dir);
        TRY(journal_open(log_dir, &signer->journal, why));
        return open_authority(signer, seal_key, why);
}

static res begin(struct signer *signer, struct control *control, struct buf *why)
{
        uint8_t seal_key[PKI_SEAL_KEY_SIZE];

        TRY(conf_load(signer->argc, signer->argv, 1, &signer->conf, why));
        if (signer->conf->test_clock)
                TRY(clock_use_file(signer->conf->test_clock));
        signer_off_begin(signer);
        TRY(control_start(control, CONTROL_FD));
        signer->user = control->user;
        TRY(derive_key(control, seal_key));
        res opened = signer_open(signer, seal_key, why);
        secret_wipe(seal_key, sizeof(seal_key));
        TRY(opened);
        TRY(enter_jail(signer));
        return control_ready(control, "");
}

void signer_done(struct signer *signer)
{
        signer_crl_forget(signer);
        authority_free(signer->authority);
        journal_free(signer->journal);
        pki_kit_free(signer->kit);
        conf_free(signer->conf);
        buf_done(&signer->tbs);
        buf_done(&signer->der);
}

static int explain(res ended, const struct buf *why)
{
        if (res_is_ok(ended) || ended.err == ERR_IPC_LOST)
                return 0;
        log_line(LOG_ERROR, "ended", "err=%s why=%s", err_name(ended.err), log_quote(buf_str(why)));
        return 1;
}

int signer_main(int argc, char **argv)
{
        CLEAN(signer_done) struct signer signer = {.magic = SIGNER_MAGIC, .argc = argc, .argv = argv};
        CLEAN(control_done) struct control control = CONTROL_NONE;
        CLEAN(buf_done) struct buf why = {0};

        log_init("signer", LOG_INFO);
        secret_harden_process();
        signal(SIGPIPE, SIG_IGN);
        buf_init(&why, 4096);
        res ended = begin(&signer, &control, &why);
        const struct answer_hooks hooks = {.magic = ANSWER_MAGIC,
                                           .handle = signer_handle,
                                           .finish = finish,
                                           .reset = forget_conversation,
                                           .fd_came = fd_came,
                                           .context = &signer};
        if (res_is_ok(ended))
                ended = answer_loop(&control, &hooks);
        return explain(ended, &why);
}
