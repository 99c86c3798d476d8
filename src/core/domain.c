/*
 * A name as typed becomes a name as the wire and the certificate carry it: ASCII, lower case, no final dot.
 * People paste from address bars, DNS consoles and letters, so blanks, capitals, one final dot and U-labels are
 * welcome; what cannot be a host name is refused with a sentence that says what to type instead.
 */
#include "core/domain.h"

#include <idn2.h>
#include <stdlib.h>

#include "base/address.h"
#include "core/core.h"

#define DOMAIN_TYPED_BYTES \
        1024            /* a name of 253 letters in UTF-8 at its widest; more is no name and not worth mapping */
#define DOMAIN_SHOWN 80 /* bytes of a typed name that a sentence repeats */

static const char domain_ldh[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char domain_digits[] = "0123456789";

static void domain_idn_free(char **text)
{
        idn2_free(*text);
}

/* Part of a sentence: the typed text, cut; nothing of it when it holds bytes that are no text. */
static const char *domain_shown(struct act *act, struct str typed)
{
        size_t n = typed.n < DOMAIN_SHOWN ? typed.n : DOMAIN_SHOWN;

        if (!str_is_utf8(typed))
                return "The name";
        while (n > 0 && n < typed.n && ((unsigned char)typed.p[n] & 0xC0) == 0x80)
                n--;
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)typed.p[i] < 0x20 || typed.p[i] == 0x7F)
                        return "The name";
        return arena_printf(act->arena, "\"%.*s%s\"", (int)n, typed.p, n < typed.n ? "…" : "");
}

/* Slips that deserve a sentence of their own: the byte gives them away. */
static const struct {
        char byte;
        const char *sentence;
} domain_slips[] = {
        {'\0', "holds a zero byte"},
        {'/', "is an address, not a name; leave out https:// and everything from the first slash on"},
        {'@', "is an email address; give the name after the @"},
        {':', "holds a colon; leave out the port"},
        {'_', "holds an underscore; a host name has letters, digits and hyphens only"},
        {' ', "holds a blank; give one name without blanks"},
        {',', "holds a comma; give one name"},
        {';', "holds a semicolon; give one name"},
};

static MUST res domain_refuse_slips(struct act *act, struct str typed)
{
        for (size_t i = 0; i < sizeof domain_slips / sizeof *domain_slips; i++)
                if (memchr(typed.p, domain_slips[i].byte, typed.n))
                        return act_fail(act, ERR_DOMAIN, "%s %s.", domain_shown(act, typed), domain_slips[i].sentence);
        return RES_OK;
}

static bool domain_parse_address(struct act *act, struct str typed, struct domain_name *ret_name)
{
        char canonical[ADDRESS_TEXT_SIZE];
        uint8_t address[16];
        bool bracketed = typed.n > 2 && typed.p[0] == '[' && typed.p[typed.n - 1] == ']';
        struct str bare = bracketed ? (struct str){typed.p + 1, typed.n - 2} : typed;
        size_t size = address_parse(bare, address);

        if (size == 0 || (bracketed && size == 4))
                return false;
        address_text(address, size, canonical);
        ret_name->ascii = ret_name->registrable = arena_strdup(act->arena, canonical);
        ret_name->is_ip = true;
        ret_name->space = DOMAIN_ADDRESS;
        return true;
}

bool domain_is_address(struct str ascii)
{
        uint8_t address[16];

        return address_parse(ascii, address) > 0;
}

static bool domain_label_is_sound(const char *label, size_t n)
{
        if (n == 0 || n > 63 || label[0] == '-' || label[n - 1] == '-')
                return false;
        /* RFC 5891 §4.2.3.1: only A-labels have hyphens in the third and fourth place. */
        if (n >= 4 && label[2] == '-' && label[3] == '-' && memcmp(label, "xn", 2) != 0)
                return false;
        return strspn(label, domain_ldh) >= n;
}

static MUST res domain_check_labels(struct act *act, struct str typed, const char *host)
{
        const char *shown = domain_shown(act, typed), *label = host, *last = host;
        size_t levels = 0;

        for (;; label += strcspn(label, ".") + 1) {
                size_t n = strcspn(label, ".");
                if (!domain_label_is_sound(label, n))
                        return act_fail(act, ERR_DOMAIN,
                                        "%s is no host name: each part between dots has 1 to 63 letters, "
                                        "digits and hyphens and neither begins nor ends with a hyphen.",
                                        shown);
                last = label;
                levels++;
                if (label[n] == '\0')
                        break;
        }
        if (levels > LIMIT_NAME_LEVELS)
                return act_fail(act, ERR_DOMAIN, "%s has more than %d levels.", shown, LIMIT_NAME_LEVELS);
        /* Whatever ends in a number is read as an address by web clients, in one way or another. */
        if (strspn(last, domain_digits) == strlen(last) || strncmp(last, "0x", 2) == 0)
                return act_fail(act, ERR_DOMAIN, "%s looks like an IP address, but is none; check the typing.", shown);
        return RES_OK;
}

