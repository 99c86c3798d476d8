/*
 * Drives a real chancery-prober from a script: plays the parent and the server.
 *
 *     probe_driver PROGRAM [arguments of the program …]
 *
 * Lines on stdin, fields separated by tabs; replies on stdout, one JSON object a line, in the order they come:
 *     ask  ID KIND NAME EXPECTED [ACCOUNT-URI [METHOD [TIME-MS]]]    KIND: txt cname file caa, or a number
 *     raw  ID TYPE HEX-BODY HEX-TAIL    any frame
 *     junk HEX                          bytes that are no frame at all
 *     server                            hand over a new end, as after a restart of the server
 *     stop                              tell the program to finish
 * {"pid":…} comes first, {"lost":true} when the conversation ends, {"exit":…} last.
 */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/hex.h"
#include "ipc/control.h"
#include "ipc/frame.h"

#define FIELDS_MAX 8
#define LINE_BYTES (256 * 1024)

struct driver {
        pid_t child;
        int control, server; /* our ends */
        struct frame_reader *reader;
        char line[LINE_BYTES];
        size_t line_size;
        bool input_ended;
};

static const char *const kinds[] = {"txt", "cname", "file", "caa", "http-01", "tls-alpn-01"};
static const char *const verdicts[] = {"PASS",   "ABSENT", "DIFFERENT",       "UNREACHABLE", "REDIRECT",
                                       "STATUS", "BOGUS",  "REFUSED_ADDRESS", "FORBIDDEN",   "UNKNOWN", "TLS"};
static const char *const dnssecs[] = {"INSECURE", "SECURE", "BOGUS", "OFF"};

static void die(const char *what)
{
        perror(what);
        exit(2);
}

static void check(res r, const char *what)
{
        if (res_is_ok(r))
                return;
        fprintf(stderr, "%s: %s\n", what, err_name(r.err));
        exit(2);
}

static void print(json_t *object)
{
        char *text = json_dumps(object, JSON_COMPACT);
        puts(text ? text : "{\"error\":\"not UTF-8\"}");
        fflush(stdout);
        free(text);
        json_decref(object);
}

static void hand_over_server(struct driver *driver)
{
        int pair[2];
        check(frame_pair(pair), "frame_pair");
        check(control_send_fd(driver->control, MSG_FD_PEER, MSG_PEER_SERVER, pair[1]), "control_send_fd");
        close(pair[1]);
        fd_close(&driver->server);
        driver->server = pair[0];
}

static void start_child(struct driver *driver, char **argv)
{
        int pair[2];
        check(frame_pair(pair), "frame_pair");
        driver->child = fork();
        if (driver->child < 0)
                die("fork");
        if (driver->child == 0) {
                if (dup2(pair[1], CONTROL_FD) < 0)
                        die("dup2");
                execv(argv[0], argv);
                die(argv[0]);
        }
        close(pair[1]);
        driver->control = pair[0];
        hand_over_server(driver);
        check(control_send_go(driver->control), "control_send_go");
        print(json_pack("{s:i}", "pid", (int)driver->child));
}

/* ---- requests -------------------------------------------------------------------------------------- */

