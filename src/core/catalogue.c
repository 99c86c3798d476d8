/*
 * The catalogue as one immutable snapshot in an arena of its own: brands first, then products, which take
 * their brand's answers where they give none themselves, then the quota table.
 */
#include "core/catalogue.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/catalogue_product.h"
#include "core/weak_list.h"

#define CATALOGUE_BYTES (16 * 1024 * 1024) /* 256 products and lists of 10,000 words need about 2 MB */
#define CATALOGUE_PRODUCTS 256             /* rules.md section B has 77 */
#define CATALOGUE_BRANDS 64
#define CATALOGUE_PATH_BYTES 4096

static const char *const catalogue_quota_kinds[] = {
        "individual standard", "individual v1", "individual v2",    "enterprise standard",
        "enterprise v1",       "enterprise v2", "enterprise older",
};
#define CATALOGUE_QUOTAS (sizeof catalogue_quota_kinds / sizeof *catalogue_quota_kinds)

struct catalogue_combo { /* lists by the names that products give: most products share them */
        const char *kind, *names;
        struct strs list;
};

struct catalogue {
        atomic_int uses; /* acts that hold it, and core */
        struct arena *arena;
        const char *dir;
        struct catalogue_brand *brands;
        size_t brand_count;
        struct catalogue_row *rows;
        size_t row_count;
        struct quota_rule quotas[CATALOGUE_QUOTAS];
        unsigned quota_seen[CATALOGUE_QUOTAS]; /* bit 0 home, bit 1 any */
        int64_t domain_quota;                  /* 0 = not told yet */
        struct strs everyone;                  /* suffixes barred for all (DOM-02) */
        struct catalogue_combo *combos;
        size_t combo_count;
        struct weak_list *weak_keys;
};

static void catalogue_free_ptr(struct catalogue **catalogue)
{
        catalogue_free(*catalogue);
}

/* What follows "kind " in a section's name, or NULL. */
static const char *catalogue_section(const char *section, const char *kind)
{
        size_t n = strlen(kind);

        return strncmp(section, kind, n) == 0 && section[n] == ' ' && section[n + 1] ? section + n + 1 : NULL;
}

/* ---- brands ---- */

static struct catalogue_brand *catalogue_brand(struct catalogue *catalogue, const char *name)
{
        for (size_t i = 0; i < catalogue->brand_count; i++)
                if (strcmp(catalogue->brands[i].name, name) == 0)
                        return catalogue->brands + i;
        return NULL;
}

static res catalogue_brand_entry(struct catalogue_file *file, const char *section, const char *key, const char *value)
{
        struct catalogue *catalogue = file->to;
        const char *name = catalogue_section(section, "brand");
        struct catalogue_brand *brand = name ? catalogue_brand(catalogue, name) : NULL;

        if (!name)
                return catalogue_file_fail(file, "[%s]: sections of this file are named [brand NAME].", section);
        if (!brand && catalogue->brand_count == CATALOGUE_BRANDS)
                return catalogue_file_fail(file, "there are more than %d brands.", CATALOGUE_BRANDS);
        if (!brand) {
                brand = catalogue->brands + catalogue->brand_count++;
                brand->name = arena_strdup(catalogue->arena, name);
        }
        if (strcmp(key, "source") == 0) {
                brand->source = arena_strdup(catalogue->arena, value);
                return RES_OK;
        }
        if (strcmp(key, "www") == 0) {
                brand->seen |= 1;
                return catalogue_file_bool(file, key, value, &brand->www_free);
        }
        if (strcmp(key, "parent") == 0) {
                brand->seen |= 2;
                return catalogue_file_bool(file, key, value, &brand->parent_free);
        }
        return catalogue_file_fail(file, "a brand has no key \"%.60s\"; it has source, www and parent.", key);
}

static MUST res catalogue_check_brands(struct catalogue_file *file, const struct catalogue *catalogue)
{
        for (size_t i = 0; i < catalogue->brand_count; i++) {
                const struct catalogue_brand *brand = catalogue->brands + i;
                if (!brand->source || brand->source[0] == '\0' || brand->seen != 3)
                        return catalogue_file_fail(file, "[brand %s] lacks one of source, www and parent.",
                                                   brand->name);
        }
        return RES_OK;
}

/* ---- products ---- */

