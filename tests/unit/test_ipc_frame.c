/*
 * Frames as a broken-in peer could send them, and descriptors where they belong.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "base/fd.h"
#include "ipc/control.h"
#include "ipc/frame.h"

#define OK(call) assert_int_equal((call).err, ERR_NONE)
#define FAILS(call, code) assert_int_equal((call).err, (code))

static void send_raw(int fd, struct msg_head head, size_t payload)
{
        static uint8_t bytes[LIMIT_IPC_FRAME + 4096];

        memcpy(bytes, &head, sizeof(head));
        assert_int_equal(send(fd, bytes, sizeof(head) + payload, 0), sizeof(head) + payload);
}

/* Lengths that lie, in every direction; each ends the conversation with ERR_IPC_FRAME. */
static void test_lengths_that_lie(void **state)
{
        static const struct {
                uint32_t body, tail;
                size_t payload;
        } cases[] = {
                {1, 0, 0},
                {0, 1, 0},
                {0, 0, 1},
                {5, 5, 9},
                {5, 5, 11},
                {0xffffffff, 1, 0},
                {0xfffffff0, 0x10, 0},
                {0xffffffff, 0xffffffff, 100},
                {0, LIMIT_IPC_FRAME, LIMIT_IPC_FRAME}, /* over the limit: cut by the kernel */
        };
        struct frame_reader *reader = frame_reader_new(4);
        const struct frame *frames;
        size_t count;
        (void)state;

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                int pair[2];
                OK(frame_pair(pair));
                send_raw(pair[0], (struct msg_head){.type = 1, .body = cases[i].body, .tail = cases[i].tail},
                         cases[i].payload);
                FAILS(frame_recv(pair[1], reader, true, &frames, &count), ERR_IPC_FRAME);
                close(pair[0]);
                close(pair[1]);
        }
        frame_reader_free(reader);
}

static void test_short_packet(void **state)
{
        struct frame_reader *reader = frame_reader_new(1);
        const struct frame *frames;
        size_t count;
        int pair[2];
        (void)state;

        OK(frame_pair(pair));
        assert_int_equal(send(pair[0], "abc", 3, 0), 3);
        FAILS(frame_recv(pair[1], reader, true, &frames, &count), ERR_IPC_FRAME);
        close(pair[0]);
        FAILS(frame_recv(pair[1], reader, true, &frames, &count), ERR_IPC_LOST);
        close(pair[1]);
        frame_reader_free(reader);
}

static void test_many_in_order(void **state)
{
        struct frame_reader *reader = frame_reader_new(FRAME_MANY);
        struct frame_out out[100];
        uint64_t body[100];
        const struct frame *frames;
        size_t count, sent, seen = 0;
        int pair[2];
        (void)state;

        OK(frame_pair(pair));
        for (size_t i = 0; i < 100; i++) {
                body[i] = i;
                out[i] = (struct frame_out){.type = 7,
                                            .slot = (uint32_t)i,
                                            .body = bytes_of(&body[i], 8),
                                            .tail = bytes_of("tailtailtail", i % 12)};
        }
        OK(frame_send(pair[0], out, 100, true, &sent));
        assert_int_equal(sent, 100);
        close(pair[0]);
        while (seen < 100) {
                OK(frame_recv(pair[1], reader, true, &frames, &count));
                for (size_t i = 0; i < count; i++, seen++) {
                        const uint64_t *value = FRAME_BODY(&frames[i], uint64_t);
                        assert_non_null(value);
                        assert_int_equal(*value, seen);
                        assert_int_equal(frames[i].head.tail, seen % 12);
                        assert_null(FRAME_BODY(&frames[i], uint32_t));
                }
        }
        FAILS(frame_recv(pair[1], reader, false, &frames, &count), ERR_IPC_LOST);
        close(pair[1]);
        frame_reader_free(reader);
}

static void test_too_long_is_refused_by_the_sender(void **state)
{
        uint8_t *big = calloc(1, LIMIT_IPC_FRAME);
        struct frame_out out = {.type = 1, .tail = bytes_of(big, LIMIT_IPC_FRAME)};
        int pair[2];
        (void)state;

        OK(frame_pair(pair));
        FAILS(frame_send_one(pair[0], &out), ERR_IPC_FRAME);
        out.tail.n = FRAME_BODY_MAX;
        OK(frame_send_one(pair[0], &out));
        close(pair[1]);
        FAILS(frame_send_one(pair[0], &out), ERR_IPC_LOST);
        close(pair[0]);
        free(big);
}

