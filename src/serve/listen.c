/*
 * Sockets that outlive every server: a new one takes up accepting where the killed one stopped, and a client that
 * connects in between waits in the backlog.
 */
#include "serve/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/fd.h"

#define BACKLOG 4096 /* as many as wait while a server starts again; the kernel cuts it to somaxconn */

static int listen_at(const struct addrinfo *at)
{
        CLEAN(fd_close) int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol);
        int on = 1;

        if (fd < 0)
                return -1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* inherited by what is accepted */
        if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
                return -1;
        return fd_take(&fd);
}

/* What to do about it, for those who start this for the first time. */
static const char *remedy(int error)
{
        if (error == EADDRINUSE)
                return "; stop what listens there, or choose another port in this setting";
        if (error == EACCES)
                return "; ports below 1024 are root's";
        return "";
}

MUST res listen_tcp(const struct conf_addr *addr, const char *setting, int *ret_fd, struct buf *why)
{
        struct addrinfo hints = {
                .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
        struct addrinfo *found = NULL;
        char port[8];
        int fd = -1;

        snprintf(port, sizeof(port), "%u", addr->port);
        int failed = getaddrinfo(addr->host[0] ? addr->host : NULL, port, &hints, &found);
        if (failed) {
                buf_printf(why, "%s: cannot resolve %s: %s", setting, addr->host, gai_strerror(failed));
                return FAIL(ERR_CONFIG);
        }
        for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
                fd = listen_at(at);
        int saved = errno;
        freeaddrinfo(found);
        if (fd < 0) {
                buf_printf(why, "%s: cannot listen on %s port %s: %s%s", setting, addr->host, port, strerror(saved), remedy(saved));
                return FAIL(ERR_CONFIG);
        }
        *ret_fd = fd;
        return RES_OK;
}

/* sun_path holds 107 characters; a longer directory is reached through its descriptor. */
static res control_address(const char *data_dir, int dir_fd, struct sockaddr_un *ret_addr)
{
        *ret_addr = (struct sockaddr_un){.sun_family = AF_UNIX};
        size_t room = sizeof(ret_addr->sun_path);
        int n = snprintf(ret_addr->sun_path, room, "%s/control.sock", data_dir);
        if (n < 0 || (size_t)n >= room)
                n = snprintf(ret_addr->sun_path, room, "/proc/self/fd/%d/control.sock", dir_fd);
        ENSURE(n > 0 && (size_t)n < room, ERR_CONFIG);
        return RES_OK;
}

MUST res listen_control(const char *data_dir, int *ret_fd, struct buf *why)
{
        struct sockaddr_un addr;
        CLEAN(fd_close) int dir_fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CLEAN(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        TRY(control_address(data_dir, dir_fd, &addr));
        (void)unlinkat(dir_fd, "control.sock", 0);
        mode_t before = umask(0177);
        bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0;
        umask(before);
        if (!bound || listen(fd, 64) != 0) {
                buf_printf(why, "cannot listen on %s/control.sock: %s", data_dir, strerror(errno));
                return FAIL(ERR_CONFIG);
        }
        *ret_fd = fd_take(&fd);
        return RES_OK;
}
