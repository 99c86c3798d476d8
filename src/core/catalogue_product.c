/*
 * The table of a product's keys.  Each kind of value knows how to be read and how to be written again, so that
 * the text an order keeps is the same whatever blanks and order the file had.
 */
#include "core/catalogue_product.h"

#include "base/limits.h"
#include "core/catalogue_kind.h"

#define PRICE_MAX (1000000000LL) /* ten million a name and year: times 100 names and 3 years fits easily */
#define CATALOGUE_TEXT_BYTES 4096 /* a row is under 1 KB */

static const char *const words_level[] = {"DV", "OV", "EV", NULL};
static const char *const words_record[] = {"TXT", "CNAME", NULL};
static const char *const words_domains[] = {"single", "multi", "wildcard", "multi-wildcard", NULL};

static const char *const words_standard[] = {"international", "sm2", NULL};
static const char *const words_keys[] = {"rsa-2048", "rsa-4096", "ec-p256", "ec-p384", "sm2", NULL};
static const char *const words_hashes[] = {"SHA256", "SHA384", NULL};
static const char *const words_review[] = {"none", "ov", "ev", NULL};
static const char *const words_letter[] = {"none", "image", "once", NULL};
static const char *const words_revoke[] = {"R1", "R2", "R3", "R4", NULL};
static const char *const words_reissue[] = {"free-dv", "paid-dv", "wotrus-dnspod", "other", NULL};

#define KEY(name_, kind_, member, ...) \
        { \
                .name = (name_), .kind = &(kind_), .offset = offsetof(struct catalogue_row, member), ##__VA_ARGS__ \
        }
