/* Profiles: what the shipped file says, what is refused, and that the hash changes with everything that matters. */
#include "pki_help.h"

#define GOOD \
        "[x]\nkind = leaf\nkeys = ec-p256\nmax-days = 10\nkey-usage-rsa = digitalSignature\nkey-usage-ec = digitalSignature\n" \
        "extended-key-usage = serverAuth\npolicy = none\n"

static void test_refused(void **state)
{
        static const char *const cases[] = {
                "",
                "# only a comment\n",
                "kind = leaf\n",
                "[x\nkind = leaf\n",
                "[]\n",
                "[X]\n",
                "[x]\nkind = leaf\n",
                GOOD GOOD,
                GOOD "max-days = 11\n",
                GOOD "unknown = 1\n",
                GOOD "common-name = true\n",
                GOOD "common-name\n",
                GOOD "path-len = 0\n",
                GOOD "[y]\n",
                GOOD "evidence-days = 0\n",
                GOOD "max-days-from = 2027-03-15\n",
                GOOD "max-days-from = 2027-02-29 5\n",
                GOOD "max-days-from = 2027-3-15 5\n",
                GOOD "max-days-from = 2027-03-15 0\n",
                GOOD "max-days-from = 2027-03-15 9, 2027-03-15 8\n",
                GOOD "max-days-from = 2027-03-15 8, 2028-03-15 9\n",
                GOOD "max-days-from = 2027-03-15 8,\n",
                GOOD "evidence-days-from = soon\n",
                "[x]\nkind = leaf\nkeys = ec-p521\n",
                "[x]\nkind = leaf\nkeys =\n",
                "[x]\nmax-days = 0\n",
                "[x]\nmax-days = -1\n",
                "[x]\nmax-days = 40000\n",
                "[x]\npolicy = 3.1\n",
                "[x]\nkey-usage-ec = digitalsignature\n",
                "[x]\nkind = ocsp\nkeys = ec-p256\nmax-days = 10\nkey-usage-rsa = digitalSignature\nkey-usage-ec = digitalSignature\nextended-key-usage = serverAuth\npolicy = none\n",
                "[x]\nkind = leaf\nkeys = ec-p256\nmax-days = 10\nkey-usage-rsa = digitalSignature\nkey-usage-ec = keyCertSign\nextended-key-usage = serverAuth\npolicy = none\n",
                "[x]\nkind = root\nkeys = ec-p256\nmax-days = 10\nkey-usage-rsa = keyCertSign\nkey-usage-ec = keyCertSign\nextended-key-usage = none\npolicy = none\n",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                struct pki_profiles profiles;
                struct buf why;

                buf_init(&why, 1024);
                if (pki_profiles_parse(str_of(cases[i]), &profiles, &why).err != ERR_CONFIG)
                        fail_msg("taken: %s", cases[i]);
                assert_true(why.n > 0);
                buf_done(&why);
        }
}

/* The canonical text says everything: it reads to the same profile, with the same hash. */
static void test_canonical(void **state)
{
        struct help help = {0};

        (void)state;
        help_profiles(&help);
        assert_int_equal(help.profiles.n, 7);
        for (size_t i = 0; i < help.profiles.n; i++) {
                struct pki_profiles again;
                struct buf text, why;

                buf_init(&text, 8192);
                buf_init(&why, 1024);
                pki_profile_text(&help.profiles.v[i], &text);
                OK(pki_profiles_parse(buf_str(&text), &again, &why));
                assert_int_equal(again.n, 1);
                assert_memory_equal(&again.v[0], &help.profiles.v[i], sizeof(again.v[0]));
                for (size_t k = 0; k < i; k++)
                        assert_memory_not_equal(help.profiles.v[k].hash, help.profiles.v[i].hash, 32);
                buf_done(&text);
                buf_done(&why);
        }
}

static void hash_of(const char *text, uint8_t hash[32])
{
        struct pki_profiles profiles;
        struct buf why;

        buf_init(&why, 1024);
        if (!res_is_ok(pki_profiles_parse(str_of(text), &profiles, &why)))
                fail_msg("%s", buf_c(&why));
        memcpy(hash, profiles.v[0].hash, 32);
        buf_done(&why);
}

static void test_hash(void **state)
{
        uint8_t plain[32], same[32], other[32];

        (void)state;
        hash_of(GOOD, plain);
        hash_of("; a comment\r\n" GOOD "\n\n  common-name=no  \n", same);
        assert_memory_equal(plain, same, 32);
        hash_of(GOOD "common-name = yes\n", other);
        assert_memory_not_equal(plain, other, 32);
        hash_of(GOOD "ip-names = yes\n", other);
        assert_memory_not_equal(plain, other, 32);
}

/* FREE, LIFE: what the shipped profile of free certificates promises. */
static void test_shipped(void **state)
{
        struct help help = {0};
        const struct pki_profile *dv;

        (void)state;
        help_profiles(&help);
        dv = help_profile(&help, "dv");
        assert_int_equal(dv->max_days, 398);
        assert_string_equal(dv->policy, "2.23.140.1.2.1");
        assert_true(dv->aia_ocsp && dv->aia_issuer && dv->crl_url && !dv->internal_names && !dv->ski);
        assert_int_equal(dv->eku, PKI_EKU_SERVER_AUTH);
        assert_int_equal(pki_profile_key_usage(dv, PKI_FAMILY_ECC), PKI_KU_DIGITAL_SIGNATURE);
        assert_true(pki_profile_allows_key(dv, PKI_KEY_EC_P256) && pki_profile_allows_key(dv, PKI_KEY_RSA_2048));
        assert_false(pki_profile_allows_key(dv, PKI_KEY_SM2));
        assert_false(pki_profile_allows_key(dv, PKI_KEY_NONE));
        assert_null(pki_profiles_find(&help.profiles, STR("ov")));
}

/* The public web's steps: the limit of the day on which it is issued, to the second (BR 6.3.2, 4.2.1). */
static void test_steps(void **state)
{
        static const struct {
                int64_t at;
                int64_t life, evidence;
        } cases[] = {
                {1773532799, 398, 398}, {1773532800, 200, 200}, {1805068799, 200, 200}, {1805068800, 100, 100},
                {1868227199, 100, 100}, {1868227200, 47, 10},   {4102444800, 47, 10},
        };
        struct help help = {0};

        (void)state;
        help_profiles(&help);
        const struct pki_profile *open = help_profile(&help, "dv"), *public = help_profile(&help, "dv-public");

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                assert_int_equal(pki_profile_max_days(public, cases[i].at), cases[i].life);
                assert_int_equal(pki_profile_evidence_days(public, cases[i].at), cases[i].evidence);
                assert_int_equal(pki_profile_max_days(open, cases[i].at), 398);
                assert_int_equal(pki_profile_evidence_days(open, cases[i].at), 397);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused), cmocka_unit_test(test_canonical),
                                           cmocka_unit_test(test_hash), cmocka_unit_test(test_steps), cmocka_unit_test(test_shipped)};

        return cmocka_run_group_tests_name("pki_profile", tests, NULL, NULL);
}
