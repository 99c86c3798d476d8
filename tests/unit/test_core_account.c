/* Accounts and the keys that lead to them, over a real store and the real vault: ACC-02, ACC-04, ACC-05, ACC-07. */
#include "account_fixture.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "store/api_key.h"
#include "store/ledger.h"
#include "store/log.h"

static size_t count_accounts(struct fixture *f)
{
        const struct account_row *rows;
        struct store_conn *c = NULL;
        size_t n = 0;

        assert_int_equal(store_read(f->core.store, &c).err, ERR_NONE);
        assert_int_equal(store_account_list(c, f->act.arena, 0, 1000, &rows, &n).err, ERR_NONE);
        return n;
}

static void test_create_refuses(void **state)
{
        static char long_name[LIMIT_ACCOUNT_NAME_BYTES + 2];
        static const struct {
                const char *what;
                struct account_new in;
                const char *says;
        } cases[] = {
                {"no name", {.name = {"", 0}}, "name"},
                {"blank name", {.name = {"  ", 2}}, "name"},
                {"zero byte", {.name = {"a\0b", 3}}, "name"},
                {"no UTF-8", {.name = {"\xFF", 1}}, "name"},
                {"long name", {.name = {long_name, LIMIT_ACCOUNT_NAME_BYTES + 1}}, "name"},
                {"role", {.name = {"n", 1}, .role = {"king", 4}}, "user, reviewer, operator, auditor"},
                {"ACC-04 identity", {.name = {"n", 1}, .identity = {"robot", 5}}, "individual, enterprise"},
                {"ACC-05 level", {.name = {"n", 1}, .level = {"v3", 2}}, "standard, v1, v2"},
                {"balance", {.name = {"n", 1}, .balance_minor = -1}, "below zero"},
        };
        struct fixture *f = *state;

        memset(long_name, 'x', sizeof long_name - 1);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct account_made made = {0};
                res r = account_create(&f->act, &cases[i].in, &made);
                if (r.err != ERR_PARAM_VALUE || !strstr(f->act.detail, cases[i].says) || made.uin)
                        fail_msg("%s: %s \"%s\"", cases[i].what, err_name(r.err), f->act.detail);
        }
        assert_int_equal(count_accounts(f), 0);
}

static void test_create(void **state)
{
        struct fixture *f = *state;
        struct account_new in = {.name = STR("Tencent \xE4\xBE\x8B"),
                                 .role = STR("operator"),
                                 .identity = STR("enterprise"),
                                 .level = STR("v2"),
                                 .verified = true,
                                 .balance_minor = 12345};
        struct account_made made;
        struct account_row account;
        struct member_row member;
        struct store_conn *c = NULL;
        const struct log_row *logs;
        size_t log_count = 0;
        int64_t balance = 0;
        bool has = true;

        assert_int_equal(account_has_operator(&f->act, &has).err, ERR_NONE);
        assert_false(has);
        assert_int_equal(account_create(&f->act, &in, &made).err, ERR_NONE);
        assert_int_equal(strlen(made.uin), 12);
        assert_int_equal(strspn(made.uin, "0123456789"), 12);
        assert_int_not_equal(made.uin[0], '0');
        assert_int_equal(strncmp(made.secret_id, "AKID", 4), 0);
        assert_int_equal(strlen(made.secret_id), 36);
        assert_int_equal(strspn(made.secret_id, RANDOM_ALNUM), 36);
        assert_int_equal(strlen(made.secret_key), 32);
        assert_int_equal(strspn(made.secret_key, RANDOM_ALNUM), 32);
        assert_int_equal(account_has_operator(&f->act, &has).err, ERR_NONE);
        assert_true(has);
        assert_int_equal(store_read(f->core.store, &c).err, ERR_NONE);
        assert_int_equal(store_account_get_by_uin(c, f->act.arena, str_of(made.uin), &account).err, ERR_NONE);
        assert_true(str_equal(account.name, in.name));
        assert_true(str_equals(account.identity, "enterprise"));
        assert_true(str_equals(account.level, "v2"));
        assert_int_equal(account.verified, 1);
        assert_int_equal(account_of_key(&f->act, str_of(made.secret_id)).err, ERR_NONE);
        assert_int_equal(store_member_get(c, f->act.arena, account.account_id, f->act.user_id, &member).err, ERR_NONE);
        assert_true(str_equals(member.rights, "owner"));
        assert_int_equal(
                store_log_list(c, f->act.arena, &(struct store_log_filter){account.account_id, NOW - 1, NOW + 1, STR(""), 0, 10}, &logs,
                               &log_count).err,
                ERR_NONE);
        assert_int_equal(log_count, 1);
        assert_null(memmem(logs[0].action.p, logs[0].action.n, made.secret_key, 32));
        assert_int_equal(store_ledger_sum(c, account.account_id, STR("balance"), STR("CNY"), &balance).err, ERR_NONE);
        assert_int_equal(balance, 12345);
}

