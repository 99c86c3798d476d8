/*
 * The signer's log: what was synced is there after any cut of the files, what was not is gone, nothing is there twice.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/digest.h"
#include "base/fd.h"
#include "signer/journal.h"

#define OK(call) assert_int_equal((call).err, ERR_NONE)

static char dir[64], path_log[96], path_index[96];

static int make_dir(void **state)
{
        (void)state;
        snprintf(dir, sizeof(dir), "/tmp/chancery-journal-XXXXXX");
        if (!mkdtemp(dir))
                return -1;
        snprintf(path_log, sizeof(path_log), "%s/issued.log", dir);
        snprintf(path_index, sizeof(path_index), "%s/issued.idx", dir);
        return 0;
}

static int remove_dir(void **state)
{
        char path[400];
        DIR *open_dir = opendir(dir);
        (void)state;

        for (const struct dirent *entry = readdir(open_dir); entry; entry = readdir(open_dir)) {
                snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
                (void)unlink(path);
        }
        closedir(open_dir);
        return rmdir(dir);
}

static struct journal *open_journal(void)
{
        struct journal *journal = NULL;
        CLEAN(buf_done) struct buf why = {0};

        buf_init(&why, 1000);
        res opened = journal_open(dir, &journal, &why);
        if (!res_is_ok(opened))
                fail_msg("open: %s %s", err_name(opened.err), buf_c(&why));
        return journal;
}

/* The nth serial: its bytes look random. */
static void serial_of(uint32_t n, uint8_t serial[MSG_SERIAL_SIZE])
{
        uint8_t hash[32];
        digest_sha256(bytes_of(&n, sizeof(n)), hash);
        memcpy(serial, hash, MSG_SERIAL_SIZE);
}

static struct bytes der_of_n(uint32_t n, uint8_t *room)
{
        size_t size = 100 + n % 700;
        memset(room, (int)(n & 0xff), size);
        memcpy(room, &n, sizeof(n));
        return bytes_of(room, size);
}

static void add(struct journal *journal, uint32_t n)
{
        uint8_t room[1000];
        struct msg_log_entry entry = {.signed_at = 1000 + n, .issuer = "dv-ecc", .profile = "dv"};

        serial_of(n, entry.serial);
        OK(journal_add(journal, &entry, der_of_n(n, room)));
}

static bool has(struct journal *journal, uint32_t n)
{
        uint8_t serial[MSG_SERIAL_SIZE], room[1000];
        struct journal_entry entry;

        serial_of(n, serial);
        res found = journal_find(journal, serial, &entry);
        if (found.err == ERR_NOT_FOUND)
                return false;
        OK(found);
        struct bytes der = der_of_n(n, room);
        assert_int_equal(entry.der.n, der.n);
        assert_memory_equal(entry.der.p, der.p, der.n);
        assert_int_equal(entry.item.entry.signed_at, 1000 + n);
        return true;
}

static void fill(uint32_t from, uint32_t to, uint32_t batch)
{
        struct journal *journal = open_journal();
        for (uint32_t n = from; n < to; n++) {
                add(journal, n);
                if (n % batch == batch - 1 || n == to - 1)
                        OK(journal_sync(journal));
        }
        journal_free(journal);
}

static off_t size_of(const char *path)
{
        struct stat info;
        return stat(path, &info) == 0 ? info.st_size : -1;
}

static void test_found_before_and_after_the_sync(void **state)
{
        struct journal *journal = open_journal();
        (void)state;

        add(journal, 1);
        assert_true(has(journal, 1));
        assert_false(has(journal, 2));
        OK(journal_sync(journal));
        add(journal, 2);
        assert_true(has(journal, 1) && has(journal, 2));
        journal_free(journal); /* 2 was never synced */
        journal = open_journal();
        assert_true(has(journal, 1));
        assert_false(has(journal, 2));
        assert_int_equal(journal_last_signed_at(journal), 1001);
        journal_free(journal);
}

/* Whatever the index file is, the log is the truth. */
static void test_index_lost_old_or_spoiled(void **state)
{
        (void)state;
        fill(0, 300, 7);
        off_t whole = size_of(path_index);
        assert_int_equal(whole, 300 * 32);
        const off_t cuts[] = {0, 1, 31, 32, 33, 150 * 32, 299 * 32, 300 * 32 - 1};
        for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
                assert_int_equal(truncate(path_index, cuts[i]), 0);
                struct journal *journal = open_journal();
                for (uint32_t n = 0; n < 300; n++)
                        assert_true(has(journal, n));
                assert_int_equal(journal_count(journal), 300);
                journal_free(journal);
                assert_int_equal(size_of(path_index), whole);
        }
        for (off_t at = 5; at < whole; at += 977) {
                int fd = open(path_index, O_RDWR);
                uint8_t byte;
                assert_int_equal(pread(fd, &byte, 1, at), 1);
                byte ^= 0x10;
                assert_int_equal(pwrite(fd, &byte, 1, at), 1);
                close(fd);
                struct journal *journal = open_journal();
                for (uint32_t n = 0; n < 300; n++)
                        assert_true(has(journal, n));
                journal_free(journal);
        }
}

