/* A line is put together in one buffer and written with one write(), so that lines of threads and programs never mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"

enum { LOG_LINE_BYTES = 2048, LOG_RING = 8 };

static const char *const log_level_names[LOG_LEVEL_COUNT] = {
        [LOG_ERROR] = "error",
        [LOG_WARNING] = "warning",
        [LOG_INFO] = "info",
        [LOG_DEBUG] = "debug",
};

static char log_program[32] = "chancery";
static enum log_level log_level = LOG_INFO;

void log_init(const char *program, enum log_level level)
{
        snprintf(log_program, sizeof(log_program), "%s", program);
        log_level = level;
}

static size_t log_cap(int written, size_t room)
{
        return written < 0 ? 0 : (size_t)written < room ? (size_t)written : room - 1;
}

static size_t log_prefix(enum log_level level, const char *event, char *line, size_t size)
{
        const int64_t ms = clock_now_ms();
        const time_t sec = (time_t)(ms / 1000);
        struct tm tm = {0};
        size_t n;

        gmtime_r(&sec, &tm);
        n = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &tm);
        return n + log_cap(snprintf(line + n, size - n, ".%03dZ %s %s event=%s", (int)(ms % 1000), log_program,
                                    log_level_names[level], event),
                           size - n);
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
        char line[LOG_LINE_BYTES];
        const size_t room = sizeof(line) - 1; /* one byte is kept for the end of the line */
        va_list args;
        size_t n;

        if (level > log_level)
                return;
        n = log_prefix(level, event, line, room);
        if (format[0] && n + 1 < room) {
                line[n++] = ' ';
                va_start(args, format);
                n += log_cap(vsnprintf(line + n, room - n, format, args), room - n);
                va_end(args);
        }
        line[n++] = '\n';
        if (write(STDERR_FILENO, line, n) < 0)
                return; /* nowhere left to complain */
}

/* Room for four bytes more is the caller's business. */
static char *log_put(char *out, unsigned char c)
{
        static const char digits[] = "0123456789abcdef";

        if (c == '"' || c == '\\') {
                *out++ = '\\';
                *out++ = (char)c;
        } else if (c < 0x20 || c >= 0x7f) {
                *out++ = '\\';
                *out++ = 'x';
                *out++ = digits[c >> 4];
                *out++ = digits[c & 15];
        } else {
                *out++ = (char)c;
        }
        return out;
}

const char *log_quote(struct str value)
{
        static _Thread_local char ring[LOG_RING][LIMIT_LOG_VALUE * 4 + 8];
        static _Thread_local unsigned next;
        char *const start = ring[next++ % LOG_RING];
        char *out = start;
        const bool cut = value.n > LIMIT_LOG_VALUE;

        *out++ = '"';
        for (size_t i = 0; i < value.n && i < LIMIT_LOG_VALUE; i++)
                out = log_put(out, (unsigned char)value.p[i]);
        *out++ = '"';
        memcpy(out, cut ? "..." : "", cut ? 4 : 1);
        return start;
}
