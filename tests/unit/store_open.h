/* For the tests of the store: a fresh database in a directory of its own, removed afterwards; rows to begin with. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "store/account.h"
#include "store/certificate.h"
#include "store/store.h"

#define OK(call) assert_int_equal((call).err, ERR_NONE)
#define FAILS(call, code) assert_int_equal((call).err, (code))
#define MIGRATIONS TEST_SOURCE_DIR "/migrations"

struct place {
        char dir[128], path[160];
        struct store *store;
        struct arena *arena;
};

static inline void place_open_at(struct place *p, const char *parent)
{
        struct buf why;

        snprintf(p->dir, sizeof(p->dir), "%s/store-test-XXXXXX", parent);
        assert_non_null(mkdtemp(p->dir));
        snprintf(p->path, sizeof(p->path), "%s/chancery.db", p->dir);
        buf_init(&why, 1024);
        res r = store_open(p->path, MIGRATIONS, &why, &p->store);
        if (!res_is_ok(r))
                print_error("%s\n", buf_c(&why));
        OK(r);
        buf_done(&why);
        p->arena = arena_new(256 * 1024 * 1024);
}

static inline void place_remove(struct place *p)
{
        DIR *dir = opendir(p->dir);

        for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
                char path[500];
                snprintf(path, sizeof(path), "%s/%s", p->dir, e->d_name);
                unlink(path);
        }
        if (dir)
                closedir(dir);
        rmdir(p->dir);
}

static inline int place_setup(void **state)
{
        struct place *p = calloc(1, sizeof(*p));

        /* In memory where that is possible: what these tests show does not depend on how long a sync takes. */
        place_open_at(p, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        *state = p;
        return 0;
}

static inline int place_teardown(void **state)
{
        struct place *p = *state;

        store_close(p->store);
        arena_free(p->arena);
        place_remove(p);
        free(p);
        return 0;
}

static inline struct store_conn *reader(struct place *p)
{
        struct store_conn *c = NULL;

        OK(store_read(p->store, &c));
        return c;
}

static inline struct account_row account_of(int64_t id, const char *uin)
{
        return (struct account_row){.account_id = id, .uin = str_of(uin), .name = STR("Test"), .identity = STR("individual"),
                                    .level = STR("standard"), .created_at = 1};
}

/* A pending certificate as an application makes it. */
static inline struct certificate_row certificate_of(int64_t account_id, const char *id, const char *names)
{
        struct str first = str_of(names), rest = first;

        first = str_cut(&rest, '\n');
        return (struct certificate_row){
                .certificate_id = str_of(id), .account_id = account_id, .order_id = 1, .source = STR("trustasia"),
                .certificate_type = STR("SVR"), .package_type = STR("83"), .product_name = STR("Free DV"), .level = STR("DV"),
                .domain_type = 1, .status = 0, .status_msg = STR(""), .alias = STR(""), .domain = first, .names = str_of(names),
                .primary_domain = first, .validity_months = STR("3"), .life_days = 90, .verify_type = STR("DNS"),
                .key_type = STR("ECC prime256v1"), .created_at = 1000, .submitted_at = 1000,
        };
}

/* Run a function with the row as its argument, and wait. */
static inline res insert_account_fn(struct store_tx *tx, void *arg)
{
        return store_account_insert(tx, arg);
}

static inline res insert_certificate_fn(struct store_tx *tx, void *arg)
{
        return store_certificate_insert(tx, arg);
}

static inline void make_account(struct place *p, int64_t id, const char *uin)
{
        struct account_row row = account_of(id, uin);

        OK(store_run(p->store, insert_account_fn, &row));
}

/* A test is one function that runs in one transaction: it sees its own writes through the write connection. */
struct scene {
        struct place *p;
        void (*play)(struct place *p, struct store_tx *tx, struct store_conn *c);
};

static inline res play_fn(struct store_tx *tx, void *arg)
{
        struct scene *scene = arg;

        scene->play(scene->p, tx, store_tx_conn(tx));
        return RES_OK;
}

static inline void play(void **state, void (*fn)(struct place *p, struct store_tx *tx, struct store_conn *c))
{
        struct scene scene = {*state, fn};

        make_account(*state, 1, "100000000001");
        make_account(*state, 2, "100000000002");
        OK(store_run(scene.p->store, play_fn, &scene));
}
#define SCENE(name)                                                                                \
        static void name##_scene(struct place *p, struct store_tx *tx, struct store_conn *c);      \
        static void name(void **state)                                                             \
        {                                                                                          \
                play(state, name##_scene);                                                         \
        }                                                                                          \
        static void name##_scene(__attribute__((unused)) struct place *p, __attribute__((unused)) struct store_tx *tx, \
                                 __attribute__((unused)) struct store_conn *c)
