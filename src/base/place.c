/*
 * The running program tells what it belongs to.  A build directory has Ninja's file in it, so no stray directory beside an installed
 * program is ever taken for the source; an installation has bin/ or libexec/chancery/, with share/ one or two steps up.
 */
#include "base/place.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef CHANCERY_DATADIR
#define CHANCERY_DATADIR "/usr/share/chancery"
#endif
#ifndef CHANCERY_CONFDIR
#define CHANCERY_CONFDIR "/etc/chancery"
#endif

enum { PLACE_UP_MAX = 3 }; /* a test or bench lies below the build directory */

static bool is_there(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0;
}

/* Of the running program; NULL when nobody tells. */
static char *own_directory(struct arena *arena)
{
        char program[4096] = "";
        ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
        char *slash = n > 0 ? strrchr(program, '/') : NULL;

        if (!slash)
                return NULL;
        *slash = '\0';
        return arena_strdup(arena, program);
}

static const char *in_checkout(struct arena *arena, char *dir, const char *name)
{
        for (int up = 0; up < PLACE_UP_MAX; up++) {
                char *slash = strrchr(dir, '/');
                const bool is_build = is_there(arena_printf(arena, "%s/build.ninja", dir));

                if (!slash)
                        return NULL;
                *slash = '\0';
                if (is_build)
                        return arena_printf(arena, "%s/%s", dir, name);
        }
        return NULL;
}

static const char *in_installation(struct arena *arena, const char *dir, const char *name)
{
        static const char *const shares[] = {"../share/chancery", "../../share/chancery"};
        const char *own = arena_printf(arena, "%s/%s", CHANCERY_CONFDIR, name);

        if (is_there(own))
                return own;
        for (size_t i = 0; dir && i < sizeof(shares) / sizeof(shares[0]); i++) {
                const char *path = arena_printf(arena, "%s/%s/%s", dir, shares[i], name);

                if (is_there(path))
                        return path;
        }
        return arena_printf(arena, "%s/%s", CHANCERY_DATADIR, name);
}

const char *place_of(struct arena *arena, const char *name)
{
        char *dir = own_directory(arena);
        const char *source = dir ? in_checkout(arena, arena_strdup(arena, dir), name) : NULL;

        return source ? source : in_installation(arena, dir, name);
}

res place_of_programs(struct buf *ret_dir, struct buf *why)
{
        static const char *const places[] = {"", "../libexec/chancery", "/usr/libexec/chancery", "/usr/local/libexec/chancery"};
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(64 * 1024);
        const char *own = own_directory(arena);

        for (size_t i = 0; own && i < sizeof(places) / sizeof(places[0]); i++) {
                const char *dir = places[i][0] == '/' ? places[i] : arena_printf(arena, "%s/%s", own, places[i]);

                if (access(arena_printf(arena, "%s/chancery-server", dir), X_OK) != 0)
                        continue;
                buf_clear(ret_dir);
                buf_add_text(ret_dir, dir);
                return buf_check(ret_dir);
        }
        buf_printf(why, "cannot find chancery-server beside %s/chancery", own ? own : "");
        return FAIL(ERR_CONFIG);
}
