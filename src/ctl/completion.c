/*
 * completion: a script for the shell, made from the tables.  It offers commands after `chancery`, and a command's
 * options after it; the rest is file names.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/output.h"

/* The part of a two-word command that is typed first. */
static const char *first_word(struct ctl *ctl, const struct ctl_command *c)
{
        return arena_strndup(ctl->arena, c->name, strcspn(c->name, " "));
}

static void put_words(struct ctl *ctl)
{
        for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++)
                (void)printf("%s%s", c == ctl_commands ? "" : " ", first_word(ctl, c));
}

static void put_options(const struct ctl_command *c)
{
        const struct ctl_option *o = NULL;

        for (size_t i = 0; (o = args_option_at(c, i)) != NULL; i++)
                (void)printf("%s%s", i == 0 ? "" : " ", o->name);
}

static void put_cases(struct ctl *ctl)
{
        for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++) {
                const char *space = strchr(c->name, ' ');

                (void)printf("    %s) words=\"%s%s", first_word(ctl, c), space != NULL ? space + 1 : "",
                             space != NULL ? " " : "");
                put_options(c);
                (void)puts("\" ;;");
        }
}

static void put_function(struct ctl *ctl)
{
        (void)puts("_chancery() {\n  local words current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
                   "  case \"${COMP_WORDS[1]}\" in");
        put_cases(ctl);
        (void)puts("    *) words=\"\" ;;\n  esac");
        (void)fputs("  [ \"$COMP_CWORD\" -eq 1 ] && words=\"", stdout);
        put_words(ctl);
        (void)puts("\"\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n"
                   "complete -o default -F _chancery chancery");
}

static void put_fish(struct ctl *ctl)
{
        for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++) {
                const struct ctl_option *o = NULL;

                (void)printf("complete -c chancery -n __fish_use_subcommand -f -a %s -d \"%s\"\n", first_word(ctl, c),
                             c->summary);
                for (size_t i = 0; (o = args_option_at(c, i)) != NULL; i++)
                        (void)printf("complete -c chancery -n '__fish_seen_subcommand_from %s' -l %s%s\n",
                                     first_word(ctl, c), o->name + 2, o->value != NULL ? " -r" : "");
        }
}

res completion_run(struct ctl *ctl)
{
        const char *shell = ctl->arguments[0];

        if (strcmp(shell, "fish") == 0) {
                put_fish(ctl);
        } else if (strcmp(shell, "zsh") == 0) {
                (void)puts("autoload -U +X bashcompinit && bashcompinit");
                put_function(ctl);
        } else if (strcmp(shell, "bash") == 0) {
                put_function(ctl);
        } else {
                return ctl_fail(ctl, ERR_USAGE, "completion is for bash, zsh and fish, not for '%s'", shell);
        }
        return RES_OK;
}
