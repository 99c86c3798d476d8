/*
 * From argv to an exit code: find the command, parse, run, and say on one line of stderr why it failed.
 */
#include "ctl/ctl.h"

#include <curl/curl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/secret.h"
#include "ctl/command.h"
#include "ctl/output.h"

#define CTL_ARENA_BYTES (256UL * 1024 * 1024) /* a download and its unpacked files, many times over */

res ctl_fail(struct ctl *ctl, enum err code, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        (void)vsnprintf(ctl->why, sizeof(ctl->why), format, args);
        va_end(args);
        return FAIL(code);
}

/* One line whatever a server sent: nothing of it may move a terminal's cursor. */
static void print_why(const struct ctl *ctl, res result)
{
        const char *why = ctl->why[0] != '\0' ? ctl->why : err_sentence(result.err);

        (void)fputs("chancery: ", stderr);
        for (const char *p = why; *p != '\0'; p++)
                (void)fputc((unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p, stderr);
        (void)fputc('\n', stderr);
}

static int exit_code(res result)
{
        if (res_is_ok(result))
                return 0;
        return result.err == ERR_USAGE ? 2 : 1;
}

static res run(struct ctl *ctl, int argc, char **argv)
{
        TRY(args_parse(ctl, argc, argv));
        if (args_has(ctl, "--help"))
                return help_run(ctl);
        TRY(ctl->command->run(ctl));
        return output_finish(ctl);
}

int ctl_main(int argc, char **argv)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(CTL_ARENA_BYTES);
        struct ctl *ctl = arena_new_of(arena, struct ctl);
        res result;

        ctl->arena = arena;
        (void)setlocale(LC_CTYPE, "");
        (void)signal(SIGPIPE, SIG_IGN);
        secret_harden_process();
        (void)curl_global_init(CURL_GLOBAL_DEFAULT);
        result = run(ctl, argc, argv);
        output_progress_end();
        if (!res_is_ok(result))
                print_why(ctl, result);
        curl_global_cleanup();
        return exit_code(result);
}
