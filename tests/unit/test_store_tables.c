/* The smaller tables: what goes in comes out, to the right account; keys are unique. */
#include "store_open.h"

#include "base/limits.h"
#include "store/api_key.h"
#include "store/crl_shard.h"
#include "store/evidence.h"
#include "store/instance.h"
#include "store/issued.h"
#include "store/job.h"
#include "store/key.h"
#include "store/ledger.h"
#include "store/notice.h"
#include "store/order.h"
#include "store/project.h"
#include "store/quota.h"
#include "store/tag.h"
#include "store/validation.h"

static const struct bytes serial_a = {(const uint8_t *)"\x0a\x00\x0b", 3}, serial_b = {(const uint8_t *)"\xfe\xff", 2};

SCENE(test_accounts_users_members)
{
        struct account_row account = {0}, got = {0};
        struct user_row user = {.uin = STR("200000000001"), .name = STR("Ann"), .email = STR("ann@a.example"), .role = STR("operator"),
                                .password_hash = STR("hash"), .created_at = 5};
        struct user_row user_got;
        struct member_row member = {.account_id = 1, .rights = STR("owner"), .created_at = 6}, member_got;
        const struct account_row *accounts = NULL;
        int64_t count = 0;
        size_t n = 0;

        OK(store_account_get(c, p->arena, 1, &account));
        account.name = STR("New name");
        account.level = STR("v2");
        account.identity = STR("enterprise");
        account.verified = account.quota_older = account.package_count = account.disabled = 1;
        OK(store_account_update(tx, &account));
        OK(store_account_get_by_uin(c, p->arena, STR("100000000001"), &got));
        assert_true(str_equal(got.name, account.name) && str_equal(got.level, account.level) && str_equal(got.identity, account.identity));
        assert_int_equal(got.verified + got.quota_older + got.package_count + got.disabled, 4);
        account.account_id = 77;
        FAILS(store_account_update(tx, &account), ERR_NOT_FOUND);
        FAILS(store_account_get_by_uin(c, p->arena, STR("nobody"), &got), ERR_NOT_FOUND);
        OK(store_account_list(c, p->arena, 1, 10, &accounts, &n));
        assert_int_equal(n, 1);
        assert_int_equal(accounts[0].account_id, 2);

        OK(store_user_insert(tx, &user));
        OK(store_user_get(c, p->arena, user.user_id, &user_got));
        assert_string_equal(user_got.password_hash.p, "hash");
        OK(store_user_count_role(c, STR("operator"), &count));
        assert_int_equal(count, 1);
        user.disabled = 1;
        OK(store_user_update(tx, &user));
        OK(store_user_count_role(c, STR("operator"), &count));
        assert_int_equal(count, 0);
        OK(store_user_get(c, p->arena, user.user_id, &user_got));
        assert_int_equal(user_got.disabled, 1);
        user.user_id = 0;
        FAILS(store_user_insert(tx, &user), ERR_STORE_CONFLICT);

        member.user_id = user_got.user_id;
        OK(store_member_insert(tx, &member));
        FAILS(store_member_insert(tx, &member), ERR_STORE_CONFLICT);
        OK(store_member_get(c, p->arena, 1, member.user_id, &member_got));
        assert_string_equal(member_got.rights.p, "owner");
        FAILS(store_member_get(c, p->arena, 2, member.user_id, &member_got), ERR_NOT_FOUND);
}

SCENE(test_api_keys)
{
        struct user_row user = {.uin = STR("2"), .role = STR("user")};
        struct api_key_row key = {.account_id = 1, .secret_id = STR("AKIDx"), .sealed = {(const uint8_t *)"a\0b", 3}, .seal_version = 2, .created_at = 3};
        struct api_key_row got;
        const struct api_key_row *keys = NULL;
        size_t n = 0;

        OK(store_user_insert(tx, &user));
        key.user_id = user.user_id;
        OK(store_api_key_insert(tx, &key));
        OK(store_api_key_get_by_secret_id(c, p->arena, STR("AKIDx"), &got));
        assert_int_equal(got.sealed.n, 3);
        assert_memory_equal(got.sealed.p, "a\0b", 3);
        FAILS(store_api_key_get_by_secret_id(c, p->arena, STR("AKIDy"), &got), ERR_NOT_FOUND);
        FAILS(store_api_key_set_disabled(tx, 2, key.key_id, true), ERR_NOT_FOUND);
        OK(store_api_key_set_disabled(tx, 1, key.key_id, true));
        OK(store_api_key_list(c, p->arena, 1, &keys, &n));
        assert_int_equal(n, 1);
        assert_int_equal(keys[0].disabled, 1);
        key.key_id = 0;
        FAILS(store_api_key_insert(tx, &key), ERR_STORE_CONFLICT);
}

