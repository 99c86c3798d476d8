/*
 * Thousands of random purchases, payments, refunds, renewals, upgrades, free certificates and their ends, by one thread, by
 * several at once, and by a process that is killed in the middle.  Whatever happens, afterwards the books agree: ledger,
 * balances, points, orders, certificates and the free allowance all tell the same story.
 */
#include "order_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "core/quota.h"
#include "store/quota.h"

#define STEPS 4000
#define ACCOUNTS 3
#define THREADS 6
#define THREAD_STEPS 150
#define CRASHES 12

/* ---- what must always be true: each query finds what is wrong, so it must find nothing ---- */

static const struct truth {
        const char *name, *sql;
} truths[] = {
        {"entries of a transaction sum to 0",
         "SELECT transaction_id FROM ledger GROUP BY transaction_id, currency HAVING SUM(amount_minor) <> 0"},
        {"a balance is the sum of its entries, and never below 0",
         "SELECT b.account_id FROM account_balance b WHERE amount_minor < 0 OR amount_minor <> (SELECT SUM(amount_minor) FROM ledger l "
         "WHERE l.account_id = b.account_id AND l.book = 'balance' AND l.currency = b.currency)"},
        {"entries without a balance beside them",
         "SELECT DISTINCT account_id FROM ledger l WHERE book = 'balance' AND NOT EXISTS (SELECT 1 FROM account_balance b "
         "WHERE b.account_id = l.account_id AND b.currency = l.currency)"},
        {"what an order moved is its price while it is paid, and nothing in any other state",
         "SELECT o.order_id FROM cert_order o LEFT JOIN (SELECT order_id, SUM(amount_minor) AS moved FROM ledger WHERE book = 'balance' "
         "GROUP BY order_id) l ON l.order_id = o.order_id WHERE o.state <> 'free' AND COALESCE(l.moved, 0) <> "
         "CASE WHEN o.state = 'paid' AND o.paid_by = 'balance' THEN -o.price_minor ELSE 0 END"},
        {"entries of an order belong to its account",
         "SELECT entry_id FROM ledger l JOIN cert_order o ON o.order_id = l.order_id WHERE o.account_id <> l.account_id"},
        {"a paid or refunded order has one certificate, any other none",
         "SELECT o.order_id FROM cert_order o WHERE o.state NOT IN ('free', 'acme') AND (SELECT COUNT(*) FROM certificate c WHERE c.order_id = o.order_id) <> "
         "(o.state IN ('paid', 'refunded'))"},
        {"the certificate of a refunded order is refunded, and only that",
         "SELECT c.certificate_id FROM certificate c JOIN cert_order o ON o.order_id = c.order_id WHERE (c.status = 14) <> (o.state = 'refunded')"},
        {"an order with an issued certificate has a term and is paid",
         "SELECT o.order_id FROM cert_order o WHERE o.term_start_at > 0 AND o.state NOT IN ('paid', 'free', 'acme')"},
        {"points spent are the prices of the orders that packages paid",
         "SELECT p.account_id FROM benefit_package p GROUP BY p.account_id HAVING SUM(p.total - p.balance) <> (SELECT COALESCE(SUM(price_minor), 0) "
         "FROM cert_order o WHERE o.account_id = p.account_id AND o.paid_by = 'package' AND o.state = 'paid')"},
        {"a package has from 0 to all of its points", "SELECT package_id FROM benefit_package WHERE balance < 0 OR balance > total"},
        {"no certificate has two paid successors",
         "SELECT origin_certificate_id FROM cert_order WHERE origin_certificate_id <> '' AND state = 'paid' GROUP BY account_id, origin_certificate_id "
         "HAVING COUNT(*) > 1"},
        {"a successor that is paid for is known to its origin",
         "SELECT o.order_id FROM cert_order o JOIN certificate a ON a.certificate_id = o.origin_certificate_id JOIN certificate b ON "
         "b.order_id = o.order_id WHERE o.state = 'paid' AND a.renew_certificate_id <> b.certificate_id"},
        {"a pending free certificate holds a slot of account and domain",
         "SELECT c.certificate_id FROM certificate c JOIN cert_order o ON o.order_id = c.order_id LEFT JOIN quota_use q ON q.certificate_id = "
         "c.certificate_id WHERE o.state = 'free' AND c.status = 0 AND (q.counter IS NULL OR q.counter = '' OR q.returns_at <> 0)"},
        {"an issued one holds both until it ends, a revoked one the domain's alone",
         "SELECT c.certificate_id FROM certificate c JOIN cert_order o ON o.order_id = c.order_id LEFT JOIN quota_use q ON q.certificate_id = "
         "c.certificate_id WHERE o.state = 'free' AND c.status IN (1, 10) AND (q.returns_at IS NULL OR q.returns_at <> c.end_at OR "
         "(q.counter = '') <> (c.status = 10))"},
        {"failed, cancelled and expired ones hold nothing",
         "SELECT c.certificate_id FROM certificate c JOIN cert_order o ON o.order_id = c.order_id JOIN quota_use q ON q.certificate_id = "
         "c.certificate_id WHERE c.status IN (2, 3, 7)"},
        {"paid certificates hold none of the free allowance (QTA-20)",
         "SELECT q.certificate_id FROM quota_use q JOIN certificate c ON c.certificate_id = q.certificate_id JOIN cert_order o ON "
         "o.order_id = c.order_id WHERE o.state <> 'free'"},
        {"a primary domain holds at most 20 (QTA-02)",
         "SELECT primary_domain FROM quota_use WHERE returns_at = 0 OR returns_at > ?1 GROUP BY primary_domain HAVING COUNT(*) > 20"},
        {"an account holds at most 20 for any domain (QTA-09)",
         "SELECT account_id FROM quota_use WHERE counter <> '' AND (returns_at = 0 OR returns_at > ?1) GROUP BY account_id HAVING COUNT(*) > 20"},
        {"counts for the lists are exact",
         "SELECT account_id FROM (SELECT account_id, status, COUNT(*) AS n FROM certificate WHERE deleted_at = 0 GROUP BY account_id, status) c "
         "WHERE n <> (SELECT SUM(amount) FROM certificate_count k WHERE k.account_id = c.account_id AND k.status = c.status)"},
};