static uint32_t kind_of(const char *text)
{
        for (uint32_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
                if (strcmp(kinds[i], text) == 0)
                        return i;
        return (uint32_t)atoi(text);
}

static void send_frame(struct driver *driver, uint32_t type, uint32_t slot, struct bytes body, struct bytes tail)
{
        struct frame_out out = {.type = type, .slot = slot, .body = body, .tail = tail};
        res r = frame_send_one(driver->server, &out);
        if (!res_is_ok(r))
                fprintf(stderr, "send: %s\n", err_name(r.err));
}

static void ask(struct driver *driver, char **fields, size_t count)
{
        const char *parts[4];
        struct msg_probe probe = {.kind = kind_of(fields[2]),
                                  .time_ms = count > 7 ? (uint32_t)atoi(fields[7]) : LIMIT_PROBE_TOTAL_MS};
        uint32_t *lengths[4] = {&probe.name_len, &probe.expected_len, &probe.account_uri_len, &probe.method_len};
        char *tail = malloc(LINE_BYTES);
        size_t at = 0;
        if (!tail)
                die("malloc");
        for (size_t i = 0; i < 4; i++) {
                parts[i] = count > 3 + i ? fields[3 + i] : "";
                size_t n = strlen(parts[i]);
                memcpy(tail + at, parts[i], n);
                *lengths[i] = (uint32_t)n;
                at += n;
        }
        send_frame(driver, MSG_PROBE, (uint32_t)atoi(fields[1]), bytes_of(&probe, sizeof(probe)), bytes_of(tail, at));
        free(tail);
}

static struct bytes from_hex(const char *text)
{
        size_t n = strlen(text) / 2;
        uint8_t *bytes = calloc(1, n + 1);
        if (!bytes)
                die("calloc");
        check(hex_decode(str_of(text), bytes, n), "hex");
        return bytes_of(bytes, n);
}

static void raw(struct driver *driver, char **fields)
{
        struct bytes body = from_hex(fields[3]), tail = from_hex(fields[4]);
        send_frame(driver, (uint32_t)atoi(fields[2]), (uint32_t)atoi(fields[1]), body, tail);
        free((void *)(uintptr_t)body.p);
        free((void *)(uintptr_t)tail.p);
}

static void junk(struct driver *driver, const char *hex)
{
        struct bytes bytes = from_hex(hex);
        if (send(driver->server, bytes.p, bytes.n, MSG_NOSIGNAL) < 0)
                perror("send");
        free((void *)(uintptr_t)bytes.p);
}

static void obey(struct driver *driver, char *line)
{
        char *fields[FIELDS_MAX];
        size_t count = 0;
        for (char *field; count < FIELDS_MAX && (field = strsep(&line, "\t"));)
                fields[count++] = field;
        if (strcmp(fields[0], "ask") == 0 && count >= 5)
                ask(driver, fields, count);
        else if (strcmp(fields[0], "raw") == 0 && count >= 5)
                raw(driver, fields);
        else if (strcmp(fields[0], "junk") == 0 && count >= 2)
                junk(driver, fields[1]);
        else if (strcmp(fields[0], "server") == 0)
                hand_over_server(driver);
        else if (strcmp(fields[0], "stop") == 0)
                check(control_send_stop(driver->control), "control_send_stop");
        else
                fprintf(stderr, "not understood: %s\n", fields[0]);
}

static void read_lines(struct driver *driver)
{
        ssize_t n = read(STDIN_FILENO, driver->line + driver->line_size, LINE_BYTES - driver->line_size);
        driver->input_ended = n <= 0;
        if (n <= 0)
                return;
        driver->line_size += (size_t)n;
        char *start = driver->line;
        for (char *end; (end = memchr(start, '\n', driver->line_size - (size_t)(start - driver->line)));) {
                *end = '\0';
                obey(driver, start);
                start = end + 1;
        }
        driver->line_size -= (size_t)(start - driver->line);
        memmove(driver->line, start, driver->line_size);
}

/* ---- replies --------------------------------------------------------------------------------------- */

static json_t *values_of(struct frame_tail *tail, uint32_t count)
{
        json_t *values = json_array();
        for (uint32_t i = 0; i < count && !tail->failed; i++) {
                struct bytes length = frame_tail_cut(tail, 1);
                struct str value = frame_tail_cut_str(tail, length.n ? length.p[0] : 0);
                json_array_append_new(values, json_stringn(value.p, value.n));
        }
        return values;
}

static void print_reply(const struct frame *frame)
{
        const struct msg_probe_reply *in = FRAME_BODY(frame, struct msg_probe_reply);
        struct frame_tail tail = frame_tail(frame);
        if (frame->head.err != ERR_NONE || !in) {
                print(json_pack("{s:i,s:s,s:s%}", "id", (int)frame->head.slot, "err",
                                err_name((enum err)frame->head.err), "detail", (const char *)frame->tail,
                                (size_t)frame->head.tail));
                return;
        }
        struct str detail = frame_tail_cut_str(&tail, in->detail_len);
        json_t *values = values_of(&tail, in->value_count);
        bool good = res_is_ok(frame_tail_end(&tail)) && in->verdict < sizeof verdicts / sizeof *verdicts && in->dnssec < 4;
        print(json_pack("{s:i,s:b,s:s,s:s,s:i,s:s,s:s%,s:o}", "id", (int)frame->head.slot, "good", good, "verdict",
                        good ? verdicts[in->verdict] : "", "dnssec", good ? dnssecs[in->dnssec] : "", "status",
                        (int)in->http_status, "address", in->address, "detail", detail.p, detail.n, "values", values));
}

static void read_replies(struct driver *driver)
{
        const struct frame *frames = NULL;
        size_t count = 0;
        res r = frame_recv(driver->server, driver->reader, /* wait= */ false, &frames, &count);
        for (size_t i = 0; res_is_ok(r) && i < count; i++)
                print_reply(&frames[i]);
        if (res_is_ok(r))
                return;
        print(json_pack("{s:b}", "lost", 1));
        fd_close(&driver->server);
}

static void read_control(struct driver *driver)
{
        struct frame frame;
        int passed = -1;
        res r = frame_recv_fd(driver->control, driver->reader, &frame, &passed);
        if (!res_is_ok(r))
                fd_close(&driver->control);
        else if (frame.head.type == MSG_CONTROL_READY)
                print(json_pack("{s:b}", "ready", 1));
}

int main(int argc, char **argv)
{
        static struct driver driver = {.control = -1, .server = -1};
        int status = 0;
        if (argc < 2)
                return 2;
        driver.reader = frame_reader_new(FRAME_MANY);
        start_child(&driver, argv + 1);
        while (driver.control >= 0) {
                struct pollfd fds[3] = {{driver.input_ended ? -1 : STDIN_FILENO, POLLIN, 0},
                                        {driver.server, POLLIN, 0},
                                        {driver.control, POLLIN, 0}};
                if (poll(fds, 3, -1) < 0 && errno != EINTR)
                        die("poll");
                if (fds[1].revents)
                        read_replies(&driver);
                if (fds[2].revents)
                        read_control(&driver);
                if (fds[0].revents)
                        read_lines(&driver);
                if (driver.input_ended) /* the script is gone: so is its parent */
                        break;
        }
        fd_close(&driver.control);
        fd_close(&driver.server);
        waitpid(driver.child, &status, 0);
        print(json_pack("{s:i}", "exit", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)));
        frame_reader_free(driver.reader);
        return 0;
}