SCENE(test_projects_and_orders)
{
        struct project_row first = {.account_id = 1, .name = STR("one"), .info = STR("")}, second = {.account_id = 1, .name = STR("two"), .info = STR("")}, got;
        struct project_row others = {.account_id = 2, .name = STR("theirs"), .info = STR("")};
        struct order_row order = {.account_id = 1, .package_type = STR("83"), .product = STR("{}"), .term_months = 3, .domain_count = 1,
                                  .currency = STR("CNY"), .state = STR("free"), .created_at = 4};
        struct order_row order_got;
        const struct project_row *projects = NULL;
        size_t n = 0;

        OK(store_project_insert(tx, &first));
        OK(store_project_insert(tx, &second));
        OK(store_project_insert(tx, &others));
        assert_int_equal(first.project_id, 1);
        assert_int_equal(second.project_id, 2);
        assert_int_equal(others.project_id, 1);
        FAILS(store_project_insert(tx, &second), ERR_STORE_CONFLICT);
        OK(store_project_get(c, p->arena, 2, 1, &got));
        assert_string_equal(got.name.p, "theirs");
        FAILS(store_project_get(c, p->arena, 2, 2, &got), ERR_NOT_FOUND);
        OK(store_project_list(c, p->arena, 1, &projects, &n));
        assert_int_equal(n, 2);
        first.name = STR("first");
        first.info = STR("shops");
        first.disabled = 1;
        OK(store_project_update(tx, &first));
        OK(store_project_get(c, p->arena, 1, 1, &got));
        assert_string_equal(got.name.p, "first");
        assert_string_equal(got.info.p, "shops");
        assert_int_equal(got.disabled, 1);
        others.project_id = 9;
        FAILS(store_project_update(tx, &others), ERR_NOT_FOUND);

        OK(store_order_insert(tx, &order));
        FAILS(store_order_get(c, p->arena, 2, order.order_id, &order_got), ERR_NOT_FOUND);
        order.state = STR("paid");
        order.paid_at = 9;
        OK(store_order_update(tx, &order));
        OK(store_order_get(c, p->arena, 1, order.order_id, &order_got));
        assert_string_equal(order_got.state.p, "paid");
        assert_int_equal(order_got.paid_at, 9);
}

SCENE(test_keys)
{
        struct cert_key_row key = {.account_id = 1, .key_type = 2, .spki = serial_a, .spki_hash = serial_b, .csr = serial_a, .sealed = serial_b, .seal_version = 1};
        struct cert_key_row got;
        bool known = true, here = true;

        OK(store_key_is_known(c, serial_b, &known));
        assert_false(known);
        OK(store_key_insert(tx, &key));
        OK(store_key_is_known(c, serial_b, &known));
        assert_true(known);
        FAILS(store_key_get(c, p->arena, 2, key.key_id, &got), ERR_NOT_FOUND);
        OK(store_key_is_here(c, 2, key.key_id, &here)); /* a foreign one answers like a missing one */
        assert_false(here);
        OK(store_key_is_here(c, 1, key.key_id, &here));
        assert_true(here);
        FAILS(store_key_erase(tx, 2, key.key_id), ERR_NOT_FOUND);
        OK(store_key_erase(tx, 1, key.key_id));
        OK(store_key_is_here(c, 1, key.key_id, &here)); /* SIL-17: no keystores without a key */
        assert_false(here);
        OK(store_key_get(c, p->arena, 1, key.key_id, &got));
        assert_int_equal(got.sealed.n, 0);
}

static struct issued_row issued_of(struct bytes serial)
{
        return (struct issued_row){.account_id = 1, .certificate_id = STR("AbCd1234"), .serial = serial, .state = STR("issued"), .issuer = STR("dv-ecc"),
                                   .profile = STR("dv"), .profile_hash = serial_b, .crl_shard = 1, .request = serial_a, .not_before = 1,
                                   .not_after = 1000, .created_at = 3};
}

