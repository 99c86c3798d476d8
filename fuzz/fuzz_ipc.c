/*
 * Frames between the programs, as a broken-in peer could write them: the lengths of a frame, and the control channel
 * of a child.  The first byte chooses.
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "ipc/control.h"
#include "ipc/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drive_frame(struct bytes in)
{
        struct frame frame;

        if (!res_is_ok(frame_parse(in, &frame)))
                return;
        struct frame_tail tail = frame_tail(&frame);
        struct str name = frame_tail_cut_str(&tail, frame.head.slot % 300);
        volatile size_t seen = name.n + frame.head.body;
        for (size_t i = 0; i < frame.head.body; i++)
                seen += frame.body[i];
        for (size_t i = 0; i < tail.rest.n; i++)
                seen += tail.rest.p[i];
        (void)seen;
        (void)frame_tail_end(&tail).err;
        (void)frame_text_is_good((const char *)frame.body, frame.head.body);
}

/*
 * The input is cut into packets by a length byte each; every second one carries a descriptor.  It is one of /dev/null:
 * the peer's own end would hold the channel open while it waits in it, so that the end never came.
 */
static void drive_control(struct bytes in)
{
        int pair[2];
        struct control control;
        bool with_fd = false;
        int passed = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (passed < 0 || !res_is_ok(frame_pair(pair))) {
                fd_close(&passed);
                return;
        }
        while (in.n > 0) {
                size_t n = in.p[0] < in.n - 1 ? in.p[0] : in.n - 1;
                struct frame frame;
                if (n >= sizeof(struct msg_head) && res_is_ok(frame_parse(bytes_of(in.p + 1, n), &frame)) && with_fd) {
                        struct frame_out out = {.type = frame.head.type,
                                                .slot = frame.head.slot,
                                                .body = bytes_of(frame.body, frame.head.body),
                                                .tail = bytes_of(frame.tail, frame.head.tail)};
                        (void)frame_send_fd(pair[1], &out, passed).err;
                } else {
                        (void)!send(pair[1], in.p + 1, n, MSG_DONTWAIT | MSG_NOSIGNAL);
                }
                with_fd = !with_fd;
                in = bytes_of(in.p + 1 + n, in.n - 1 - n);
        }
        fd_close(&pair[1]);
        fd_close(&passed);
        if (res_is_ok(control_start(&control, pair[0]))) {
                enum control_event event = CONTROL_GO;
                uint32_t which;
                while (event != CONTROL_END && res_is_ok(control_next(&control, &event, &which)))
                        ;
        }
        control_done(&control);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (size == 0)
                return 0;
        if (data[0] % 4 != 0)
                drive_frame(bytes_of(data + 1, size - 1));
        else
                drive_control(bytes_of(data + 1, size - 1));
        return 0;
}
