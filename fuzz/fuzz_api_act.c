/*
 * The handlers of the action API over a real store: any JSON for any action that needs no other program.  Never
 * crashes; an answer is good JSON; a refusal has a code of the table.  The input is the action's name, a line end,
 * and the body.  The store lies in memory (/dev/shm) and has one account with a few certificates.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "api/action.h"
#include "core/catalogue.h"
#include "core/core.h"
#include "store/account.h"
#include "store/certificate.h"
#include "store/store.h"

#define FUZZ_ACCOUNT 7
#define FUZZ_USER 8
#define FUZZ_NOW 1790000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fuzz_actions[] = {
        "CancelAuditCertificate",       "DeleteCertificate",
        "DescribeCertificate",          "DescribeCertificateOperateLogs",
        "DescribeCertificates",         "DescribeFreeQuota",
        "DescribeHostLiveInstanceList", "ModifyCertificateAlias",
        "ModifyCertificateProject",     "DescribeResourceTagsByResourceIds",
        "ModifyResourceTags",
};

static char fuzz_dir[] = "/dev/shm/fuzz-api-XXXXXX";

static void fuzz_must(res r)
{
        if (!res_is_ok(r))
                abort();
}

static void fuzz_remove(void)
{
        static const char *const names[] = {"db", "db-wal", "db-shm"};
        char path[100];

        for (size_t i = 0; i < 3; i++) {
                snprintf(path, sizeof path, "%s/%s", fuzz_dir, names[i]);
                (void)unlink(path);
        }
        (void)rmdir(fuzz_dir);
}

static struct certificate_row fuzz_row(const char *id, int64_t status)
{
        struct str none = STR("");

        return (struct certificate_row){
                .certificate_id = str_of(id),
                .account_id = FUZZ_ACCOUNT,
                .source = STR("trustasia"),
                .certificate_type = STR("SVR"),
                .package_type = STR("2"),
                .product_name = STR("P"),
                .level = STR("DV"),
                .domain_type = 1,
                .status = status,
                .status_msg = none,
                .alias = STR("alias"),
                .domain = STR("a.maple.com"),
                .names = STR("a.maple.com\nb.maple.com"),
                .primary_domain = STR("maple.com"),
                .validity_months = STR("12"),
                .verify_type = STR("DNS"),
                .email = none,
                .phone = none,
                .key_type = STR("RSA 2048"),
                .issuer = none,
                .profile = none,
                .origin_certificate_id = none,
                .renew_certificate_id = none,
                .replaced_by = none,
                .replaced_for = none,
        };
}

static res fuzz_fill_tx(struct store_tx *tx, void *arg)
{
        struct account_row account = {.account_id = FUZZ_ACCOUNT,
                                      .uin = STR("100000000007"),
                                      .name = STR("a"),
                                      .identity = STR("individual"),
                                      .verified = 1,
                                      .level = STR("standard")};
        struct user_row user = {.user_id = FUZZ_USER,
                                .uin = STR("100000000008"),
                                .name = STR("u"),
                                .email = STR(""),
                                .role = STR("user"),
                                .password_hash = STR("")};
        static const struct {
                const char *id;
                int64_t status;
        } rows[] = {{"abcdefg0", 0}, {"abcdefg2", 2}, {"abcdefg7", 7}};
        (void)arg;

        TRY(store_account_insert(tx, &account));
        TRY(store_user_insert(tx, &user));
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct certificate_row row = fuzz_row(rows[i].id, rows[i].status);

                TRY(store_certificate_insert(tx, &row));
        }
        return RES_OK;
}

static struct core *fuzz_core(void)
{
        static struct core core;
        struct buf why;
        char path[100];

        if (core.store != NULL)
                return &core;
        if (mkdtemp(fuzz_dir) == NULL)
                abort();
        atexit(fuzz_remove);
        buf_init(&why, 4096);
        snprintf(path, sizeof path, "%s/db", fuzz_dir);
        fuzz_must(store_open(path, TEST_SOURCE_DIR "/migrations", &why, &core.store));
        fuzz_must(catalogue_load(TEST_SOURCE_DIR "/catalogue", &core.catalogue, &why));
        fuzz_must(store_run(core.store, fuzz_fill_tx, /* arg= */ NULL));
        buf_done(&why);
        return &core;
}

static bool fuzz_knows(struct str action)
{
        for (size_t i = 0; i < sizeof fuzz_actions / sizeof *fuzz_actions; i++)
                if (str_equals(action, fuzz_actions[i]))
                        return true;
        return false;
}

static void fuzz_act(struct str action, struct str body)
{
        struct api api = {.core = fuzz_core()};
        struct buf out;
        struct req req = {
                .api = &api,
                .action = api_action_find(action),
                .params = body,
                .out = &out,
                .act = {.core = api.core,
                        .arena = arena_new(LIMIT_REQUEST_ARENA),
                        .now_sec = FUZZ_NOW,
                        .now_ms = FUZZ_NOW * 1000LL,
                        .account_id = FUZZ_ACCOUNT,
                        .user_id = FUZZ_USER,
                        .uin = "100000000007",
                        .user_uin = "100000000008",
                        .role = "user",
                        .verified = true},
        };
        res r = RES_OK;

        buf_init(&out, LIMIT_REPLY_BYTES);
        buf_add_byte(&out, '{');
        r = req.action->handle(&req);
        buf_add_byte(&out, '}');
        if (res_is_ok(r)) {
                json_t *tree = json_loadb((const char *)out.p, out.n, JSON_REJECT_DUPLICATES, /* error= */ NULL);

                if (tree == NULL)
                        abort();
                json_decref(tree);
        } else if (err_http_status(r.err) >= 500 || *err_api_code(r.err) == '\0') {
                abort(); /* bad input is never our fault */
        }
        buf_done(&out);
        arena_free(req.act.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str body = {(const char *)data, size};
        struct str action = {0};

        if (size == 0 || size > 64 * 1024)
                return 0;
        action = str_cut(&body, '\n');
        if (fuzz_knows(action))
                fuzz_act(action, body);
        return 0;
}
