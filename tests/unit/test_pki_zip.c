/* Zip archives: what unzip sees, names that are refused, the same bytes for the same content.  DL-01..07. */
#include "pki_help.h"

#include <time.h>

#include "pki/zip.h"

static void make(struct buf *out)
{
        struct pki_zip *zip = NULL;

        OK(pki_zip_new(HELP_NOW, 65536, &zip));
        OK(pki_zip_add(zip, "Nginx/1_example.com_bundle.crt", STR_BYTES("certificate\n")));
        OK(pki_zip_add(zip, "Nginx/2_example.com.key", STR_BYTES("key\n")));
        OK(pki_zip_add(zip, "empty.txt", STR_BYTES("")));
        OK(pki_zip_end(zip, out));
        pki_zip_free(zip);
}

static void test_read(void **state)
{
        struct help_dir dir;
        struct buf out;
        char output[4096];

        (void)state;
        help_dir_new(&dir);
        buf_init(&out, 65536);
        make(&out);
        help_write(&dir, "a.zip", buf_bytes(&out));
        if (help_run(
                    &dir,
                    "python3 -c 'import zipfile; z = zipfile.ZipFile(\"a.zip\"); print(z.testzip(), [(i.filename, i.file_size, i.date_time) for i in z.infolist()], z.read(\"Nginx/2_example.com.key\"))'",
                    output, sizeof(output)) != 0)
                fail_msg("%s", output);
        assert_string_equal(
                output,
                "None [('Nginx/1_example.com_bundle.crt', 12, (2026, 11, 18, 11, 6, 40)), ('Nginx/2_example.com.key', 4, (2026, 11, 18, 11, 6, 40)), "
                "('empty.txt', 0, (2026, 11, 18, 11, 6, 40))] b'key\\n'\n");
        buf_done(&out);
        help_dir_free(&dir);
}

static void test_same_bytes(void **state)
{
        struct buf first, second;

        (void)state;
        buf_init(&first, 65536);
        buf_init(&second, 65536);
        setenv("TZ", "Asia/Shanghai", 1);
        tzset();
        make(&first);
        setenv("TZ", "America/New_York", 1);
        tzset();
        make(&second);
        unsetenv("TZ");
        tzset();
        assert_int_equal(first.n, second.n);
        assert_memory_equal(first.p, second.p, first.n);
        buf_done(&first);
        buf_done(&second);
}

/* Whoever unpacks must not be led outside. */
static void test_names(void **state)
{
        static const char *const bad[] = {"",     "/etc/passwd", "../a",  "a/../b", "a/./b",       "a//b", "a/",
                                          "a\\b", "C:a",         "*.key", "a\nb",   "caf\xc3\xa9", "a/.."};
        struct pki_zip *zip = NULL;
        struct buf out;

        (void)state;
        buf_init(&out, 65536);
        FAILS(ERR_FORMAT, pki_zip_new(0, 65536, &zip)); /* before 1980 */
        OK(pki_zip_new(HELP_NOW, 65536, &zip));
        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
                FAILS(ERR_FORMAT, pki_zip_add(zip, bad[i], STR_BYTES("x")));
        FAILS(ERR_FORMAT, pki_zip_end(zip, &out)); /* nothing in it */
        OK(pki_zip_add(zip, "a..b/_wildcard.example.com.key", STR_BYTES("x")));
        FAILS(ERR_FORMAT, pki_zip_add(zip, "a..b/_wildcard.example.com.key", STR_BYTES("x")));
        pki_zip_free(zip);
        pki_zip_free(NULL);
        buf_done(&out);
}

static void test_limits(void **state)
{
        struct pki_zip *zip = NULL;
        static uint8_t large[2000];
        struct buf out;
        char name[16];
        res result = RES_OK;

        (void)state;
        random_bytes(large, sizeof(large));
        buf_init(&out, 65536);
        OK(pki_zip_new(HELP_NOW, 1000, &zip));
        FAILS(ERR_TOO_LARGE, pki_zip_add(zip, "a", bytes_of(large, sizeof(large))));
        for (int i = 0; i < 100 && res_is_ok(result); i++) {
                snprintf(name, sizeof(name), "b%d", i);
                result = pki_zip_add(zip, name, bytes_of(large, 10));
        }
        assert_int_equal(result.err, ERR_TOO_LARGE);
        FAILS(ERR_TOO_LARGE, pki_zip_end(zip, &out)); /* the whole is over the ceiling */
        pki_zip_free(zip);
        buf_done(&out);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_same_bytes),
                                           cmocka_unit_test(test_names), cmocka_unit_test(test_limits)};

        return cmocka_run_group_tests_name("pki_zip", tests, NULL, NULL);
}
