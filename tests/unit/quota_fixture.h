/*
 * What the quota's tests share: a real store in a directory of its own, accounts of any kind, and one function that
 * runs one act on one certificate's slot in a transaction of its own.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "core/catalogue.h"
#include "core/core.h"
#include "core/quota.h"
#include "place.h"
#include "store/account.h"
#include "store/quota.h"

#define NOW 1800000000LL
#define YEAR (365 * 86400LL)

struct fixture {
        struct core core;
        struct place place;
        int next; /* number of the next certificate */
};

/* ---- one act ---- */

enum step { RESERVE, HOLD, RELEASE, RETURN_ACCOUNT, RETURN_ALL };

struct step_arg {
        struct act *act;
        enum step step;
        struct str id, domain;
        int64_t end_at;
};

static inline res step_in_tx(struct store_tx *tx, void *arg)
{
        struct step_arg *a = arg;

        switch (a->step) {
        case RESERVE:
                return quota_reserve(a->act, tx, a->id, a->domain);
        case HOLD:
                return quota_hold(a->act, tx, a->id, a->end_at);
        case RELEASE:
                return quota_release(a->act, tx, a->id);
        case RETURN_ACCOUNT:
                return quota_return_account(a->act, tx, a->id);
        case RETURN_ALL:
                return quota_return_all(a->act, tx, a->id);
        }
        return FAIL(ERR_INTERNAL);
}

static inline void act_open(struct fixture *f, struct act *act, int64_t account_id, int64_t now_sec)
{
        *act = (struct act){.core = &f->core, .account_id = account_id, .now_sec = now_sec};
        act->arena = arena_new(4 * 1024 * 1024);
}

static inline enum err step(struct fixture *f, int64_t account, int64_t now, enum step what, const char *id,
                            const char *domain, int64_t end_at)
{
        struct act act;
        struct step_arg arg = {&act, what, str_of(id), str_of(domain), end_at};
        res r;

        act_open(f, &act, account, now);
        r = store_run(f->core.store, step_in_tx, &arg);
        if ((r.err == ERR_QUOTA || r.err == ERR_QUOTA_DOMAIN) && act.detail[0] == '\0')
                fail_msg("a refusal without a sentence");
        arena_free(act.arena);
        return r.err;
}

static inline const char *new_id(struct fixture *f, char id[16])
{
        (void)snprintf(id, 16, "c%07d", f->next++);
        return id;
}

/* Takes n slots for one domain; returns the first failure. */
static inline enum err take(struct fixture *f, int64_t account, const char *domain, int n)
{
        char id[16];

        for (int i = 0; i < n; i++) {
                enum err e = step(f, account, NOW, RESERVE, new_id(f, id), domain, 0);
                if (e != ERR_NONE)
                        return e;
        }
        return ERR_NONE;
}

/* Takes n slots, each for a primary domain of its own. */
static inline enum err take_many(struct fixture *f, int64_t account, int n)
{
        char domain[32];

        for (int i = 0; i < n; i++) {
                (void)snprintf(domain, sizeof domain, "d%d.com", f->next);
                enum err e = take(f, account, domain, 1);
                if (e != ERR_NONE)
                        return e;
        }
        return ERR_NONE;
}

static inline void assert_used(struct fixture *f, int64_t account, int64_t now, int64_t home, int64_t any,
                               int64_t package)
{
        struct quota_state state;
        struct act act;

        act_open(f, &act, account, now);
        assert_int_equal(quota_describe(&act, STR(""), &state).err, ERR_NONE);
        if (state.home_used != home || state.any_used != any || state.package_used != package)
                fail_msg("home %lld/%lld any %lld/%lld package %lld/%lld", (long long)state.home_used,
                         (long long)state.home_limit, (long long)state.any_used, (long long)state.any_limit,
                         (long long)state.package_used, (long long)state.package_limit);
        assert_int_equal(state.slot_count, home + any + package);
        arena_free(act.arena);
}

/* ---- accounts ---- */

struct account_arg {
        struct account_row row;
        const char *const *homes;
};

static inline res account_in_tx(struct store_tx *tx, void *arg)
{
        struct account_arg *a = arg;

        TRY(store_account_insert(tx, &a->row));
        for (size_t i = 0; a->homes && a->homes[i]; i++)
                TRY(store_home_domain_put(tx, a->row.account_id, str_of(a->homes[i]), NOW));
        return RES_OK;
}

static inline int64_t new_account(struct fixture *f, const char *identity, const char *level, bool older,
                                  int64_t packages, const char *const *homes)
{
        char uin[16];
        struct account_arg arg = {.homes = homes};

        (void)snprintf(uin, sizeof uin, "%012d", f->next++);
        arg.row = (struct account_row){
                .uin = str_of(uin),
                .name = STR("n"),
                .identity = str_of(identity),
                .verified = 1,
                .level = str_of(level),
                .quota_older = older,
                .package_count = packages,
                .created_at = NOW,
        };
        assert_int_equal(store_run(f->core.store, account_in_tx, &arg).err, ERR_NONE);
        return arg.row.account_id;
}

struct level_arg {
        struct arena *arena;
        int64_t account_id;
        const char *level;
};

static inline res level_in_tx(struct store_tx *tx, void *arg)
{
        struct level_arg *a = arg;
        struct account_row row;

        TRY(store_account_get(store_tx_conn(tx), a->arena, a->account_id, &row));
        row.level = str_of(a->level);
        return store_account_update(tx, &row);
}

static inline void set_level(struct fixture *f, int64_t account_id, const char *level)
{
        struct level_arg arg = {arena_new(1024 * 1024), account_id, level};

        assert_int_equal(store_run(f->core.store, level_in_tx, &arg).err, ERR_NONE);
        arena_free(arg.arena);
}

static inline bool is_older(struct fixture *f, int64_t account_id)
{
        struct store_conn *c = NULL;
        struct account_row row;
        struct arena *arena = arena_new(1024 * 1024);
        bool older;

        assert_int_equal(store_read(f->core.store, &c).err, ERR_NONE);
        assert_int_equal(store_account_get(c, arena, account_id, &row).err, ERR_NONE);
        older = row.quota_older != 0;
        arena_free(arena);
        return older;
}

static inline int set_up(void **state)
{
        struct fixture *f = calloc(1, sizeof *f);
        struct buf why;

        buf_init(&why, 4096);
        if (!res_is_ok(catalogue_load(TEST_SOURCE_DIR "/catalogue", &f->core.catalogue, &why)))
                fail_msg("%s", buf_c(&why));
        buf_done(&why);
        place_open_at(&f->place, place_parent());
        f->core.store = f->place.store;
        *state = f;
        return 0;
}

static inline int tear_down(void **state)
{
        struct fixture *f = *state;

        place_close(&f->place);
        catalogue_free(f->core.catalogue);
        free(f);
        return 0;
}
