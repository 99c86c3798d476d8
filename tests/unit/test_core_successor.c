/* Terms, successors, auto-renewal, the kept CNAME: on a real store, with the clock in the test's hand. */
#include "order_fixture.h"

#include "core/apply.h"
#include "core/issuers.h"
#include "core/job.h"
#include "core/kept_cname.h"
#include "core/successor.h"
#include "core/term.h"
#include "store/evidence.h"
#include "store/tag.h"
#include "store/validation.h"

#define LATE 1880000000LL /* 2029-07-29: lives of 47 days, proofs of 10 */
#define ARENA (4 * 1024 * 1024)

static int open_shop(void **state)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ARENA);
        struct shop *shop;
        struct act act;
        struct buf why;

        if (shop_open(state) != 0)
                return -1;
        shop = *state;
        buf_init(&why, 1024);
        shop->conf.ca_max_days = 398;
        (void)snprintf(shop->core.node, sizeof shop->core.node, "unit");
        act = (struct act){.core = &shop->core, .arena = arena, .now_sec = NOW};
        bool good = res_is_ok(issuers_new(TEST_SOURCE_DIR "/catalogue", &shop->core.issuers, &why)) && res_is_ok(kept_cname_begin(&act));

        buf_done(&why);
        return good ? 0 : -1;
}

static int close_shop(void **state)
{
        struct shop *shop = *state;

        issuers_free(shop->core.issuers);
        return shop_close(state);
}

/* ---- a certificate as its issue would have left it ---------------------------------------------------- */

struct proof {
        const char *method; /* of the row that was shown */
        int64_t by;         /* of the evidence */
        int64_t proved_at;
};

struct running {
        struct shop *shop;
        struct certificate_row row;
        struct proof proof;
        int64_t begin_at, end_at;
        bool auto_renew;
};

static res running_tx(struct store_tx *tx, void *arg)
{
        struct running *running = arg;
        struct certificate_row *row = &running->row;
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ARENA);
        struct act act = {.core = &running->shop->core, .account_id = row->account_id, .now_sec = running->begin_at,
                          .now_ms = running->begin_at * 1000, .arena = arena};
        struct evidence_row evidence = {.account_id = row->account_id, .name = STR("shop.maple.com"), .method = running->proof.by,
                                        .value = STR("v"), .detail = STR(""), .proved_at = running->proof.proved_at,
                                        .expires_at = running->proof.proved_at + 398 * DAY};
        struct validation_row validation = {.account_id = row->account_id, .certificate_id = row->certificate_id, .name = evidence.name,
                                            .zone = STR("maple.com"), .method = str_of(running->proof.method), .state = STR("passed"),
                                            .detail = STR(""), .found = STR("")};
        struct order_row order;

        TRY(store_certificate_update(tx, row));
        apply_token_fill(&act, "old file value", &validation);
        TRY(store_evidence_insert(tx, &evidence));
        validation.evidence_id = evidence.evidence_id;
        TRY(store_validation_insert(tx, &validation));
        TRY(store_tag_put(tx, &(struct tag_row){row->account_id, row->certificate_id, STR("team"), STR("web")}));
        TRY(term_issued(&act, tx, row, running->begin_at, running->end_at));
        TRY(store_order_get(store_tx_conn(tx), arena, row->account_id, row->order_id, &order));
        order.auto_renew = running->auto_renew;
        return store_order_update(tx, &order);
}

/* Bought for so many years, issued at `begin_at` for so many days; the id lives as long as the test. */
static const char *run(struct shop *shop, struct arena *arena, int64_t account, int64_t years, struct running *running, int64_t days)
{
        struct order_buy wish = shop_wish("104", 1, years);
        struct outcome o = buy(shop, account, &wish);

        assert_int_equal(o.err, ERR_NONE);
        running->shop = shop;
        running->end_at = running->begin_at + days * DAY - 1;
        running->row = certificate(shop, arena, account, o.certificate_id);
        running->row.status = CERT_ISSUED;
        running->row.domain = running->row.names = STR("shop.maple.com");
        running->row.primary_domain = STR("maple.com");
        running->row.verify_type = STR("DNS");
        running->row.alias = STR("the shop");
        running->row.key_id = 77;
        running->row.key_type = STR("RSA 2048");
        running->row.issuer = STR("dv-rsa");
        running->row.profile = STR("dv-public");
        running->row.begin_at = running->begin_at;
        running->row.end_at = running->end_at;
        running->row.issued_id = 5;
        assert_int_equal(store_run(shop->core.store, running_tx, running).err, ERR_NONE);
        return arena_strdup(arena, o.certificate_id);
}

