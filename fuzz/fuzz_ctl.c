/*
 * What the command line reads that others wrote: a credentials file, a server's answers, and the packages in them.
 * The input's first byte tells what the rest is; the command runs as from a shell, against a server in a thread that says
 * just that.  Never crashes, always ends with 0, 1 or 2, and a package writes nothing outside its directory.
 */
#include "fuzz_dir.h"
#include "http_fuzz.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>

#include "base/b64.h"
#include "ctl/ctl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_REQUEST_BYTES 65536

enum fuzz_kind { FUZZ_CREDENTIALS, FUZZ_PACKAGE, FUZZ_ANSWER, FUZZ_RAW, FUZZ_KIND_COUNT };

static struct {
        int listener;
        char endpoint[40], credentials[64], out[64];
        struct buf answer; /* what the server says; changed only while no command runs */
} scene;

/* ---- the server ------------------------------------------------------------------------------------------- */

static bool is_whole(const char *text, size_t n)
{
        const char *end = memmem(text, n, "\r\n\r\n", 4), *length = strcasestr(text, "\r\nContent-Length: ");
        const char *digits = length ? length + strlen("\r\nContent-Length: ") : "0";
        int64_t body = 0;

        FUZZ_CHECK(res_is_ok(str_to_int64((struct str){digits, strspn(digits, "0123456789")}, &body)));
        return end && n >= (size_t)(end + 4 - text) + (size_t)body;
}

static void *serve(void *arg)
{
        static char request[FUZZ_REQUEST_BYTES + 1];

        (void)arg;
        for (;;) {
                const int fd = accept(scene.listener, NULL, NULL);
                size_t n = 0;
                ssize_t got = 1;

                while (n < FUZZ_REQUEST_BYTES && !is_whole(request, n) && got > 0) {
                        got = recv(fd, request + n, FUZZ_REQUEST_BYTES - n, 0);
                        n += got > 0 ? (size_t)got : 0;
                        request[n] = 0;
                }
                for (size_t at = 0; at < scene.answer.n;) {
                        const ssize_t sent = send(fd, scene.answer.p + at, scene.answer.n - at, MSG_NOSIGNAL);
                        if (sent <= 0)
                                break;
                        at += (size_t)sent;
                }
                close(fd);
        }
        return NULL;
}

static void set_up(void)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        pthread_t thread;

        if (scene.listener)
                return;
        fuzz_dir_make();
        snprintf(scene.credentials, sizeof(scene.credentials), "%s/credentials", fuzz_dir);
        snprintf(scene.out, sizeof(scene.out), "%s/out", fuzz_dir);
        buf_init(&scene.answer, 64 * 1024 * 1024);
        scene.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        FUZZ_CHECK(bind(scene.listener, (struct sockaddr *)&address, size) == 0 && listen(scene.listener, 8) == 0 &&
                   getsockname(scene.listener, (struct sockaddr *)&address, &size) == 0);
        snprintf(scene.endpoint, sizeof(scene.endpoint), "http://127.0.0.1:%d", ntohs(address.sin_port));
        FUZZ_CHECK(pthread_create(&thread, NULL, serve, NULL) == 0);
        stdout = fopen("/dev/null", "w"); /* the commands', not the fuzzer's */
        stderr = fopen("/dev/null", "w");
        FUZZ_CHECK(stdout && stderr);
}

/* ---- the client -------------------------------------------------------------------------------------------- */

static void write_credentials(struct bytes text)
{
        const int fd = open(scene.credentials, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        FUZZ_CHECK(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
        close(fd);
}

static void set_answer(struct bytes body)
{
        buf_clear(&scene.answer);
        buf_printf(&scene.answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", body.n);
        buf_add(&scene.answer, body.p, body.n);
}

static void set_package(struct bytes zip)
{
        CLEAN(buf_done) struct buf body = {.ceiling = 16 * 1024 * 1024};

        buf_add_text(&body, "{\"Response\":{\"ContentType\":\"application/zip\",\"Content\":\"");
        b64_encode(zip, &body);
        buf_add_text(&body, "\",\"RequestId\":\"r\"}}");
        set_answer(buf_bytes(&body));
}

static void run(unsigned which)
{
        static const char *const commands[][3] = {{"list", NULL, NULL},
                                                  {"show", "abcdefgh", NULL},
                                                  {"download", "abcdefgh", "--extract"},
                                                  {"cancel", "abcdefgh", NULL},
                                                  {"api", "DescribeCertificates", NULL}};
        const char *const *command = commands[which % (sizeof(commands) / sizeof(*commands))];
        const char *argv[12] = {"chancery", command[0]};
        int argc = 2;

        if (command[1])
                argv[argc++] = command[1];
        if (command[2]) {
                argv[argc++] = command[2];
                argv[argc++] = scene.out;
                argv[argc++] = "--force";
        }
        argv[argc++] = "--credentials";
        argv[argc++] = scene.credentials;
        argv[argc++] = "--endpoint";
        argv[argc++] = scene.endpoint;
        const int code = ctl_main(argc, (char **)(uintptr_t)argv);

        FUZZ_CHECK(code >= 0 && code <= 2);
}

/* Beside what we put there, nothing; what the package brought goes. */
static void check_directory(void)
{
        DIR *directory = opendir(fuzz_dir);

        FUZZ_CHECK(directory);
        for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
                FUZZ_CHECK(entry->d_name[0] == '.' || strcmp(entry->d_name, "out") == 0 ||
                           strcmp(entry->d_name, "credentials") == 0);
        closedir(directory);
        (void)nftw(scene.out, fuzz_dir_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char credentials[] = "[chancery]\nsecret_id = AKIDx\nsecret_key = y\n",
                          answer[] = "{\"Response\":{\"TotalCount\":0,\"Certificates\":[],\"RequestId\":\"r\"}}";

        set_up();
        if (size < 2)
                return 0;
        const enum fuzz_kind kind = data[0] % FUZZ_KIND_COUNT;
        const struct bytes in = bytes_of(data + 2, size - 2);

        write_credentials(kind == FUZZ_CREDENTIALS ? in : bytes_of(credentials, sizeof(credentials) - 1));
        if (kind == FUZZ_PACKAGE)
                set_package(in);
        else if (kind == FUZZ_ANSWER)
                set_answer(in);
        else
                set_answer(bytes_of(answer, sizeof(answer) - 1));
        if (kind == FUZZ_RAW) {
                buf_clear(&scene.answer);
                buf_add(&scene.answer, in.p, in.n);
        }
        run(kind == FUZZ_PACKAGE ? 2 : data[1]);
        check_directory();
        return 0;
}
