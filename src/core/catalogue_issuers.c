/*
 * The catalogue held against the CA: a product whose issuer or profile is missing would take orders that can never
 * be issued, so the server does not start with it.
 */
#include "core/catalogue.h"
#include "core/issuers.h"

static MUST res catalogue_find_issuer(const struct product *product, const char *key, const char *name,
                                      const struct issuers *issuers, struct buf *why)
{
        if (!name || issuers_find(issuers, str_of(name)))
                return RES_OK;
        buf_printf(why, "products.ini: [product %s]: %s = %s: the CA has no such issuer; it has", product->package_type,
                   key, name);
        for (size_t i = 0; i < issuers_count(issuers); i++)
                if (issuers_at(issuers, i)->parent[0] != '\0')
                        buf_printf(why, " %s", issuers_at(issuers, i)->name);
        buf_add_byte(why, '.');
        return FAIL(ERR_CONFIG);
}

res catalogue_check_issuers(const struct catalogue *catalogue, const struct issuers *issuers, struct buf *why)
{
        for (size_t i = 0; i < catalogue_count(catalogue); i++) {
                const struct product *product = catalogue_at(catalogue, i);
                TRY(catalogue_find_issuer(product, "issuer-rsa", product->issuer_rsa, issuers, why));
                TRY(catalogue_find_issuer(product, "issuer-ecc", product->issuer_ecc, issuers, why));
                TRY(catalogue_find_issuer(product, "issuer-sm2", product->issuer_sm2, issuers, why));
                if (!product->profile || issuers_profile(issuers, str_of(product->profile)))
                        continue;
                buf_printf(why, "products.ini: [product %s]: profile = %s: profiles.ini has no such section.",
                           product->package_type, product->profile);
                return FAIL(ERR_CONFIG);
        }
        return RES_OK;
}
