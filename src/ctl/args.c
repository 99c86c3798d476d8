/*
 * Arguments by table.  Long options take their value after a blank or '='; "--" ends the options.
 * Every mistake names the argument and, where there is one, the command whose help tells more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ctl/command.h"

static const struct ctl_option help_option = {"--help", 'h', NULL, NULL, "Show how the command is used."};

const struct ctl_option *args_option_at(const struct ctl_command *command, size_t i)
{
        for (const struct ctl_option *o = command->options; o != NULL && o->name != NULL; o++)
                if (i-- == 0)
                        return o;
        for (const struct ctl_option *o = ctl_client_options; command->is_client && o->name != NULL; o++)
                if (i-- == 0)
                        return o;
        return i == 0 ? &help_option : NULL;
}

/* The words of a command's name that argv begins with; 0 = another command. */
static size_t name_matches(const char *name, int argc, char **argv)
{
        struct str rest = str_of(name);
        size_t words = 0;

        while (rest.p != NULL && rest.n > 0) {
                struct str word = str_cut(&rest, ' ');
                size_t at = words + 1;

                if (at >= (size_t)argc || !str_equals(word, argv[at]))
                        return 0;
                words++;
        }
        return words;
}

/* "eab create, eab list, …": the commands that begin with this word; NULL = none. */
static const char *group_of(struct ctl *ctl, const char *word)
{
        const char *list = NULL;
        size_t n = strlen(word);

        for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++)
                if (strncmp(c->name, word, n) == 0 && c->name[n] == ' ')
                        list = list == NULL ? c->name : arena_printf(ctl->arena, "%s, %s", list, c->name);
        return list;
}

res args_unknown(struct ctl *ctl, const char *word)
{
        const char *group = group_of(ctl, word);

        if (group != NULL)
                return ctl_fail(ctl, ERR_USAGE, "'%s' wants a word after it: %s", word, group);
        return ctl_fail(ctl, ERR_USAGE, "there is no command '%s'; `chancery help` lists them", word);
}

static res find_command(struct ctl *ctl, int argc, char **argv, size_t *ret_words)
{
        for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++) {
                size_t words = name_matches(c->name, argc, argv);

                if (words == 0)
                        continue;
                ctl->command = c;
                *ret_words = words;
                return RES_OK;
        }
        if (argc < 2)
                return ctl_fail(ctl, ERR_USAGE, "no command given; `chancery help` lists them");
        return args_unknown(ctl, argv[1]);
}

/* Does `argument` name this option?  A value after '=' goes to *ret_value. */
static bool option_matches(const struct ctl_option *option, const char *argument, const char **ret_value)
{
        size_t n = strlen(option->name);

        *ret_value = NULL;
        if (argument[0] == '-' && argument[1] == option->letter && option->letter != '\0') {
                if (argument[2] != '\0')
                        *ret_value = argument + 2;
                return argument[2] == '\0' || option->value != NULL;
        }
        if (strncmp(argument, option->name, n) != 0)
                return false;
        if (argument[n] == '=')
                *ret_value = argument + n + 1;
        return argument[n] == '\0' || argument[n] == '=';
}

static bool choice_is_listed(const char *choices, const char *value)
{
        struct str rest = str_of(choices);

        while (rest.p != NULL)
                if (str_equals(str_cut(&rest, '|'), value))
                        return true;
        return false;
}

static res add_value(struct ctl *ctl, const struct ctl_option *option, const char *value)
{
        if (ctl->value_count == CTL_VALUES_MAX)
                return ctl_fail(ctl, ERR_USAGE, "more than %d options", CTL_VALUES_MAX);
        if (option->choices != NULL && !choice_is_listed(option->choices, value))
                return ctl_fail(ctl, ERR_USAGE, "%s takes %s, not '%s'", option->name, option->choices, value);
        ctl->values[ctl->value_count++] = (struct ctl_value){option, value};
        return RES_OK;
}