SCENE(test_issue_is_written_ahead)
{
        struct issued_row row = issued_of(serial_a), again = issued_of(serial_a), got;
        const struct issued_row *rows = NULL;
        struct issued_status status;
        size_t n = 0;

        OK(store_issued_insert(tx, &row));
        FAILS(store_issued_insert(tx, &again), ERR_STORE_CONFLICT); /* a serial is given once */
        OK(store_issued_list_signing(c, p->arena, 0, 10, &rows, &n));
        assert_int_equal(n, 1);
        assert_string_equal(rows[0].state.p, "signing"); /* whatever the caller says */
        assert_int_equal(rows[0].request.n, serial_a.n);
        OK(store_issued_list_forgotten(c, p->arena, 2, STR("issue"), 10, &rows, &n));
        assert_int_equal(n, 0); /* since lately */
        OK(store_job_put(tx, STR("issue"), 1, row.certificate_id, 3, 3));
        OK(store_issued_list_forgotten(c, p->arena, 3, STR("issue"), 10, &rows, &n));
        assert_int_equal(n, 0);
        OK(store_job_drop(tx, STR("issue"), row.certificate_id));
        OK(store_issued_list_forgotten(c, p->arena, 3, STR("issue"), 10, &rows, &n));
        assert_int_equal(n, 1);
        assert_true(str_equal(rows[0].certificate_id, row.certificate_id));
        FAILS(store_issued_revoke(tx, 1, row.issued_id, 5, 1), ERR_NOT_FOUND); /* not while it is signed */
        FAILS(store_issued_finish(tx, 2, row.issued_id, serial_b), ERR_NOT_FOUND);
        OK(store_issued_finish(tx, 1, row.issued_id, serial_b));
        FAILS(store_issued_finish(tx, 1, row.issued_id, serial_a), ERR_NOT_FOUND); /* once */
        FAILS(store_issued_set_dead(tx, 1, row.issued_id, 5, 0), ERR_NOT_FOUND);
        OK(store_issued_get(c, p->arena, 1, row.issued_id, &got));
        assert_string_equal(got.state.p, "issued");
        assert_int_equal(got.request.n, 0);
        assert_memory_equal(got.der.p, serial_b.p, serial_b.n);
        OK(store_issued_list_signing(c, p->arena, 0, 10, &rows, &n));
        assert_int_equal(n, 0);
        OK(store_issued_list_forgotten(c, p->arena, 3, STR("issue"), 10, &rows, &n));
        assert_int_equal(n, 0);
        OK(store_issued_get_status(c, p->arena, serial_a, &status));
        assert_string_equal(status.issuer.p, "dv-ecc");
        assert_int_equal(status.revoked_at, 0);
        OK(store_issued_revoke(tx, 1, row.issued_id, 5, 1));
        FAILS(store_issued_revoke(tx, 1, row.issued_id, 6, 4), ERR_NOT_FOUND); /* the first reason stays */
        OK(store_issued_get_by_serial(c, p->arena, serial_a, &got));
        assert_int_equal(got.revoked_at, 5);
        assert_int_equal(got.revoke_reason, 1);
        FAILS(store_issued_get_status(c, p->arena, serial_b, &status), ERR_NOT_FOUND);
        FAILS(store_issued_get(c, p->arena, 2, row.issued_id, &got), ERR_NOT_FOUND);
        OK(store_issued_list(c, p->arena, 1, STR("AbCd1234"), &rows, &n));
        assert_int_equal(n, 1);
        OK(store_issued_list_all(c, p->arena, row.issued_id, 10, &rows, &n));
        assert_int_equal(n, 0);
}

static res collect(void *arg, const struct store_crl_entry *entry)
{
        struct buf *out = arg;

        buf_printf(out, "%02x@%lld/%lld ", entry->serial.p[entry->serial.n - 1], (long long)entry->revoked_at, (long long)entry->reason);
        return RES_OK;
}

