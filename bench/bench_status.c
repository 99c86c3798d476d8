/*
 * Who checks certificates: OCSP and CRL over plain HTTP, keep-alive.
 *
 *     bench_status PARENT-PID HOST PORT REQUEST-FILE… [--times N] [--get PATH]
 *
 * Each file holds one HTTP request as it goes over the wire; they are sent in turn, N in all.  What is told is the CPU of
 * the service's programs for each.
 */
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/proc.h"

#define REQUESTS_MAX 4096
#define CONNECTIONS 16
#define ANSWER_BYTES (4 * 1024 * 1024)

static struct {
        char *p;
        size_t n;
} requests[REQUESTS_MAX];
static char answer[ANSWER_BYTES];

static void die(const char *what)
{
        perror(what);
        exit(1);
}

static void read_request(size_t i, const char *path)
{
        FILE *f = fopen(path, "rb");

        requests[i].p = malloc(65536);
        if (!f || !requests[i].p)
                die(path);
        requests[i].n = fread(requests[i].p, 1, 65536, f);
        fclose(f);
}

static int connect_to(const char *host, const char *port)
{
        struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM};
        int one = 1;

        if (getaddrinfo(host, port, &hints, &found) != 0)
                die("no such host");
        int fd = socket(found->ai_family, SOCK_STREAM, 0);

        if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
                die("connect");
        setsockopt(fd, 6 /* IPPROTO_TCP */, 1 /* TCP_NODELAY */, &one, sizeof one);
        freeaddrinfo(found);
        return fd;
}

static void read_answer(int fd)
{
        size_t have = 0, want = ANSWER_BYTES - 1;

        while (have < want) {
                ssize_t n = read(fd, answer + have, ANSWER_BYTES - 1 - have);

                if (n <= 0)
                        die("the connection was closed");
                have += (size_t)n;
                answer[have] = '\0';
                const char *end = memmem(answer, have, "\r\n\r\n", 4), *length = strcasestr(answer, "\r\nContent-Length:");

                if (end != NULL && length != NULL && length < end)
                        want = (size_t)(end + 4 - answer) + strtoul(length + 17, NULL, 10);
        }
        if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
                die("not 200");
}

int main(int argc, char **argv)
{
        static const struct option options[] = {{"times", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
        size_t times = 100000, count = 0;
        int fds[CONNECTIONS];

        for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;)
                times = o == 't' ? strtoul(optarg, NULL, 10) : times;
        if (argc - optind < 4 || argc - optind - 3 > REQUESTS_MAX) {
                fprintf(stderr, "usage: %s PARENT-PID HOST PORT REQUEST-FILE… [--times N]\n", argv[0]);
                return 2;
        }
        const char *const *at = (const char *const *)argv + optind;

        for (int i = optind + 3; i < argc; i++)
                read_request(count++, argv[i]);
        for (size_t k = 0; k < CONNECTIONS; k++)
                fds[k] = connect_to(at[1], at[2]);
        double before = proc_cpu_sec_tree((pid_t)strtol(at[0], NULL, 10));

        for (size_t i = 0; i < times; i += CONNECTIONS) {
                for (size_t k = 0; k < CONNECTIONS; k++)
                        if (write(fds[k], requests[(i + k) % count].p, requests[(i + k) % count].n) < 0)
                                die("write");
                for (size_t k = 0; k < CONNECTIONS; k++)
                        read_answer(fds[k]);
        }
        printf("%.4f ms CPU each\n", (proc_cpu_sec_tree((pid_t)strtol(at[0], NULL, 10)) - before) / (double)times * 1e3);
        for (size_t k = 0; k < CONNECTIONS; k++)
                close(fds[k]);
        for (size_t i = 0; i < count; i++)
                free(requests[i].p);
        return 0;
}
