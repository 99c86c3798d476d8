/*
 * Chains that somebody brings: PEM text, or DER one after another, sorted and proved.  Whatever order comes out, each one
 * is named as the issuer of the one before it, nothing is there twice, and what was taken out of the file is in the file.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pki/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) \
        do { \
                if (!(condition)) \
                        abort(); \
        } while (0)

static bool is_same(struct bytes a, struct bytes b)
{
        return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static void check_order(const struct pki_chain *chain)
{
        for (size_t i = 1; i < chain->n; i++) {
                CHECK(is_same(chain->v[i].subject, chain->v[i - 1].issuer));
                for (size_t k = 0; k < i; k++)
                        CHECK(!is_same(chain->v[i].der, chain->v[k].der));
        }
}

static void prove(struct pki_chain *chain)
{
        struct pki_path_fault fault = {0};
        struct pki_chain_fault why;
        size_t n = chain->n;

        if (!res_is_ok(pki_chain_arrange(chain, &why))) {
                CHECK(why.kind != PKI_CHAIN_GOOD && why.at < n && why.other < n);
                return;
        }
        CHECK(chain->n > 0 && chain->n <= n);
        check_order(chain);
        for (int strict = 0; strict < 2; strict++) {
                res r = pki_path_verify(chain, strict ? 1795000000 : -1, strict, &fault);

                CHECK(r.err != ERR_SIGNATURE || (fault.why != NULL && fault.at < chain->n));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct pki_chain chain;
        struct buf der;

        buf_init(&der, 256 * 1024);
        if (res_is_ok(pki_chain_from_pem((struct str){(const char *)data, size}, &der, &chain)) ||
            res_is_ok(pki_chain_from_der(bytes_of(data, size), &chain)))
                prove(&chain);
        buf_done(&der);
        return 0;
}
