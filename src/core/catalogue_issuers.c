/*
 * The catalogue held against the CA: a product whose issuer or profile is missing would take orders that can never
 * be issued, so the server does not start with it.
 */
#include "core/catalogue.h"
#include "core/issuers.h"

struct holding {
        const struct issuers *issuers;
        const struct product *product;
        int line;
        struct buf *why;
};

static MUST res holding_issuer(const struct holding *holding, const char *key, const char *name)
{
        const struct issuers *issuers = holding->issuers;

        if (!name || issuers_find(issuers, str_of(name)))
                return RES_OK;
        buf_printf(holding->why, "products.ini:%d: [product %s]: %s = %s: the CA has no such issuer; it has", holding->line,
                   holding->product->package_type, key, name);
        for (size_t i = 0; i < issuers_count(issuers); i++)
                if (issuers_at(issuers, i)->parent[0] != '\0')
                        buf_printf(holding->why, " %s", issuers_at(issuers, i)->name);
        buf_add_byte(holding->why, '.');
        return FAIL(ERR_CONFIG);
}

res catalogue_check_issuers(const struct catalogue *catalogue, const struct issuers *issuers, struct buf *why)
{
        for (size_t i = 0; i < catalogue_count(catalogue); i++) {
                const struct product *product = catalogue_at(catalogue, i);
                const struct holding holding = {issuers, product, catalogue_line(catalogue, i), why};

                TRY(holding_issuer(&holding, "issuer-rsa", product->issuer_rsa));
                TRY(holding_issuer(&holding, "issuer-ecc", product->issuer_ecc));
                TRY(holding_issuer(&holding, "issuer-sm2", product->issuer_sm2));
                if (!product->profile || issuers_profile(issuers, str_of(product->profile)))
                        continue;
                buf_printf(why, "products.ini:%d: [product %s]: profile = %s: profiles.ini has no such section.", holding.line,
                           product->package_type, product->profile);
                return FAIL(ERR_CONFIG);
        }
        return RES_OK;
}

static void catalogue_free_ptr(struct catalogue **catalogue)
{
        catalogue_free(*catalogue);
}

static void issuers_free_ptr(struct issuers **issuers)
{
        issuers_free(*issuers);
}

res catalogue_check_dir(const char *dir, struct catalogue_figures *ret_figures, struct buf *why)
{
        CLEAN(catalogue_free_ptr) struct catalogue *catalogue = NULL;
        CLEAN(issuers_free_ptr) struct issuers *issuers = NULL;

        TRY(catalogue_load(dir, &catalogue, why));
        TRY(issuers_new(dir, &issuers, why));
        issuers_suppose(issuers);
        TRY(catalogue_check_issuers(catalogue, issuers, why));
        *ret_figures = catalogue_count_figures(catalogue);
        return RES_OK;
}