SCENE(test_crl_shards)
{
        static const uint8_t serials[][1] = {{3}, {1}, {2}, {4}};
        struct crl_row crl = {STR("dv-ecc"), 1, 7, 100, 200, 2, serial_a, serial_b, serial_a}, got;
        const struct crl_shard_row *shards = NULL;
        struct crl_shard_row one;
        int64_t shard = 0, first = 0;
        struct buf text;
        size_t n = 0;

        OK(store_crl_shard_ensure(tx, STR("dv-ecc")));
        OK(store_crl_shard_ensure(tx, STR("dv-ecc")));
        OK(store_crl_shard_assign_many(tx, STR("dv-ecc"), LIMIT_CRL_SHARD - 1, &shard));
        assert_int_equal(shard, 1);
        OK(store_crl_shard_assign(tx, STR("dv-ecc"), &shard)); /* the last of the first */
        assert_int_equal(shard, 1);
        OK(store_crl_shard_assign(tx, STR("dv-ecc"), &shard));
        assert_int_equal(shard, 2);
        OK(store_crl_shard_assign(tx, STR("dv-rsa"), &shard));
        assert_int_equal(shard, 1);
        OK(store_crl_shard_list(c, p->arena, &shards, &n));
        assert_int_equal(n, 3);
        assert_int_equal(shards[0].issued_count, LIMIT_CRL_SHARD);
        assert_int_equal(shards[0].revoked_count, 0);
        assert_int_equal(shards[0].crl_number, 0); /* no list yet */
        OK(store_crl_shard_assign_many(tx, STR("dv-rsa"), LIMIT_CRL_SHARD, &shard)); /* one is there already: they would be too many */
        assert_int_equal(shard, 2);

        for (size_t i = 0; i < 4; i++) {
                struct issued_row row = issued_of(bytes_of(serials[i], 1));
                OK(store_issued_insert(tx, &row));
                OK(store_issued_finish(tx, 1, row.issued_id, serial_a));
                if (i < 3)
                        OK(store_issued_revoke(tx, 1, row.issued_id, 10 + (int64_t)i, i == 0 ? 4 : 1));
                first = i == 0 ? row.issued_id : first;
        }
        buf_init(&text, 1000);
        OK(store_crl_shard_walk(c, STR("dv-ecc"), 1, 4, 1000, collect, &text));
        assert_string_equal(buf_c(&text), "03@10/4 01@11/1 02@12/1 ");
        buf_clear(&text);
        OK(store_crl_shard_walk(c, STR("dv-ecc"), 1, 2, 1000, collect, &text)); /* as it was when there were two */
        assert_string_equal(buf_c(&text), "03@10/4 01@11/1 ");
        buf_clear(&text);
        OK(store_crl_shard_walk(c, STR("dv-ecc"), 1, 4, 1001, collect, &text)); /* all ended */
        OK(store_crl_shard_walk(c, STR("dv-ecc"), 1, 0, 1000, collect, &text));
        OK(store_crl_shard_walk(c, STR("dv-ecc"), 2, 4, 0, collect, &text));
        OK(store_crl_shard_walk(c, STR("dv-rsa"), 1, 4, 0, collect, &text));
        assert_int_equal(text.n, 0);
        buf_done(&text);

        FAILS(store_issued_raise(tx, 1, first, 4), ERR_NOT_FOUND); /* that is its reason */
        FAILS(store_issued_raise(tx, 2, first, 1), ERR_NOT_FOUND);
        OK(store_issued_raise(tx, 1, first, 1)); /* BR 7.2.2: named once, with the new reason and the old moment */
        FAILS(store_issued_raise(tx, 1, first, 1), ERR_NOT_FOUND);
        buf_init(&text, 1000);
        OK(store_crl_shard_walk(c, STR("dv-ecc"), 1, 4, 1000, collect, &text));
        assert_string_equal(buf_c(&text), "01@11/1 02@12/1 03@10/1 ");
        buf_done(&text);
        OK(store_crl_put(tx, &crl));
        FAILS(store_crl_put(tx, &crl), ERR_STORE_CONFLICT); /* the number has to rise */
        crl.crl_number = 8;
        OK(store_crl_put(tx, &crl));
        OK(store_crl_get(c, p->arena, STR("dv-ecc"), 1, &got));
        assert_int_equal(got.crl_number, 8);
        assert_memory_equal(got.extensions.p, serial_b.p, serial_b.n);
        FAILS(store_crl_get(c, p->arena, STR("dv-ecc"), 2, &got), ERR_NOT_FOUND);
        OK(store_crl_shard_get(c, p->arena, STR("dv-ecc"), 1, &one));
        assert_int_equal(one.revoked_count, 4); /* counted by the revocations themselves, and once more by the one that was raised */
        assert_int_equal(one.crl_number, 8);
        assert_int_equal(one.this_update, 100);
        assert_int_equal(one.listed, 2);
        FAILS(store_crl_shard_get(c, p->arena, STR("dv-ecc"), 9, &one), ERR_NOT_FOUND);
}

