/*
 * OCSP answers (RFC 6960 §4.2.1), written from the inside out: the data, its signature, the responder's certificate,
 * and around them the frame that says "successful".
 */
#include "pki/ocsp.h"

#include "pki/der.h"

#define RESPONSE_MAX (64 * 1024)

static const uint8_t oid_basic[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};
static const uint8_t oid_nonce[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02};

static void write_revoked(const struct pki_ocsp_single *single, struct buf *out)
{
        struct der_mark revoked = der_open(out, DER_CONTEXT_CONSTRUCTED(1)), reason;
        uint8_t code = (uint8_t)single->reason;

        der_add_generalized_time(out, single->revoked_at);
        if (single->reason > 0) {
                reason = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
                der_add(out, DER_ENUMERATED, bytes_of(&code, 1));
                der_close(out, reason);
        }
        der_close(out, revoked);
}

static void write_single(const struct pki_ocsp_single *single, struct buf *out)
{
        struct der_mark whole = der_open(out, DER_SEQUENCE), next;

        buf_add(out, single->id.p, single->id.n);
        if (single->status == PKI_OCSP_REVOKED)
                write_revoked(single, out);
        else
                der_add(out, (uint8_t)(single->status == PKI_OCSP_GOOD ? DER_CONTEXT(0) : DER_CONTEXT(2)),
                        bytes_of(NULL, 0));
        der_add_generalized_time(out, single->this_update);
        next = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
        der_add_generalized_time(out, single->next_update);
        der_close(out, next);
        der_close(out, whole);
}

static void write_nonce(struct bytes nonce, struct buf *out)
{
        struct der_mark outer = der_open(out, DER_CONTEXT_CONSTRUCTED(1)), list = der_open(out, DER_SEQUENCE),
                        extension, value;

        extension = der_open(out, DER_SEQUENCE);
        der_add_oid(out, bytes_of(oid_nonce, sizeof(oid_nonce)));
        value = der_open(out, DER_OCTET_STRING);
        der_add(out, DER_OCTET_STRING, nonce);
        der_close(out, value);
        der_close(out, extension);
        der_close(out, list);
        der_close(out, outer);
}

static void write_data(const struct pki_ocsp_answer *answer, struct buf *out)
{
        struct der_mark data = der_open(out, DER_SEQUENCE), responder, responses;

        responder = der_open(out, DER_CONTEXT_CONSTRUCTED(2)); /* byKey */
        der_add(out, DER_OCTET_STRING, answer->responder_key_id);
        der_close(out, responder);
        der_add_generalized_time(out, answer->produced_at);
        responses = der_open(out, DER_SEQUENCE);
        for (size_t i = 0; i < answer->n; i++)
                write_single(&answer->v[i], out);
        der_close(out, responses);
        if (answer->nonce.n > 0)
                write_nonce(answer->nonce, out);
        der_close(out, data);
}

static void write_certificate(struct bytes certificate, struct buf *out)
{
        struct der_mark outer = der_open(out, DER_CONTEXT_CONSTRUCTED(0)), list = der_open(out, DER_SEQUENCE);

        buf_add(out, certificate.p, certificate.n);
        der_close(out, list);
        der_close(out, outer);
}

static void write_status(uint8_t status, struct buf *out)
{
        der_add(out, DER_ENUMERATED, bytes_of(&status, 1));
}

static void write_response(struct bytes data, struct bytes alg, struct bytes signature, struct bytes certificate,
                           struct buf *out)
{
        struct der_mark whole = der_open(out, DER_SEQUENCE), outer, bytes, octets, basic;

        write_status(0, out);
        outer = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
        bytes = der_open(out, DER_SEQUENCE);
        der_add_oid(out, bytes_of(oid_basic, sizeof(oid_basic)));
        octets = der_open(out, DER_OCTET_STRING);
        basic = der_open(out, DER_SEQUENCE);
        buf_add(out, data.p, data.n);
        buf_add(out, alg.p, alg.n);
        der_add_bits(out, signature);
        if (certificate.n > 0)
                write_certificate(certificate, out);
        der_close(out, basic);
        der_close(out, octets);
        der_close(out, bytes);
        der_close(out, outer);
        der_close(out, whole);
}

static res check_answer(const struct pki_ocsp_answer *answer)
{
        ENSURE(answer->n > 0 && answer->responder_key_id.n == 20 && answer->nonce.n <= PKI_OCSP_NONCE_MAX, ERR_FORMAT);
        for (size_t i = 0; i < answer->n; i++)
                ENSURE(answer->v[i].id.n > 0 && answer->v[i].reason <= 10 &&
                               answer->v[i].next_update > answer->v[i].this_update,
                       ERR_FORMAT);
        return RES_OK;
}

res pki_ocsp_build(struct pki_key *key, struct pki_alg alg, const struct pki_ocsp_answer *answer, struct buf *out)
{
        CLEAN(buf_done) struct buf data = {0}, signature = {0};

        buf_init(&data, RESPONSE_MAX);
        buf_init(&signature, 2048);
        TRY(check_answer(answer));
        write_data(answer, &data);
        TRY(buf_check(&data));
        TRY(pki_key_sign(key, alg, buf_bytes(&data), &signature));
        write_response(buf_bytes(&data), pki_alg_der(alg), buf_bytes(&signature), answer->responder_cert, out);
        return buf_check(out);
}

void pki_ocsp_error(enum pki_ocsp_error error, struct buf *out)
{
        struct der_mark whole = der_open(out, DER_SEQUENCE);

        write_status((uint8_t)error, out);
        der_close(out, whole);
}
