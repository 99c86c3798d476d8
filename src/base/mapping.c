/* See mapping.h.  The descriptor is closed at once: the mapping keeps the file. */
#include "base/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool mapping_take(struct mapping *mapping, int fd, size_t most)
{
        struct stat about;

        if (fstat(fd, &about) != 0)
                return false;
        errno = S_ISREG(about.st_mode) ? EFBIG : EINVAL;
        if (!S_ISREG(about.st_mode) || (uintmax_t)about.st_size > most)
                return false;
        *mapping = (struct mapping){0};
        if (about.st_size == 0)
                return true;
        void *bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED)
                return false;
        *mapping = (struct mapping){bytes, (size_t)about.st_size};
        return true;
}

bool mapping_open(struct mapping *mapping, const char *path, size_t most)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return false;
        bool taken = mapping_take(mapping, fd, most);
        int failure = errno;

        (void)close(fd);
        errno = failure;
        return taken;
}

void mapping_done(struct mapping *mapping)
{
        if (mapping->p)
                (void)munmap((void *)(uintptr_t)mapping->p, mapping->n);
}
