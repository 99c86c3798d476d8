/*
 * What a customer is asked to show.  A value is 17 digits of UTC and 40 random characters (DCV-07, DCV-55, SIL-51);
 * the stamp is for people, the 206 random bits are what counts.
 *
 * One DNS record at a name proves that name and all below it (BR 3.2.2.4.7), so a name with a listed ancestor needs no
 * record of its own; a wildcard is proved where its asterisk would stand.  A file proves the very name alone (DCV-24):
 * each name of the certificate has its row, all with the same content, so that one web root can serve them (DCV-22, CON-05).
 */
#include "core/apply.h"

#include "base/conf.h"
#include "base/random.h"
#include "base/timetext.h"
#include "core/core.h"
#include "core/kept_cname.h"

/* Never exists (RFC 6761 §6.4): what a per-order CNAME points to when no zone of our own is configured. */
#define TOKEN_ZONE "dcv.invalid"
#define TOKEN_LABEL_RANDOM 31 /* of 36 letters = 160 bits; one label with its "_" or a letter before it */

const char *apply_token_value(struct act *act)
{
        char stamp[18], random[LIMIT_TOKEN_RANDOM + 1];

        timetext_stamp17(act->now_ms, stamp);
        random_text(random, LIMIT_TOKEN_RANDOM, RANDOM_LOWER36);
        return arena_printf(act->arena, "%s%s", stamp, random);
}

static const char *token_target(struct act *act)
{
        char first[TOKEN_LABEL_RANDOM + 1], second[TOKEN_LABEL_RANDOM + 1];

        random_text(first, TOKEN_LABEL_RANDOM, RANDOM_LOWER36);
        random_text(second, TOKEN_LABEL_RANDOM, RANDOM_LOWER36);
        return arena_printf(act->arena, "%s.%s.%s", first, second, TOKEN_ZONE);
}

static const char *token_label(struct act *act)
{
        char random[TOKEN_LABEL_RANDOM + 1];

        random_text(random, TOKEN_LABEL_RANDOM, RANDOM_LOWER36);
        return arena_printf(act->arena, "_%s", random);
}

static bool name_is_below(struct str name, struct str ancestor)
{
        return name.n > ancestor.n + 1 && str_ends_with(name, ancestor) && name.p[name.n - ancestor.n - 1] == '.';
}

static struct str name_base(struct str name)
{
        return str_starts_with(name, STR("*.")) ? (struct str){name.p + 2, name.n - 2} : name;
}

/* A record at another of the names proves this one too; of a wildcard and its parent the first has the row. */
static bool names_prove(const struct strs *names, size_t at)
{
        struct str name = name_base(names->v[at]);

        for (size_t i = 0; i < names->n; i++) {
                struct str other = name_base(names->v[i]);

                if (name_is_below(name, other) || (i < at && str_equal(name, other)))
                        return true;
        }
        return false;
}

/* The zone that the record lies in: its primary domain; an address is its own. */
static struct str name_zone(struct act *act, struct str name)
{
        enum domain_space space = DOMAIN_PUBLIC;
        struct domain_name parsed = {0};

        if (!res_is_ok(domain_parse(act, name, &parsed)) || parsed.is_ip)
                return name;
        return str_of(domain_rules_place(act->core->domains, parsed.ascii, &space));
}

static struct str token_method(enum msg_method method)
{
        if (method == MSG_METHOD_FILE)
                return STR("FILE");
        return method == MSG_METHOD_DNS_CNAME ? STR("CNAME") : STR("TXT");
}

void apply_token_fill(struct act *act, const char *file_value, struct validation_row *row)
{
        if (str_equals(row->method, "FILE")) { /* DCV-16 */
                row->record = STR("fileauth.txt");
                row->value = str_of(file_value);
        } else if (str_equals(row->method, "TXT")) { /* DCV-06 */
                row->record = str_of(arena_printf(act->arena, "_dnsauth.%.*s", (int)row->name.n, row->name.p));
                row->value = str_of(apply_token_value(act));
        } else if (kept_cname_is_on(act->core)) { /* DCV-35 */
                kept_cname_make(act, row->name, &row->record, &row->value);
        } else { /* DCV-08 */
                row->record = str_of(arena_printf(act->arena, "%s.%.*s", token_label(act), (int)row->name.n, row->name.p));
                row->value = str_of(token_target(act));
        }
}

res apply_validations(struct act *act, const struct strs *names, enum msg_method method, const char *certificate_id,
                      struct validation_row **ret_rows, size_t *ret_count)
{
        struct validation_row *rows = arena_array_of(act->arena, names->n, struct validation_row);
        const char *file_value = apply_token_value(act);
        size_t count = 0;

        for (size_t i = 0; i < names->n; i++) {
                if (method != MSG_METHOD_FILE && names_prove(names, i))
                        continue;
                struct str name = str_dup(act->arena, name_base(names->v[i]));

                rows[count] = (struct validation_row){
                        .account_id = act->account_id,
                        .certificate_id = str_of(certificate_id),
                        .position = (int64_t)count,
                        .name = name,
                        .zone = name_zone(act, name),
                        .method = token_method(method),
                        .state = STR("pending"),
                        .detail = STR(""),
                        .found = STR(""),
                };
                apply_token_fill(act, file_value, &rows[count]);
                count++;
        }
        *ret_rows = rows;
        *ret_count = count;
        return RES_OK;
}