static bool catalogue_is_number(const char *text)
{
        size_t n = strlen(text);

        return n > 0 && n < 10 && strspn(text, "0123456789") == n && text[0] != '0';
}

static struct catalogue_row *catalogue_row(struct catalogue *catalogue, const char *package_type)
{
        for (size_t i = 0; i < catalogue->row_count; i++)
                if (strcmp(catalogue->rows[i].product.package_type, package_type) == 0)
                        return catalogue->rows + i;
        return NULL;
}

static MUST res catalogue_like(struct catalogue_file *file, struct catalogue *catalogue, struct catalogue_row *row,
                               const char *number)
{
        const struct catalogue_row *other = catalogue_row(catalogue, number);

        if (!other || other == row)
                return catalogue_file_fail(file, "like = %.60s: no [product %.60s] stands above.", number, number);
        if (row->seen || row->like)
                return catalogue_file_fail(file, "\"like\" comes first in [product %s].", row->product.package_type);
        catalogue_product_like(row, other);
        return RES_OK;
}

static res catalogue_product_entry(struct catalogue_file *file, const char *section, const char *key, const char *value)
{
        struct catalogue *catalogue = file->to;
        const char *number = catalogue_section(section, "product");
        struct catalogue_row *row = number ? catalogue_row(catalogue, number) : NULL;

        if (!number || !catalogue_is_number(number))
                return catalogue_file_fail(file, "[%s]: sections of this file are named [product N], N a number.",
                                           section);
        if (!row && catalogue->row_count == CATALOGUE_PRODUCTS)
                return catalogue_file_fail(file, "there are more than %d products.", CATALOGUE_PRODUCTS);
        if (!row) {
                row = catalogue->rows + catalogue->row_count++;
                row->product.package_type = arena_strdup(catalogue->arena, number);
                row->line = file->line;
        }
        if (strcmp(key, "like") == 0)
                return catalogue_like(file, catalogue, row, value);
        return catalogue_product_set(file, catalogue->arena, row, key, value);
}

static MUST res catalogue_lists(struct catalogue_file *file, struct catalogue *catalogue, const char *kind,
                                const char *names, const char *alphabet, struct strs *list)
{
        struct str rest = str_of(names ? names : "");

        while (rest.p) {
                struct str name = str_cut(&rest, ' ');
                const char *path;
                if (str_is_empty(name))
                        continue;
                path = arena_printf(catalogue->arena, "%s/%s/%.*s.txt", catalogue->dir, kind, (int)name.n, name.p);
                TRY(catalogue_file_list(catalogue->arena, path, alphabet, list, file->why));
        }
        return RES_OK;
}

static const char catalogue_word_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char catalogue_suffix_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";

static const struct strs *catalogue_known_combo(const struct catalogue *catalogue, const char *kind, const char *names)
{
        for (size_t i = 0; i < catalogue->combo_count; i++)
                if (strcmp(catalogue->combos[i].kind, kind) == 0 &&
                    strcmp(catalogue->combos[i].names, names ? names : "") == 0)
                        return &catalogue->combos[i].list;
        return NULL;
}

/* Read once; suffixes begin with everyone's (DOM-02). */
static MUST res catalogue_combo(struct catalogue_file *file, struct catalogue *catalogue, const char *kind,
                                const char *names, const struct strs **ret_list)
{
        bool is_words = strcmp(kind, "words") == 0;
        struct catalogue_combo combo = {.kind = kind, .names = names ? names : ""};

        *ret_list = catalogue_known_combo(catalogue, kind, names);
        if (*ret_list)
                return RES_OK;
        if (!is_words)
                combo.list = catalogue->everyone;
        TRY(catalogue_lists(file, catalogue, kind, names, is_words ? catalogue_word_bytes : catalogue_suffix_bytes,
                            &combo.list));
        catalogue->combos[catalogue->combo_count] = combo;
        *ret_list = &catalogue->combos[catalogue->combo_count++].list;
        return RES_OK;
}

