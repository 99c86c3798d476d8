/* For fuzz targets that need files: a directory in memory that goes when the program does. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char fuzz_dir[] = "/dev/shm/chancery-fuzz-XXXXXX";

static inline int fuzz_dir_remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
        (void)info, (void)type, (void)at;
        return remove(path);
}

static inline void fuzz_dir_remove(void)
{
        (void)nftw(fuzz_dir, fuzz_dir_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void fuzz_dir_make(void)
{
        if (!mkdtemp(fuzz_dir) || atexit(fuzz_dir_remove) != 0)
                abort();
}
