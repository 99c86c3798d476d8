/*
 * One table tells everything that can be set.  The defaults pass through the same checks as what people write; then
 * the file is applied, then each --set in order, so "the later wins" is nothing but the order of calls.
 */
#include "base/conf.h"

#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/conf_check.h"
#include "base/place.h"

enum { CONF_ARENA_BYTES = 64 << 20, CONF_FILE_BYTES = 256 << 10, CONF_NAME_BYTES = 128 };

/* The caller sees `conf` alone; everything in it lives in the arena. */
struct conf_owned {
        struct conf conf;
        struct arena *arena;
};

struct conf_row {
        struct conf_setting setting;
        conf_check *check;
        size_t offset;
        bool is_list;
};

#define ROW(name_, member, check_, default_, help_, ...) \
        { \
                .setting = {.name = (name_), .default_text = (default_), .help = (help_)}, .check = (check_), \
                .offset = offsetof(struct conf, member), ##__VA_ARGS__ \
        }

static const struct conf_row conf_rows[] = {
        ROW("server.listen", server_listen, conf_check_listen, "127.0.0.1:8443",
            "Address and port of the console, the API and ACME (TLS)."),
        ROW("server.name", server_name, conf_check_names, "",
            "Names and addresses in the listener's certificate; empty = localhost, 127.0.0.1, ::1 and the host's name.",
            .is_list = true),
        ROW("public.listen", public_listen, conf_check_listen, "127.0.0.1:8080",
            "Address and port of CRLs, OCSP, issuer certificates and health (plain HTTP)."),
        ROW("public.url", public_url, conf_check_url, NULL,
            "Where public.listen is reached from outside; written into certificates for ever. Default: http://<host name>:8080."),
        ROW("keys.master", keys_master, conf_check_master, "",
            "File of the master key, or credential:NAME (systemd); empty = keys/master in the data directory."),
        ROW("keys.blocked-list", keys_blocked_list, conf_check_path, "",
            "File of fingerprints of further public keys that are never certified; read at start and by `chancery catalogue reload`. "
            "Debian's weak keys of 2048 bits are refused without."),
        ROW("catalogue.dir", catalogue_dir, conf_check_path, NULL,
            "Directory of the product catalogue. Default: /etc/chancery/catalogue where there is one, else the installed one."),
        ROW("validation.resolver", validation_resolver, conf_check_resolver, "",
            "DNS resolver as address:port; empty = ask from the root downwards."),
        ROW("validation.trust-anchor", validation_trust_anchor, conf_check_path, "",
            "File with the DNSSEC trust anchor; empty = the DNS root's; none = no DNSSEC validation (closed networks only)."),
        ROW("validation.http-port", validation_http_port, conf_check_port, "80", "Port of file validation over http."),
        ROW("validation.https-port", validation_https_port, conf_check_port, "443",
            "Port of file validation over https."),
        ROW("validation.alpn-port", validation_alpn_port, conf_check_port, "443", "Port of ACME tls-alpn-01."),
        ROW("validation.allow", validation_allow, conf_check_cidrs, "",
            "Networks (CIDR) that validation may connect to besides public addresses.", .is_list = true),
        ROW("validation.cname-zone", validation_cname_zone, conf_check_domain, "",
            "Zone of the targets of kept CNAME records, which prove a name at every renewal; empty = none."),
        ROW("validation.file", validation_file, conf_check_switch, "on", "Whether validation by file is offered."),
        ROW("names.private-suffixes", names_private_suffixes, conf_check_domains, "",
            "Suffixes of this organisation that are not on the public suffix list.", .is_list = true),
        ROW("ca.max-days", ca_max_days, conf_check_days, "398", "Longest life of one certificate in days."),
        ROW("ca.caa-identities", ca_caa_identities, conf_check_domains, "",
            "Names by which CAA records allow this CA to issue.", .is_list = true),
        ROW("issuance.off", issuance_off, conf_check_words, "",
            "Issuers, profiles and validation methods for which nothing is issued; a change in the file works within 2 s, without a restart.", .is_list = true),
        ROW("acme.external-account", acme_external_account_required, conf_check_required, "optional",
            "Whether a new ACME account must be bound to an API key: optional or required."),
        ROW("acme.terms", acme_terms, conf_check_page, "",
            "Address (https://…) of the terms of service that ACME accounts have to agree to; empty = there are none."),
        ROW("limits.rate", limits_rate, conf_check_switch, "on", "Whether requests are limited in rate."),
        ROW("calendar.zone", calendar_zone, conf_check_zone, "Asia/Shanghai", "Time zone of business days."),
        ROW("calendar.holidays", calendar_holidays, conf_check_dates, "",
            "Dates (YYYY-MM-DD) that are no business days.", .is_list = true),
        ROW("users.base", users_base, conf_check_uid, "65520",
            "First of six user numbers that the programs take when started as root and the users chancery-server, … do not exist."),
#ifdef CHANCERY_TEST_CLOCK
        ROW("test.clock", test_clock, conf_check_path, "",
            "File whose number of seconds is added to the clock (test builds only)."),
#endif
};

