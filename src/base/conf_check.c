/* One small reader a kind of value.  None looks at the network or the disk: a setting is right or wrong by itself. */
#include "base/conf_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/limits.h"
#include "base/timetext.h"

enum { CONF_MAX_DAYS = 3650, CONF_URL_BYTES = 200, CONF_UID_LEAST = 1000 };
#define CONF_UID_MOST 4294967000ll

static res conf_wrong(const char **ret_why, const char *why)
{
        *ret_why = why;
        return FAIL(ERR_CONFIG);
}

static bool conf_is_alnum(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool conf_all_of(struct str s, const char *others)
{
        for (size_t i = 0; i < s.n; i++)
                if (!conf_is_alnum(s.p[i]) && (s.p[i] == '\0' || !strchr(others, s.p[i])))
                        return false;
        return s.n > 0;
}

/* -- addresses --------------------------------------------------------------------------------- */

static bool conf_is_address(const char *text)
{
        uint8_t any[16];

        return address_parse(str_of(text), any) > 0;
}

/* Labels of letters, digits, '-' and '_' between single dots. */
static bool conf_is_domain(struct str s)
{
        struct str rest = s;

        if (s.n == 0 || s.n > LIMIT_NAME_BYTES)
                return false;
        while (rest.p) {
                const struct str label = str_cut(&rest, '.');

                if (label.n > 63 || !conf_all_of(label, "-_") || label.p[0] == '-' || label.p[label.n - 1] == '-')
                        return false;
        }
        return true;
}

static bool conf_read_port(struct str s, int64_t least, uint16_t *ret_port)
{
        int64_t port;

        if (s.n > 5 || !res_is_ok(str_to_int64(s, &port)) || port < least || port > 65535)
                return false;
        *ret_port = (uint16_t)port;
        return true;
}

/* "host:port" or "[v6]:port" into its halves. */
static bool conf_split_addr(const char *text, struct str *ret_host, struct str *ret_port)
{
        const char *colon = strrchr(text, ':');
        struct str host;

        if (!colon)
                return false;
        host = (struct str){text, (size_t)(colon - text)};
        if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
                host = (struct str){host.p + 1, host.n - 2};
        else if (memchr(host.p, ':', host.n))
                return false;
        *ret_host = host;
        *ret_port = str_of(colon + 1);
        return host.n > 0;
}

static bool conf_read_addr(const char *text, int64_t least_port, struct conf_addr *ret)
{
        struct conf_addr addr = {0};
        struct str host, port;

        if (!conf_split_addr(text, &host, &port) || host.n >= sizeof(addr.host))
                return false;
        memcpy(addr.host, host.p, host.n);
        if (!conf_read_port(port, least_port, &addr.port))
                return false;
        if (!conf_is_address(addr.host) && (text[0] == '[' || !conf_is_domain(host)))
                return false;
        *ret = addr;
        return true;
}

res conf_check_listen(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        (void)arena;
        if (!conf_read_addr(text, /* least_port= */ 0, field))
                return conf_wrong(ret_why, "must be address:port, like 127.0.0.1:8443, [::1]:8443 or 0.0.0.0:443");
        return RES_OK;
}

res conf_check_resolver(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        struct conf_addr addr = {0};

        (void)arena;
        if (text[0] && (!conf_read_addr(text, /* least_port= */ 1, &addr) || !conf_is_address(addr.host)))
                return conf_wrong(ret_why, "must be address:port of a DNS resolver, like 127.0.0.1:53, or empty");
        memcpy(field, &addr, sizeof(addr));
        return RES_OK;
}

static bool conf_is_cidr(const char *text)
{
        uint8_t octets[16];
        struct str bits = str_of(text);
        const size_t size = address_parse(str_cut(&bits, '/'), octets);
        int64_t n = 0;

        if (size == 0 || !bits.p)
                return size > 0;
        return bits.n <= 3 && res_is_ok(str_to_int64(bits, &n)) && n <= (int64_t)size * 8;
}

/* -- lists ------------------------------------------------------------------------------------- */

static void conf_split(struct arena *arena, const char *text, struct conf_list *ret)
{
        static const char separators[] = ", \t\r\n";
        struct conf_list list = {.v = arena_array_of(arena, strlen(text) / 2 + 1, char *)};

        for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
                const size_t n = strcspn(text, separators);

                list.v[list.n++] = arena_strndup(arena, text, n);
                text += n;
        }
        *ret = list;
}

static res conf_check_list(struct arena *arena, const char *text, void *field, bool (*is_good)(const char *item),
                           const char *must, const char **ret_why)
{
        struct conf_list list;

        conf_split(arena, text, &list);
        for (size_t i = 0; i < list.n; i++)
                if (!is_good(list.v[i]))
                        return conf_wrong(ret_why, arena_printf(arena, "has the item '%.100s', which must be %s",
                                                                list.v[i], must));
        memcpy(field, &list, sizeof(list));
        return RES_OK;
}

static bool conf_item_is_name(const char *item)
{
        return conf_is_address(item) || conf_is_domain(str_of(item));
}

static bool conf_item_is_domain(const char *item)
{
        return conf_is_domain(str_of(item));
}

static bool conf_item_is_word(const char *item)
{
        return conf_all_of(str_of(item), "._-");
}