static void test_defaults(void **state)
{
        struct fixture *f = *state;
        struct account_new in = {.name = STR("n")};
        struct account_made made;
        struct account_row account;
        struct store_conn *c = NULL;

        assert_int_equal(account_create(&f->act, &in, &made).err, ERR_NONE);
        assert_int_equal(store_read(f->core.store, &c).err, ERR_NONE);
        assert_int_equal(store_account_get_by_uin(c, f->act.arena, str_of(made.uin), &account).err, ERR_NONE);
        assert_true(str_equals(account.identity, "individual"));
        assert_true(str_equals(account.level, "standard"));
        assert_int_equal(account_of_key(&f->act, str_of(made.secret_id)).err, ERR_NONE);
        assert_string_equal(f->act.role, "user");
        assert_false(f->act.verified); /* ACC-02 */
        assert_string_equal(f->act.uin, made.uin);
        assert_string_equal(f->act.user_uin, made.uin);
        assert_int_equal(f->act.account_id, account.account_id);
}

static void test_accounts_are_told_apart(void **state)
{
        struct fixture *f = *state;
        struct account_made a = make_account(f, "a", "user"), b = make_account(f, "b", "auditor");
        int64_t account_a;

        assert_string_not_equal(a.uin, b.uin);
        assert_string_not_equal(a.secret_key, b.secret_key);
        assert_int_equal(account_of_key(&f->act, str_of(a.secret_id)).err, ERR_NONE);
        account_a = f->act.account_id;
        assert_int_equal(account_of_key(&f->act, str_of(b.secret_id)).err, ERR_NONE);
        assert_int_not_equal(account_a, f->act.account_id);
        assert_string_equal(f->act.role, "auditor");
        assert_true(f->act.verified);
}

static void test_unknown_keys(void **state)
{
        static const char *const ids[] = {"", "AKID", "akid", "AKIDxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "' OR 1=1 --"};
        struct fixture *f = *state;
        uint8_t key[TC3_KEY_SIZE];
        size_t size;

        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
                assert_int_equal(account_of_key(&f->act, str_of(ids[i])).err, ERR_AUTH_KEY);
                assert_int_equal(account_signing_key(&f->act, str_of(ids[i]), STR("2026-11-21"), STR("ssl"), key).err,
                                 ERR_AUTH_KEY);
                assert_int_equal(account_v1_sign(&f->act, str_of(ids[i]), 1, STR("x"), key, &size).err, ERR_AUTH_KEY);
        }
        assert_int_equal(f->act.account_id, 0);
}

static void test_signing_key(void **state)
{
        struct fixture *f = *state;
        struct account_made made = make_account(f, "a", "user");
        struct str id = str_of(made.secret_id);
        struct bytes secret = bytes_of(made.secret_key, 32);
        uint8_t key[TC3_KEY_SIZE], expected[TC3_KEY_SIZE];
        static const char *const services[] = {"ssl", "tag", "127", "localhost:18080", ""};

        for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
                tc3_signing_key(secret, STR("2026-11-21"), str_of(services[i]), expected);
                for (int again = 0; again < 2; again++) {
                        memset(key, 0, sizeof key);
                        assert_int_equal(
                                account_signing_key(&f->act, id, STR("2026-11-21"), str_of(services[i]), key).err,
                                ERR_NONE);
                        assert_memory_equal(key, expected, sizeof key);
                }
        }
        assert_int_equal(account_signing_key(&f->act, id, STR("2026-11-2"), STR("ssl"), key).err, ERR_AUTH_HEADER);
        assert_int_equal(account_signing_key(&f->act, id, STR("2026-11-211"), STR("ssl"), key).err, ERR_AUTH_HEADER);
        /* Without the vault what is remembered still works, and nothing else. */
        channel_close(f->core.vault);
        assert_int_equal(account_signing_key(&f->act, id, STR("2026-11-21"), STR("ssl"), key).err, ERR_NONE);
        assert_int_equal(account_signing_key(&f->act, id, STR("2026-11-22"), STR("ssl"), key).err, ERR_IPC_LOST);
}

