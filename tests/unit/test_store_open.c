/* Opening: what is refused, with which sentence, and what a new database looks like to others on the machine. */
#include "store_open.h"

#include <sys/stat.h>

static void write_text(const char *path, const char *text)
{
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static void write_file(const char *dir, const char *name, const char *text)
{
        char path[200];

        snprintf(path, sizeof(path), "%s/%s", dir, name);
        write_text(path, text);
}

static void test_bad_migrations_are_named(void **state)
{
        static const struct {
                const char *name, *text, *says;
        } cases[] = {
                {NULL, NULL, "no migrations"},
                {"0001_bad.sql", "CREATE TABLE a (b BIGINT);\nCREATE TABEL c (d BIGINT);\n", "0001_bad.sql"},
                {"0001_short.sql", "CREATE TABLE a (b BIGINT);\n", "statement"}, /* the store's statements need more */
        };
        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct place p = {.dir = "/tmp/store-test-XXXXXX"};
                struct buf why;
                assert_non_null(mkdtemp(p.dir));
                if (cases[i].name)
                        write_file(p.dir, cases[i].name, cases[i].text);
                snprintf(p.path, sizeof(p.path), "%s/chancery.db", p.dir);
                buf_init(&why, 1024);
                FAILS(store_open(p.path, p.dir, &why, &p.store), ERR_STORE);
                assert_non_null(strstr(buf_c(&why), cases[i].says));
                buf_done(&why);
                place_remove(&p);
        }
}

static void test_the_files_are_the_owners_alone(void **state)
{
        static const char *const suffixes[] = {"", "-wal", "-shm"};
        struct place *p = *state;

        make_account(p, 1, "100000000001");
        for (size_t i = 0; i < 3; i++) {
                char path[200];
                struct stat st;
                snprintf(path, sizeof(path), "%s%s", p->path, suffixes[i]);
                assert_int_equal(stat(path, &st), 0);
                assert_int_equal(st.st_mode & 07777, 0600);
        }
}

static void test_a_newer_database_is_refused(void **state)
{
        struct place *p = *state;
        struct place old = {.dir = "/tmp/store-test-XXXXXX"};
        struct store *store = NULL;
        struct buf why;

        assert_non_null(mkdtemp(old.dir));
        write_file(old.dir, "0000_older.sql", "CREATE TABLE a (b BIGINT);\n");
        buf_init(&why, 1024);
        FAILS(store_open(p->path, old.dir, &why, &store), ERR_STORE);
        assert_non_null(strstr(buf_c(&why), "newer"));
        buf_done(&why);
        place_remove(&old);
}

static void test_a_foreign_file_is_refused(void **state)
{
        struct place p = {.dir = "/tmp/store-test-XXXXXX"};
        struct buf why;

        (void)state;
        assert_non_null(mkdtemp(p.dir));
        write_file(p.dir, "chancery.db", "this is not a database, whatever its name says; it is long enough to be read as one, though: "
                                         "one hundred bytes are what a database's header takes");
        snprintf(p.path, sizeof(p.path), "%s/chancery.db", p.dir);
        buf_init(&why, 1024);
        FAILS(store_open(p.path, MIGRATIONS, &why, &p.store), ERR_STORE);
        assert_true(why.n > 0);
        FAILS(store_open("/nonexistent/dir/chancery.db", MIGRATIONS, &why, &p.store), ERR_STORE);
        buf_done(&why);
        place_remove(&p);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_the_files_are_the_owners_alone, place_setup, place_teardown),
                cmocka_unit_test(test_bad_migrations_are_named),
                cmocka_unit_test_setup_teardown(test_a_newer_database_is_refused, place_setup, place_teardown),
                cmocka_unit_test(test_a_foreign_file_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
