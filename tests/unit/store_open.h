/* For the tests of the store: a fresh database (place.h), and rows to begin with. */
#pragma once

#include <string.h>

#include "place.h"
#include "store/account.h"
#include "store/certificate.h"

#define OK(call) assert_int_equal((call).err, ERR_NONE)
#define FAILS(call, code) assert_int_equal((call).err, (code))

static inline int place_setup(void **state)
{
        struct place *p = calloc(1, sizeof(*p));

        place_open_at(p, place_parent());
        *state = p;
        return 0;
}

static inline int place_teardown(void **state)
{
        struct place *p = *state;

        place_close(p);
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