static void test_v1_signature(void **state)
{
        static const char text[] = "GETlocalhost/?Action=DescribeCertificates&Nonce=1";
        struct fixture *f = *state;
        struct account_made made = make_account(f, "a", "user");
        uint8_t mac[32], expected[EVP_MAX_MD_SIZE];
        static char huge[LIMIT_IPC_FRAME];
        unsigned expected_n = 0;
        size_t n = 0;

        assert_int_equal(account_v1_sign(&f->act, str_of(made.secret_id), 1, STR(text), mac, &n).err, ERR_NONE);
        (void)HMAC(EVP_sha1(), made.secret_key, 32, (const uint8_t *)text, sizeof text - 1, expected, &expected_n);
        assert_int_equal(n, expected_n);
        assert_memory_equal(mac, expected, n);
        assert_int_equal(account_v1_sign(&f->act, str_of(made.secret_id), 256, STR(text), mac, &n).err, ERR_NONE);
        (void)HMAC(EVP_sha256(), made.secret_key, 32, (const uint8_t *)text, sizeof text - 1, expected, &expected_n);
        assert_int_equal(n, expected_n);
        assert_memory_equal(mac, expected, n);
        assert_int_not_equal(account_v1_sign(&f->act, str_of(made.secret_id), 7, STR(text), mac, &n).err, ERR_NONE);
        assert_int_equal(
                account_v1_sign(&f->act, str_of(made.secret_id), 1, (struct str){huge, sizeof huge}, mac, &n).err,
                ERR_TOO_LARGE);
}

/* ---- what is switched off ---- */

struct off {
        struct act *act;
        int what; /* 0 key, 1 user, 2 account */
        struct str secret_id;
};

static res switch_off(struct store_tx *tx, void *arg)
{
        struct off *off = arg;
        struct store_conn *c = store_tx_conn(tx);
        struct api_key_row key;
        struct account_row account;
        struct user_row user;

        TRY(store_api_key_get_by_secret_id(c, off->act->arena, off->secret_id, &key));
        TRY(store_account_get(c, off->act->arena, key.account_id, &account));
        TRY(store_user_get(c, off->act->arena, key.user_id, &user));
        account.disabled = off->what == 2;
        user.disabled = off->what == 1;
        TRY(store_api_key_set_disabled(tx, key.account_id, key.key_id, off->what == 0));
        TRY(store_user_update(tx, &user));
        return store_account_update(tx, &account);
}

static void test_disabled(void **state)
{
        struct fixture *f = *state;

        for (int what = 0; what < 3; what++) {
                struct account_made made = make_account(f, "a", "user");
                struct off off = {&f->act, what, str_of(made.secret_id)};
                f->act.now_sec = NOW;
                assert_int_equal(account_of_key(&f->act, str_of(made.secret_id)).err, ERR_NONE);
                assert_int_equal(store_run(f->core.store, switch_off, &off).err, ERR_NONE);
                /* Changed on another node: seen within a minute. */
                f->act.now_sec = NOW + LIMIT_KEY_CACHE_SEC;
                assert_int_equal(account_of_key(&f->act, str_of(made.secret_id)).err, ERR_AUTH_KEY);
                /* Changed here: at once. */
                f->act.now_sec = NOW;
                account_cache_forget(f->core.accounts, str_of(made.secret_id));
                assert_int_equal(account_of_key(&f->act, str_of(made.secret_id)).err, ERR_AUTH_KEY);
        }
}

static void test_create_without_vault(void **state)
{
        struct fixture *f = *state;
        struct account_new in = {.name = STR("n")};
        struct account_made made = {0};

        channel_close(f->core.vault);
        assert_int_equal(account_create(&f->act, &in, &made).err, ERR_IPC_LOST);
        assert_null(made.uin);
        assert_int_equal(count_accounts(f), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                CASE(test_create_refuses),
                CASE(test_create),
                CASE(test_defaults),
                CASE(test_accounts_are_told_apart),
                CASE(test_unknown_keys),
                CASE(test_signing_key),
                CASE(test_v1_signature),
                CASE(test_disabled),
                CASE(test_create_without_vault),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
