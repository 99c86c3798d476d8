/*
 * The keys that are installed as known to everybody (CVE-2008-0166): the file is whole, sorted and of one width; what the
 * broken generator makes is found in it, whatever the process number, and an ordinary key is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/weak_file.h"
#include "pki_spec.h"

#define FILE_NAME TEST_SOURCE_DIR "/weak-keys/debian-rsa2048.txt"
#define KINDS 6 /* a process number: two machines, three ways to start */
#define PROCESSES (WEAK_FILE_DEBIAN_LINES / KINDS)
#define PROCESSES_TRIED 3

struct fixture {
        struct weak_file *file;
        struct pki_kit *kit;
};

static int open_all(void **state)
{
        static struct fixture f;
        struct buf why;

        buf_init(&why, 512);
        OK(pki_kit_new(&f.kit));
        if (!res_is_ok(weak_file_open(FILE_NAME, WEAK_FILE_DEBIAN_LINES, &f.file, &why)))
                fail_msg("%s", buf_c(&why));
        buf_done(&why);
        *state = &f;
        return 0;
}

static int close_all(void **state)
{
        struct fixture *f = *state;

        weak_file_free(f->file);
        pki_kit_free(f->kit);
        return 0;
}

static bool is_listed(const struct fixture *f, const struct weak_file *file, struct bytes spki)
{
        struct pki_spki parsed;
        bool listed = true;

        OK(pki_spki_parse(spki, &parsed));
        OK(weak_file_find(file, f->kit, &parsed, &listed));
        return listed;
}

static bool modulus_is_listed(const struct fixture *f, const struct weak_file *file, const char *modulus)
{
        struct buf der;

        buf_init(&der, 2048);
        weak_spki_write(modulus, &der);
        bool listed = is_listed(f, file, buf_bytes(&der));

        buf_done(&der);
        return listed;
}

/* ---- the file ---- */

static bool is_base64url(const char *p, size_t n)
{
        return strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") >= n;
}

static void test_file_is_sorted_and_of_one_width(void **state)
{
        FILE *in = fopen(FILE_NAME, "r");
        char line[WEAK_FILE_LINE + 1], before[WEAK_FILE_LINE + 1] = "";
        size_t lines = 0;
        (void)state;

        assert_non_null(in);
        while (fread(line, 1, WEAK_FILE_LINE, in) == WEAK_FILE_LINE) {
                line[WEAK_FILE_LINE] = '\0';
                if (line[WEAK_FILE_LINE - 1] != '\n' || !is_base64url(line, WEAK_FILE_LINE - 1) || strcmp(before, line) > 0)
                        fail_msg("line %zu is not as wide as the others, or not in its place: %s", lines + 1, line);
                memcpy(before, line, sizeof before);
                lines++;
        }
        assert_int_equal(fgetc(in), EOF);
        assert_int_equal(lines, WEAK_FILE_DEBIAN_LINES);
        assert_int_equal(lines % KINDS, 0);
        (void)fclose(in);
}

static void open_fails(const char *path, size_t lines, const char *says)
{
        struct weak_file *file = NULL;
        struct buf why;

        buf_init(&why, 512);
        assert_int_equal(weak_file_open(path, lines, &file, &why).err, ERR_CONFIG);
        assert_null(file);
        assert_non_null(strstr(buf_c(&why), says));
        assert_non_null(strstr(buf_c(&why), "install it again"));
        buf_done(&why);
}

static void test_another_file_is_refused(void **state)
{
        (void)state;

        open_fails("/nowhere/list", 9, "/nowhere/list: No such file");
        open_fails("/tmp", 9, "/tmp: ");
        open_fails(FILE_NAME, WEAK_FILE_DEBIAN_LINES + 1, "cut short");
        open_fails(FILE_NAME, WEAK_FILE_DEBIAN_LINES - 1, "more lines");
}

/* ---- keys ---- */

/* Every kind of key of one process number, made anew. */
static void process_is_listed(const struct fixture *f, int process)
{
        char command[256], modulus[2048 / 4 + 2];
        int keys = 0;

        snprintf(command, sizeof command, "'%s' -m 2048 %d %d", WEAK_KEYS_PROGRAM, process, process);
        FILE *made = popen(command, "r"); // NOLINT(cert-env33-c): our own program
        assert_non_null(made);
        for (; fgets(modulus, sizeof modulus, made); keys++) {
                modulus[strcspn(modulus, "\n")] = '\0';
                if (!modulus_is_listed(f, f->file, modulus))
                        fail_msg("process %d, kind %d: not in the file", process, keys);
        }
        assert_int_equal(pclose(made), 0);
        assert_int_equal(keys, KINDS);
}

static void test_keys_of_the_broken_generator(void **state)
{
        for (int i = 0; i < PROCESSES_TRIED; i++)
                process_is_listed(*state, 1 + i * (PROCESSES - 1) / (PROCESSES_TRIED - 1));
        process_is_listed(*state, 1 + (int)(random_u64() % PROCESSES));
}

static void test_ordinary_keys(void **state)
{
        struct fixture *f = *state;
        static const enum pki_key_type types[] = {PKI_KEY_RSA_2048, PKI_KEY_RSA_2048, PKI_KEY_RSA_2048, PKI_KEY_EC_P256};

        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
                struct pki_key *key = NULL;

                OK(pki_key_generate(types[i], &key));
                assert_false(is_listed(f, f->file, pki_key_spki(key)));
                pki_key_free(key);
        }
        assert_false(modulus_is_listed(f, f->file, WEAK_ROCA));
        assert_false(modulus_is_listed(f, /* file= */ NULL, WEAK_ROCA));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_file_is_sorted_and_of_one_width),
                cmocka_unit_test(test_another_file_is_refused),
                cmocka_unit_test(test_keys_of_the_broken_generator),
                cmocka_unit_test(test_ordinary_keys),
        };

        return cmocka_run_group_tests(tests, open_all, close_all);
}