/* `now_sec`: what has ended by then holds no slot any more, whether or not it was tidied away. */
static void check_books(const char *dir, int64_t now_sec, const char *when)
{
        char path[128];
        sqlite3 *db = NULL;

        (void)snprintf(path, sizeof path, "%s/chancery.db", dir);
        assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
        (void)sqlite3_busy_timeout(db, 10000);
        for (size_t i = 0; i < sizeof truths / sizeof *truths; i++) {
                sqlite3_stmt *stmt = NULL;
                if (sqlite3_prepare_v2(db, truths[i].sql, -1, &stmt, NULL) != SQLITE_OK)
                        fail_msg("%s: %s", truths[i].name, sqlite3_errmsg(db));
                if (sqlite3_bind_parameter_count(stmt) > 0)
                        assert_int_equal(sqlite3_bind_int64(stmt, 1, now_sec), SQLITE_OK);
                int rc = sqlite3_step(stmt);
                if (rc != SQLITE_DONE)
                        fail_msg("%s: not true that %s: %s", when, truths[i].name,
                                 rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : sqlite3_errmsg(db));
                sqlite3_finalize(stmt);
        }
        sqlite3_close(db);
}

/* ---- a life of random acts ---- */

struct life {
        struct shop *shop;
        uint64_t random;
        int64_t now;
        int64_t accounts[ACCOUNTS];
        int64_t done[32]; /* how often each act succeeded */
};

static uint64_t draw(struct life *life, uint64_t n)
{
        life->random = life->random * 6364136223846793005ULL + 1442695040888963407ULL;
        return (life->random >> 33) % n;
}

/* Any order, any certificate of the account: the newest 30 are as good as all. */
static int64_t some_order(struct life *life, struct act *act)
{
        struct order_page page;

        assert_int_equal(order_list(act, &(struct order_query){.limit = 30}, &page).err, ERR_NONE);
        return page.n ? page.v[draw(life, page.n)].row.order_id : 1;
}

static struct certificate_row some_certificate(struct life *life, struct act *act)
{
        struct store_certificate_page page;
        const struct store_certificate_filter filter = {.account_id = act->account_id, .project_id = -1, .limit = 40};

        assert_int_equal(store_certificate_list(shop_reader(life->shop), act->arena, &filter, &page).err, ERR_NONE);
        if (page.n == 0)
                return (struct certificate_row){.certificate_id = STR("nothere1"), .status = -1};
        return page.v[draw(life, page.n)];
}

/* The issued one that ends first: where a renewal makes sense. */
static struct str some_ending(struct life *life, struct act *act)
{
        static const int64_t issued = CERT_ISSUED;
        struct store_certificate_page page;
        const struct store_certificate_filter filter = {.account_id = act->account_id, .project_id = -1, .statuses = &issued,
                                                        .status_count = 1, .sort = STORE_SORT_END_ASC, .limit = 20};

