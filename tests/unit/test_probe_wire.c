/* MSG_PROBE as a broken-in server could write it, and the reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/wire.h"

static res read_it(const struct msg_probe *in, size_t size, const char *tail, struct probe_question *question)
{
        return wire_read_question(bytes_of(in, size), bytes_of(tail, strlen(tail)), question);
}

static void test_bad_lengths(void **state)
{
        struct probe_question question;
        struct msg_probe good = {
                .kind = MSG_PROBE_TXT, .name_len = 3, .expected_len = 2, .account_uri_len = 1, .method_len = 1};
        struct msg_probe wrong = good;
        (void)state;
        assert_int_equal(read_it(&good, sizeof(good) - 1, "abcdefg", &question).err, ERR_IPC_FRAME);
        assert_int_equal(read_it(&good, 0, "abcdefg", &question).err, ERR_IPC_FRAME);
        assert_int_equal(read_it(&good, sizeof(good), "abcdef", &question).err, ERR_IPC_FRAME);
        assert_int_equal(read_it(&good, sizeof(good), "abcdefgh", &question).err, ERR_IPC_FRAME);
        assert_int_equal(read_it(&good, sizeof(good), "", &question).err, ERR_IPC_FRAME);
        wrong.name_len = UINT32_MAX;
        assert_int_equal(read_it(&wrong, sizeof(wrong), "abcdefg", &question).err, ERR_IPC_FRAME);
        wrong = good;
        wrong.expected_len = UINT32_MAX - 2; /* the sum wraps to what is there */
        wrong.method_len = 6;
        assert_int_equal(read_it(&wrong, sizeof(wrong), "abcdefg", &question).err, ERR_IPC_FRAME);
        wrong = good;
        wrong.kind = MSG_PROBE_KIND_COUNT;
        assert_int_equal(read_it(&wrong, sizeof(wrong), "abcdefg", &question).err, ERR_PARAM_VALUE);
        wrong.kind = UINT32_MAX;
        assert_int_equal(read_it(&wrong, sizeof(wrong), "abcdefg", &question).err, ERR_PARAM_VALUE);
}

static void test_good(void **state)
{
        struct probe_question question;
        struct msg_probe in = {.kind = MSG_PROBE_CAA,
                               .name_len = 3,
                               .expected_len = 2,
                               .account_uri_len = 1,
                               .method_len = 1,
                               .time_ms = 77};
        (void)state;
        assert_true(res_is_ok(read_it(&in, sizeof(in), "abcdefg", &question)));
        assert_int_equal(question.kind, MSG_PROBE_CAA);
        assert_int_equal(question.time_ms, 77);
        assert_true(str_equals(question.name, "abc") && str_equals(question.expected, "de"));
        assert_true(str_equals(question.account_uri, "f") && str_equals(question.method, "g"));
}

static void test_reply(void **state)
{
        struct probe_result result = {.verdict = MSG_VERDICT_DIFFERENT,
                                      .dnssec = MSG_DNSSEC_SECURE,
                                      .detail = "So it is.",
                                      .values = {STR("one"), STR("")},
                                      .value_count = 2,
                                      .address = "1.1.1.1"};
        struct buf body, tail;
        struct msg_probe_reply reply;
        (void)state;
        buf_init(&body, 1000);
        buf_init(&tail, 1000);
        wire_write_result(&result, &body, &tail);
        assert_int_equal(body.n, sizeof(reply));
        memcpy(&reply, body.p, sizeof(reply));
        assert_int_equal(reply.verdict, MSG_VERDICT_DIFFERENT);
        assert_int_equal(reply.value_count, 2);
        assert_int_equal(reply.detail_len + reply.values_len, tail.n);
        assert_string_equal(reply.address, "1.1.1.1");
        assert_memory_equal(tail.p,
                            "So it is.\x03"
                            "one\x00",
                            tail.n);
        buf_done(&body);
        buf_done(&tail);
}

static void test_printable(void **state)
{
        struct arena *arena = arena_new(65536);
        (void)state;
        assert_string_equal(probe_printable(arena, STR("a\r\nb\x1b[31m\xc3\xa4"), 100),
                            "a\\x0d\\x0ab\\x1b[31m\\xc3\\xa4");
        assert_string_equal(probe_printable(arena, STR("ab\n"), 5), "ab");
        assert_string_equal(probe_printable(arena, STR("ab\n"), 6), "ab\\x0a");
        assert_string_equal(probe_printable(arena, STR("abc"), 0), "");
        assert_string_equal(probe_printable(arena, (struct str){0}, 10), "");
        arena_free(arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bad_lengths),
                cmocka_unit_test(test_good),
                cmocka_unit_test(test_reply),
                cmocka_unit_test(test_printable),
        };
        return cmocka_run_group_tests_name("probe/wire", tests, NULL, NULL);
}
