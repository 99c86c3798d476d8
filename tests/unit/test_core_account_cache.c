/* The table behind every signed request: finds, forgets, stays bounded, never brings back what was changed. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "core/account_cache.h"

#define NOW 1800000000LL

static struct account_cache *new_cache(void)
{
        struct account_cache *cache = NULL;

        assert_int_equal(account_cache_new(&cache).err, ERR_NONE);
        return cache;
}

static void put(struct account_cache *cache, struct str id, int64_t now, int64_t account_id)
{
        struct account_facts facts = {0}, out;
        uint64_t generation = 0;

        (void)account_cache_get(cache, id, now, &out, &generation);
        facts.account_id = account_id;
        account_cache_put(cache, id, now, &facts, generation);
}

static int64_t get(struct account_cache *cache, struct str id, int64_t now)
{
        struct account_facts facts = {0};
        uint64_t generation;

        return account_cache_get(cache, id, now, &facts, &generation) ? facts.account_id : -1;
}

static void test_facts_live_a_minute(void **state)
{
        struct account_cache *cache = new_cache();

        (void)state;
        assert_int_equal(get(cache, STR("a"), NOW), -1);
        put(cache, STR("a"), NOW, 7);
        assert_int_equal(get(cache, STR("a"), NOW), 7);
        assert_int_equal(get(cache, STR("a"), NOW + LIMIT_KEY_CACHE_SEC - 1), 7);
        assert_int_equal(get(cache, STR("a"), NOW + LIMIT_KEY_CACHE_SEC), -1);
        assert_int_equal(get(cache, STR("a"), NOW - 1), -1); /* a clock that was set back */
        assert_int_equal(get(cache, STR("A"), NOW), -1);
        assert_int_equal(get(cache, STR(""), NOW), -1);
        put(cache, STR("a"), NOW + 100, 8);
        assert_int_equal(get(cache, STR("a"), NOW + 100), 8);
        account_cache_free(cache);
}

static void test_forget_beats_a_late_put(void **state)
{
        struct account_cache *cache = new_cache();
        struct account_facts facts = {.account_id = 7}, out;
        uint8_t key[TC3_KEY_SIZE] = {1}, found[TC3_KEY_SIZE];
        uint64_t generation = 0;

        (void)state;
        assert_false(account_cache_get(cache, STR("a"), NOW, &out, &generation));
        account_cache_forget(cache, STR("a"));
        account_cache_put(cache, STR("a"), NOW, &facts, generation); /* was loaded before the change */
        account_cache_put_signing(cache, STR("a"), STR("2026-11-21"), STR("ssl"), key, generation);
        assert_int_equal(get(cache, STR("a"), NOW), -1);
        assert_false(account_cache_get_signing(cache, STR("a"), STR("2026-11-21"), STR("ssl"), found, &generation));
        account_cache_free(cache);
}

static void test_signing_keys_are_told_apart(void **state)
{
        static const char *const parts[][3] = {{"a", "2026-11-21", "ssl"}, {"a", "2026-11-21", "tag"},
                                               {"a", "2026-11-22", "ssl"}, {"b", "2026-11-21", "ssl"},
                                               {"a", "2026-11-21s", "sl"}, {"ab", "2026-11-21", "ssl"}};
        struct account_cache *cache = new_cache();
        uint8_t key[TC3_KEY_SIZE];
        uint64_t generation = 0;

        (void)state;
        for (uint8_t i = 0; i < 6; i++) {
                struct str id = str_of(parts[i][0]), date = str_of(parts[i][1]), service = str_of(parts[i][2]);
                assert_false(account_cache_get_signing(cache, id, date, service, key, &generation));
                memset(key, i + 1, sizeof key);
                account_cache_put_signing(cache, id, date, service, key, generation);
        }
        for (int pass = 0; pass < 2; pass++) {
                for (uint8_t i = 0; i < 6; i++) {
                        bool gone = pass == 1 && parts[i][0][0] == 'a' && parts[i][0][1] == '\0';
                        bool has = account_cache_get_signing(cache, str_of(parts[i][0]), str_of(parts[i][1]),
                                                             str_of(parts[i][2]), key, &generation);
                        assert_int_equal(has, !gone);
                        assert_true(!has || (key[0] == i + 1 && key[31] == i + 1));
                }
                account_cache_forget(cache, STR("a")); /* all days and services of this one, of no other */
        }
        account_cache_clear(cache);
        assert_false(account_cache_get_signing(cache, STR("b"), STR("2026-11-21"), STR("ssl"), key, &generation));
        account_cache_free(cache);
}

