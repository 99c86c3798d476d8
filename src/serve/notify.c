/*
 * One datagram to the socket that systemd names.  A library would bring more code into the parent than these lines.
 */
#include "serve/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "base/res.h"

void notify_send(const char *state)
{
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        size_t n = path ? strlen(path) : 0;

        if (n == 0 || n >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
                return;
        CLEAN(fd_close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        memcpy(to.sun_path, path, n);
        if (path[0] == '@') /* an abstract name */
                to.sun_path[0] = '\0';
        if (fd >= 0)
                (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
}
