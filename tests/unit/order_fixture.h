/*
 * What the tests of buying share: the shipped catalogue, a real store in a directory of its own, accounts with money, and
 * short words for the acts.  A second catalogue directory can be made for tests that change prices or products.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/benefit.h"
#include "core/catalogue.h"
#include "core/core.h"
#include "core/money.h"
#include "core/order.h"
#include "place.h"
#include "store/account.h"
#include "store/job.h"
#include "store/ledger.h"
#include "store/notice.h"

#define NOW 1800000000LL
#define DAY 86400LL
#define YEAR (365 * DAY)

struct shop {
        struct core core;
        struct conf conf;
        struct place place;
        int next;
};

static inline void shop_act(struct shop *shop, struct act *act, int64_t account_id, int64_t now_sec)
{
        *act = (struct act){.core = &shop->core, .account_id = account_id, .now_sec = now_sec, .verified = true};
        act->arena = arena_new(16 * 1024 * 1024);
}

struct shop_account {
        struct shop *shop;
        struct account_row row;
        int64_t minor;
};

static inline res shop_account_tx(struct store_tx *tx, void *arg)
{
        struct shop_account *a = arg;
        struct act act = {.core = &a->shop->core, .now_sec = NOW};
        res r = store_account_insert(tx, &a->row);

        TRY(r);
        if (a->minor == 0)
                return RES_OK;
        act.account_id = a->row.account_id;
        act.arena = arena_new(1024 * 1024);
        r = money_grant(&act, tx, a->minor, STR("test"));
        arena_free(act.arena);
        return r;
}

static inline int64_t shop_account(struct shop *shop, const char *identity, int64_t minor)
{
        char uin[16];
        struct shop_account a = {.shop = shop, .minor = minor};

        (void)snprintf(uin, sizeof uin, "%012d", shop->next++);
        a.row = (struct account_row){.uin = str_of(uin), .name = STR("n"), .identity = str_of(identity), .verified = 1,
                                     .level = STR("standard"), .created_at = NOW};
        assert_int_equal(store_run(shop->core.store, shop_account_tx, &a).err, ERR_NONE);
        return a.row.account_id;
}

static inline struct store_conn *shop_reader(struct shop *shop)
{
        struct store_conn *c = NULL;

        assert_int_equal(store_read(shop->core.store, &c).err, ERR_NONE);
        return c;
}

/* The balance; the ledger must say the same. */
static inline int64_t shop_balance(struct shop *shop, int64_t account_id)
{
        struct store_conn *c = shop_reader(shop);
        int64_t minor = 0, sum = 0;

        assert_int_equal(store_balance_get(c, account_id, MONEY_CURRENCY, &minor).err, ERR_NONE);
        assert_int_equal(store_ledger_sum(c, account_id, LEDGER_BALANCE, MONEY_CURRENCY, &sum).err, ERR_NONE);
        assert_int_equal(minor, sum);
        assert_true(minor >= 0);
        return minor;
}

static inline struct order_buy shop_wish(const char *product, int64_t names, int64_t years)
{
        return (struct order_buy){.product = str_of(product), .names = names, .months = years * 12};
}

static inline int shop_open(void **state)
{
        struct shop *shop = calloc(1, sizeof *shop);
        struct buf why;

        buf_init(&why, 4096);
        shop->next = 1;
        shop->core.conf = &shop->conf;
        if (!res_is_ok(catalogue_load(TEST_SOURCE_DIR "/catalogue", &shop->core.catalogue, &why)))
                fail_msg("%s", buf_c(&why));
        buf_done(&why);
        place_open_at(&shop->place, place_parent()); /* no test here cuts the power */
        shop->core.store = shop->place.store;
        *state = shop;
        return 0;
}

static inline int shop_close(void **state)
{
        struct shop *shop = *state;

        place_close(&shop->place);
        catalogue_free(shop->core.catalogue);
        free(shop);
        return 0;
}

/* ---- one act, its failure and its sentence ---- */

struct outcome {
        enum err err;
        char why[300];
        int64_t order_id, price;
        char certificate_id[16], state[16];
        size_t certificates;
};

static inline void outcome_of(struct outcome *o, const struct act *act, res r, const struct order_made *made)
{
        *o = (struct outcome){.err = r.err};
        (void)snprintf(o->why, sizeof o->why, "%s", act->detail);
        if (!res_is_ok(r) || !made)
                return;
        o->order_id = made->order.order_id;
        o->price = made->order.price_minor;
        o->certificates = made->certificate_ids.n;
        (void)snprintf(o->state, sizeof o->state, "%.*s", (int)made->order.state.n, made->order.state.p);
        if (made->certificate_ids.n)
                (void)snprintf(o->certificate_id, sizeof o->certificate_id, "%s", made->certificate_ids.v[0].p);
}

static inline struct outcome buy(struct shop *shop, int64_t account, const struct order_buy *wish)
{
        struct order_made made = {0};
        struct outcome o;
        struct act act;

        shop_act(shop, &act, account, NOW);
        outcome_of(&o, &act, order_buy(&act, wish, &made), &made);
        arena_free(act.arena);
        return o;
}