static void test_long_names_are_not_remembered(void **state)
{
        struct account_cache *cache = new_cache();
        char longest[4096];
        uint8_t key[TC3_KEY_SIZE] = {0};
        uint64_t generation = 0;

        (void)state;
        memset(longest, 'x', sizeof longest);
        for (size_t n = 100; n <= sizeof longest; n += 111) {
                struct str id = {longest, n};
                put(cache, id, NOW, 1);
                assert_true(get(cache, id, NOW) == 1 || n >= 160);
                account_cache_put_signing(cache, id, id, id, key, generation);
                assert_false(account_cache_get_signing(cache, id, id, id, key, &generation));
                account_cache_forget(cache, id);
        }
        account_cache_free(cache);
}

static void test_many_names_keep_the_recent_ones(void **state)
{
        struct account_cache *cache = new_cache();
        int found = 0;

        (void)state;
        for (int i = 0; i < 3 * LIMIT_KEY_CACHE_ENTRIES; i++) {
                char id[32];
                struct str text = {id, (size_t)snprintf(id, sizeof id, "AKID%d", i)};
                put(cache, text, NOW, i);
                assert_int_equal(get(cache, text, NOW), i);
                assert_true(i == 0 || get(cache, STR("AKID0"), NOW) == 0); /* in use all the time, so it stays */
        }
        for (int i = 0; i < 3 * LIMIT_KEY_CACHE_ENTRIES; i++) {
                char id[32];
                struct str text = {id, (size_t)snprintf(id, sizeof id, "AKID%d", i)};
                int64_t account_id = get(cache, text, NOW);
                assert_true(account_id == i || account_id == -1);
                found += account_id == i;
        }
        assert_true(found <= LIMIT_KEY_CACHE_ENTRIES && found > LIMIT_KEY_CACHE_ENTRIES / 2);
        account_cache_free(cache);
}

static void *hammer(void *arg)
{
        struct account_cache *cache = arg;

        for (int i = 0; i < 20000; i++) {
                char id[32];
                int64_t number = i % 50;
                struct str text = {id, (size_t)snprintf(id, sizeof id, "AKID%lld", (long long)number)};
                int64_t seen = get(cache, text, NOW);
                if (seen != -1 && seen != number)
                        return arg;
                if (seen == -1)
                        put(cache, text, NOW, number);
                if (i % 97 == 0)
                        account_cache_forget(cache, text);
        }
        return NULL;
}

static void test_threads(void **state)
{
        struct account_cache *cache = new_cache();
        pthread_t threads[4];
        void *bad = NULL;

        (void)state;
        for (int i = 0; i < 4; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, hammer, cache), 0);
        for (int i = 0; i < 4; i++) {
                pthread_join(threads[i], &bad);
                assert_null(bad);
        }
        account_cache_free(cache);
        account_cache_free(NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_facts_live_a_minute),
                cmocka_unit_test(test_forget_beats_a_late_put),
                cmocka_unit_test(test_signing_keys_are_told_apart),
                cmocka_unit_test(test_long_names_are_not_remembered),
                cmocka_unit_test(test_many_names_keep_the_recent_ones),
                cmocka_unit_test(test_threads),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
