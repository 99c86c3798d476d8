/* See stock.h.  The numbers are what a burst of applications takes while the next keys are being made. */
#include "vault/stock.h"

#include <stdlib.h>

#define STOCK_MOST 16

static const struct stock_plan {
        enum pki_key_type key_type;
        size_t wanted;
} stock_plan[] = {
        {PKI_KEY_EC_P256, 8},
        {PKI_KEY_RSA_2048, STOCK_MOST},
        {PKI_KEY_EC_P384, 2},
        {PKI_KEY_RSA_4096, 1},
};
#define STOCK_KINDS (sizeof stock_plan / sizeof *stock_plan)

struct stock {
        struct {
                struct pki_key *keys[STOCK_MOST];
                size_t n;
        } kinds[STOCK_KINDS];
};

res stock_new(struct stock **ret_stock)
{
        struct stock *stock = calloc(1, sizeof *stock);

        ENSURE(stock != NULL, ERR_MEMORY);
        *ret_stock = stock;
        return RES_OK;
}

void stock_free(struct stock *stock)
{
        if (stock == NULL)
                return;
        for (size_t kind = 0; kind < STOCK_KINDS; kind++)
                for (size_t i = 0; i < stock->kinds[kind].n; i++)
                        pki_key_free(stock->kinds[kind].keys[i]);
        free(stock);
}

res stock_take(struct stock *stock, enum pki_key_type key_type, struct pki_key **ret_key)
{
        for (size_t kind = 0; kind < STOCK_KINDS; kind++) {
                if (stock_plan[kind].key_type != key_type || stock->kinds[kind].n == 0)
                        continue;
                *ret_key = stock->kinds[kind].keys[--stock->kinds[kind].n];
                return RES_OK;
        }
        return pki_key_generate(key_type, ret_key);
}

bool stock_fill_one(struct stock *stock)
{
        for (size_t kind = 0; kind < STOCK_KINDS; kind++) {
                if (stock->kinds[kind].n >= stock_plan[kind].wanted)
                        continue;
                struct pki_key *key = NULL;

                if (!res_is_ok(pki_key_generate(stock_plan[kind].key_type, &key)))
                        return false; /* the next request will say what is wrong */
                stock->kinds[kind].keys[stock->kinds[kind].n++] = key;
                return true;
        }
        return false;
}
