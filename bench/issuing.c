/* See issuing.h. */
#include "bench/issuing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/digest.h"
#include "base/random.h"
#include "core/catalogue.h"
#include "core/certificate.h"
#include "core/issuers.h"
#include "core/job.h"
#include "ipc/channel.h"
#include "ipc/control.h"
#include "pki/key.h"
#include "store/account.h"
#include "store/evidence.h"
#include "store/key.h"
#include "store/quota.h"
#include "store/validation.h"

#define SETTINGS_MAX 16

void issuing_check(res r, const char *what)
{
        if (res_is_ok(r))
                return;
        fprintf(stderr, "%s: %s\n", what, err_name(r.err));
        exit(1);
}

/* ---- the signer, started as the parent does ---------------------------------------------------------------- */

static int master_key(const struct issuing *issuing)
{
        char path[PATH_MAX];
        uint8_t key[32];

        snprintf(path, sizeof path, "%s/keys", issuing->dir);
        mkdir(path, 0700);
        snprintf(path, sizeof path, "%s/log", issuing->dir);
        mkdir(path, 0700);
        snprintf(path, sizeof path, "%s/keys/master", issuing->dir);
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd >= 0)
                return fd;
        fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
        random_bytes(key, sizeof key);
        if (fd < 0 || write(fd, key, sizeof key) != (ssize_t)sizeof key)
                issuing_check(FAIL(ERR_IO), "master key");
        return fd;
}

static void exec_signer(const struct issuing *issuing, const char *program_dir, const char *const *settings)
{
        const char *argv[SETTINGS_MAX * 2 + 4] = {"chancery-signer", "--data", issuing->dir};
        char path[PATH_MAX];
        size_t n = 3;

        for (size_t i = 0; settings[i] && i < SETTINGS_MAX; i++) {
                argv[n++] = "--set";
                argv[n++] = settings[i];
        }
        snprintf(path, sizeof path, "%s/chancery-signer", program_dir);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(path, (char *const *)(uintptr_t)argv);
        perror(path);
        _exit(127);
}

static void start_signer(struct issuing *issuing, const char *program_dir, const char *const *settings)
{
        int control[2], conversation[2], key = master_key(issuing);

        issuing_check(frame_pair(control), "socket pair");
        issuing_check(frame_pair(conversation), "socket pair");
        issuing->signer = fork();
        if (issuing->signer == 0) {
                dup2(control[1], CONTROL_FD);
                exec_signer(issuing, program_dir, settings);
        }
        close(control[1]);
        issuing_check(control_send_fd(control[0], MSG_FD_MASTER_KEY, MSG_PEER_PARENT, key), "master key");
        issuing_check(control_send_fd(control[0], MSG_FD_PEER, MSG_PEER_SERVER, conversation[1]), "conversation");
        issuing_check(control_send_go(control[0]), "go");
        close(conversation[1]);
        close(key);
        issuing->control = control[0];
        issuing->core.signer = channel_new(MSG_PEER_SIGNER);
        channel_replace_fd(issuing->core.signer, conversation[0]);
}

static void load_settings(struct issuing *issuing, const char *const *settings)
{
        char *argv[SETTINGS_MAX * 2 + 4] = {(char *)(uintptr_t) "bench", (char *)(uintptr_t) "--data", (char *)(uintptr_t)issuing->dir};
        int n = 3;
        struct conf *conf = NULL;
        CLEAN(buf_done) struct buf why = {0};

        for (size_t i = 0; settings[i] && i < SETTINGS_MAX; i++) {
                argv[n++] = (char *)(uintptr_t) "--set";
                argv[n++] = (char *)(uintptr_t)settings[i];
        }
        buf_init(&why, 4096);
        issuing_check(conf_load(n, argv, 1, &conf, &why), "settings");
        issuing->core.conf = conf;
}

static res make_account(struct store_tx *tx, void *arg)
{
        struct issuing *issuing = arg;
        struct account_row row = {
                .uin = STR("100000000001"), .name = STR("bench"), .identity = STR("individual"), .verified = 1, .level = STR("v2"), .created_at = clock_now_sec(),
        };

        TRY(store_account_insert(tx, &row));
        issuing->account_id = row.account_id;
        return RES_OK;
}