static res count_entry(void *arg, const struct store_crl_entry *entry)
{
        int64_t *next = arg;

        assert_int_equal(entry->serial.n, 16);
        assert_int_equal(entry->serial.p[14] * 256 + entry->serial.p[15], *next);
        assert_int_equal(entry->revoked_at, 1700000000 + *next);
        assert_int_equal(entry->reason, *next % 5);
        ++*next;
        return RES_OK;
}

/* More than a block, and more than two. */
SCENE(test_crl_entries_are_all_there)
{
        int64_t shard = 0, next = 0;

        OK(store_crl_shard_assign(tx, STR("dv-ecc"), &shard));
        for (int64_t i = 0; i < 301; i++) {
                const uint8_t serial[] = {1, 0, 0, (uint8_t)(i / 256), (uint8_t)(i % 256)};
                struct issued_row row = issued_of(bytes_of(serial, sizeof serial));

                row.not_after = i % 2 ? 2000000000 : 1800000000;
                OK(store_issued_insert(tx, &row));
                OK(store_issued_finish(tx, 1, row.issued_id, serial_a));
                OK(store_issued_revoke(tx, 1, row.issued_id, 1700000000 + i, i % 5));
        }
        OK(store_crl_shard_walk(c, STR("dv-ecc"), 1, 301, 0, count_entry, &next));
        assert_int_equal(next, 301);
        for (int64_t count = 149; count < 303; count += 1 + (count == 151) * 148) { /* around the ends of blocks */
                next = 0;
                OK(store_crl_shard_walk(c, STR("dv-ecc"), 1, count, 0, count_entry, &next));
                assert_int_equal(next, count < 301 ? count : 301);
        }
        next = 0;
        OK(store_crl_shard_walk(c, STR("dv-ecc"), 1, 301, 2000000001, count_entry, &next));
        assert_int_equal(next, 0);
}

SCENE(test_validations_and_evidence)
{
        struct certificate_row of = {.certificate_id = STR("AbCd1234"), .account_id = 1};
        struct validation_row second = {.account_id = 1, .certificate_id = STR("AbCd1234"), .position = 2, .name = STR("b.example.com"), .state = STR("pending")};
        struct validation_row first = second;
        struct evidence_row evidence = {.account_id = 1, .name = STR("a.example.com"), .method = 1, .value = STR("v"), .proved_at = 10, .expires_at = 20};
        struct evidence_row later = evidence, got;
        const struct validation_row *rows = NULL;
        const struct evidence_row *proofs = NULL;
        size_t n = 0;

        first.position = 1;
        OK(store_certificate_insert(tx, &of));
        OK(store_validation_insert(tx, &second));
        OK(store_validation_insert(tx, &first));
        first.state = STR("passed");
        first.verdict = 3;
        first.found = STR("x\ny");
        OK(store_validation_update(tx, &first));
        OK(store_validation_list(c, p->arena, 1, STR("AbCd1234"), &rows, &n));
        assert_int_equal(n, 2);
        assert_string_equal(rows[0].state.p, "passed");
        assert_string_equal(rows[0].found.p, "x\ny");
        first.account_id = 2;
        FAILS(store_validation_update(tx, &first), ERR_NOT_FOUND);
        OK(store_validation_delete_all(tx, 2, STR("AbCd1234")));
        OK(store_validation_list(c, p->arena, 1, STR("AbCd1234"), &rows, &n));
        assert_int_equal(n, 2);
        OK(store_validation_delete_all(tx, 1, STR("AbCd1234")));
        OK(store_validation_list(c, p->arena, 1, STR("AbCd1234"), &rows, &n));
        assert_int_equal(n, 0);

        later.expires_at = 30;
        OK(store_evidence_insert(tx, &evidence));
        OK(store_evidence_insert(tx, &later));
        OK(store_evidence_list(c, p->arena, 1, STR("a.example.com"), 19, &proofs, &n));
        assert_int_equal(n, 2);
        assert_int_equal(proofs[0].expires_at, 30);
        OK(store_evidence_list(c, p->arena, 1, STR("a.example.com"), 20, &proofs, &n));
        assert_int_equal(n, 1);
        OK(store_evidence_list(c, p->arena, 1, STR("example.com"), 15, &proofs, &n)); /* exact name only */
        assert_int_equal(n, 0);
        OK(store_evidence_list(c, p->arena, 2, STR("a.example.com"), 15, &proofs, &n));
        assert_int_equal(n, 0);
        OK(store_evidence_get(c, p->arena, 1, evidence.evidence_id, &got));
        FAILS(store_evidence_get(c, p->arena, 2, evidence.evidence_id, &got), ERR_NOT_FOUND);
}

