/*
 * What a server that was broken into may say to the signer: any type, any body, any tail, in any order, to the handlers
 * with their real keys, profiles and log.  Never crashes; what is signed is a certificate of the asked issuer with the
 * asked serial, in the log, over a name that the request brought evidence for, and never one of the CA kinds.
 * The input is a row of messages (ipc_fuzz.h); a flag makes the times of a message count from now.
 */
#include "fuzz_dir.h"
#include "ipc_fuzz.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "pki/cert.h"
#include "pki/seal.h"
#include "signer/signer.h"

#define FUZZ_MESSAGES 16
#define FUZZ_LOG_RECORDS 500 /* then the log begins anew: a long run must not fill the memory */

enum fuzz_flag {
        FUZZ_WHOLE_BODY = 1, /* all bytes are the body */
        FUZZ_FROM_NOW = 2,   /* times are seconds from now */
        FUZZ_PROFILE = 4,    /* the hash is the named profile's */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
        uint32_t type;
        size_t body;
} kinds[] = {
        {MSG_SIGNER_ISSUE, sizeof(struct msg_signer_issue)},
        {MSG_SIGNER_OCSP, sizeof(struct msg_signer_ocsp)},
        {MSG_SIGNER_CRL_BEGIN, sizeof(struct msg_signer_crl_begin)},
        {MSG_SIGNER_CRL_ADD, sizeof(struct msg_signer_crl_add)},
        {MSG_SIGNER_CRL_END, 0},
        {MSG_SIGNER_LOG, sizeof(struct msg_signer_log)},
        {MSG_SIGNER_LISTENER, sizeof(struct msg_signer_listener)},
        {MSG_SIGNER_INFO, 0},
        {MSG_VAULT_OPEN, sizeof(struct msg_vault_open)},
        {MSG_SIGNER_HAS, sizeof(struct msg_signer_has)},
};

static struct {
        struct signer signer;
        struct answer answer;
} scene;

static void set_up(void)
{
        static const uint8_t seal_key[PKI_SEAL_KEY_SIZE] = "a key of the fuzzer's";
        char *argv[] = {(char[]){"signer"}, (char[]){"--data"}, fuzz_dir, (char[]){"--set"},
                        (char[]){"catalogue.dir=" TEST_SOURCE_DIR "/catalogue"}};
        CLEAN(buf_done) struct buf why = {.ceiling = 4096};
        char path[64];

        if (scene.signer.magic)
                return;
        fuzz_dir_make();
        for (int i = 0; i < 2; i++) {
                snprintf(path, sizeof(path), "%s/%s", fuzz_dir, i ? "log" : "keys");
                FUZZ_CHECK(mkdir(path, 0700) == 0);
        }
        log_init("fuzz", LOG_ERROR);
        scene.signer.magic = SIGNER_MAGIC;
        FUZZ_CHECK(res_is_ok(conf_load(5, argv, 1, &scene.signer.conf, &why)));
        FUZZ_CHECK(res_is_ok(signer_open(&scene.signer, seal_key, &why)));
        buf_init(&scene.answer.body, FRAME_BODY_MAX);
        buf_init(&scene.answer.tail, FRAME_BODY_MAX);
}

static void renew_log(void)
{
        CLEAN(buf_done) struct buf why = {.ceiling = 4096};
        char path[64];

        if (journal_count(scene.signer.journal) < FUZZ_LOG_RECORDS)
                return;
        journal_free(scene.signer.journal);
        for (int i = 0; i < 2; i++) {
                snprintf(path, sizeof(path), "%s/log/issued.%s", fuzz_dir, i ? "idx" : "log");
                FUZZ_CHECK(unlink(path) == 0);
        }
        snprintf(path, sizeof(path), "%s/log", fuzz_dir);
        FUZZ_CHECK(res_is_ok(journal_open(path, &scene.signer.journal, &why)));
}

/* ---- mending ---------------------------------------------------------------------------------------- */

static void from_now(int64_t *time)
{
        *time = (int64_t)((uint64_t)*time + (uint64_t)clock_now_sec());
}