static bool conf_item_is_date(const char *item)
{
        char text[TIMETEXT_SIZE] = "";
        int64_t sec;

        if (strlen(item) != 10)
                return false;
        memcpy(text, item, 10);
        memcpy(text + 10, " 00:00:00", 10);
        return res_is_ok(timetext_parse_api(str_of(text), &sec));
}

res conf_check_names(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        return conf_check_list(arena, text, field, conf_item_is_name, "a host name or an address", ret_why);
}

res conf_check_domains(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        return conf_check_list(arena, text, field, conf_item_is_domain, "a domain name", ret_why);
}

res conf_check_words(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        return conf_check_list(arena, text, field, conf_item_is_word, "a name of letters, digits, '.', '_' and '-'",
                               ret_why);
}

res conf_check_cidrs(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        return conf_check_list(arena, text, field, conf_is_cidr, "an address or address/bits, like 10.0.0.0/8",
                               ret_why);
}

res conf_check_dates(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        return conf_check_list(arena, text, field, conf_item_is_date, "a date like 2026-10-01", ret_why);
}

/* -- single texts and numbers ------------------------------------------------------------------ */

static void conf_keep_text(struct arena *arena, struct str text, void *field)
{
        char *copy = text.n ? str_copy(arena, text) : NULL;

        memcpy(field, &copy, sizeof(copy));
}

res conf_check_domain(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        if (text[0] && !conf_is_domain(str_of(text)))
                return conf_wrong(ret_why, "must be a domain name, or empty");
        conf_keep_text(arena, str_of(text), field);
        return RES_OK;
}

res conf_check_url(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        struct str url = str_of(text);
        struct str rest;

        while (url.n > 0 && url.p[url.n - 1] == '/')
                url.n--;
        rest = url;
        if (!str_starts_with(url, STR("http://")))
                return conf_wrong(
                        ret_why,
                        "must begin with http:// (it is the address of CRLs and OCSP, which plain HTTP carries)");
        rest.p += 7;
        rest.n -= 7;
        if (url.n > CONF_URL_BYTES || !conf_all_of(rest, ".:-_[]/~%") || rest.p[0] == '/' || rest.p[0] == ':')
                return conf_wrong(
                        ret_why,
                        "must be an address like http://pki.example.com or http://10.0.0.1:8080, without query");
        conf_keep_text(arena, url, field);
        return RES_OK;
}

res conf_check_page(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        const struct str url = str_of(text);
        const size_t scheme = str_starts_with(url, STR("https://")) ? 8 : str_starts_with(url, STR("http://")) ? 7 : 0;
        const struct str rest = {url.p + scheme, url.n - scheme};

        if (url.n > 0 && (scheme == 0 || url.n > CONF_URL_BYTES || !conf_all_of(rest, ".:-_[]/~%?&=+,;#@!") || rest.p[0] == '/'))
                return conf_wrong(ret_why, "must be the address of a page, like https://pki.example.com/terms, or empty");
        conf_keep_text(arena, url, field);
        return RES_OK;
}

res conf_check_path(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        (void)ret_why;
        conf_keep_text(arena, str_of(text), field);
        return RES_OK;
}

res conf_check_master(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        struct str name = str_of(text);

        if (str_starts_with(name, STR("credential:"))) {
                str_cut(&name, ':');
                if (!conf_all_of(name, "._-") || name.p[0] == '.')
                        return conf_wrong(ret_why, "must be a path or credential:NAME");
        }
        conf_keep_text(arena, str_of(text), field);
        return RES_OK;
}

res conf_check_zone(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        if (!conf_all_of(str_of(text), "_-+/") || text[0] == '/' || strstr(text, "//"))
                return conf_wrong(ret_why, "must be the name of a time zone, like Asia/Shanghai or UTC");
        conf_keep_text(arena, str_of(text), field);
        return RES_OK;
}

res conf_check_port(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        uint16_t port;

        (void)arena;
        if (!conf_read_port(str_of(text), /* least= */ 1, &port))
                return conf_wrong(ret_why, "must be a port from 1 to 65535");
        memcpy(field, &port, sizeof(port));
        return RES_OK;
}

res conf_check_days(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        int64_t days;

        (void)arena;
        if (!res_is_ok(str_to_int64(str_of(text), &days)) || days < 1 || days > CONF_MAX_DAYS)
                return conf_wrong(ret_why, "must be a number of days from 1 to 3650");
        memcpy(field, &days, sizeof(days));
        return RES_OK;
}

res conf_check_uid(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        int64_t id;

        (void)arena;
        if (!res_is_ok(str_to_int64(str_of(text), &id)) || id < CONF_UID_LEAST || id > CONF_UID_MOST)
                return conf_wrong(ret_why, "must be a number from 1000 to 4294967000");
        memcpy(field, &id, sizeof(id));
        return RES_OK;
}

static res conf_check_either(const char *text, const char *yes, const char *no, void *field, const char *must,
                             const char **ret_why)
{
        const bool value = strcmp(text, yes) == 0;

        if (!value && strcmp(text, no) != 0)
                return conf_wrong(ret_why, must);
        memcpy(field, &value, sizeof(value));
        return RES_OK;
}

res conf_check_switch(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        (void)arena;
        return conf_check_either(text, "on", "off", field, "must be on or off", ret_why);
}

res conf_check_required(struct arena *arena, const char *text, void *field, const char **ret_why)
{
        (void)arena;
        return conf_check_either(text, "required", "optional", field, "must be required or optional", ret_why);
}
