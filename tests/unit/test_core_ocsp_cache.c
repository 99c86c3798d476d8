/* The cache of OCSP answers: bounded, told apart by issuer, hash and serial, and never older than a revocation that was seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/limits.h"
#include "core/issuers.h"
#include "core/ocsp_cache.h"

static const struct issuer ecc = {.name = "dv-ecc"}, rsa = {.name = "dv-rsa"};

struct place {
        struct ocsp_cache *cache;
        struct buf out;
        struct ocsp_meta meta;
};

static int setup(void **state)
{
        static struct place place;

        place = (struct place){.cache = NULL};
        buf_init(&place.out, 4096);
        *state = &place;
        return res_is_ok(ocsp_cache_new(&place.cache)) ? 0 : -1;
}

static int teardown(void **state)
{
        struct place *p = *state;

        buf_done(&p->out);
        ocsp_cache_free(p->cache);
        return 0;
}

static struct ocsp_key key_of(const struct issuer *issuer, enum pki_digest digest, const char *serial)
{
        return (struct ocsp_key){issuer, digest, bytes_of(serial, strlen(serial))};
}

static void put(struct place *p, struct ocsp_key key, int64_t shard, const char *answer, uint64_t generation)
{
        const struct ocsp_meta meta = {.this_update = 100, .next_update = 200, .etag = "\"e\""};

        ocsp_cache_put(p->cache, &key, shard, bytes_of(answer, strlen(answer)), &meta, generation);
}

static const char *get(struct place *p, struct ocsp_key key, int64_t good_until_sec)
{
        buf_clear(&p->out);
        return ocsp_cache_get(p->cache, &key, good_until_sec, &p->out, &p->meta) ? buf_c(&p->out) : "";
}

static void test_another_question_is_not_answered(void **state)
{
        struct place *p = *state;
        const struct ocsp_key key = key_of(&ecc, PKI_SHA1, "0123456789abcdef");

        assert_string_equal(get(p, key, 0), "");
        put(p, key, 1, "good", ocsp_cache_generation(p->cache));
        assert_string_equal(get(p, key_of(&rsa, PKI_SHA1, "0123456789abcdef"), 0), "");
        assert_string_equal(get(p, key_of(&ecc, PKI_SHA256, "0123456789abcdef"), 0), "");
        assert_string_equal(get(p, key_of(&ecc, PKI_SHA1, "1123456789abcdef"), 0), "");
        assert_string_equal(get(p, key_of(&ecc, PKI_SHA1, "123456789abcdef"), 0), "");
        assert_string_equal(get(p, key_of(&ecc, PKI_SHA1, ""), 0), "");
        assert_string_equal(get(p, key, 200), ""); /* its time is over */
        assert_string_equal(get(p, key, 199), "good");
        assert_int_equal(p->meta.this_update, 100);
        assert_int_equal(p->meta.next_update, 200);
        assert_string_equal(p->meta.etag, "\"e\"");
        put(p, key, 1, "newer", ocsp_cache_generation(p->cache));
        assert_string_equal(get(p, key, 0), "newer");
}

static void test_a_revocation_drops_its_shard(void **state)
{
        struct place *p = *state;
        const struct ocsp_key first = key_of(&ecc, PKI_SHA1, "serial-1"), second = key_of(&ecc, PKI_SHA1, "serial-2");
        const struct ocsp_key other = key_of(&rsa, PKI_SHA1, "serial-3");
        const uint64_t before = ocsp_cache_generation(p->cache);

        put(p, first, 1, "a", before);
        put(p, second, 2, "b", before);
        put(p, other, 1, "c", before);
        ocsp_cache_forget(p->cache, STR("dv-ecc"), 1);
        assert_string_equal(get(p, first, 0), "");
        assert_string_equal(get(p, second, 0), "b");
        assert_string_equal(get(p, other, 0), "c");
        put(p, first, 1, "read before the revocation", before);
        assert_string_equal(get(p, first, 0), "");
        put(p, first, 1, "revoked", ocsp_cache_generation(p->cache));
        assert_string_equal(get(p, first, 0), "revoked");
}

static void test_it_is_bounded(void **state)
{
        struct place *p = *state;
        char serial[17];
        size_t kept = 0;

        for (int i = 0; i < LIMIT_OCSP_CACHE * 2; i++) {
                snprintf(serial, sizeof serial, "%016x", (unsigned)i * 2654435761u);
                put(p, key_of(&ecc, PKI_SHA1, serial), 1, "x", ocsp_cache_generation(p->cache));
                assert_string_equal(get(p, key_of(&ecc, PKI_SHA1, serial), 0), "x"); /* the newest is always there */
        }
        for (int i = 0; i < LIMIT_OCSP_CACHE * 2; i++) {
                snprintf(serial, sizeof serial, "%016x", (unsigned)i * 2654435761u);
                kept += *get(p, key_of(&ecc, PKI_SHA1, serial), 0) != '\0';
        }
        assert_in_range(kept, 1, LIMIT_OCSP_CACHE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_another_question_is_not_answered), TEST(test_a_revocation_drops_its_shard), TEST(test_it_is_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
