/*
 * Release builds read the kernel and nothing else.  Test builds add the offset that a shared file holds, so that
 * a test can move every running program through years by rewriting one file.  It is read at each look at the clock, so
 * that whoever has moved it knows that every later look sees it; a file that is missing or half written leaves the last
 * good offset.
 */
#include "base/clock.h"

#include <string.h>
#include <time.h>

static int64_t clock_read_ms(clockid_t id)
{
        struct timespec ts = {0};

        clock_gettime(id, &ts);
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
        return clock_read_ms(CLOCK_MONOTONIC);
}

#ifdef CHANCERY_TEST_CLOCK

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static int clock_fd =
        -1; /* stays open: a jailed program opens nothing; so the file is written in place, not replaced */
static _Atomic int64_t clock_offset_sec;

static bool clock_read_file(int64_t *ret_offset)
{
        char text[32] = {0};
        char *end;
        int64_t offset;

        if (pread(clock_fd, text, sizeof(text) - 1, 0) <= 0)
                return false;
        errno = 0;
        offset = strtoll(text, &end, 10);
        if (errno != 0 || end == text || (*end != '\0' && *end != '\n' && *end != ' '))
                return false;
        *ret_offset = offset;
        return true;
}

/* What is new is read twice: another thread that has read before us shall not put back what was. */
static void clock_reread(void)
{
        int64_t offset, again;

        if (clock_read_file(&offset) && offset != atomic_load(&clock_offset_sec) && clock_read_file(&again) &&
            again == offset)
                atomic_store(&clock_offset_sec, offset);
}

static int64_t clock_moved_ms(void)
{
        if (clock_fd < 0)
                return 0;
        clock_reread();
        return atomic_load(&clock_offset_sec) * 1000;
}

res clock_use_file(const char *path)
{
        const int fd = open(path, O_RDONLY | O_CLOEXEC);

        ENSURE(fd >= 0, ERR_CONFIG);
        if (clock_fd >= 0)
                close(clock_fd);
        clock_fd = fd;
        clock_reread();
        return RES_OK;
}

#else

static int64_t clock_moved_ms(void)
{
        return 0;
}

res clock_use_file(const char *path)
{
        (void)path;
        return FAIL(ERR_CONFIG);
}

#endif

int64_t clock_now_ms(void)
{
        return clock_read_ms(CLOCK_REALTIME) + clock_moved_ms();
}

int64_t clock_now_sec(void)
{
        const int64_t ms = clock_now_ms();

        return ms / 1000;
}

static void clock_put_digits(char *at, int n, size_t count)
{
        for (; count > 0; n /= 10)
                at[--count] = (char)('0' + n % 10);
}

void clock_http_text(int64_t sec, char out[CLOCK_HTTP_SIZE])
{
        static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        const time_t t = (time_t)sec;
        struct tm tm = {0};

        gmtime_r(&t, &tm);
        memcpy(out, "Day, DD Mon YYYY HH:MM:SS GMT", CLOCK_HTTP_SIZE);
        memcpy(out, days + 3 * tm.tm_wday, 3);
        clock_put_digits(out + 5, tm.tm_mday, 2);
        memcpy(out + 8, months + 3 * tm.tm_mon, 3);
        clock_put_digits(out + 12, tm.tm_year + 1900, 4);
        clock_put_digits(out + 17, tm.tm_hour, 2);
        clock_put_digits(out + 20, tm.tm_min, 2);
        clock_put_digits(out + 23, tm.tm_sec, 2);
}