SCENE(test_quota)
{
        struct quota_use_row row = {STR("AbCd1234"), 1, STR("any"), STR("example.com"), 0, 5}, got;
        const struct quota_use_row *rows = NULL;
        struct strs domains;
        int64_t count = 0;
        size_t n = 0;
        bool has = true;

        OK(store_quota_insert(tx, &row));
        FAILS(store_quota_insert(tx, &row), ERR_STORE_CONFLICT);
        OK(store_quota_count_domain(c, STR("example.com"), 10, &count)); /* over all accounts */
        assert_int_equal(count, 1);
        row.returns_at = 100;
        OK(store_quota_update(tx, &row));
        OK(store_quota_count_domain(c, STR("example.com"), 99, &count));
        assert_int_equal(count, 1);
        OK(store_quota_count_domain(c, STR("example.com"), 100, &count));
        assert_int_equal(count, 0);
        OK(store_quota_get(c, p->arena, 1, STR("AbCd1234"), &got));
        assert_int_equal(got.returns_at, 100);
        FAILS(store_quota_get(c, p->arena, 2, STR("AbCd1234"), &got), ERR_NOT_FOUND);
        OK(store_quota_list(c, p->arena, 1, &rows, &n));
        assert_int_equal(n, 1);
        OK(store_quota_delete(tx, 2, STR("AbCd1234")));
        OK(store_quota_get(c, p->arena, 1, STR("AbCd1234"), &got));
        OK(store_quota_delete(tx, 1, STR("AbCd1234")));
        FAILS(store_quota_update(tx, &row), ERR_NOT_FOUND);

        OK(store_home_domain_put(tx, 1, STR("home.example"), 5));
        OK(store_home_domain_put(tx, 1, STR("home.example"), 6));
        OK(store_home_domain_has(c, 2, STR("home.example"), &has));
        assert_false(has);
        OK(store_home_domain_has(c, 1, STR("home.example"), &has));
        assert_true(has);
        OK(store_home_domain_list(c, p->arena, 1, &domains));
        assert_int_equal(domains.n, 1);
        assert_string_equal(domains.v[0].p, "home.example");
        OK(store_home_domain_delete(tx, 1, STR("home.example")));
        OK(store_home_domain_has(c, 1, STR("home.example"), &has));
        assert_false(has);

        OK(store_external_count_get(c, STR("example.com"), &count));
        assert_int_equal(count, 0);
        OK(store_external_count_put(tx, STR("example.com"), 3));
        OK(store_external_count_put(tx, STR("example.com"), 4));
        OK(store_external_count_get(c, STR("example.com"), &count));
        assert_int_equal(count, 4);
}