/* ---- the job ------------------------------------------------------------------------------------------- */

struct claim {
        struct arena *arena;
        struct str subject;
        int64_t now;
        struct job_row job;
        bool found;
};

static res claim_tx(struct store_tx *tx, void *arg)
{
        struct claim *claim = arg;
        const struct job_row *rows = NULL;
        size_t n = 0;

        claim->found = false;
        TRY(store_job_claim(tx, claim->arena, STR("successor"), STR("unit"), claim->now, claim->now + 100, 50, &rows, &n));
        for (size_t i = 0; i < n; i++)
                if (str_equal(rows[i].subject, claim->subject)) {
                        claim->job = rows[i];
                        claim->found = true;
                }
        return RES_OK;
}

/* Run the certificate's job if it is due at `now`. */
static bool do_job(struct shop *shop, struct arena *arena, int64_t account, const char *id, int64_t now)
{
        struct claim claim = {.arena = arena, .subject = str_of(id), .now = now};
        struct act act;

        assert_int_equal(store_run(shop->core.store, claim_tx, &claim).err, ERR_NONE);
        if (!claim.found)
                return false;
        act = (struct act){.core = &shop->core, .account_id = account, .now_sec = now, .now_ms = now * 1000, .arena = arena};
        successor_job(&act, &claim.job, NULL);
        return true;
}

static bool job_is_there(struct shop *shop, struct arena *arena, const char *kind, struct str subject)
{
        struct job_row job;

        return res_is_ok(store_job_get(shop_reader(shop), arena, str_of(kind), subject, &job));
}

static size_t notices(struct shop *shop, struct arena *arena, int64_t account, const char *kind)
{
        const struct notice_row *rows = NULL;
        size_t n = 0, count = 0;

        assert_int_equal(store_notice_list(shop_reader(shop), arena, account, 0, 100, &rows, &n).err, ERR_NONE);
        for (size_t i = 0; i < n; i++)
                count += str_equals(rows[i].kind, kind);
        return count;
}

static struct validation_row shown(struct shop *shop, struct arena *arena, int64_t account, struct str id)
{
        const struct validation_row *rows = NULL;
        size_t n = 0;

        assert_int_equal(store_validation_list(shop_reader(shop), arena, account, id, &rows, &n).err, ERR_NONE);
        assert_int_equal(n, 1);
        return rows[0];
}

/* ---- tests --------------------------------------------------------------------------------------------- */

/* 30 days before the end, or at two thirds of a shorter life. */
/* REN-08, SIL-32: 30 days before the end, of a shorter life at two thirds. */
static void test_due(void **state)
{
        static const int64_t cases[][2] = {{365, 335}, {200, 170}, {100, 70}, {90, 60}, {60, 40}, {48, 32}, {3, 2}};

        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                assert_int_equal(term_successor_due(NOW, NOW + cases[i][0] * DAY - 1), NOW + cases[i][1] * DAY);
}