static res parse_option(struct ctl *ctl, int argc, char **argv, int *at)
{
        const struct ctl_option *option = NULL;

        for (size_t i = 0; (option = args_option_at(ctl->command, i)) != NULL; i++) {
                const char *value = NULL;

                if (!option_matches(option, argv[*at], &value))
                        continue;
                if (option->value == NULL && value != NULL)
                        return ctl_fail(ctl, ERR_USAGE, "%s takes no value", option->name);
                if (option->value != NULL && value == NULL) {
                        if (*at + 1 >= argc)
                                return ctl_fail(ctl, ERR_USAGE, "%s wants %s after it", option->name, option->value);
                        value = argv[++*at];
                }
                return add_value(ctl, option, value);
        }
        return ctl_fail(ctl, ERR_USAGE, "%s has no option '%s'; see `chancery help %s`", ctl->command->name, argv[*at],
                        ctl->command->name);
}

static res add_argument(struct ctl *ctl, const char *text)
{
        if (ctl->argument_count == CTL_ARGUMENTS_MAX)
                return ctl_fail(ctl, ERR_USAGE, "more than %d arguments", CTL_ARGUMENTS_MAX);
        ctl->arguments[ctl->argument_count++] = text;
        return RES_OK;
}

static res check_count(struct ctl *ctl)
{
        const struct ctl_command *c = ctl->command;

        if (args_has(ctl, "--help"))
                return RES_OK;
        if (ctl->argument_count < c->least_arguments)
                return ctl_fail(ctl, ERR_USAGE, "usage: chancery %s %s; see `chancery help %s`", c->name, c->arguments,
                                c->name);
        if (ctl->argument_count > c->most_arguments)
                return ctl_fail(ctl, ERR_USAGE, "'%s' is one argument too many; see `chancery help %s`",
                                ctl->arguments[c->most_arguments], c->name);
        return RES_OK;
}

static res parse_rest(struct ctl *ctl, int argc, char **argv, int at)
{
        bool options = true;

        for (; at < argc; at++) {
                if (options && strcmp(argv[at], "--") == 0)
                        options = false;
                else if (options && argv[at][0] == '-' && argv[at][1] != '\0')
                        TRY(parse_option(ctl, argc, argv, &at));
                else
                        TRY(add_argument(ctl, argv[at]));
        }
        return check_count(ctl);
}

res args_parse(struct ctl *ctl, int argc, char **argv)
{
        static const struct {
                const char *typed, *meant;
        } aliases[] = {{"--help", "help"}, {"-h", "help"}, {"--version", "version"}, {"-V", "version"}};
        size_t words = 0;

        for (size_t i = 0; argc > 1 && i < sizeof(aliases) / sizeof(aliases[0]); i++)
                if (strcmp(argv[1], aliases[i].typed) == 0)
                        argv[1] = arena_strdup(ctl->arena, aliases[i].meant);
        TRY(find_command(ctl, argc, argv, &words));
        return parse_rest(ctl, argc, argv, (int)words + 1);
}

const char *args_text_at(const struct ctl *ctl, const char *name, size_t i)
{
        for (size_t at = 0; at < ctl->value_count; at++)
                if (strcmp(ctl->values[at].option->name, name) == 0 && i-- == 0)
                        return ctl->values[at].text;
        return NULL;
}

const char *args_text(const struct ctl *ctl, const char *name)
{
        const char *last = NULL;

        for (size_t at = 0; at < ctl->value_count; at++)
                if (strcmp(ctl->values[at].option->name, name) == 0)
                        last = ctl->values[at].text;
        return last;
}

bool args_has(const struct ctl *ctl, const char *name)
{
        for (size_t at = 0; at < ctl->value_count; at++)
                if (strcmp(ctl->values[at].option->name, name) == 0)
                        return true;
        return false;
}

res args_int(struct ctl *ctl, const char *name, int64_t default_value, int64_t *ret_value)
{
        const char *text = args_text(ctl, name);

        *ret_value = default_value;
        if (text == NULL || res_is_ok(str_to_int64(str_of(text), ret_value)))
                return RES_OK;
        return ctl_fail(ctl, ERR_USAGE, "%s takes a whole number, not '%s'", name, text);
}
