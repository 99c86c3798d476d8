/*
 * help and version (manual pages: man.c): everything is read from the tables of commands and settings, so that it cannot be
 * behind them.
 */
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "ctl/command.h"
#include "ctl/help.h"
#include "ctl/man.h"
#include "ctl/output.h"

res version_run(struct ctl *ctl)
{
        (void)ctl;
        (void)puts("chancery " CHANCERY_VERSION);
        return RES_OK;
}

const char *help_usage(struct ctl *ctl, const struct ctl_command *c)
{
        return arena_printf(ctl->arena, "%s%s%s", c->name, c->arguments[0] != '\0' ? " " : "", c->arguments);
}

static size_t command_count(void)
{
        size_t n = 0;

        while (ctl_commands[n].name != NULL)
                n++;
        return n;
}

static void help_all(struct ctl *ctl)
{
        size_t n = command_count();
        const char **cells = arena_array_of(ctl->arena, n * 2, const char *);

        (void)puts("Chancery: certificates for names that you can prove, from a service of your own.\n\n"
                   "  chancery COMMAND [OPTIONS]\n");
        for (size_t i = 0; i < n; i++) {
                cells[i * 2] = help_usage(ctl, &ctl_commands[i]);
                cells[i * 2 + 1] = ctl_commands[i].summary;
        }
        output_table(stdout, cells, 2, n, "  ");
        (void)puts("\n`chancery help COMMAND` tells the options, `chancery help settings` all settings.\n"
                   "Exit codes: 0 done, 1 refused or failed (stderr says why), 2 wrong usage.");
}

const char *help_option_form(struct ctl *ctl, const struct ctl_option *o)
{
        const char *letter = o->letter != '\0' ? arena_printf(ctl->arena, "-%c, ", o->letter) : "";

        return arena_printf(ctl->arena, "%s%s%s%s", letter, o->name, o->value != NULL ? " " : "",
                            o->choices != NULL ? o->choices : o->value != NULL ? o->value : "");
}

static void help_command(struct ctl *ctl, const struct ctl_command *c)
{
        const struct ctl_option *o = NULL;
        size_t n = 0;
        const char **cells = NULL;

        (void)printf("chancery %s [OPTIONS]\n\n%s\n", help_usage(ctl, c), c->summary);
        if (c->text != NULL)
                (void)printf("%s\n", c->text);
        while (args_option_at(c, n) != NULL)
                n++;
        cells = arena_array_of(ctl->arena, n * 2, const char *);
        for (size_t i = 0; (o = args_option_at(c, i)) != NULL; i++) {
                cells[i * 2] = help_option_form(ctl, o);
                cells[i * 2 + 1] = o->help;
        }
        (void)puts("\nOptions:");
        output_table(stdout, cells, 2, n, "  ");
        if (c->is_client)
                (void)puts("\nEnvironment: CHANCERY_SECRET_ID, CHANCERY_SECRET_KEY, CHANCERY_ENDPOINT, CHANCERY_CA,\n"
                           "CHANCERY_CREDENTIALS.");
}

const char *help_default(const struct conf_setting *s)
{
        return s->default_text == NULL ? "" : s->default_text;
}

const struct conf_setting *help_setting(size_t *i)
{
        const struct conf_setting *s = conf_setting_at((*i)++);

        return s != NULL && strncmp(s->name, "test.", 5) == 0 ? help_setting(i) : s;
}

static void help_settings(void)
{
        const struct conf_setting *s = NULL;

        for (size_t i = 0; (s = help_setting(&i)) != NULL;) {
                (void)printf("%s%s%s\n    %s\n", s->name, help_default(s)[0] != '\0' ? " = " : "", help_default(s), s->help);
        }
}

static void markdown_settings(void)
{
        const struct conf_setting *s = NULL;
        const char *section = "";

        (void)puts("# Settings\n\n"
                   "<!-- Made by `chancery help settings --markdown`; a test compares. Change src/base/conf.c. -->\n\n"
                   "`chancery serve` reads an INI file (`--config FILE`) and `--set section.key=value`, of which a later\n"
                   "one wins. A setting that is not listed here is refused, with its name and place.");
        for (size_t i = 0; (s = help_setting(&i)) != NULL;) {
                size_t n = strcspn(s->name, ".");
                const char *quote = help_default(s)[0] != '\0' ? "`" : "";

                if (strncmp(section, s->name, n + 1) != 0)
                        (void)printf("\n## [%.*s]\n\n| setting | default | meaning |\n|---|---|---|\n", (int)n, s->name);
                section = s->name;
                (void)printf("| `%s` | %s%s%s | %s |\n", s->name, quote, help_default(s)[0] != '\0' ? help_default(s) : "–",
                             quote, s->help);
        }
}

/* "account create" may come as one or two arguments. */
static const struct ctl_command *named(struct ctl *ctl)
{
        const char *name = ctl->arguments[0];

        if (ctl->argument_count == 2)
                name = arena_printf(ctl->arena, "%s %s", name, ctl->arguments[1]);
        for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++)
                if (strcmp(c->name, name) == 0)
                        return c;
        return NULL;
}

static res help_topic(struct ctl *ctl)
{
        const struct ctl_command *c = named(ctl);

        if (c != NULL && strcmp(c->name, "serve") == 0 && args_has(ctl, "--man"))
                man_serve(ctl, c);
        else if (c != NULL)
                help_command(ctl, c);
        else if (strcmp(ctl->arguments[0], "settings") != 0)
                return args_unknown(ctl, ctl->arguments[0]);
        else if (args_has(ctl, "--markdown"))
                markdown_settings();
        else if (args_has(ctl, "--man"))
                man_settings();
        else
                help_settings();
        return RES_OK;
}

res help_run(struct ctl *ctl)
{
        if (strcmp(ctl->command->name, "help") != 0 || args_has(ctl, "--help"))
                help_command(ctl, ctl->command);
        else if (ctl->argument_count == 0 && args_has(ctl, "--man"))
                man_commands(ctl);
        else if (ctl->argument_count == 0)
                help_all(ctl);
        else
                return help_topic(ctl);
        return RES_OK;
}