/* PUR-02 PUR-03 PUR-17 REN-08: the next year's certificate, with everything taken over and nothing to prove again. */
static void test_successor(void **state)
{
        struct shop *shop = *state;
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ARENA * 4);
        int64_t account = shop_account(shop, "individual", 1000000), due = NOW + 335 * DAY;
        struct running running = {.begin_at = NOW, .proof = {"TXT", MSG_METHOD_DNS_TXT, due - 90 * DAY}};
        const char *id = run(shop, arena, account, 3, &running, 365);
        int64_t balance = shop_balance(shop, account);

        assert_false(do_job(shop, arena, account, id, due - 1));
        assert_true(do_job(shop, arena, account, id, due));
        struct certificate_row old = certificate(shop, arena, account, id);
        struct certificate_row next = certificate(shop, arena, account, str_copy(arena, old.renew_certificate_id));

        assert_string_equal(next.origin_certificate_id.p, id);
        assert_int_equal(next.order_id, old.order_id); /* one order, nothing paid again (PUR-04) */
        assert_int_equal(shop_balance(shop, account), balance);
        assert_int_equal(next.status, CERT_PENDING);
        assert_string_equal(next.status_msg.p, "WAIT-ISSUE");
        assert_string_equal(next.names.p, "shop.maple.com");
        assert_string_equal(next.alias.p, "the shop");
        assert_int_equal(next.key_id, 77); /* CON-16 */
        assert_int_equal(next.deadline_at, NOW + 3 * YEAR);
        assert_true(job_is_there(shop, arena, "issue", next.certificate_id));
        const struct tag_row *tags = NULL;
        size_t n = 0;

        assert_int_equal(store_tag_list(shop_reader(shop), arena, account, next.certificate_id, &tags, &n).err, ERR_NONE);
        assert_int_equal(n, 1);
        assert_true(do_job(shop, arena, account, id, due + 900)); /* nobody has to be told */
        assert_int_equal(notices(shop, arena, account, "successor"), 0);
        assert_false(job_is_there(shop, arena, "successor", str_of(id)));
}

/* Proofs too old for the day, of another method, of another account: shown anew, waited for, told once. */
static void test_waits(void **state)
{
        static const struct proof cases[] = {
                {"TXT", MSG_METHOD_DNS_TXT, LATE + 32 * DAY - 10 * DAY},
                {"CNAME", MSG_METHOD_FILE, LATE + 32 * DAY - DAY},
                {"FILE", MSG_METHOD_DNS_TXT, LATE + 32 * DAY - DAY},
        };
        struct shop *shop = *state;

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                CLEAN(arena_free_ptr) struct arena *arena = arena_new(ARENA * 4);
                int64_t account = shop_account(shop, "individual", 1000000), due = LATE + 32 * DAY;
                struct running running = {.begin_at = LATE, .proof = cases[i]};
                const char *id = run(shop, arena, account, 2, &running, 48);

                assert_true(do_job(shop, arena, account, id, due));
                struct certificate_row next = certificate(shop, arena, account, str_copy(arena, certificate(shop, arena, account, id).renew_certificate_id));
                struct validation_row row = shown(shop, arena, account, next.certificate_id);

                assert_string_equal(next.status_msg.p, "PENDING-DCV");
                assert_string_equal(row.state.p, "pending");
                assert_false(str_equal(row.value, shown(shop, arena, account, str_of(id)).value));
                assert_true(job_is_there(shop, arena, "validate", next.certificate_id));
                assert_int_equal(notices(shop, arena, account, "successor"), 0);
                assert_true(do_job(shop, arena, account, id, due + 900));
                assert_int_equal(notices(shop, arena, account, "successor"), 1);
                assert_false(do_job(shop, arena, account, id, due + 9000));
        }
}

/* DCV-35: the record that is there is the record that is asked for, and no two accounts have the same. */
static void test_kept_cname(void **state)
{
        struct shop *shop = *state;
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ARENA * 4);
        int64_t account = shop_account(shop, "individual", 1000000), other = shop_account(shop, "individual", 0);
        struct running running = {.begin_at = LATE, .proof = {"CNAME", MSG_METHOD_DNS_CNAME, LATE}};
        struct act act = {.core = &shop->core, .account_id = other, .arena = arena};
        struct str record, value;
        char zone[] = "kept.maple.net";

        shop->conf.validation_cname_zone = zone;
        const char *id = run(shop, arena, account, 1, &running, 48);

        assert_true(do_job(shop, arena, account, id, LATE + 32 * DAY));
        struct validation_row before = shown(shop, arena, account, str_of(id));
        struct validation_row after = shown(shop, arena, account, certificate(shop, arena, account, id).renew_certificate_id);

        assert_string_equal(after.state.p, "pending");
        assert_string_equal(after.record.p, before.record.p);
        assert_string_equal(after.value.p, before.value.p);
        assert_true(str_ends_with(after.value, STR(".kept.maple.net")));
        kept_cname_make(&act, STR("shop.maple.com"), &record, &value);
        assert_string_not_equal(record.p, before.record.p);
        assert_string_not_equal(value.p, before.value.p);
        shop->conf.validation_cname_zone = NULL;
}