/*
 * UTS #46 nontransitional, then IDNA2008; A-labels must be what their U-label would give.  Without the library's
 * STD3 rules on purpose: it would drop the bytes they forbid (a!b becomes ab) instead of refusing the name.
 */
static MUST res domain_to_ascii(struct act *act, struct str typed, const char *text, const char **ret_host)
{
        CLEAN(domain_idn_free) char *out = NULL;
        int rc = idn2_to_ascii_8z(text, &out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
        size_t n;

        if (rc == IDN2_TOO_BIG_DOMAIN)
                return act_fail(act, ERR_DOMAIN_LENGTH, "%s is longer than the %d characters of a domain name.",
                                domain_shown(act, typed), LIMIT_NAME_BYTES);
        if (rc != IDN2_OK)
                return act_fail(act, ERR_DOMAIN,
                                "%s is no host name: %s. Use letters, digits and hyphens, or letters "
                                "of one's own script as IDNA2008 allows them.",
                                domain_shown(act, typed), idn2_strerror(rc));
        n = strlen(out);
        if (n > 0 && out[n - 1] == '.')
                n--;
        *ret_host = arena_strndup(act->arena, out, n);
        return RES_OK;
}

static MUST res domain_strip_wildcard(struct act *act, struct str typed, struct str *ret_rest, bool *ret_is_wildcard)
{
        bool is_wildcard = str_starts_with(typed, STR("*."));
        struct str rest = is_wildcard ? (struct str){typed.p + 2, typed.n - 2} : typed;

        if (rest.n > 0 && memchr(rest.p, '*', rest.n))
                return act_fail(act, ERR_DOMAIN,
                                "%s: a wildcard name has exactly one asterisk, alone as its leftmost "
                                "part, as in *.tencent.com.",
                                domain_shown(act, typed));
        *ret_rest = rest;
        *ret_is_wildcard = is_wildcard;
        return RES_OK;
}

static MUST res domain_parse_host(struct act *act, struct str typed, struct domain_name *ret_name)
{
        struct domain_name name = {0};
        const char *host = NULL;
        struct str rest;

        TRY(domain_refuse_slips(act, typed));
        TRY(domain_strip_wildcard(act, typed, &rest, &name.is_wildcard));
        TRY(domain_to_ascii(act, typed, str_copy(act->arena, rest), &host));
        TRY(domain_check_labels(act, typed, host));
        name.ascii = name.is_wildcard ? arena_printf(act->arena, "*.%s", host) : host;
        if (strlen(name.ascii) > LIMIT_NAME_BYTES)
                return act_fail(act, ERR_DOMAIN_LENGTH, "%s is longer than the %d characters of a domain name.",
                                domain_shown(act, typed), LIMIT_NAME_BYTES);
        name.registrable = domain_rules_place(act->core->domains, host, &name.space);
        *ret_name = name;
        return RES_OK;
}

res domain_parse(struct act *act, struct str typed, struct domain_name *ret_name)
{
        struct domain_name name = {0};

        typed = str_trim(typed);
        if (str_is_empty(typed))
                return act_fail(act, ERR_DOMAIN, "There is no domain name; give one, such as docs.tencent.com.");
        if (typed.n > DOMAIN_TYPED_BYTES)
                return act_fail(act, ERR_DOMAIN_LENGTH, "The name is longer than the %d characters of a domain name.",
                                LIMIT_NAME_BYTES);
        if (!str_is_utf8(typed))
                return act_fail(act, ERR_DOMAIN, "The name is not UTF-8 text.");
        if (!domain_parse_address(act, typed, &name))
                TRY(domain_parse_host(act, typed, &name));
        *ret_name = name;
        return RES_OK;
}

static bool domain_email_local_is_valid(struct str local)
{
        static const char others[] = "!#$%&'*+/=?^_`{|}~-.";

        if (local.n == 0 || local.n > 64 || local.p[0] == '.' || local.p[local.n - 1] == '.')
                return false;
        for (size_t i = 0; i < local.n; i++) {
                char c = local.p[i];
                bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                if (!alnum && (c == '\0' || !strchr(others, c)))
                        return false;
                if (c == '.' && local.p[i - 1] == '.')
                        return false;
        }
        return true;
}

bool domain_email_is_valid(struct str email)
{
        char host[LIMIT_EMAIL_BYTES + 1];
        const char *at = email.n ? memchr(email.p, '@', email.n) : NULL;
        size_t local_n, host_n, labels = 0, last_n = 0;
        const char *label;

        if (!at || email.n > LIMIT_EMAIL_BYTES)
                return false;
        local_n = (size_t)(at - email.p);
        host_n = email.n - local_n - 1;
        if (!domain_email_local_is_valid((struct str){email.p, local_n}) || memchr(at, '\0', host_n + 1))
                return false;
        memcpy(host, at + 1, host_n);
        host[host_n] = '\0';
        str_lower_ascii(host, host_n);
        for (label = host; label <= host + host_n; label += last_n + 1, labels++) {
                last_n = strcspn(label, ".");
                if (!domain_label_is_sound(label, last_n))
                        return false;
        }
        label = host + host_n - last_n;
        return labels >= 2 && strspn(label, domain_digits) < last_n;
}