        assert_int_equal(store_certificate_list(shop_reader(life->shop), act->arena, &filter, &page).err, ERR_NONE);
        return page.n ? page.v[draw(life, page.n)].certificate_id : STR("nothere1");
}

/* What submission, validation, issue, revocation and expiry do to a certificate, with the slot and the term. */
struct turn {
        struct act *act;
        struct certificate_row row;
        int64_t to;
};

static res turn_quota(struct turn *turn, struct store_tx *tx)
{
        struct str id = turn->row.certificate_id;

        switch (turn->to) {
        case CERT_ISSUED:
                return quota_hold(turn->act, tx, id, turn->row.end_at);
        case CERT_REVOKED:
                return quota_return_account(turn->act, tx, id);
        case CERT_EXPIRED:
                return quota_return_all(turn->act, tx, id);
        case CERT_PENDING:
        case CERT_PAID:
                return RES_OK;
        default:
                return quota_release(turn->act, tx, id);
        }
}

static res turn_tx(struct store_tx *tx, void *arg)
{
        struct turn *turn = arg;
        struct certificate_row row = turn->row, now;

        TRY(store_certificate_get(store_tx_conn(tx), turn->act->arena, row.account_id, row.certificate_id, &now));
        ENSURE(now.status == row.status, ERR_CERT_STATE); /* somebody else was faster */
        now.status = turn->to;
        if (turn->to == CERT_ISSUED) {
                now.end_at = turn->row.end_at = turn->act->now_sec + YEAR;
                now.issued_id = 1;
                TRY(begin_term(turn->act, tx, row.order_id));
        }
        TRY(store_certificate_update(tx, &now));
        return turn_quota(turn, tx);
}

static res turn_certificate(struct life *life, struct act *act)
{
        static const int64_t ways[CERT_STATUS_COUNT][4] = {
                [CERT_PENDING] = {CERT_ISSUED, CERT_ISSUED, CERT_REVIEW_FAILED, CERT_CANCELLED},
                [CERT_ISSUED] = {CERT_REVOKED, CERT_EXPIRED, 0, 0},
                [CERT_PAID] = {CERT_PENDING, CERT_PENDING, CERT_PENDING, CERT_CANCELLED},
                [CERT_REVIEW_FAILED] = {CERT_PAID, CERT_PAID, CERT_CANCELLED, CERT_CANCELLED},
                [CERT_CANCELLED] = {CERT_PAID, CERT_PAID, CERT_PAID, CERT_PAID},
        };
        struct turn turn = {.act = act, .row = some_certificate(life, act)};
        bool is_free = turn.row.status >= 0 && str_equals(turn.row.package_type, "2");

        if (turn.row.status < 0)
                return FAIL(ERR_CERT_NOT_FOUND);
        turn.to = ways[turn.row.status][draw(life, 4)];
        if (turn.to == 0 && turn.row.status != CERT_PAID)
                return FAIL(ERR_CERT_STATE);
        if (is_free && (turn.to == CERT_PAID || turn.row.status == CERT_PAID))
                return FAIL(ERR_CERT_STATE); /* a free one that failed is applied for anew */
        return store_run(act->core->store, turn_tx, &turn);
}

struct free_one {
        struct act *act;
        struct order_row order;
        struct certificate_row row;
};

static res free_tx(struct store_tx *tx, void *arg)
{
        struct free_one *one = arg;

        TRY(quota_reserve(one->act, tx, one->row.certificate_id, one->row.primary_domain));
        one->order.order_id = 0;
        TRY(store_order_insert(tx, &one->order));
        one->row.order_id = one->order.order_id;
        one->row.seq = 0;
        return store_certificate_insert(tx, &one->row);
}

static res apply_free(struct life *life, struct act *act)
{
        char *id = arena_alloc(act->arena, 9);
        const char *domain = arena_printf(act->arena, "d%d.com", (int)draw(life, 6));
        struct free_one one = {
                .act = act,
                .order = {.account_id = act->account_id, .package_type = STR("2"), .term_months = 12, .domain_count = 1, .state = STR("free")},
                .row = {.account_id = act->account_id, .status = CERT_PENDING, .package_type = STR("2"), .domain = str_of(domain),
                        .names = str_of(domain), .primary_domain = str_of(domain), .certificate_type = STR("SVR")},
        };

        random_text(id, 8, RANDOM_ALNUM);
        one.row.certificate_id = str_of(id);
        return store_run(act->core->store, free_tx, &one);
}

static res credit(struct life *life, struct act *act)
{
        struct grant grant = {life->shop, act->account_id, (int64_t)draw(life, 300000) - 60000};

        return grant.minor == 0 ? RES_OK : store_run(act->core->store, grant_tx, &grant);
}