void issuing_start(struct issuing *issuing, const char *program_dir, const char *catalogue, const char *migrations, const char *const *settings)
{
        CLEAN(buf_done) struct buf why = {0};
        char path[PATH_MAX];
        struct pki_key *key = NULL;

        load_settings(issuing, settings);
        start_signer(issuing, program_dir, settings);
        buf_init(&why, 4096);
        snprintf(path, sizeof path, "%s/chancery.db", issuing->dir);
        res r = store_open(path, migrations, &why, &issuing->core.store);

        if (res_is_ok(r))
                r = catalogue_load(catalogue, &issuing->core.catalogue, &why);
        if (res_is_ok(r))
                r = issuers_new(catalogue, &issuing->core.issuers, &why);
        if (res_is_ok(r))
                r = issuers_ask(issuing->core.issuers, issuing->core.signer, &why);
        if (!res_is_ok(r))
                fprintf(stderr, "%s\n", buf_c(&why));
        issuing_check(r, "start");
        memcpy(issuing->core.node, "bench", 6);
        issuing_check(pki_key_generate(PKI_KEY_EC_P256, &key), "key");
        issuing->spki = bytes_of(arena_copy(issuing->arena, pki_key_spki(key).p, pki_key_spki(key).n), pki_key_spki(key).n);
        pki_key_free(key);
        if (issuing->account_id == 0)
                issuing_check(store_run(issuing->core.store, make_account, issuing), "account");
}

void issuing_stop(struct issuing *issuing)
{
        close(issuing->control);
        channel_close(issuing->core.signer);
        waitpid(issuing->signer, NULL, 0);
        store_close(issuing->core.store);
        catalogue_free(issuing->core.catalogue);
}

/* ---- rows as an application and its validation leave them ------------------------------------------------------ */

static res put_proof(struct issuing *issuing, struct store_tx *tx, const struct issuing_row *in, int64_t now)
{
        struct evidence_row evidence = {.account_id = issuing->account_id, .name = str_of(in->domain), .method = MSG_METHOD_DNS_TXT, .value = STR("v"),
                                        .detail = STR(""), .proved_at = now, .expires_at = now + 86400};

        TRY(store_evidence_insert(tx, &evidence));
        struct validation_row validation = {.account_id = issuing->account_id, .certificate_id = str_of(in->certificate_id), .name = str_of(in->domain),
                                            .zone = str_of(in->zone), .method = STR("TXT"), .record = STR("_dnsauth"), .value = STR("v"),
                                            .state = STR("passed"), .detail = STR(""), .found = STR(""), .evidence_id = evidence.evidence_id};

        return store_validation_insert(tx, &validation);
}

static res put_certificate(struct issuing *issuing, struct store_tx *tx, const struct issuing_row *in, int64_t key_id, int64_t now)
{
        struct certificate_row row = {
                .certificate_id = str_of(in->certificate_id), .account_id = issuing->account_id, .source = STR("trustasia"),
                .certificate_type = STR("SVR"), .package_type = STR("2"), .product_name = STR("bench"), .level = STR("DV"), .domain_type = 1,
                .status = CERT_PENDING, .status_msg = STR("WAIT-ISSUE"), .alias = str_of(in->alias), .project_id = in->project_id,
                .domain = str_of(in->domain), .names = str_of(in->domain), .primary_domain = str_of(in->zone), .validity_months = STR("12"),
                .life_days = in->life_days, .verify_type = STR("DNS"), .email = STR(""), .phone = STR(""), .key_type = STR("ECC prime256v1"),
                .key_id = key_id, .issuer = STR("dv-ecc"), .profile = STR("dv"), .created_at = now, .submitted_at = now, .deadline_at = now + 86400,
                .validated_at = now, .origin_certificate_id = STR(""), .renew_certificate_id = STR(""), .replaced_by = STR(""), .replaced_for = STR(""),
        };

        return store_certificate_insert(tx, &row);
}

res issuing_put(struct issuing *issuing, struct store_tx *tx, struct issuing_row *in, struct issue_ticket *ret_ticket)
{
        int64_t now = clock_now_sec();
        uint8_t hash[DIGEST_SHA256_SIZE];

        if (in->certificate_id[0] == '\0')
                random_text(in->certificate_id, 8, RANDOM_ALNUM);
        *ret_ticket = (struct issue_ticket){.account_id = issuing->account_id, .caa_checked_at = now};
        memcpy(ret_ticket->certificate_id, in->certificate_id, 9);
        digest_sha256(issuing->spki, hash);
        struct cert_key_row key = {.account_id = issuing->account_id, .key_type = MSG_KEY_EC_P256, .spki = issuing->spki,
                                   .spki_hash = bytes_of(hash, sizeof hash), .sealed = bytes_of("x", 1), .csr = bytes_of("", 0), .created_at = now};

        TRY(store_key_insert(tx, &key));
        TRY(put_certificate(issuing, tx, in, key.key_id, now));
        TRY(put_proof(issuing, tx, in, now));
        TRY(job_put(tx, JOB_ISSUE, issuing->account_id, str_of(in->certificate_id), now, now));
        return store_quota_insert(tx, &(struct quota_use_row){
                                              .certificate_id = str_of(in->certificate_id), .account_id = issuing->account_id, .counter = STR("any"),
                                              .primary_domain = str_of(in->zone), .created_at = now});
}
