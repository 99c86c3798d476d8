/*
 * OCSP requests: what we take OpenSSL takes, with as many certificates and the same serials and nonce.
 */
#include "pki_fuzz.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "pki/ocsp.h"

static void compare(struct bytes der, const struct pki_ocsp_request *request)
{
        const unsigned char *p = der.p;
        OCSP_REQUEST *read = d2i_OCSP_REQUEST(NULL, &p, (long)der.n);

        FUZZ_CHECK(read && p == der.p + der.n);
        FUZZ_CHECK((size_t)OCSP_request_onereq_count(read) == request->id_count);
        for (size_t i = 0; i < request->id_count; i++) {
                ASN1_INTEGER *serial = NULL;
                BIGNUM *number;
                uint8_t bytes[20] = {0};

                FUZZ_CHECK(OCSP_id_get0_info(NULL, NULL, NULL, &serial,
                                             OCSP_onereq_get0_id(OCSP_request_onereq_get0(read, (int)i))) == 1);
                number = ASN1_INTEGER_to_BN(serial, NULL);
                FUZZ_CHECK(number && BN_bn2binpad(number, bytes, 20) == 20);
                FUZZ_CHECK(memcmp(bytes + 20 - request->ids[i].serial.n, request->ids[i].serial.p,
                                  request->ids[i].serial.n) == 0);
                BN_free(number);
        }
        FUZZ_CHECK(request->nonce.n == 0 || OCSP_REQUEST_get_ext_by_NID(read, NID_id_pkix_OCSP_Nonce, -1) >= 0);
        OCSP_REQUEST_free(read);
        ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct pki_ocsp_request request;
        struct buf der;

        fuzz_der(data, size, &der);
        if (res_is_ok(pki_ocsp_parse(buf_bytes(&der), &request)))
                compare(buf_bytes(&der), &request);
        buf_done(&der);
        return 0;
}
