/*
 * PEM text: never crashes, and what is read, written again, reads the same.  The readers of whole files run too.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pki/chain.h"
#include "pki/csr.h"
#include "pki/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(struct str text)
{
        struct str label;
        struct buf der, pem, again;

        buf_init(&der, text.n + 1);
        buf_init(&pem, 4 * text.n + 1024);
        buf_init(&again, text.n + 1);
        if (res_is_ok(pki_pem_read(&text, &label, &der))) {
                pki_pem_write(label, buf_bytes(&der), &pem);
                if (!res_is_ok(pki_pem_read_one(buf_str(&pem), label, &again)) || again.n != der.n ||
                    memcmp(again.p, der.p, der.n) != 0)
                        abort();
        }
        buf_done(&der);
        buf_done(&pem);
        buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct str text = {(const char *)data, size};
        struct pki_chain chain;
        struct pki_key *key = NULL;
        struct buf der;

        round_trip(text);
        buf_init(&der, 256 * 1024);
        if (res_is_ok(pki_chain_from_pem(text, &der, &chain)))
                (void)res_is_ok(pki_chain_sort(&chain));
        buf_clear(&der);
        (void)res_is_ok(pki_csr_from_pem(text, &der));
        (void)res_is_ok(pki_key_from_pem(text, STR("secret"), &key));
        pki_key_free(key);
        buf_done(&der);
        return 0;
}
