/*
 * The credentials file is INI with one section, or the very JSON that `account create` prints:
 *
 *      [chancery]
 *      secret_id = AKID…
 *      secret_key = …
 *      endpoint = https://ca.example.org:8443
 *      ca = /etc/chancery/root.pem
 */
#include "ctl/credentials.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/file.h"

#define CREDENTIALS_BYTES 16384
#define DEFAULT_ENDPOINT "https://127.0.0.1:8443"
#define DEFAULT_DATA "data"

struct reading {
        struct ctl *ctl;
        struct credentials *found;
        const char *unknown;
};

static int take_pair(void *context, const char *section, const char *name, const char *value)
{
        struct reading *r = context;
        const struct {
                const char *name;
                const char **place;
        } known[] = {{"secret_id", &r->found->secret_id},
                     {"secret_key", &r->found->secret_key},
                     {"endpoint", &r->found->endpoint},
                     {"ca", &r->found->ca}};

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                if (strcmp(section, "chancery") == 0 && strcmp(name, known[i].name) == 0) {
                        *known[i].place = arena_strdup(r->ctl->arena, value);
                        return 1;
                }
        r->unknown = arena_printf(r->ctl->arena, "[%s] %s", section, name);
        return 0;
}

static const char *member(struct ctl *ctl, const json_t *object, const char *name)
{
        const char *text = json_text(object, name);

        return text[0] == '\0' ? NULL : arena_strdup(ctl->arena, text);
}

static res parse_json(struct ctl *ctl, const char *path, struct str text, struct credentials *found)
{
        json_auto_t *object = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);

        if (!json_is_object(object))
                return ctl_fail(ctl, ERR_CONFIG, "%s begins with '{' but is not a JSON object", path);
        found->secret_id = member(ctl, object, "SecretId");
        found->secret_key = member(ctl, object, "SecretKey");
        found->endpoint = member(ctl, object, "Endpoint");
        found->ca = member(ctl, object, "Ca");
        return RES_OK;
}

static res parse_ini(struct ctl *ctl, const char *path, const char *text, struct credentials *found)
{
        struct reading reading = {ctl, found, NULL};
        int line = ini_parse_string(text, take_pair, &reading);

        if (line == 0)
                return RES_OK;
        if (reading.unknown != NULL)
                return ctl_fail(ctl, ERR_CONFIG,
                                "%s:%d: '%s' is unknown; a credentials file has [chancery] with secret_id, secret_key, "
                                "endpoint, ca",
                                path, line, reading.unknown);
        return ctl_fail(ctl, ERR_CONFIG, "%s:%d is not of the form name = value", path, line);
}

static void warn_if_open(const char *path)
{
        struct stat st;

        if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
                (void)fprintf(stderr, "chancery: warning: %s can be read by others; chmod 600 it\n", path);
}

static res read_file(struct ctl *ctl, const char *path, struct credentials *found)
{
        struct str text;

        TRY(file_read(ctl, path, CREDENTIALS_BYTES, &text));
        warn_if_open(path);
        if (str_trim(text).n > 0 && str_trim(text).p[0] == '{')
                return parse_json(ctl, path, text, found);
        return parse_ini(ctl, path, text.p, found);
}

/* NULL when nothing was named and the default file is not there. */
static const char *credentials_path(struct ctl *ctl)
{
        const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME"), *path = NULL;

        if (args_text(ctl, "--credentials") != NULL)
                return args_text(ctl, "--credentials");
        if (getenv("CHANCERY_CREDENTIALS") != NULL)
                return getenv("CHANCERY_CREDENTIALS");
        if (config != NULL && config[0] == '/')
                path = arena_printf(ctl->arena, "%s/chancery/credentials", config);
        else if (home != NULL)
                path = arena_printf(ctl->arena, "%s/.config/chancery/credentials", home);
        return path != NULL && access(path, F_OK) == 0 ? path : NULL;
}

static void override(const char **place, const char *option, const char *environment)
{
        if (option != NULL)
                *place = option;
        else if (getenv(environment) != NULL)
                *place = getenv(environment);
}

/* --data says where root.pem lies; without it the directory that `make run` uses is tried. */
static const char *root_of_data(struct ctl *ctl)
{
        const char *data = args_text(ctl, "--data");
        const char *path = arena_printf(ctl->arena, "%s/root.pem", data == NULL ? DEFAULT_DATA : data);

        return data != NULL || access(path, R_OK) == 0 ? path : NULL;
}

static const char *without_slash(struct ctl *ctl, const char *url)
{
        size_t n = strlen(url);

        while (n > 0 && url[n - 1] == '/')
                n--;
        return arena_strndup(ctl->arena, url, n);
}

static res check(struct ctl *ctl, const struct credentials *c)
{
        if (c->secret_id == NULL || c->secret_key == NULL)
                return ctl_fail(ctl, ERR_CONFIG,
                                "no credentials: give --credentials FILE, or set CHANCERY_SECRET_ID and "
                                "CHANCERY_SECRET_KEY (`chancery account create` makes a key)");
        if (strncmp(c->endpoint, "https://", 8) != 0 && strncmp(c->endpoint, "http://", 7) != 0)
                return ctl_fail(ctl, ERR_CONFIG, "the endpoint '%s' does not begin with https://", c->endpoint);
        return RES_OK;
}

res credentials_find(struct ctl *ctl, struct credentials *ret_credentials)
{
        struct credentials found = {0};
        const char *path = credentials_path(ctl);

        if (path != NULL)
                TRY(read_file(ctl, path, &found));
        override(&found.secret_id, NULL, "CHANCERY_SECRET_ID");
        override(&found.secret_key, NULL, "CHANCERY_SECRET_KEY");
        override(&found.endpoint, args_text(ctl, "--endpoint"), "CHANCERY_ENDPOINT");
        override(&found.ca, args_text(ctl, "--ca"), "CHANCERY_CA");
        if (found.ca == NULL)
                found.ca = root_of_data(ctl);
        found.endpoint = without_slash(ctl, found.endpoint == NULL ? DEFAULT_ENDPOINT : found.endpoint);
        TRY(check(ctl, &found));
        *ret_credentials = found;
        return RES_OK;
}

/* ~/.config/chancery is seldom there before the first key.  What cannot be made is told when the file is written. */
static void make_parents(struct ctl *ctl, const char *path)
{
        for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
                (void)mkdir(arena_strndup(ctl->arena, path, (size_t)(slash - path)), 0700);
}

res credentials_save(struct ctl *ctl, const char *path, const struct credentials *c)
{
        char *ca = c->ca == NULL ? NULL : realpath(c->ca, NULL);
        const char *text = arena_printf(ctl->arena, "[chancery]\nsecret_id = %s\nsecret_key = %s\nendpoint = %s\n%s%s%s",
                                        c->secret_id, c->secret_key,
                                        without_slash(ctl, c->endpoint == NULL ? DEFAULT_ENDPOINT : c->endpoint),
                                        ca == NULL ? "" : "ca = ", ca == NULL ? "" : ca, ca == NULL ? "" : "\n");

        free(ca);
        if (path[0] != '\0')
                make_parents(ctl, path);
        return file_write(ctl, path, bytes_of(text, strlen(text)), 0600, /* replace= */ true);
}
