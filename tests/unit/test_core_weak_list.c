/*
 * The list of keys that are never certified (CVE-2008-0166, incident 10): what its file may hold, and that a key is found by either
 * fingerprint.  The modulus is that of tests/vectors/keys/debian-weak.key; its line is the one that `debian-weak-keys` writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "core/weak_list.h"
#include "pki_spec.h"

#define DEBIAN_MODULUS \
        "a2555144c4a1d5a49e19acbcb239a317943f21b8a9a15dbdb765713c8738b2188f7af289cd14c53d973c301bf4de80ef8e23603df4f5eab06a1d6e5c9db05dd4" \
        "45d80576233c6e9be365bd779f87e0784d6b65c65fe70e300f41c702743ce4c122b1111646219839c2060c755ee0024c599d9c148d75f896558bbd7387d4592c" \
        "837aa9bf40d305ffcf04a7ac590b88c73553524759292b3c29819462b67eaee9b449114229b0bdc10a4c30e02b5ae8a9a304b9d14868a12fb72e1f7fc0dfb3ad" \
        "c3550918f687ff7708524cda5ab324785d7bc797fa9ecdc73d6ea2b929a1d3c4a5652f7b682c0a1efd5971cbf73a7fe8dffea30b2f2901f7d921e7308cef1c83"
#define DEBIAN_LINE "fbf35818cc74c591ef67"

static void test_file(void **state)
{
        static const struct {
                const char *text;
                size_t count;
                const char *says; /* NULL = good */
        } cases[] = {
                {"zbf35818cc74c591ef67\n", 0, "list:1: a line holds"},
                {DEBIAN_LINE "\n\n# all\nfbf358\n", 0, "list:4: a line holds"},
                {DEBIAN_LINE " " DEBIAN_LINE "\n", 0, "list:1: "},
                {DEBIAN_LINE "0\n", 0, "list:1: "},
                {"", 0, NULL},
                {"# nothing\n \t\n", 0, NULL},
                {DEBIAN_LINE, 1, NULL},
                {"  " DEBIAN_LINE " # process 1\nFBF35818CC74C591EF67\n", 2, NULL},
                {"0000000000000000000000000000000000000000\n0000000000000000000000000000000000000000000000000000000000000000\n", 2, NULL},
        };
        (void)state;

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct weak_list *list = NULL;
                struct buf why;

                buf_init(&why, 512);
                res r = weak_list_parse("list", str_of(cases[i].text), &list, &why);

                assert_int_equal(res_is_ok(r), cases[i].says == NULL);
                if (cases[i].says)
                        assert_non_null(strstr(buf_c(&why), cases[i].says));
                assert_int_equal(weak_list_count(list), cases[i].count);
                weak_list_free(list);
                buf_done(&why);
        }
}

static void test_load(void **state)
{
        struct weak_list *list = NULL;
        struct buf why;
        (void)state;

        buf_init(&why, 512);
        assert_int_equal(weak_list_load("/nowhere/list", &list, &why).err, ERR_CONFIG);
        assert_non_null(strstr(buf_c(&why), "/nowhere/list: No such file"));
        assert_int_equal(weak_list_load("/tmp", &list, &why).err, ERR_CONFIG);
        assert_true(res_is_ok(weak_list_load(NULL, &list, &why)));
        assert_int_equal(weak_list_count(list), 0);
        weak_list_free(list);
        buf_done(&why);
}

static bool listed(struct pki_kit *kit, const char *text, const struct pki_spki *spki)
{
        struct weak_list *list = NULL;
        struct buf why;
        bool is_listed = false;

        buf_init(&why, 512);
        assert_true(res_is_ok(weak_list_parse("list", str_of(text), &list, &why)));
        assert_true(res_is_ok(weak_list_find(list, kit, spki, &is_listed)));
        weak_list_free(list);
        buf_done(&why);
        return is_listed;
}

static void spki_lines(const struct pki_spki *spki, char spki_line[65])
{
        uint8_t hash[DIGEST_SHA256_SIZE];

        digest_sha256(spki->der, hash);
        hex_lower(bytes_of(hash, sizeof hash), spki_line);
}

static void test_find(void **state)
{
        struct pki_kit *kit = NULL;
        struct pki_spki weak, other;
        char line[65];
        struct buf der, other_der;
        (void)state;

        OK(pki_kit_new(&kit));
        buf_init(&der, 1024);
        buf_init(&other_der, 1024);
        weak_spki_write(DEBIAN_MODULUS, &der);
        weak_spki_write(WEAK_ROCA, &other_der);
        OK(pki_spki_parse(buf_bytes(&der), &weak));
        OK(pki_spki_parse(buf_bytes(&other_der), &other));
        OK(pki_spki_check(kit, &weak, NULL)); /* nothing about it shows: hence the list */
        spki_lines(&weak, line);

        const char *const lists[] = {"00000000000000000000\n" DEBIAN_LINE "\nffffffffffffffffffff\n", line,
                                     "0123456789abcdef0123" DEBIAN_LINE};
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
                assert_true(listed(kit, lists[i], &weak));
                assert_false(listed(kit, lists[i], &other));
        }
        assert_false(listed(kit, "", &weak));
        assert_false(listed(kit, "00000000000000000000\n", &weak));
        bool is_listed = true;
        OK(weak_list_find(NULL, kit, &weak, &is_listed));
        assert_false(is_listed);
        buf_done(&der);
        buf_done(&other_der);
        pki_kit_free(kit);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_file), cmocka_unit_test(test_load), cmocka_unit_test(test_find)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