static void test_descriptor_where_none_belongs(void **state)
{
        struct frame_reader *reader = frame_reader_new(1);
        const struct frame *frames;
        size_t count;
        int pair[2];
        (void)state;

        OK(frame_pair(pair));
        OK(frame_send_fd(pair[0], &(struct frame_out){.type = 1}, 1));
        FAILS(frame_recv(pair[1], reader, true, &frames, &count), ERR_IPC_FRAME);
        close(pair[0]);
        close(pair[1]);
        frame_reader_free(reader);
}

static int open_descriptors(void)
{
        int n = 0;
        for (int fd = 0; fd < 256; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

/* Two descriptors in one message, a bad kind, a descriptor with GO: refused, and none stays open. */
static void test_control_nonsense_leaks_nothing(void **state)
{
        int before = open_descriptors();
        (void)state;

        for (int i = 0; i < 4; i++) {
                int pair[2];
                struct control control;
                OK(frame_pair(pair));
                struct msg_control_fd body = {.kind = i == 0 ? MSG_FD_KIND_COUNT : MSG_FD_PEER,
                                              .peer = i == 1 ? MSG_PEER_COUNT : 1};
                struct frame_out out = {.type = i == 2 ? MSG_CONTROL_GO : MSG_CONTROL_FD,
                                        .body = bytes_of(&body, sizeof(body)),
                                        .tail = bytes_of("x", i == 3)};
                OK(frame_send_fd(pair[0], &out, 1));
                FAILS(control_start(&control, pair[1]), ERR_IPC_FRAME);
                control_done(&control);
                close(pair[0]);
        }
        assert_int_equal(open_descriptors(), before);
}

static void test_control_hands_over(void **state)
{
        int pair[2], given[2];
        struct control control;
        enum control_event event;
        uint32_t which;
        int before = open_descriptors();
        (void)state;

        OK(frame_pair(pair));
        OK(frame_pair(given));
        OK(control_send_fd(pair[0], MSG_FD_LOCK, MSG_PEER_PARENT, given[0]));
        OK(control_send_fd(pair[0], MSG_FD_PEER, MSG_PEER_SERVER, given[0]));
        OK(control_send_fd(pair[0], MSG_FD_PEER, MSG_PEER_SERVER, given[1]));
        OK(control_send_go(pair[0]));
        OK(control_start(&control, pair[1]));
        int taken = control_take_peer(&control, MSG_PEER_SERVER);
        assert_true(taken >= 0);
        assert_true(fcntl(taken, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(control_take_peer(&control, MSG_PEER_SERVER), -1);
        assert_int_equal(control_take_peer(&control, MSG_PEER_SIGNER), -1);
        close(taken);
        OK(control_ready(&control, "ready https://localhost"));
        OK(control_send_fd(pair[0], MSG_FD_PEER, MSG_PEER_VAULT, given[1]));
        OK(control_next(&control, &event, &which));
        assert_int_equal(event, CONTROL_PEER);
        assert_int_equal(which, MSG_PEER_VAULT);
        OK(control_send_stop(pair[0]));
        OK(control_next(&control, &event, &which));
        assert_int_equal(event, CONTROL_STOP);
        close(pair[0]);
        OK(control_next(&control, &event, &which));
        assert_int_equal(event, CONTROL_END);
        control_done(&control);
        close(given[0]);
        close(given[1]);
        assert_int_equal(open_descriptors(), before);
}

static void test_tail_is_cut_to_the_end(void **state)
{
        uint8_t bytes[sizeof(struct msg_head) + 10];
        struct msg_head head = {.type = 1, .body = 4, .tail = 6};
        struct frame frame;
        (void)state;

        memset(bytes, 'x', sizeof(bytes));
        memcpy(bytes, &head, sizeof(head));
        OK(frame_parse(bytes_of(bytes, sizeof(bytes)), &frame));
        struct frame_tail tail = frame_tail(&frame);
        assert_int_equal(frame_tail_cut(&tail, 4).n, 4);
        FAILS(frame_tail_end(&tail), ERR_IPC_FRAME);
        assert_int_equal(frame_tail_cut(&tail, 3).n, 0);
        FAILS(frame_tail_end(&tail), ERR_IPC_FRAME);
        tail = frame_tail(&frame);
        assert_int_equal(frame_tail_cut_str(&tail, 6).n, 6);
        OK(frame_tail_end(&tail));
        assert_true(frame_text_is_good("ab\0\0", 4));
        assert_false(frame_text_is_good("ab\0x", 4));
        assert_false(frame_text_is_good("abcd", 4));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lengths_that_lie),
                cmocka_unit_test(test_short_packet),
                cmocka_unit_test(test_too_long_is_refused_by_the_sender),
                cmocka_unit_test(test_descriptor_where_none_belongs),
                cmocka_unit_test(test_control_nonsense_leaks_nothing),
                cmocka_unit_test(test_control_hands_over),
                cmocka_unit_test(test_tail_is_cut_to_the_end),
                cmocka_unit_test(test_many_in_order),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
