/*
 * The manual pages: chancery(1) is the table of commands, chancery.conf(5) that of settings, so neither can be behind; what
 * chancery-serve(8) tells of files, users and signals stands here.
 */
#include "ctl/man.h"

#include <stdio.h>
#include <string.h>

#include "ctl/help.h"

/* A line of text in man form: a leading dot or quote would be a request, a hyphen a typographic one. */
static void man_text(const char *text)
{
        bool at_start = true;

        for (; *text != '\0'; text++) {
                if (at_start && (*text == '.' || *text == '\''))
                        (void)fputs("\\&", stdout);
                if (*text == '\\')
                        (void)fputs("\\e", stdout);
                else if (*text == '-')
                        (void)fputs("\\-", stdout);
                else if (strncmp(text, "…", strlen("…")) == 0) {
                        (void)fputs("...", stdout);
                        text += strlen("…") - 1;
                } else
                        (void)fputc(*text, stdout);
                at_start = *text == '\n';
        }
        (void)fputc('\n', stdout);
}

static void man_head(const char *name, const char *section, const char *what)
{
        (void)printf(".TH %s %s \"\" \"chancery " CHANCERY_VERSION "\"\n.SH NAME\n", name, section);
        man_text(what);
        (void)puts(".SH SYNOPSIS");
}

static void man_term(const char *term, const char *text)
{
        (void)fputs(".TP\n.B ", stdout);
        man_text(term);
        man_text(text);
}

/* ---- chancery(1) --------------------------------------------------------------------------------------- */

static void man_command(struct ctl *ctl, const struct ctl_command *c)
{
        (void)fputs(".SS ", stdout);
        man_text(help_usage(ctl, c));
        man_text(c->summary);
        if (c->text != NULL)
                man_text(c->text);
        for (const struct ctl_option *o = c->options; o != NULL && o->name != NULL; o++)
                man_term(help_option_form(ctl, o), o->help);
}

void man_commands(struct ctl *ctl)
{
        man_head("CHANCERY", "1", "chancery - a certificate service of one's own, and its command line");
        (void)puts(".B chancery\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH COMMANDS");
        for (const struct ctl_command *c = ctl_commands; c->name != NULL; c++)
                man_command(ctl, c);
        (void)puts(".SH OPTIONS OF ALL COMMANDS THAT CALL THE API");
        for (const struct ctl_option *o = ctl_client_options; o->name != NULL; o++)
                man_term(help_option_form(ctl, o), o->help);
        (void)puts(".SH FILES\n.TP\n.I ~/.config/chancery/credentials\nA section [chancery] with secret_id, secret_key, "
                   "endpoint and ca; readable by its owner only.\n"
                   ".SH ENVIRONMENT\nCHANCERY_SECRET_ID, CHANCERY_SECRET_KEY, CHANCERY_ENDPOINT, CHANCERY_CA, "
                   "CHANCERY_CREDENTIALS go before the file, options before them.\n"
                   ".SH EXIT STATUS\n0 done, 1 refused or failed (one line on stderr says why), 2 wrong usage.\n"
                   ".SH SEE ALSO\n.BR chancery\\-serve (8),\n.BR chancery.conf (5)");
}

/* ---- chancery.conf(5) ------------------------------------------------------------------------------------ */

static void man_setting(const struct conf_setting *s)
{
        (void)fputs(".TP\n.B ", stdout);
        man_text(s->name + strcspn(s->name, ".") + 1);
        man_text(s->help);
        if (help_default(s)[0] == '\0')
                return;
        (void)fputs("Default:\n.I ", stdout);
        man_text(help_default(s));
}

void man_settings(void)
{
        const struct conf_setting *s = NULL;
        const char *section = "";

        man_head("CHANCERY.CONF", "5", "chancery.conf - settings of the certificate service");
        (void)puts(".I /etc/chancery/chancery.conf\n.SH DESCRIPTION\n"
                   "The file that\n.B chancery serve \\-\\-config\nreads: INI, with sections in brackets and lines of name = value. "
                   "A line that begins with ; is a comment. A list may go on in indented lines. A setting that is not listed "
                   "here is refused, with its name and place. On the command line\n.B \\-\\-set section.key=value\n"
                   "wins over the file, and a later one over an earlier one.");
        for (size_t i = 0; (s = help_setting(&i)) != NULL;) {
                size_t n = strcspn(s->name, ".");

                if (strncmp(section, s->name, n + 1) != 0)
                        (void)printf(".SH [%.*s]\n", (int)n, s->name);
                section = s->name;
                man_setting(s);
        }
        (void)puts(".SH SEE ALSO\n.BR chancery\\-serve (8)");
}

/* ---- chancery-serve(8) ----------------------------------------------------------------------------------- */

static const struct {
        const char *term, *text;
} files[] = {
        {"keys/master", "The master key. Everything else in keys/, and every customer's key, is sealed under it: without it they are "
                        "lost. Keep a copy apart."},
        {"keys/", "The CA's keys, sealed."},
        {"chancery.db", "Everything else: accounts, orders, certificates, customers' keys as ciphertext."},
        {"log/", "What the CA ever signed; only ever longer."},
        {"root.pem", "What clients must trust."},
        {"control.sock", "Where `chancery account create` and `chancery audit` reach the running service."},
        {"lock", "One service a directory."},
};

void man_serve(struct ctl *ctl, const struct ctl_command *serve)
{
        man_head("CHANCERY-SERVE", "8", "chancery-serve - run the certificate service");
        (void)puts(".B chancery serve\n\\fB\\-\\-data\\fR \\fIDIR\\fR\n[\\fB\\-\\-config\\fR \\fIFILE\\fR]\n"
                   "[\\fB\\-\\-set\\fR \\fISECTION.KEY=VALUE\\fR]...\n.SH DESCRIPTION");
        man_text(serve->text);
        man_text("Its programs (server, signer, vault, keymaker, prober) are started again when one dies. The log is standard error, one "
                 "line an event.");
        (void)puts(".SH OPTIONS");
        for (const struct ctl_option *o = serve->options; o != NULL && o->name != NULL; o++)
                man_term(help_option_form(ctl, o), o->help);
        (void)puts(".SH FILES\nIn DIR, which is made when missing:");
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
                man_term(files[i].term, files[i].text);
        (void)puts(".SH USERS");
        man_text("Started as root, each program takes a user of its own, and the files in DIR are given to them: chancery-server, "
                 "chancery-signer, chancery-vault, chancery-keymaker and chancery-prober with the group chancery where all of them exist, else "
                 "six numbers from users.base on. Started as somebody else, all are that user, and Landlock keeps keys/ and log/ closed to "
                 "the server where the kernel has it.");
        (void)puts(".SH SIGNALS");
        man_term("SIGTERM, SIGINT", "Finish what is in flight and stop; a second one more than a second later ends at once.");
        (void)puts(".SH ENVIRONMENT");
        man_term("CREDENTIALS_DIRECTORY", "Where keys.master = credential:NAME is read from; systemd sets it (LoadCredential=, "
                                          "LoadCredentialEncrypted=).");
        (void)puts(".SH EXIT STATUS\n0 stopped as asked, 1 refused or failed (standard error says why), 2 wrong usage.\n"
                   ".SH SEE ALSO\n.BR chancery (1),\n.BR chancery.conf (5)");
}
