/*
 * Certificate requests: what we take OpenSSL takes too, and what we verify it verifies.
 */
#include "pki_fuzz.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "pki/csr.h"
#include "pki/name.h"

static struct pki_kit *kit;

static void compare(const struct pki_csr *csr)
{
        const unsigned char *p = csr->der.p;
        X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)csr->der.n);
        bool verifies = res_is_ok(pki_csr_verify(kit, csr));

        FUZZ_CHECK(req && p == csr->der.p + csr->der.n);
        if (csr->alg.family != PKI_FAMILY_SM2) /* OpenSSL would use an empty id there */
                FUZZ_CHECK(!verifies || X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) == 1);
        X509_REQ_free(req);
        ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena *arena = arena_new(1024 * 1024);
        struct strs names;
        struct str common_name;
        struct pki_csr csr;
        struct buf der;

        if (!kit)
                FUZZ_CHECK(res_is_ok(pki_kit_new(&kit)));
        fuzz_der(data, size, &der);
        if (res_is_ok(pki_csr_parse(buf_bytes(&der), &csr))) {
                compare(&csr);
                FUZZ_CHECK(res_is_ok(pki_csr_names(&csr, arena, &names)));
                if (res_is_ok(pki_csr_common_name(&csr, &common_name)))
                        FUZZ_CHECK(str_is_utf8(common_name) &&
                                   (common_name.n == 0 || !memchr(common_name.p, 0, common_name.n)));
                (void)res_is_ok(pki_spki_check(kit, &csr.spki, NULL));
        }
        buf_done(&der);
        arena_free(arena);
        return 0;
}
