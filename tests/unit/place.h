/* A fresh database in a directory of its own, removed afterwards: what every test that stores stands on. */
#pragma once

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "store/store.h"

#define MIGRATIONS TEST_SOURCE_DIR "/migrations"

struct place {
        char dir[128], path[160];
        struct store *store;
        struct arena *arena;
};

/* In memory where that is possible: what a test shows that cuts no power does not depend on how long a sync takes. */
static inline const char *place_parent(void)
{
        return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* From the files alone, after store_close. */
static inline void place_open_again(struct place *p)
{
        struct buf why;

        buf_init(&why, 1024);
        res r = store_open(p->path, MIGRATIONS, &why, &p->store);
        if (!res_is_ok(r))
                print_error("%s\n", buf_c(&why));
        assert_int_equal(r.err, ERR_NONE);
        buf_done(&why);
}

static inline void place_open_at(struct place *p, const char *parent)
{
        snprintf(p->dir, sizeof(p->dir), "%s/chancery-unit-XXXXXX", parent);
        assert_non_null(mkdtemp(p->dir));
        snprintf(p->path, sizeof(p->path), "%s/chancery.db", p->dir);
        place_open_again(p);
        p->arena = arena_new(256 * 1024 * 1024);
}

static inline void place_remove(struct place *p)
{
        DIR *dir = opendir(p->dir);

        for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
                char path[500];
                snprintf(path, sizeof(path), "%s/%s", p->dir, e->d_name);
                unlink(path);
        }
        if (dir)
                closedir(dir);
        rmdir(p->dir);
}

static inline void place_close(struct place *p)
{
        store_close(p->store);
        arena_free(p->arena);
        place_remove(p);
}