/* PUR-10 SIL-33: the next term is bought while the balance allows, told when it does not, and bought once it does. */
static void test_auto_renewal(void **state)
{
        struct shop *shop = *state;
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ARENA * 8);
        int64_t rich = shop_account(shop, "individual", 1000000), price = 0, due = NOW + 335 * DAY;
        struct running running = {.begin_at = NOW, .auto_renew = true, .proof = {"TXT", MSG_METHOD_DNS_TXT, due - DAY}};
        const char *id = run(shop, arena, rich, 1, &running, 365);

        price = 1000000 - shop_balance(shop, rich);
        assert_true(do_job(shop, arena, rich, id, due));
        struct certificate_row next = certificate(shop, arena, rich, str_copy(arena, certificate(shop, arena, rich, id).renew_certificate_id));

        assert_int_equal(shop_balance(shop, rich), 1000000 - 2 * price);
        assert_int_not_equal(next.order_id, running.row.order_id);
        assert_int_equal(next.status, CERT_PENDING);
        assert_string_equal(next.names.p, "shop.maple.com");
        assert_int_equal(next.key_id, 77);
        assert_true(job_is_there(shop, arena, "issue", next.certificate_id));

        int64_t poor = shop_account(shop, "individual", price);
        struct running again = {.begin_at = NOW, .auto_renew = true, .proof = running.proof};

        id = run(shop, arena, poor, 1, &again, 365);
        assert_true(do_job(shop, arena, poor, id, due));
        assert_int_equal(shop_balance(shop, poor), 0);
        assert_int_equal(notices(shop, arena, poor, "renewal-unpaid"), 1);
        assert_true(do_job(shop, arena, poor, id, due + DAY));
        assert_int_equal(notices(shop, arena, poor, "renewal-unpaid"), 1); /* once */
        assert_int_equal(certificate(shop, arena, poor, id).renew_certificate_id.n, 0);
}

/* No next one: a term that is over, an order paid back, a certificate revoked. */
static void test_none(void **state)
{
        struct shop *shop = *state;
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ARENA * 4);
        int64_t account = shop_account(shop, "individual", 1000000), due = NOW + 335 * DAY;
        struct running over = {.begin_at = NOW, .proof = {"TXT", MSG_METHOD_DNS_TXT, due}}, revoked = over;
        const char *id = run(shop, arena, account, 1, &over, 365), *gone = run(shop, arena, account, 3, &revoked, 365);

        set_status(shop, account, gone, CERT_REVOKED, false);
        assert_true(do_job(shop, arena, account, id, due)); /* REN-09 */
        do_job(shop, arena, account, gone, due + 200);
        assert_int_equal(certificate(shop, arena, account, id).renew_certificate_id.n, 0);
        assert_int_equal(certificate(shop, arena, account, gone).renew_certificate_id.n, 0);
        assert_false(job_is_there(shop, arena, "successor", str_of(id)));
        assert_false(job_is_there(shop, arena, "successor", str_of(gone)));
}

/* ---- refused for what only people can mend ---- */

struct meddle {
        int64_t account;
        const char *id;
        const char *profile; /* NULL = as it was */
        bool is_verified, is_withdrawn; /* the account's identity; the product, from sale */
        struct arena *arena;
};