static struct order_buy some_wish(struct life *life)
{
        static const struct {
                const char *product;
                int64_t names;
        } wishes[] = {{"104", 1}, {"48", 1}, {"11", 3}, {"12", 1}, {"25", 1}, {"42", 2}, {"105", 1}};
        size_t i = draw(life, sizeof wishes / sizeof *wishes);

        return (struct order_buy){.product = str_of(wishes[i].product), .names = wishes[i].names,
                                  .months = strcmp(wishes[i].product, "105") == 0 ? 12 : (int64_t)(1 + draw(life, 3)) * 12};
}

static res buy_by_points(struct life *life, struct act *act)
{
        struct benefit_page page;
        struct benefit_row row;
        struct strs ids = {0};

        TRY(benefit_list(act, &(struct benefit_query){.state = STR("usable")}, &page));
        if (page.n == 0)
                return benefit_grant(act, &(struct benefit_grant){STR("ssl_100"), 1 + (int64_t)draw(life, 600)}, &row);
        struct order_package_buy in = {.pid = 1018586, .names = 1, .months = 12, .count = 1 + (int64_t)draw(life, 3)};
        in.package_ids = (struct strs){&page.v[draw(life, page.n)].package_id, 1};
        return order_buy_by_package(act, &in, &ids);
}

/* One act of one account, with everything that it needs. */
static res live_once(struct life *life, struct act *act, size_t what)
{
        struct order_made made;
        struct order_buy wish = some_wish(life);
        struct job_row job = {0};

        switch (what) {
        case 0:
        case 1:
                return order_buy(act, &wish, &made);
        case 2:
                return order_create(act, &wish, &made);
        case 3:
                return order_pay(act, some_order(life, act), &made);
        case 4:
                return order_refund(act, some_order(life, act), &made);
        case 5:
                return order_close(act, some_order(life, act));
        case 6:
                return credit(life, act);
        case 7:
        case 8:
        case 9:
                return turn_certificate(life, act);
        case 10:
        case 11:
                return apply_free(life, act);
        case 12:
                return order_upgrade(act, some_certificate(life, act).certificate_id, STR(""), 12, &made);
        case 13:
                return order_renew(act, &(struct order_renew){some_ending(life, act), 0, draw(life, 2) == 0}, &made);
        case 14:
                return buy_by_points(life, act);
        default:
                act->account_id = 0;
                order_expire_job(act, &job, NULL);
                return RES_OK;
        }
}

/* What may go wrong in such a life; anything else is a mistake of ours. */
static bool is_refusal(enum err err)
{
        return err == ERR_TRADE || err == ERR_ORDER || err == ERR_ORDER_STATE || err == ERR_ORDER_PAY || err == ERR_CERT_STATE || err == ERR_CERT_NOT_FOUND ||
               err == ERR_QUOTA || err == ERR_QUOTA_DOMAIN || err == ERR_PARAM_VALUE || err == ERR_PACKAGE_IDS;
}

static void live(struct life *life, size_t steps)
{
        for (size_t i = 0; i < steps; i++) {
                size_t what = draw(life, 16);
                struct act act;

                shop_act(life->shop, &act, life->accounts[draw(life, ACCOUNTS)], life->now);
                res r = live_once(life, &act, what);
                if (!res_is_ok(r) && !is_refusal(r.err))
                        fail_msg("step %zu, act %zu: %s %s", i, what, err_name(r.err), act.detail);
                life->done[what] += res_is_ok(r);
                arena_free(act.arena);
                life->now += (int64_t)draw(life, DAY / 2); /* nearly three years in all */
        }
}

static void begin_life(struct life *life, struct shop *shop, uint64_t seed)
{
        *life = (struct life){.shop = shop, .random = seed, .now = NOW};
        for (size_t i = 0; i < ACCOUNTS; i++)
                life->accounts[i] = shop_account(shop, "individual", 500000);
}

static void test_thousands_of_acts(void **state)
{
        struct shop *shop = *state;
        struct life life;

        begin_life(&life, shop, 20260320);
        for (size_t i = 0; i < 10; i++) {
                live(&life, STEPS / 10);
                check_books(shop->place.dir, life.now, "after some acts");
        }
        for (size_t what = 0; what < 16; what++) /* none of them was for nothing */
                if (life.done[what] == 0)
                        fail_msg("act %zu never succeeded", what);
}

/* ---- several at once, on the same accounts ---- */

static void *live_beside(void *arg)
{
        struct life *life = arg;

        live(life, THREAD_STEPS);
        store_read_done(life->shop->core.store);
        return NULL;
}