/* The brand's answers, the lists, the text. */
static MUST res catalogue_complete(struct catalogue_file *file, struct catalogue *catalogue, struct catalogue_row *row)
{
        struct product *product = &row->product;
        const struct catalogue_brand *brand;

        file->line = row->line;
        catalogue_product_fill(catalogue->arena, row);
        TRY(catalogue_product_check(file, row));
        brand = catalogue_brand(catalogue, product->brand);
        if (!brand)
                return catalogue_file_fail(file, "[product %s]: brands.ini has no [brand %s].", product->package_type,
                                           product->brand);
        if (!catalogue_product_has(row, "source"))
                product->source = brand->source;
        if (!catalogue_product_has(row, "www"))
                product->www_free = brand->www_free;
        if (!catalogue_product_has(row, "parent"))
                product->parent_free = brand->parent_free;
        TRY(catalogue_combo(file, catalogue, "words", row->words, &product->sensitive_words));
        TRY(catalogue_combo(file, catalogue, "suffixes", row->suffixes, &product->barred_suffixes));
        product->text = catalogue_product_text(catalogue->arena, row);
        return RES_OK;
}

/* A request that names only a term, or nothing, must lead to one product. */
static MUST res catalogue_check_free(struct catalogue_file *file, const struct catalogue *catalogue)
{
        size_t free_count = 0, default_count = 0;

        for (size_t i = 0; i < catalogue->row_count; i++) {
                const struct product *product = &catalogue->rows[i].product;
                file->line = catalogue->rows[i].line;
                free_count += product->is_free;
                default_count += product->is_default;
                for (size_t k = 0; k < i && product->is_free; k++)
                        if (catalogue->rows[k].product.is_free &&
                            catalogue->rows[k].product.validity_months == product->validity_months)
                                return catalogue_file_fail(file,
                                                           "two free products have validity-months = %lld; a term must "
                                                           "lead to one of them.",
                                                           (long long)product->validity_months);
        }
        if (default_count > 1 || (free_count > 0 && default_count == 0))
                return catalogue_file_fail(file, "exactly one free product has default = yes.");
        return RES_OK;
}

/* ---- quota ---- */

static size_t catalogue_quota_place(const char *kind)
{
        size_t i = 0;

        while (i < CATALOGUE_QUOTAS && strcmp(catalogue_quota_kinds[i], kind) != 0)
                i++;
        return i;
}

static res catalogue_quota_entry(struct catalogue_file *file, const char *section, const char *key, const char *value)
{
        struct catalogue *catalogue = file->to;
        size_t i = catalogue_quota_place(section);

        if (strcmp(section, "domain") == 0 && strcmp(key, "limit") == 0)
                return catalogue_file_number(file, key, value, 1, 1000000, &catalogue->domain_quota);
        if (i == CATALOGUE_QUOTAS)
                return catalogue_file_fail(file,
                                           "[%s]: write [individual LEVEL], [enterprise LEVEL] (standard, v1, v2), "
                                           "[enterprise older] or [domain] with limit.",
                                           section);
        if (strcmp(key, "home") == 0) {
                catalogue->quota_seen[i] |= 1;
                return catalogue_file_number(file, key, value, 0, 1000000, &catalogue->quotas[i].home);
        }
        if (strcmp(key, "any") == 0) {
                catalogue->quota_seen[i] |= 2;
                return catalogue_file_number(file, key, value, 0, 1000000, &catalogue->quotas[i].any);
        }
        return catalogue_file_fail(file, "[%s] has no key \"%.60s\"; it has home and any.", section, key);
}

/* A ProductPid leads to one row. */
static MUST res catalogue_check_pids(struct catalogue_file *file, const struct catalogue *catalogue)
{
        for (size_t i = 0; i < catalogue->row_count; i++) {
                const struct product *product = &catalogue->rows[i].product;
                file->line = catalogue->rows[i].line;
                if (product->pid != 0 && catalogue_product_of_pid(catalogue, product->pid) != product)
                        return catalogue_file_fail(file, "[product %s]: another product has pid = %lld already.",
                                                   product->package_type, (long long)product->pid);
        }
        return RES_OK;
}

static MUST res catalogue_check_quotas(struct catalogue_file *file, const struct catalogue *catalogue)
{
        for (size_t i = 0; i < CATALOGUE_QUOTAS; i++)
                if (catalogue->quota_seen[i] != 3)
                        return catalogue_file_fail(file, "[%s] with home and any is missing.",
                                                   catalogue_quota_kinds[i]);
        if (catalogue->domain_quota == 0)
                return catalogue_file_fail(file, "[domain] with limit is missing.");
        return RES_OK;
}