SCENE(test_ledger_balances)
{
        struct ledger_row good[] = {
                {.account_id = 1, .book = STR("balance"), .amount_minor = 500, .currency = STR("CNY"), .note = STR("a")},
                {.account_id = 1, .book = STR("income"), .amount_minor = -500, .currency = STR("CNY"), .note = STR("b")},
        };
        struct ledger_row over[] = {good[0], good[1]};
        struct ledger_row unbalanced[] = {good[0], good[1]}, mixed[] = {good[0], good[1]}, huge[3] = {good[1], good[1], good[0]};
        const struct ledger_row *rows = NULL;
        int64_t sum = 0;
        size_t n = 0;

        unbalanced[1].amount_minor = -499;
        FAILS(store_ledger_insert(tx, unbalanced, 2), ERR_STORE_CONFLICT);
        mixed[1].currency = STR("USD");
        FAILS(store_ledger_insert(tx, mixed, 2), ERR_STORE_CONFLICT);
        huge[0].amount_minor = huge[1].amount_minor = INT64_MAX;
        FAILS(store_ledger_insert(tx, huge, 3), ERR_STORE_CONFLICT);
        OK(store_ledger_insert(tx, good, 2));
        assert_int_equal(good[0].transaction_id, good[1].transaction_id);
        OK(store_ledger_sum(c, 1, STR("balance"), STR("CNY"), &sum));
        assert_int_equal(sum, 500);
        OK(store_balance_get(c, 1, STR("CNY"), &sum));
        assert_int_equal(sum, 500);
        over[0].amount_minor = -501;
        over[1].amount_minor = 501;
        FAILS(store_ledger_insert(tx, over, 2), ERR_STORE_CONFLICT);
        OK(store_balance_get(c, 1, STR("CNY"), &sum));
        assert_int_equal(sum, 500);
        OK(store_balance_get(c, 2, STR("CNY"), &sum));
        assert_int_equal(sum, 0);
        OK(store_ledger_sum(c, 2, STR("balance"), STR("CNY"), &sum));
        assert_int_equal(sum, 0);
        OK(store_ledger_list(c, p->arena, 1, STR("income"), 0, 5, &rows, &n));
        assert_true(n >= 1);
}

SCENE(test_notices_tags_facts)
{
        struct notice_row notice = {.account_id = 1, .kind = STR("issued"), .text = STR("Issued."), .created_at = 4};
        struct tag_row tag = {1, STR("AbCd1234"), STR("stage"), STR("test")};
        struct certificate_row certificate = certificate_of(1, "AbCd1234", "a.example.com");
        const struct notice_row *notices = NULL;
        const struct tag_row *tags = NULL;
        struct str value;
        int64_t count = 0;
        size_t n = 0;

        OK(store_notice_insert(tx, &notice));
        OK(store_notice_list(c, p->arena, 1, 0, 5, &notices, &n));
        assert_int_equal(n, 1);
        OK(store_notice_count_unread(c, 1, &count));
        assert_int_equal(count, 1);
        OK(store_notice_count_unread(c, 2, &count));
        assert_int_equal(count, 0);

        OK(store_tag_put(tx, &tag)); /* of nothing */
        OK(store_tag_list(c, p->arena, 1, STR("AbCd1234"), &tags, &n));
        assert_int_equal(n, 0);
        OK(store_certificate_insert(tx, &certificate));
        OK(store_tag_put(tx, &tag));
        tag.tag_value = STR("prod");
        OK(store_tag_put(tx, &tag));
        OK(store_tag_list(c, p->arena, 1, STR("AbCd1234"), &tags, &n));
        assert_int_equal(n, 1);
        assert_string_equal(tags[0].tag_value.p, "prod");
        OK(store_tag_delete(tx, 2, STR("AbCd1234"), STR("stage")));
        OK(store_tag_delete_all(tx, 2, STR("AbCd1234")));
        OK(store_tag_list(c, p->arena, 1, STR("AbCd1234"), &tags, &n));
        assert_int_equal(n, 1);
        OK(store_tag_delete(tx, 1, STR("AbCd1234"), STR("stage")));
        OK(store_tag_list(c, p->arena, 1, STR("AbCd1234"), &tags, &n));
        assert_int_equal(n, 0);

        FAILS(store_instance_get(c, p->arena, STR("node"), &value), ERR_NOT_FOUND);
        OK(store_instance_put(tx, STR("node"), STR("n1")));
        OK(store_instance_put(tx, STR("node"), STR("n2")));
        OK(store_instance_get(c, p->arena, STR("node"), &value));
        assert_string_equal(value.p, "n2");
        OK(store_instance_delete(tx, STR("node")));
        FAILS(store_instance_get(c, p->arena, STR("node"), &value), ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_accounts_users_members), TEST(test_api_keys), TEST(test_projects_and_orders), TEST(test_keys),
                TEST(test_issue_is_written_ahead), TEST(test_crl_shards), TEST(test_crl_entries_are_all_there), TEST(test_validations_and_evidence), TEST(test_quota),
                TEST(test_ledger_balances), TEST(test_notices_tags_facts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