static void test_several_at_once(void **state)
{
        struct shop *shop = *state;
        struct life lives[THREADS];
        pthread_t threads[THREADS];

        begin_life(&lives[0], shop, 1);
        for (size_t i = 1; i < THREADS; i++) {
                lives[i] = lives[0];
                lives[i].random = i * 7919 + 1;
        }
        for (size_t i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, live_beside, &lives[i]), 0);
        for (size_t i = 0; i < THREADS; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
        int64_t latest = NOW;
        for (size_t i = 0; i < THREADS; i++)
                latest = lives[i].now > latest ? lives[i].now : latest;
        check_books(shop->place.dir, latest, "after threads");
}

/* All of them want the last money: exactly as many are served as it covers. */

struct rush {
        struct shop *shop;
        int64_t account;
        int served;
};

static void *rush_in(void *arg)
{
        struct rush *rush = arg;
        const struct order_buy wish = shop_wish("48", 1, 1);

        for (int i = 0; i < 10; i++) {
                struct order_made made;
                struct act act;
                shop_act(rush->shop, &act, rush->account, NOW);
                res r = order_buy(&act, &wish, &made);
                if (!res_is_ok(r))
                        assert_int_equal(r.err, ERR_TRADE);
                rush->served += res_is_ok(r);
                arena_free(act.arena);
        }
        store_read_done(rush->shop->core.store);
        return NULL;
}

static void test_no_overspending(void **state)
{
        struct shop *shop = *state;
        int64_t account = shop_account(shop, "individual", 23 * 19900 + 19899);
        struct rush rushes[8];
        pthread_t threads[8];
        int served = 0;

        for (size_t i = 0; i < 8; i++) {
                rushes[i] = (struct rush){shop, account, 0};
                assert_int_equal(pthread_create(&threads[i], NULL, rush_in, &rushes[i]), 0);
        }
        for (size_t i = 0; i < 8; i++) {
                assert_int_equal(pthread_join(threads[i], NULL), 0);
                served += rushes[i].served;
        }
        assert_int_equal(served, 23);
        assert_int_equal(shop_balance(shop, account), 19899);
        check_books(shop->place.dir, NOW, "after the rush");
}

/* ---- killed in the middle ---- */

/* A process of its own opens the same database and lives until it is killed. */
static void live_until_killed(const struct life *begun, uint64_t seed, _Atomic size_t *lived)
{
        struct life life = *begun;
        struct shop shop = *begun->shop;
        char path[128];
        struct buf why;

        buf_init(&why, 4096);
        (void)snprintf(path, sizeof path, "%s/chancery.db", shop.place.dir);
        shop.core.store = NULL;
        if (!res_is_ok(store_open(path, TEST_SOURCE_DIR "/migrations", &why, &shop.core.store)))
                _exit(2);
        life.shop = &shop;
        life.random = seed;
        for (;; (*lived)++)
                live(&life, 1);
}

static void test_killed_in_the_middle(void **state)
{
        struct shop *shop = *state;
        struct life life;
        uint64_t seed = 4711;
        _Atomic size_t *lived = mmap(NULL, sizeof *lived, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        assert_true(lived != MAP_FAILED);
        begin_life(&life, shop, seed);
        store_close(shop->core.store);
        for (size_t i = 0; i < CRASHES; i++) {
                pid_t pid = fork();
                int status = 0;
                assert_true(pid >= 0);
                if (pid == 0)
                        live_until_killed(&life, seed + i * 31, lived);
                const size_t before = *lived;
                while (*lived < before + 5 && waitpid(pid, &status, WNOHANG) == 0)
                        usleep(1000);
                usleep((useconds_t)draw(&life, 350000));
                assert_int_equal(kill(pid, SIGKILL), 0);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL); /* it did not end by itself */
                check_books(shop->place.dir, NOW + 100 * YEAR, "after a kill");
        }
        place_open_again(&shop->place);
        shop->core.store = shop->place.store;
        live(&life, 100); /* and it goes on */
        check_books(shop->place.dir, NOW + 100 * YEAR, "at the end");
        struct order_page page;
        struct act act;

        shop_act(shop, &act, life.accounts[0], life.now);
        assert_int_equal(order_list(&act, &(struct order_query){0}, &page).err, ERR_NONE);
        assert_true(page.total > 5); /* something did happen before the kills */
        arena_free(act.arena);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, shop_open, shop_close)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_thousands_of_acts), TEST(test_several_at_once), TEST(test_no_overspending), TEST(test_killed_in_the_middle),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
