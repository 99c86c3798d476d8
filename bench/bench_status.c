/*
 * Who checks certificates, or has some signed, over plain HTTP: the same client for every server.
 *
 *     bench_status PARENT-PID HOST PORT REQUEST-FILE… [--times N] [--close]
 *
 * Each file holds one HTTP request as it goes over the wire; they are sent in turn, N in all, on connections that stay, or, with --close,
 * one a connection, for servers that know nothing else.  What is told is the CPU of the service's programs for each.
 */
#include <getopt.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/answer.h"
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

static struct addrinfo *find(const char *host, const char *port)
{
        struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM};

        if (getaddrinfo(host, port, &hints, &found) != 0)
                die("no such host");
        return found;
}

static int connect_to(const struct addrinfo *to)
{
        int fd = socket(to->ai_family, SOCK_STREAM, 0), one = 1;

        if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen) != 0)
                die("connect");
        setsockopt(fd, 6 /* IPPROTO_TCP */, 1 /* TCP_NODELAY */, &one, sizeof one);
        return fd;
}

static void read_answer(int fd)
{
        struct http_answer got;
        ssize_t n = 1;

        for (size_t have = 0; n > 0; have += (size_t)n) {
                n = read(fd, answer + have, ANSWER_BYTES - 1 - have);
                if (n < 0)
                        die("the connection was closed");
                answer[have + (size_t)n] = '\0';
                if (!http_answer_read(answer, have + (size_t)n, /* ended= */ n == 0, &got))
                        continue;
                if (got.status != 200)
                        die("not 200");
                return;
        }
        die("the connection was closed");
}

/* One on each connection, then all the answers. */
static void ask(size_t first, size_t count, const struct addrinfo *to, int fds[CONNECTIONS], bool stays)
{
        for (size_t k = 0; k < CONNECTIONS; k++) {
                const size_t i = (first + k) % count;

                if (!stays)
                        fds[k] = connect_to(to);
                if (write(fds[k], requests[i].p, requests[i].n) < 0)
                        die("write");
        }
        for (size_t k = 0; k < CONNECTIONS; k++) {
                read_answer(fds[k]);
                if (!stays)
                        close(fds[k]);
        }
}

int main(int argc, char **argv)
{
        static const struct option options[] = {{"times", required_argument, NULL, 't'}, {"close", no_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
        size_t times = 100000, count = 0;
        bool stays = true;
        int fds[CONNECTIONS];

        for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
                times = o == 't' ? strtoul(optarg, NULL, 10) : times;
                stays = o != 'c' && stays;
        }
        if (argc - optind < 4 || argc - optind - 3 > REQUESTS_MAX) {
                fprintf(stderr, "usage: %s PARENT-PID HOST PORT REQUEST-FILE… [--times N] [--close]\n", argv[0]);
                return 2;
        }
        const char *const *at = (const char *const *)argv + optind;
        const pid_t service = (pid_t)strtol(at[0], NULL, 10);
        struct addrinfo *to = find(at[1], at[2]);

        for (int i = optind + 3; i < argc; i++)
                read_request(count++, argv[i]);
        for (size_t k = 0; k < CONNECTIONS && stays; k++)
                fds[k] = connect_to(to);
        const double before = proc_cpu_sec_tree(service);

        for (size_t i = 0; i < times; i += CONNECTIONS)
                ask(i, count, to, fds, stays);
        printf("%.4f ms CPU each\n", (proc_cpu_sec_tree(service) - before) / (double)times * 1e3);
        for (size_t k = 0; k < CONNECTIONS && stays; k++)
                close(fds[k]);
        for (size_t i = 0; i < count; i++)
                free(requests[i].p);
        freeaddrinfo(to);
        return 0;
}