enum { CONF_ROWS = sizeof(conf_rows) / sizeof(conf_rows[0]) };

const struct conf_setting *conf_setting_at(size_t i)
{
        return i < CONF_ROWS ? &conf_rows[i].setting : NULL;
}

static const struct conf_row *conf_row_of(const char *name)
{
        for (size_t i = 0; i < CONF_ROWS; i++)
                if (strcmp(conf_rows[i].setting.name, name) == 0)
                        return &conf_rows[i];
        return NULL;
}

/* `place`: "FILE:12" or "--set". */
static res conf_set(struct conf_owned *own, const char *name, const char *value, const char *place, struct buf *why)
{
        const struct conf_row *row = conf_row_of(name);
        const char *must = "";

        if (!row) {
                buf_printf(why, "%s: there is no setting '%.100s'; docs/configuration.md lists them", place, name);
                return FAIL(ERR_CONFIG);
        }
        if (!res_is_ok(row->check(own->arena, value, (char *)&own->conf + row->offset, &must))) {
                buf_printf(why, "%s: %s %s (it is '%.200s')", place, name, must, value);
                return FAIL(ERR_CONFIG);
        }
        return RES_OK;
}

/* -- defaults ---------------------------------------------------------------------------------- */

static const char *conf_default_url(struct arena *arena)
{
        char host[256] = "";

        if (gethostname(host, sizeof(host) - 1) != 0 || !host[0])
                return "http://localhost:8080";
        return arena_printf(arena, "http://%s:8080", host);
}

static const char *conf_default_of(struct arena *arena, const struct conf_row *row)
{
        if (row->setting.default_text)
                return row->setting.default_text;
        return row->check == conf_check_url ? conf_default_url(arena) : place_of(arena, "catalogue");
}

static res conf_set_defaults(struct conf_owned *own, struct buf *why)
{
        for (size_t i = 0; i < CONF_ROWS; i++)
                TRY(conf_set(own, conf_rows[i].setting.name, conf_default_of(own->arena, &conf_rows[i]), "default",
                             why));
        return RES_OK;
}

/* -- the file ---------------------------------------------------------------------------------- */

/* What inih's two callbacks share.  Lines are counted here, because the library keeps the number to itself. */
struct conf_reader {
        struct conf_owned *own;
        FILE *file;
        const char *path;
        struct buf *why;
        size_t line_number;
        bool continues; /* the line began with a blank: inih gives it to the name before */
        bool too_long;
        res result;
        const char *given[CONF_ROWS]; /* value of each setting that this file gave */
};

static char *conf_read_line(char *line, int size, void *stream)
{
        struct conf_reader *reader = stream;

        if (!res_is_ok(reader->result) || reader->too_long || !fgets(line, size, reader->file))
                return NULL;
        reader->line_number++;
        reader->continues = line[0] == ' ' || line[0] == '\t';
        reader->too_long = !strchr(line, '\n') && strlen(line) + 1 >= (size_t)size;
        return line;
}

static res conf_reader_fail(struct conf_reader *reader, const char *what)
{
        buf_printf(reader->why, "%s:%zu: %s", reader->path, reader->line_number, what);
        return FAIL(ERR_CONFIG);
}

/* A list may go on in indented lines; anything else given twice is a slip. */
static res conf_take(struct conf_reader *reader, const char *name, const char *value)
{
        struct arena *arena = reader->own->arena;
        const struct conf_row *row = conf_row_of(name);
        const char *place = arena_printf(arena, "%s:%zu", reader->path, reader->line_number);
        const char **given = row ? &reader->given[row - conf_rows] : NULL;

        if (given && *given) {
                if (!reader->continues || !row->is_list)
                        return conf_reader_fail(reader, "this setting was given before in this file");
                value = arena_printf(arena, "%s %s", *given, value);
        }
        if (given)
                *given = arena_strdup(arena, value);
        return conf_set(reader->own, name, value, place, reader->why);
}

static int conf_on_value(void *user, const char *section, const char *name, const char *value)
{
        struct conf_reader *reader = user;
        char full[CONF_NAME_BYTES];

        if (!res_is_ok(reader->result) || reader->too_long)
                return 0;
        if ((size_t)snprintf(full, sizeof(full), "%s.%s", section, name) >= sizeof(full))
                reader->result = conf_reader_fail(reader, "the name is too long");
        else
                reader->result = conf_take(reader, full, value ? value : "");
        return res_is_ok(reader->result);
}

