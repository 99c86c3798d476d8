/* A configuration file, and the same bytes as one --set argument. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(const char *option, char *value)
{
        CLEAN(buf_done) struct buf why = {.ceiling = 4096};
        char program[] = "chancery", data[] = "--data", dir[] = "d", name[16];
        char *argv[] = {program, data, dir, name, value};
        struct conf *conf = NULL;

        snprintf(name, sizeof(name), "%s", option);
        if (res_is_ok(conf_load(5, argv, 1, &conf, &why)))
                conf_free(conf);
        else if (why.n == 0)
                abort(); /* a refusal without a word */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const int fd = memfd_create("conf", MFD_CLOEXEC);
        char path[64], *text = strndup((const char *)data, size);

        if (fd < 0 || !text)
                abort();
        if (write(fd, data, size) == (ssize_t)size) {
                snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
                load("--config", path);
        }
        close(fd);
        load("--set", text);
        free(text);
        return 0;
}
