/*
 * catalogue check: of the files that the running server reads, or of any directory with no server at all.  For the
 * latter the server's program is run for a moment, because it alone knows what a catalogue must be.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/place.h"
#include "base/str.h"
#include "ctl/client.h"
#include "ctl/operator.h"
#include "ctl/output.h"

#define SAID_BYTES (64 * 1024)

static _Noreturn void become_server(const char *program, const char *dir, int out)
{
        char *const argv[] = {(char *)(uintptr_t)"chancery-server", (char *)(uintptr_t)"--check-catalogue", (char *)(uintptr_t)dir, NULL};

        if (dup2(out, STDOUT_FILENO) < 0)
                _exit(127);
        execv(program, argv);
        _exit(127);
}

static void read_all(int fd, struct buf *said)
{
        char block[4096];
        ssize_t n;

        while ((n = read(fd, block, sizeof block)) > 0 || (n < 0 && errno == EINTR))
                if (n > 0)
                        buf_add(said, block, (size_t)n);
}

/* What the program said, and whether it ended well. */
static res ask_program(struct ctl *ctl, const char *program, const char *dir, struct buf *said)
{
        int pipes[2], status = 0;

        ENSURE(pipe(pipes) == 0, ERR_IO);
        pid_t pid = fork();

        if (pid == 0)
                become_server(program, dir, pipes[1]);
        (void)close(pipes[1]);
        if (pid > 0)
                read_all(pipes[0], said);
        (void)close(pipes[0]);
        ENSURE(pid > 0, ERR_IO);
        while (waitpid(pid, &status, 0) < 0)
                ENSURE(errno == EINTR, ERR_IO);
        TRY(buf_check(said));
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return RES_OK;
        struct str words = str_trim(buf_str(said));

        while (words.n > 0 && words.p[words.n - 1] == '\n')
                words.n--;
        if (words.n == 0)
                words = STR("chancery-server cannot be run.");
        return ctl_fail(ctl, ERR_CONFIG, "%.*s", (int)words.n, words.p);
}

static res check_directory(struct ctl *ctl, const char *dir)
{
        CLEAN(buf_done) struct buf program = {0}, said = {0}, why = {0};

        buf_init(&program, 4200);
        buf_init(&said, SAID_BYTES);
        buf_init(&why, CTL_WHY_SIZE);
        if (!res_is_ok(place_of_programs(&program, &why)))
                return ctl_fail(ctl, ERR_CONFIG, "%s", buf_c(&why));
        buf_add_text(&program, "/chancery-server");
        TRY(ask_program(ctl, buf_c(&program), dir, &said));
        json_auto_t *figures = json_loadb(buf_c(&said), said.n, 0, NULL);

        ENSURE(figures != NULL, ERR_IO);
        return operator_show_figures(ctl, figures);
}

res catalogue_check_run(struct ctl *ctl)
{
        return ctl->argument_count > 0 ? check_directory(ctl, ctl->arguments[0]) : operator_reload(ctl, /* is_check= */ true);
}