static res conf_check_file(FILE *file, const char *path, struct buf *why)
{
        struct stat st;

        if (fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= CONF_FILE_BYTES)
                return RES_OK;
        buf_printf(why, "%s: not a plain file of at most %d KiB", path, CONF_FILE_BYTES >> 10);
        return FAIL(ERR_CONFIG);
}

static res conf_parse_stream(struct conf_reader *reader)
{
        const int bad_line = ini_parse_stream(conf_read_line, reader, conf_on_value, reader);
        const bool bad_before = bad_line > 0 && (size_t)bad_line < reader->line_number;

        if (!res_is_ok(reader->result) && !bad_before)
                return reader->result;
        buf_clear(reader->why); /* the first mistake is the one to tell */
        if (reader->too_long)
                return conf_reader_fail(reader, "the line is too long; a list may go on in an indented line");
        if (bad_line > 0) {
                reader->line_number = (size_t)bad_line;
                return conf_reader_fail(reader, "neither [section] nor name = value");
        }
        ENSURE(bad_line == 0, ERR_MEMORY);
        return RES_OK;
}

static void conf_file_close(FILE **file)
{
        if (*file)
                fclose(*file);
}

static res conf_set_file(struct conf_owned *own, const char *path, struct buf *why)
{
        CLEAN(conf_file_close) FILE *file = fopen(path, "re");
        struct conf_reader reader = {.own = own, .file = file, .path = path, .why = why, .result = RES_OK};

        if (!file) {
                buf_printf(why, "%s: %s", path, strerror(errno));
                return FAIL(ERR_CONFIG);
        }
        TRY(conf_check_file(file, path, why));
        return conf_parse_stream(&reader);
}

/* -- the arguments ----------------------------------------------------------------------------- */

struct conf_args {
        const char *data, *config;
        const char **sets;
        size_t set_count;
};

static res conf_usage(struct buf *why, const char *format, const char *what)
{
        buf_printf(why, "%s '%.100s'", format, what);
        return FAIL(ERR_USAGE);
}

/* --name VALUE or --name=VALUE at argv[*at]; NULL if it is another argument or the value is missing. */
static const char *conf_option(int argc, char **argv, int *at, const char *name)
{
        const size_t n = strlen(name);

        if (strncmp(argv[*at], name, n) != 0)
                return NULL;
        if (argv[*at][n] == '=')
                return argv[*at] + n + 1;
        return argv[*at][n] == '\0' && *at + 1 < argc ? argv[++*at] : NULL;
}

static res conf_read_args(int argc, char **argv, int first, struct conf_args *args, struct buf *why)
{
        for (int i = first; i < argc; i++) {
                const char *value;

                if ((value = conf_option(argc, argv, &i, "--data")))
                        args->data = value;
                else if ((value = conf_option(argc, argv, &i, "--config")))
                        args->config = value;
                else if ((value = conf_option(argc, argv, &i, "--set")))
                        args->sets[args->set_count++] = value;
                else
                        return conf_usage(why, "unknown argument, or one without its value:", argv[i]);
        }
        if (args->data && args->data[0])
                return RES_OK;
        buf_add_text(why, "--data DIR is required");
        return FAIL(ERR_USAGE);
}

static res conf_set_argument(struct conf_owned *own, const char *argument, struct buf *why)
{
        struct str value = str_of(argument);
        const struct str name = str_cut(&value, '=');

        if (!value.p)
                return conf_usage(why, "--set wants section.key=value, not", argument);
        return conf_set(own, str_copy(own->arena, str_trim(name)), str_copy(own->arena, str_trim(value)), "--set", why);
}

static res conf_apply(struct conf_owned *own, const struct conf_args *args, struct buf *why)
{
        TRY(conf_set_defaults(own, why));
        own->conf.data_dir = arena_strdup(own->arena, args->data);
        if (args->config)
                TRY(conf_set_file(own, args->config, why));
        for (size_t i = 0; i < args->set_count; i++)
                TRY(conf_set_argument(own, args->sets[i], why));
        return RES_OK;
}

res conf_load(int argc, char **argv, int first, struct conf **ret_conf, struct buf *why)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(CONF_ARENA_BYTES);
        struct conf_owned *own = arena_new_of(arena, struct conf_owned);
        struct conf_args args = {.sets = arena_array_of(arena, argc > 0 ? (size_t)argc : 1, const char *)};

        own->arena = arena;
        TRY(conf_read_args(argc, argv, first, &args, why));
        TRY(conf_apply(own, &args, why));
        *ret_conf = &own->conf;
        arena = NULL; /* owned by the configuration from here on */
        return RES_OK;
}

void conf_free(struct conf *conf)
{
        if (conf)
                arena_free(((struct conf_owned *)conf)->arena);
}