/* ---- the whole ---- */

static MUST res catalogue_read(struct catalogue *catalogue, struct catalogue_file *file, const char *name,
                               res (*entry)(struct catalogue_file *, const char *, const char *, const char *))
{
        file->path = arena_printf(catalogue->arena, "%s/%s", catalogue->dir, name);
        file->entry = entry;
        file->to = catalogue;
        return catalogue_file_read(file);
}

static MUST res catalogue_read_all(struct catalogue *catalogue, struct buf *why)
{
        struct catalogue_file file = {.why = why};

        TRY(catalogue_lists(&file, catalogue, "suffixes", "everyone", catalogue_suffix_bytes, &catalogue->everyone));
        TRY(catalogue_read(catalogue, &file, "brands.ini", catalogue_brand_entry));
        TRY(catalogue_check_brands(&file, catalogue));
        TRY(catalogue_read(catalogue, &file, "quota.ini", catalogue_quota_entry));
        TRY(catalogue_check_quotas(&file, catalogue));
        TRY(catalogue_read(catalogue, &file, "products.ini", catalogue_product_entry));
        for (size_t i = 0; i < catalogue->row_count; i++)
                TRY(catalogue_complete(&file, catalogue, catalogue->rows + i));
        TRY(catalogue_check_pids(&file, catalogue));
        return catalogue_check_free(&file, catalogue);
}

res catalogue_load(const char *dir, struct catalogue **ret_catalogue, struct buf *why)
{
        CLEAN(catalogue_free_ptr) struct catalogue *catalogue = calloc(1, sizeof *catalogue);

        ENSURE(catalogue, ERR_MEMORY);
        ENSURE(strlen(dir) < CATALOGUE_PATH_BYTES, ERR_CONFIG);
        atomic_init(&catalogue->uses, 1);
        catalogue->arena = arena_new(CATALOGUE_BYTES);
        catalogue->dir = arena_strdup(catalogue->arena, dir);
        catalogue->brands = arena_array_of(catalogue->arena, CATALOGUE_BRANDS, struct catalogue_brand);
        catalogue->rows = arena_array_of(catalogue->arena, CATALOGUE_PRODUCTS, struct catalogue_row);
        catalogue->combos = arena_array_of(catalogue->arena, CATALOGUE_PRODUCTS * 2, struct catalogue_combo);
        TRY(catalogue_read_all(catalogue, why));
        *ret_catalogue = catalogue;
        catalogue = NULL;
        return RES_OK;
}

struct catalogue *catalogue_hold(struct catalogue *catalogue)
{
        atomic_fetch_add_explicit(&catalogue->uses, 1, memory_order_relaxed);
        return catalogue;
}

void catalogue_free(struct catalogue *catalogue)
{
        if (!catalogue || atomic_fetch_sub_explicit(&catalogue->uses, 1, memory_order_acq_rel) > 1)
                return;
        if (catalogue->arena)
                arena_free(catalogue->arena);
        weak_list_free(catalogue->weak_keys);
        free(catalogue);
}

void catalogue_take_weak_keys(struct catalogue *catalogue, struct weak_list *list)
{
        weak_list_free(catalogue->weak_keys);
        catalogue->weak_keys = list;
}

const struct weak_list *catalogue_weak_keys(const struct catalogue *catalogue)
{
        return catalogue->weak_keys;
}

const struct product *catalogue_product(const struct catalogue *catalogue, struct str package_type)
{
        for (size_t i = 0; i < catalogue->row_count; i++)
                if (str_equals(package_type, catalogue->rows[i].product.package_type))
                        return &catalogue->rows[i].product;
        return NULL;
}

const struct product *catalogue_free_product(const struct catalogue *catalogue, struct str validity_months)
{
        int64_t months = 0;
        bool any = str_is_empty(validity_months);

        if (!any && !res_is_ok(str_to_int64(validity_months, &months)))
                return NULL;
        for (size_t i = 0; i < catalogue->row_count; i++) {
                const struct product *product = &catalogue->rows[i].product;
                if (product->is_free && (any ? product->is_default : product->validity_months == months))
                        return product;
        }
        return NULL;
}