static void mend_issue(struct fuzz_frame *made, unsigned flags)
{
        struct msg_signer_issue *body = (void *)made->body;
        const struct pki_profile *profile = pki_profiles_find(
                &scene.signer.profiles, (struct str){body->profile, strnlen(body->profile, MSG_ISSUER_NAME)});

        if (flags & FUZZ_PROFILE && profile)
                memcpy(body->profile_hash, profile->hash, MSG_HASH_SIZE);
        if (!(flags & FUZZ_FROM_NOW))
                return;
        from_now(&body->not_before);
        from_now(&body->not_after);
        from_now(&body->caa_checked_at);
        /* of the first piece of evidence, where the lengths before it are true */
        size_t at = (size_t)body->spki_len + body->common_name_len + body->names_len;
        struct msg_evidence evidence;

        if (at > made->frame.head.tail || made->frame.head.tail - at < sizeof(evidence))
                return;
        memcpy(&evidence, made->tail + at, sizeof(evidence));
        from_now(&evidence.proved_at);
        memcpy(made->tail + at, &evidence, sizeof(evidence));
}

static void mend(struct fuzz_frame *made, unsigned flags)
{
        if (made->frame.head.type == MSG_SIGNER_ISSUE && FRAME_BODY(&made->frame, struct msg_signer_issue))
                mend_issue(made, flags);
        if (!(flags & FUZZ_FROM_NOW))
                return;
        if (made->frame.head.type == MSG_SIGNER_OCSP && FRAME_BODY(&made->frame, struct msg_signer_ocsp)) {
                struct msg_signer_ocsp *body = (void *)made->body;
                from_now(&body->this_update);
                from_now(&body->next_update);
                from_now(&body->revoked_at);
        }
        if (made->frame.head.type == MSG_SIGNER_CRL_BEGIN && FRAME_BODY(&made->frame, struct msg_signer_crl_begin)) {
                struct msg_signer_crl_begin *body = (void *)made->body;
                from_now(&body->this_update);
                from_now(&body->next_update);
        }
}

/* ---- judging ---------------------------------------------------------------------------------------- */

static void judge_issued(const struct frame *request)
{
        const struct msg_signer_issue *asked = FRAME_BODY(request, struct msg_signer_issue);
        const struct authority_issuer *issuer = authority_find(scene.signer.authority, asked->issuer);
        struct journal_entry entry;
        struct pki_cert cert;

        FUZZ_CHECK(issuer && *issuer->parent && asked->evidence_count > 0 && asked->name_count > 0);
        FUZZ_CHECK(res_is_ok(pki_cert_parse(buf_bytes(&scene.answer.tail), &cert)));
        FUZZ_CHECK(!cert.is_ca && cert.not_after - cert.not_before < 398 * 86400LL);
        FUZZ_CHECK(cert.serial.n == MSG_SERIAL_SIZE && memcmp(cert.serial.p, asked->serial, MSG_SERIAL_SIZE) == 0);
        FUZZ_CHECK(res_is_ok(pki_cert_verify(scene.signer.kit, &cert, &issuer->cert.spki)));
        FUZZ_CHECK(res_is_ok(journal_find(scene.signer.journal, asked->serial, &entry)) &&
                   entry.der.n == scene.answer.tail.n && memcmp(entry.der.p, scene.answer.tail.p, entry.der.n) == 0);
}

static void judge(const struct frame *request, res result)
{
        const bool good = res_is_ok(result) && scene.answer.err == ERR_NONE;

        if (good && request->head.type == MSG_SIGNER_ISSUE)
                judge_issued(request);
        if (good && request->head.type == MSG_VAULT_OPEN)
                abort();
        if (good && request->head.type == MSG_SIGNER_OCSP)
                FUZZ_CHECK(scene.answer.tail.n > 100);
        FUZZ_CHECK(!good || scene.answer.body.n + scene.answer.tail.n <= FRAME_BODY_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct bytes in = bytes_of(data, size), message;
        unsigned number, flags;

        set_up();
        renew_log();
        for (int i = 0; i < FUZZ_MESSAGES && fuzz_message_next(&in, &number, &flags, &message); i++) {
                const size_t kind = number % (sizeof(kinds) / sizeof(*kinds));
                const size_t n = flags & FUZZ_WHOLE_BODY || message.n < kinds[kind].body ? message.n : kinds[kind].body;
                struct fuzz_frame made;

                fuzz_frame_make(&made, kinds[kind].type, bytes_of(message.p, n), (struct bytes){0},
                                bytes_of(message.p + n, message.n - n));
                mend(&made, flags);
                judge(&made.frame, signer_handle(&scene.signer, &made.frame, &scene.answer));
                FUZZ_CHECK(res_is_ok(journal_sync(scene.signer.journal)));
                fuzz_frame_done(&made);
                buf_clear(&scene.answer.body);
                buf_clear(&scene.answer.tail);
                scene.answer.err = ERR_NONE;
        }
        signer_crl_forget(&scene.signer);
        return 0;
}