/* Cut at every byte of the last batch: the records before the cut stay, the torn one goes and is set aside. */
static void test_torn_tail(void **state)
{
        (void)state;
        fill(0, 20, 20);
        off_t before = size_of(path_log);
        fill(20, 23, 3);
        off_t after = size_of(path_log);
        for (off_t cut = after - 1; cut >= before; cut -= 13) {
                assert_int_equal(truncate(path_log, cut), 0);
                struct journal *journal = open_journal();
                for (uint32_t n = 0; n < 20; n++)
                        assert_true(has(journal, n));
                uint32_t left = 20;
                while (left < 23 && has(journal, left))
                        left++;
                assert_true(left < 23);
                assert_int_equal(journal_count(journal), left);
                for (uint32_t n = left; n < 23; n++) { /* and goes on */
                        assert_false(has(journal, n));
                        add(journal, n);
                }
                OK(journal_sync(journal));
                journal_free(journal);
                assert_int_equal(size_of(path_log), after);
        }
}

/* A block of zeros at the end, as a power cut leaves it. */
static void test_zeros_at_the_end(void **state)
{
        (void)state;
        fill(0, 5, 1);
        off_t size = size_of(path_log);
        assert_int_equal(truncate(path_log, size + 4096), 0);
        struct journal *journal = open_journal();
        assert_int_equal(journal_count(journal), 5);
        journal_free(journal);
        assert_int_equal(size_of(path_log), size);
}

/* A changed byte in the middle is not a torn tail: refused, nothing is cut off. */
static void test_damage_in_the_middle(void **state)
{
        CLEAN(buf_done) struct buf why = {0};
        struct journal *journal = NULL;
        (void)state;

        fill(0, 9000, 64);
        off_t size = size_of(path_log);
        assert_true(size > 5 * 1024 * 1024);
        int fd = open(path_log, O_RDWR);
        assert_int_equal(pwrite(fd, "X", 1, 2000), 1);
        close(fd);
        assert_int_equal(unlink(path_index), 0);
        buf_init(&why, 1000);
        assert_int_equal(journal_open(dir, &journal, &why).err, ERR_CONFIG);
        assert_non_null(strstr(buf_c(&why), "damaged"));
        assert_int_equal(size_of(path_log), size);
}

/* The chain: recomputed from the outside over what journal_read() gives. */
static void test_chain_and_reading(void **state)
{
        uint8_t chain[MSG_HASH_SIZE] = {0};
        struct journal_entry entry;
        uint64_t at = 0, next;
        uint32_t n = 0;
        CLEAN(buf_done) struct buf text = {0};
        (void)state;

        buf_init(&text, 10000);
        fill(0, 50, 7);
        fill(50, 60, 1); /* the chain goes on over a restart */
        struct journal *journal = open_journal();
        while (res_is_ok(journal_read(journal, at, &entry, &next))) {
                uint8_t serial[MSG_SERIAL_SIZE];
                serial_of(n++, serial);
                assert_memory_equal(entry.item.entry.serial, serial, MSG_SERIAL_SIZE);
                buf_clear(&text);
                buf_add(&text, chain, sizeof(chain));
                buf_add(&text, &entry.item.entry, sizeof(entry.item.entry));
                buf_add(&text, entry.der.p, entry.der.n);
                digest_sha256(buf_bytes(&text), chain);
                assert_memory_equal(chain, entry.item.chain, MSG_HASH_SIZE);
                at = next;
        }
        assert_int_equal(n, 60);
        assert_int_equal(journal_read(journal, 7, &entry, &next).err, ERR_FORMAT); /* not the border of a record */
        journal_free(journal);
}

/* A full disk (here: a limit on the file's size): nothing of the batch is there, and later all goes on. */
static void test_full_disk(void **state)
{
        struct rlimit limit;
        (void)state;

        fill(0, 10, 5);
        struct journal *journal = open_journal();
        off_t size = size_of(path_log);
        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &limit);
        struct rlimit small = {(rlim_t)size + 300, limit.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
        for (uint32_t n = 10; n < 15; n++)
                add(journal, n);
        assert_int_equal(journal_sync(journal).err, ERR_STORE_FULL);
        setrlimit(RLIMIT_FSIZE, &limit);
        assert_int_equal(size_of(path_log), size);
        for (uint32_t n = 10; n < 15; n++)
                assert_false(has(journal, n));
        for (uint32_t n = 12; n < 17; n++)
                add(journal, n);
        OK(journal_sync(journal));
        journal_free(journal);
        journal = open_journal();
        assert_int_equal(journal_count(journal), 15);
        assert_true(has(journal, 16) && has(journal, 9) && !has(journal, 10));
        journal_free(journal);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_damage_in_the_middle, make_dir, remove_dir),
                cmocka_unit_test_setup_teardown(test_torn_tail, make_dir, remove_dir),
                cmocka_unit_test_setup_teardown(test_zeros_at_the_end, make_dir, remove_dir),
                cmocka_unit_test_setup_teardown(test_index_lost_old_or_spoiled, make_dir, remove_dir),
                cmocka_unit_test_setup_teardown(test_full_disk, make_dir, remove_dir),
                cmocka_unit_test_setup_teardown(test_found_before_and_after_the_sync, make_dir, remove_dir),
                cmocka_unit_test_setup_teardown(test_chain_and_reading, make_dir, remove_dir),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