static bool catalogue_fits(const struct product *product, const struct catalogue_wish *wish)
{
        return product_can_be_bought(product) && product->is_pro == wish->is_pro &&
               (wish->brand.n == 0 || str_equal_nocase(wish->brand, str_of(product->brand))) &&
               (wish->level.n == 0 || str_equal_nocase(wish->level, str_of(product->level))) &&
               str_equal_nocase(wish->standard.n ? wish->standard : STR("international"), str_of(product->standard)) &&
               (wish->domain_type == 0 || wish->domain_type == product->domain_type);
}

const struct product *catalogue_choose(const struct catalogue *catalogue, const struct catalogue_wish *wish)
{
        const struct product *first = NULL;

        for (size_t i = 0; i < catalogue->row_count; i++) {
                const struct product *product = &catalogue->rows[i].product;
                if (!catalogue_fits(product, wish))
                        continue;
                if (product->is_recommended)
                        return product;
                if (!first)
                        first = product;
        }
        return first;
}

bool product_has(const struct strs *words, const char *word)
{
        for (size_t i = 0; i < words->n; i++)
                if (str_equals(words->v[i], word))
                        return true;
        return false;
}

bool product_has_term(const struct product *product, int64_t months)
{
        for (size_t i = 0; i < product->terms.n; i++)
                if (product->terms.v[i] == months)
                        return true;
        return false;
}

bool product_can_be_bought(const struct product *product)
{
        return !product->is_free && product->is_orderable && product->profile != NULL;
}

const struct product *catalogue_product_of_pid(const struct catalogue *catalogue, int64_t pid)
{
        for (size_t i = 0; pid > 0 && i < catalogue->row_count; i++)
                if (catalogue->rows[i].product.pid == pid)
                        return &catalogue->rows[i].product;
        return NULL;
}

res catalogue_product_of_text(const struct catalogue *catalogue, struct arena *arena, struct str package_type,
                              struct str text, const struct product **ret_product)
{
        struct catalogue_row *row = arena_new_of(arena, struct catalogue_row);
        struct product *product = &row->product;
        const struct product *now = catalogue_product(catalogue, package_type);

        TRY(catalogue_product_parse(arena, text, row));
        product->package_type = arena_strndup(arena, package_type.p, package_type.n);
        product->text = arena_strndup(arena, text.p, text.n);
        product->sensitive_words = catalogue_known_combo(catalogue, "words", row->words);
        product->barred_suffixes = catalogue_known_combo(catalogue, "suffixes", row->suffixes);
        if (!product->sensitive_words) /* no product has these lists any more: what its number has now */
                product->sensitive_words = now ? now->sensitive_words : arena_new_of(arena, struct strs);
        if (!product->barred_suffixes)
                product->barred_suffixes = now ? now->barred_suffixes : &catalogue->everyone;
        *ret_product = product;
        return RES_OK;
}

const struct product *catalogue_acme(const struct catalogue *catalogue)
{
        for (size_t i = 0; i < catalogue->row_count; i++)
                if (catalogue->rows[i].product.is_acme)
                        return &catalogue->rows[i].product;
        return NULL;
}

size_t catalogue_count(const struct catalogue *catalogue)
{
        return catalogue->row_count;
}

int catalogue_line(const struct catalogue *catalogue, size_t i)
{
        return catalogue->rows[i].line;
}

const struct product *catalogue_at(const struct catalogue *catalogue, size_t i)
{
        return i < catalogue->row_count ? &catalogue->rows[i].product : NULL;
}

const struct quota_rule *catalogue_quota(const struct catalogue *catalogue, struct str identity, struct str level,
                                         bool older)
{
        char kind[64];
        size_t i;

        if (identity.n + level.n + 2 > sizeof kind || memchr(identity.p, ' ', identity.n))
                return NULL;
        if (older && str_equals(identity, "enterprise"))
                level = STR("older");
        memcpy(kind, identity.p, identity.n);
        kind[identity.n] = ' ';
        memcpy(kind + identity.n + 1, level.p, level.n);
        kind[identity.n + 1 + level.n] = '\0';
        i = catalogue_quota_place(kind);
        return i < CATALOGUE_QUOTAS ? &catalogue->quotas[i] : NULL;
}

int64_t catalogue_domain_quota(const struct catalogue *catalogue)
{
        return catalogue->domain_quota;
}
