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

/* "account create" and "account show" share a word; what follows it belongs to the first of them. */
static bool shares_word(const struct ctl_command *a, const struct ctl_command *b)
{
        size_t n = strcspn(a->name, " ");

        return n == strcspn(b->name, " ") && strncmp(a->name, b->name, n) == 0;
}

static bool is_first_of_word(const struct ctl_command *c)
{
        for (const struct ctl_command *earlier = ctl_commands; earlier < c; earlier++)
                if (shares_word(earlier, c))
                        return false;
        return true;
}

static void put_words(struct ctl *ctl)
{
        for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++)
                if (is_first_of_word(c))
                        (void)printf("%s%s", c == ctl_commands ? "" : " ", first_word(ctl, c));
}

static void put_options(const struct ctl_command *c)
{
        const struct ctl_option *o = NULL;

        for (size_t i = 0; (o = args_option_at(c, i)) != NULL; i++)
                (void)printf("%s ", o->name);
}

/* All second words and options after the word of `c`. */
static void put_case(const struct ctl_command *c)
{
        for (const struct ctl_command *other = c; other->name != NULL; other++) {
                const char *space = strchr(other->name, ' ');

                if (!shares_word(c, other))
                        continue;
                (void)printf("%s%s", space != NULL ? space + 1 : "", space != NULL ? " " : "");
                put_options(other);
        }
}

static void put_cases(struct ctl *ctl)
{
        for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++) {
                if (!is_first_of_word(c))
                        continue;
                (void)printf("    %s) words=\"", first_word(ctl, c));
                put_case(c);
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

                const char *space = strchr(c->name, ' ');

                (void)printf("complete -c chancery -n __fish_use_subcommand -f -a %s -d \"%s\"\n", first_word(ctl, c),
                             c->summary);
                if (space != NULL)
                        (void)printf("complete -c chancery -n '__fish_seen_subcommand_from %s' -f -a %s -d \"%s\"\n",
                                     first_word(ctl, c), space + 1, c->summary);
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
