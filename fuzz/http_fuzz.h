/* For fuzz targets that talk to a real listener: one connection, some bytes, what comes back. */
#pragma once

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "fuzz_check.h"

#define FUZZ_QUIET_MS 20 /* nothing for so long after the last byte went out: the listener waits for more */
#define FUZZ_BUSY_MS 20000

static inline int fuzz_connect(const struct sockaddr *address, socklen_t size)
{
        const struct linger at_once = {.l_onoff = 1}; /* no TIME_WAIT: ports would run out */
        const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        FUZZ_CHECK(fd >= 0 && connect(fd, address, size) == 0);
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        return fd;
}

/* What the listener says to these bytes.  `whole`: an answer must come, however busy the machine is. */
static inline void fuzz_exchange(const struct sockaddr *address, socklen_t size, struct bytes in, bool whole,
                                 struct buf *ret_reply)
{
        const int fd = fuzz_connect(address, size);
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        char part[16384];

        for (size_t at = 0; at < in.n;) {
                const ssize_t n = send(fd, in.p + at, in.n - at, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n <= 0)
                        break; /* it had enough */
                at += (size_t)n;
        }
        while (poll(&waiting, 1, whole && ret_reply->n == 0 ? FUZZ_BUSY_MS : FUZZ_QUIET_MS) == 1) {
                const ssize_t n = recv(fd, part, sizeof(part), 0);

                if (n <= 0)
                        break;
                buf_add(ret_reply, part, (size_t)n);
                if (whole) /* small answers come in one piece */
                        break;
        }
        close(fd);
}

static inline int fuzz_status(const struct buf *reply)
{
        if (reply->n < 12 || memcmp(reply->p, "HTTP/1.", 7) != 0)
                return 0;
        return (reply->p[9] - '0') * 100 + (reply->p[10] - '0') * 10 + (reply->p[11] - '0');
}