static const struct catalogue_key catalogue_keys[] = {
        KEY("name", catalogue_kind_text, product.name),
        KEY("brand", catalogue_kind_text, product.brand),
        KEY("source", catalogue_kind_name, product.source, .optional = true),
        KEY("level", catalogue_kind_word, product.level, .words = words_level),
        KEY("pro", catalogue_kind_bool, product.is_pro, .optional = true),
        KEY("standard", catalogue_kind_word, product.standard, .optional = true, .words = words_standard),
        KEY("free", catalogue_kind_bool, product.is_free),
        KEY("acme", catalogue_kind_bool, product.is_acme, .optional = true),
        KEY("quota", catalogue_kind_bool, product.has_quota, .optional = true),
        KEY("default", catalogue_kind_bool, product.is_default, .optional = true),
        KEY("recommended", catalogue_kind_bool, product.is_recommended, .optional = true),
        KEY("orderable", catalogue_kind_bool, product.is_orderable, .optional = true),
        KEY("domains", catalogue_kind_place, product.domain_type, .words = words_domains),
        KEY("max-domains", catalogue_kind_number, product.domain_max, .min = 1, .max = LIMIT_NAMES_PER_CERT),
        KEY("validity-months", catalogue_kind_number, product.validity_months, .optional = true, .min = 1, .max = 60),
        KEY("terms", catalogue_kind_ints, product.terms, .optional = true, .min = 12, .max = 36),
        KEY("life-days", catalogue_kind_number, product.life_days, .min = 1, .max = 3650),
        KEY("deadline-days", catalogue_kind_number, product.deadline_days, .min = 1, .max = 365),
        KEY("dns-record", catalogue_kind_word, product.dns_record, .words = words_record),
        {.name = "methods", .kind = &catalogue_kind_methods, .offset = 0},
        KEY("auto-multi-year", catalogue_kind_bool, product.needs_auto_multi_year, .optional = true),
        KEY("ip", catalogue_kind_bool, product.allows_ip),
        KEY("www", catalogue_kind_bool, product.www_free, .optional = true),
        KEY("parent", catalogue_kind_bool, product.parent_free, .optional = true),
        KEY("issuer-rsa", catalogue_kind_name, product.issuer_rsa, .optional = true),
        KEY("issuer-ecc", catalogue_kind_name, product.issuer_ecc, .optional = true),
        KEY("issuer-sm2", catalogue_kind_name, product.issuer_sm2, .optional = true),
        KEY("profile", catalogue_kind_name, product.profile, .optional = true),
        KEY("keys", catalogue_kind_words, product.keys, .optional = true, .words = words_keys),
        KEY("csr-keys", catalogue_kind_words, product.csr_keys, .optional = true, .words = words_keys),
        KEY("hashes", catalogue_kind_words, product.hashes, .optional = true, .words = words_hashes),
        KEY("caa", catalogue_kind_strs, product.caa_identities, .optional = true),
        KEY("words", catalogue_kind_names, words, .optional = true),
        KEY("suffixes", catalogue_kind_names, suffixes, .optional = true),
        KEY("review", catalogue_kind_word, product.review, .optional = true, .words = words_review),
        KEY("pre-review", catalogue_kind_bool, product.has_pre_review, .optional = true),
        KEY("letter", catalogue_kind_word, product.letter, .optional = true, .words = words_letter),
        KEY("reminder", catalogue_kind_bool, product.has_reminder, .optional = true),
        KEY("retained-days", catalogue_kind_number, product.retained_days, .optional = true, .min = 0, .max = 3650),
        KEY("revoke", catalogue_kind_word, product.revoke, .optional = true, .words = words_revoke),
        KEY("reissue", catalogue_kind_word, product.reissue, .optional = true, .words = words_reissue),
        KEY("price-year", catalogue_kind_number, product.price_year, .optional = true, .min = 0, .max = PRICE_MAX),
        KEY("price-name", catalogue_kind_number, product.price_name, .optional = true, .min = 0, .max = PRICE_MAX),
        KEY("names-included", catalogue_kind_number, product.names_included, .optional = true, .min = 1, .max = LIMIT_NAMES_PER_CERT),
        KEY("discount-2", catalogue_kind_number, product.discount_2, .optional = true, .min = 0, .max = 100),
        KEY("discount-3", catalogue_kind_number, product.discount_3, .optional = true, .min = 0, .max = 100),
        KEY("pid", catalogue_kind_number, product.pid, .optional = true, .min = 1, .max = 9999999),
        KEY("points", catalogue_kind_number, product.points, .optional = true, .min = 1, .max = 1000000),
};
#define CATALOGUE_KEYS (sizeof catalogue_keys / sizeof *catalogue_keys)

static size_t catalogue_key_place(const char *name)
{
        size_t i = 0;

        while (i < CATALOGUE_KEYS && strcmp(catalogue_keys[i].name, name) != 0)
                i++;
        return i;
}

res catalogue_product_set(struct catalogue_file *file, struct arena *arena, struct catalogue_row *row, const char *key,
                          const char *value)
{
        size_t i = catalogue_key_place(key);
        const struct catalogue_key *known = catalogue_keys + i;

        if (i == CATALOGUE_KEYS)
                return catalogue_file_fail(file, "a product has no key \"%.60s\"; the head of the file lists them.",
                                           key);
        if (row->seen & (1UL << i))
                return catalogue_file_fail(file, "\"%s\" stands twice in [product %s]; leave one of them out.", key,
                                           row->product.package_type);
        row->seen |= 1UL << i;
        return known->kind->read(file, arena, known, (char *)row + known->offset, value);
}

bool catalogue_product_has(const struct catalogue_row *row, const char *key)
{
        return ((row->seen | row->like) & (1UL << catalogue_key_place(key))) != 0;
}

void catalogue_product_like(struct catalogue_row *row, const struct catalogue_row *other)
{
        struct catalogue_row copy = *other;

        copy.product.package_type = row->product.package_type;
        copy.product.pid = 0;
        copy.product.is_recommended = false;
        copy.like = other->seen | other->like;
        copy.seen = 0;
        copy.line = row->line;
        *row = copy;
}

static struct strs catalogue_words_of(struct arena *arena, const char *first, const char *second)
{
        struct str *v = arena_array_of(arena, 2, struct str);