static res meddle_tx(struct store_tx *tx, void *arg)
{
        const struct meddle *m = arg;
        struct account_row account = {0};
        struct certificate_row row = {0};

        TRY(store_account_get(store_tx_conn(tx), m->arena, m->account, &account));
        TRY(store_certificate_get(store_tx_conn(tx), m->arena, m->account, str_of(m->id), &row));
        account.verified = m->is_verified;
        if (m->profile)
                row.profile = str_of(m->profile);
        TRY(store_account_update(tx, &account));
        return store_certificate_update(tx, &row);
}

static void do_meddle(struct shop *shop, const struct meddle *meddle)
{
        const struct product *shown = catalogue_product(shop->core.catalogue, STR("104"));
        struct product *product = (struct product *)(uintptr_t)shown; /* what a reload would have left */

        product->is_orderable = !meddle->is_withdrawn;
        assert_int_equal(store_run(shop->core.store, meddle_tx, (void *)(uintptr_t)meddle).err, ERR_NONE);
}

static const char *refusal_text(struct shop *shop, struct arena *arena, int64_t account)
{
        const struct notice_row *rows = NULL;
        size_t n = 0;

        assert_int_equal(store_notice_list(shop_reader(shop), arena, account, 0, 1, &rows, &n).err, ERR_NONE);
        assert_int_equal(n, 1);
        return str_copy(arena, rows[0].text);
}

/* The owner is told why, once a cause, and it is tried again every day; no money moves (SIL-33). */
static void test_refused(void **state)
{
        struct shop *shop = *state;
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(ARENA * 16);
        static const struct {
                struct meddle meddle;
                int64_t years;
                const char *says[2];
        } cases[] = {
                {{.is_verified = false}, 1, {"The automatic renewal", "identity"}},
                {{.is_verified = true, .is_withdrawn = true}, 1, {"The automatic renewal", "Product 104"}},
                {{.is_verified = true, .profile = "withdrawn"}, 3, {"The successor", "profile withdrawn"}},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                int64_t account = shop_account(shop, "individual", 1000000), due = NOW + 335 * DAY;
                struct running running = {.begin_at = NOW, .auto_renew = true, .proof = {"TXT", MSG_METHOD_DNS_TXT, due - DAY}};
                const char *id = run(shop, arena, account, cases[i].years, &running, 365);
                int64_t balance = shop_balance(shop, account);
                struct meddle meddle = cases[i].meddle;

                meddle.account = account;
                meddle.id = id;
                meddle.arena = arena;
                do_meddle(shop, &meddle);
                for (int day = 0; day < 3; day++) {
                        assert_true(do_job(shop, arena, account, id, due + day * DAY));
                        assert_int_equal(notices(shop, arena, account, "renewal-refused"), 1);
                        assert_false(do_job(shop, arena, account, id, due + day * DAY + DAY - 1));
                }
                const char *text = refusal_text(shop, arena, account);

                if (!strstr(text, cases[i].says[0]) || !strstr(text, cases[i].says[1]) || !strstr(text, id))
                        fail_msg("%s", text);
                assert_int_equal(shop_balance(shop, account), balance);
                assert_int_equal(certificate(shop, arena, account, id).renew_certificate_id.n, 0);

                meddle.is_verified = true; /* mended: the next day it works */
                meddle.is_withdrawn = false;
                meddle.profile = "dv-public";
                do_meddle(shop, &meddle);
                assert_true(do_job(shop, arena, account, id, due + 3 * DAY));
                assert_int_not_equal(certificate(shop, arena, account, id).renew_certificate_id.n, 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_due),
                cmocka_unit_test_setup_teardown(test_successor, open_shop, close_shop),
                cmocka_unit_test_setup_teardown(test_waits, open_shop, close_shop),
                cmocka_unit_test_setup_teardown(test_kept_cname, open_shop, close_shop),
                cmocka_unit_test_setup_teardown(test_auto_renewal, open_shop, close_shop),
                cmocka_unit_test_setup_teardown(test_refused, open_shop, close_shop),
                cmocka_unit_test_setup_teardown(test_none, open_shop, close_shop),
        };

        return cmocka_run_group_tests_name("core_successor", tests, NULL, NULL);
}
