/*
 * The sentence that goes with a failure.  Codes travel upward as `res`; what a person should read is written
 * once, at the place that knows what was wrong, and rests in the act until the reply is built.
 */
#include "core/act.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/random.h"

/* A cut in the middle of a character would make the answer's JSON invalid. */
static void act_trim_utf8(char *text, size_t n)
{
        while (n > 0 && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
                n--;
        if (n > 0 && ((unsigned char)text[n - 1] & 0x80) != 0)
                n--;
        text[n] = '\0';
}

res act_fail(struct act *act, enum err code, const char *format, ...)
{
        va_list args;
        int written;

        va_start(args, format);
        written = vsnprintf(act->detail, sizeof act->detail, format, args);
        va_end(args);
        if (written >= (int)sizeof act->detail)
                act_trim_utf8(act->detail, sizeof act->detail - 1);
        return FAIL(code);
}

void act_begin(struct act *act, struct core *core, struct arena *arena, int64_t account_id)
{
        int64_t now_ms = clock_now_ms();

        *act = (struct act){
                .core = core,
                .arena = arena,
                .now_ms = now_ms,
                .now_sec = now_ms / 1000,
                .account_id = account_id,
                .uin = "",
                .user_uin = "",
                .role = "system",
        };
        random_uuid(act->request_id);
}

res act_may_wait(struct act *act)
{
        act->would_wait |= act->must_not_wait;
        return act->would_wait ? FAIL(ERR_IPC_LOST) : RES_OK;
}