static inline struct outcome create(struct shop *shop, int64_t account, const struct order_buy *wish)
{
        struct order_made made = {0};
        struct outcome o;
        struct act act;

        shop_act(shop, &act, account, NOW);
        outcome_of(&o, &act, order_create(&act, wish, &made), &made);
        arena_free(act.arena);
        return o;
}

enum deed { PAY, CLOSE, REFUND };

static inline struct outcome do_at(struct shop *shop, int64_t account, int64_t now, enum deed deed, int64_t order_id)
{
        struct order_made made = {0};
        struct outcome o;
        struct act act;
        res r;

        shop_act(shop, &act, account, now);
        if (deed == PAY)
                r = order_pay(&act, order_id, &made);
        else
                r = deed == CLOSE ? order_close(&act, order_id) : order_refund(&act, order_id, &made);
        outcome_of(&o, &act, r, deed == CLOSE ? NULL : &made);
        arena_free(act.arena);
        return o;
}

static inline struct certificate_row certificate(struct shop *shop, struct arena *arena, int64_t account, const char *id)
{
        struct certificate_row row = {0};

        assert_int_equal(store_certificate_get(shop_reader(shop), arena, account, str_of(id), &row).err, ERR_NONE);
        return row;
}

static inline int64_t order_count(struct shop *shop, int64_t account)
{
        const struct order_row *rows = NULL;
        struct arena *arena = arena_new(4 * 1024 * 1024);
        int64_t total = -1;
        size_t n = 0;

        assert_int_equal(store_order_search(shop_reader(shop), arena,
                                            &(struct store_order_filter){.account_id = account, .state = STR(""), .package_type = STR(""), .limit = 1},
                                            &rows, &n, &total)
                                 .err,
                         ERR_NONE);
        arena_free(arena);
        return total;
}

struct status_change {
        struct shop *shop;
        struct certificate_row row;
        bool term;
        int64_t order_id;
};

/* As an issue does: of orders that are paid for. */
static inline res begin_term(struct act *act, struct store_tx *tx, int64_t order_id)
{
        struct order_row order;

        TRY(store_order_get(store_tx_conn(tx), act->arena, act->account_id, order_id, &order));
        return str_equals(order.state, order_state_name(ORDER_PAID)) ? order_begin_term(act, tx, &order, act->now_sec) : RES_OK;
}

static inline res status_tx(struct store_tx *tx, void *arg)
{
        struct status_change *change = arg;
        struct act act = {.core = &change->shop->core, .account_id = change->row.account_id, .now_sec = NOW};
        res r = RES_OK;

        TRY(store_certificate_update(tx, &change->row));
        if (change->term) {
                act.arena = arena_new(4 * 1024 * 1024);
                r = begin_term(&act, tx, change->order_id);
                arena_free(act.arena);
        }
        return r;
}

static inline void set_status(struct shop *shop, int64_t account, const char *id, int64_t status, bool term)
{
        struct arena *arena = arena_new(4 * 1024 * 1024);
        struct status_change change = {.shop = shop, .row = certificate(shop, arena, account, id), .term = term};

        change.order_id = change.row.order_id;
        change.row.status = status;
        if (term)
                change.row.end_at = NOW + YEAR;
        assert_int_equal(store_run(shop->core.store, status_tx, &change).err, ERR_NONE);
        arena_free(arena);
}

/* A certificate of an order, as apply or issue would have left it. */
struct plant {
        struct certificate_row row;
        struct order_row order;
};

static inline res plant_tx(struct store_tx *tx, void *arg)
{
        struct plant *plant = arg;

        TRY(store_order_insert(tx, &plant->order));
        plant->row.order_id = plant->order.order_id;
        return store_certificate_insert(tx, &plant->row);
}

static inline const char *plant(struct shop *shop, int64_t account, const char *package, int64_t status, int64_t end_at)
{
        static char ids[64][16];
        char *id = ids[shop->next % 64];
        struct plant p = {
                .order = {.account_id = account, .package_type = str_of(package), .product = STR(""), .term_months = 12,
                          .domain_count = 1, .state = STR("free"), .created_at = NOW},
                .row = {.account_id = account, .status = status, .package_type = str_of(package), .domain = STR("a.example.com"),
                        .names = STR("a.example.com"), .source = STR("trustasia"), .certificate_type = STR("SVR"),
                        .level = STR("DV"), .end_at = end_at, .created_at = NOW, .issued_id = 1},
        };

        (void)snprintf(id, 16, "f%07d", shop->next++);
        p.row.certificate_id = str_of(id);
        assert_int_equal(store_run(shop->core.store, plant_tx, &p).err, ERR_NONE);
        return id;
}

struct grant {
        struct shop *shop;
        int64_t account, minor;
};

static inline res grant_tx(struct store_tx *tx, void *arg)
{
        struct grant *grant = arg;
        struct act act;
        res r;

        shop_act(grant->shop, &act, grant->account, NOW);
        r = money_grant(&act, tx, grant->minor, STR("more"));
        arena_free(act.arena);
        return r;
}