        v[0] = str_of(first);
        v[1] = second ? str_of(second) : (struct str){0};
        return (struct strs){v, second ? 2 : 1};
}

static void catalogue_default_text(const char **text, const char *value)
{
        if (!*text)
                *text = value;
}

void catalogue_product_fill(struct arena *arena, struct catalogue_row *row)
{
        struct product *product = &row->product;

        catalogue_default_text(&product->standard, "international");
        catalogue_default_text(&product->review, "none");
        catalogue_default_text(&product->letter, "none");
        catalogue_default_text(&product->revoke, "R3");
        catalogue_default_text(&product->reissue, product->is_free ? "free-dv" : "paid-dv");
        if (!catalogue_product_has(row, "orderable"))
                product->is_orderable = !product->is_free;
        if (product->keys.n == 0)
                product->keys = strcmp(product->standard, "sm2") == 0
                                        ? catalogue_words_of(arena, "sm2", NULL)
                                        : catalogue_words_of(arena, "rsa-2048", "ec-p256");
        if (product->csr_keys.n == 0)
                product->csr_keys = product->keys;
        if (product->hashes.n == 0)
                product->hashes = catalogue_words_of(arena, "SHA256", NULL);
        if (product->names_included == 0)
                product->names_included = 1;
        if (product->validity_months == 0 && product->terms.n > 0)
                product->validity_months = product->terms.v[0];
}

/* It is not sold: ACME clients order it, and they bring their own key. */
static MUST res catalogue_check_acme(struct catalogue_file *file, const struct product *product)
{
        if (product->is_free || product->is_orderable || product->domain_type != 4 || product->validity_months == 0 || !product->profile)
                return catalogue_file_fail(file,
                                           "[product %s] is ACME's: it has free = no, orderable = no, domains = multi-wildcard, "
                                           "validity-months and a profile.",
                                           product->package_type);
        return RES_OK;
}

static MUST res catalogue_check_sale(struct catalogue_file *file, const struct catalogue_row *row)
{
        const struct product *product = &row->product;

        if (product->is_acme)
                return catalogue_check_acme(file, product);
        if (product->has_quota)
                return catalogue_file_fail(file, "[product %s]: quota = yes is for ACME's product; free ones have one anyhow, paid ones none.",
                                           product->package_type);
        for (size_t i = 0; i < product->terms.n; i++)
                if (product->terms.v[i] % 12 != 0)
                        return catalogue_file_fail(file, "[product %s]: terms are whole years: 12, 24, 36.",
                                                   product->package_type);
        if (product->is_free && !catalogue_product_has(row, "validity-months"))
                return catalogue_file_fail(file, "[product %s] is free and has no \"validity-months\"; add it.",
                                           product->package_type);
        if (!product->is_free && (product->terms.n == 0 || !catalogue_product_has(row, "price-year")))
                return catalogue_file_fail(file, "[product %s] is paid and lacks \"terms\" or \"price-year\"; add it.",
                                           product->package_type);
        if (product->is_free && product->is_orderable)
                return catalogue_file_fail(file, "[product %s] is free, so it has orderable = no.",
                                           product->package_type);
        if (product->names_included > product->domain_max)
                return catalogue_file_fail(file, "[product %s]: names-included is more than max-domains.",
                                           product->package_type);
        return RES_OK;
}

/* A product that names a profile can be issued here: then each family of its keys needs an issuer. */
static MUST res catalogue_check_issue(struct catalogue_file *file, const struct product *product)
{
        static const struct {
                const char *key, *issuer;
                size_t offset;
        } families[] = {
                {"rsa-2048", "issuer-rsa", offsetof(struct product, issuer_rsa)},
                {"rsa-4096", "issuer-rsa", offsetof(struct product, issuer_rsa)},
                {"ec-p256", "issuer-ecc", offsetof(struct product, issuer_ecc)},
                {"ec-p384", "issuer-ecc", offsetof(struct product, issuer_ecc)},
                {"sm2", "issuer-sm2", offsetof(struct product, issuer_sm2)},
        };

        if (!product->profile && product->is_free)
                return catalogue_file_fail(file, "[product %s] has no \"profile\"; add it.", product->package_type);
        for (size_t i = 0; product->profile && i < sizeof families / sizeof *families; i++) {
                const char *const *issuer = (const void *)((const char *)product + families[i].offset);
                if (!*issuer && (product_has(&product->keys, families[i].key) ||
                                 product_has(&product->csr_keys, families[i].key)))
                        return catalogue_file_fail(file, "[product %s] takes %s keys and has no \"%s\"; add it.",
                                                   product->package_type, families[i].key, families[i].issuer);
        }
        return RES_OK;
}

res catalogue_product_check(struct catalogue_file *file, const struct catalogue_row *row)
{
        const struct product *product = &row->product;
        bool is_many = product->domain_type == 2 || product->domain_type == 4;

        for (size_t i = 0; i < CATALOGUE_KEYS; i++)
                if (!catalogue_keys[i].optional && !((row->seen | row->like) & (1UL << i)))
                        return catalogue_file_fail(file, "[product %s] has no \"%s\"; add it.", product->package_type,
                                                   catalogue_keys[i].name);
        if (!is_many && product->domain_max != 1)
                return catalogue_file_fail(file,
                                           "[product %s]: max-domains must be 1 unless domains is multi or "
                                           "multi-wildcard.",
                                           product->package_type);
        if (is_many && product->domain_max < 2)
                return catalogue_file_fail(file, "[product %s]: max-domains must be 2 or more where domains is multi "
                                                 "or multi-wildcard.",
                                           product->package_type);
        if (!product->allows_dns && !product->allows_file && !product->allows_auto && !product->allows_ca)
                return catalogue_file_fail(file, "[product %s]: methods names none of DNS, FILE, AUTO, CA.",
                                           product->package_type);
        if (product->is_default && !product->is_free)
                return catalogue_file_fail(file, "[product %s]: only a free product can be the default.",
                                           product->package_type);
        TRY(catalogue_check_sale(file, row));
        return catalogue_check_issue(file, product);
}

static MUST res catalogue_parse_line(struct catalogue_file *file, struct arena *arena, struct str line,
                                     struct catalogue_row *row)
{
        struct str key = str_trim(str_cut(&line, '=')), value = str_trim(line);
        const char *name = arena_strndup(arena, key.p ? key.p : "", key.n);

        if (value.n == 0 || catalogue_key_place(name) == CATALOGUE_KEYS)
                return RES_OK; /* the head, an answer not given, a key of another version */
        return catalogue_product_set(file, arena, row, name, arena_strndup(arena, value.p, value.n));
}

res catalogue_product_parse(struct arena *arena, struct str text, struct catalogue_row *row)
{
        CLEAN(buf_done) struct buf why = {0};
        struct catalogue_file file = {.path = "order", .why = &why};

        buf_init(&why, CATALOGUE_TEXT_BYTES);
        while (text.n > 0)
                TRY(catalogue_parse_line(&file, arena, str_cut(&text, '\n'), row));
        catalogue_product_fill(arena, row);
        return RES_OK;
}

const char *catalogue_product_text(struct arena *arena, const struct catalogue_row *row)
{
        CLEAN(buf_done) struct buf out = {0};

        buf_init(&out, CATALOGUE_TEXT_BYTES);
        buf_printf(&out, "[product %s]\n", row->product.package_type);
        for (size_t i = 0; i < CATALOGUE_KEYS; i++) {
                buf_printf(&out, "%s = ", catalogue_keys[i].name);
                catalogue_keys[i].kind->write(&out, catalogue_keys + i, (const char *)row + catalogue_keys[i].offset);
                buf_add_byte(&out, '\n');
        }
        return buf_copy(&out, arena);
}
