/*
 * OCSP requests, read strictly.  Anything that a responder must not overlook – an unknown critical extension, a nonce of
 * no length – makes the request malformed; a signature on it is legal and of no interest.
 */
#include "pki/ocsp.h"

#include "pki/der.h"
#include "pki/extension.h"

#define NONCE_LEGAL_MAX 128 /* RFC 9654 §2.1 */

static const uint8_t oid_sha1[] = {0x2b, 0x0e, 0x03, 0x02, 0x1a};
static const uint8_t oid_sha256[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
static const uint8_t oid_nonce[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02};
#define OID(name) bytes_of((name), sizeof(name))

static enum pki_digest digest_of(struct bytes oid)
{
        if (der_oid_equal(oid, OID(oid_sha1)))
                return PKI_SHA1;
        return der_oid_equal(oid, OID(oid_sha256)) ? PKI_SHA256 : PKI_DIGEST_NONE;
}

static res read_hash_algorithm(struct der *id, enum pki_digest *ret_digest)
{
        struct der in;
        struct bytes oid;

        TRY(der_enter(id, DER_SEQUENCE, &in));
        TRY(der_read_oid(&in, &oid));
        if (!der_is_end(&in))
                TRY(der_read_null(&in));
        TRY(der_end(&in));
        *ret_digest = digest_of(oid);
        return RES_OK;
}

static res read_id(struct der *request, struct pki_ocsp_id *ret_id)
{
        struct pki_ocsp_id id = {0};
        struct der_value whole, name_hash, key_hash;
        struct der in;
        size_t size;

        TRY(der_read_tag(request, DER_SEQUENCE, &whole));
        in = der_of(whole.content);
        TRY(read_hash_algorithm(&in, &id.digest));
        TRY(der_read_tag(&in, DER_OCTET_STRING, &name_hash));
        TRY(der_read_tag(&in, DER_OCTET_STRING, &key_hash));
        TRY(der_read_unsigned(&in, &id.serial));
        TRY(der_end(&in));
        size = pki_digest_size(id.digest);
        ENSURE(id.digest == PKI_DIGEST_NONE || (name_hash.content.n == size && key_hash.content.n == size), ERR_FORMAT);
        ENSURE(id.serial.n <= 20, ERR_FORMAT);
        id.name_hash = name_hash.content;
        id.key_hash = key_hash.content;
        id.der = whole.whole;
        *ret_id = id;
        return RES_OK;
}

static res read_nonce(struct bytes value, struct bytes *ret_nonce)
{
        struct der in = der_of(value);
        struct der_value nonce;

        TRY(der_read_tag(&in, DER_OCTET_STRING, &nonce));
        TRY(der_end(&in));
        ENSURE(nonce.content.n >= 1 && nonce.content.n <= NONCE_LEGAL_MAX, ERR_FORMAT);
        if (nonce.content.n <= PKI_OCSP_NONCE_MAX)
                *ret_nonce = nonce.content;
        return RES_OK;
}

/* [n] EXPLICIT Extensions; ret_nonce NULL where a nonce means nothing. */
static res read_extensions(struct der *in, uint8_t tag, struct bytes *ret_nonce)
{
        struct der list;
        struct extension extension;

        TRY(pki_extension_enter(in, tag, &list));
        while (!der_is_end(&list)) {
                TRY(pki_extension_read(&list, &extension));
                if (ret_nonce && der_oid_equal(extension.oid, OID(oid_nonce)))
                        TRY(read_nonce(extension.value, ret_nonce));
                else
                        ENSURE(!extension.is_critical, ERR_FORMAT);
        }
        return RES_OK;
}

static res read_single(struct der *list, struct pki_ocsp_request *request)
{
        struct der in;

        ENSURE(request->id_count < PKI_OCSP_IDS_MAX, ERR_FORMAT);
        TRY(der_enter(list, DER_SEQUENCE, &in));
        TRY(read_id(&in, &request->ids[request->id_count]));
        if (!der_is_end(&in))
                TRY(read_extensions(&in, DER_CONTEXT_CONSTRUCTED(0), /* ret_nonce= */ NULL));
        TRY(der_end(&in));
        request->id_count++;
        return RES_OK;
}

static res read_tbs(struct der *tbs, struct pki_ocsp_request *request)
{
        struct der version, list;
        struct der_value requestor;
        uint64_t number = 0;

        if (der_next_is(tbs, DER_CONTEXT_CONSTRUCTED(0))) { /* DEFAULT v1: should not be there, but means the same */
                TRY(der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0), &version));
                TRY(der_read_small(&version, &number));
                TRY(der_end(&version));
                ENSURE(number == 0, ERR_FORMAT);
        }
        if (der_next_is(tbs, DER_CONTEXT_CONSTRUCTED(1)))
                TRY(der_read(tbs, &requestor));
        TRY(der_enter(tbs, DER_SEQUENCE, &list));
        do {
                TRY(read_single(&list, request));
        } while (!der_is_end(&list));
        if (!der_is_end(tbs))
                TRY(read_extensions(tbs, DER_CONTEXT_CONSTRUCTED(2), &request->nonce));
        return der_end(tbs);
}

res pki_ocsp_parse(struct bytes der, struct pki_ocsp_request *ret_request)
{
        struct pki_ocsp_request request = {0};
        struct der in, tbs;
        struct der_value signature;

        ENSURE(der.n <= PKI_OCSP_REQUEST_MAX, ERR_FORMAT);
        TRY(der_enter_all(der, DER_SEQUENCE, &in));
        TRY(der_enter(&in, DER_SEQUENCE, &tbs));
        if (!der_is_end(&in))
                TRY(der_read_tag(&in, DER_CONTEXT_CONSTRUCTED(0), &signature));
        TRY(der_end(&in));
        TRY(read_tbs(&tbs, &request));
        *ret_request = request;
        return RES_OK;
}

res pki_ocsp_issuer_hashes(struct pki_kit *kit, enum pki_digest digest, struct bytes name, const struct pki_spki *spki,
                           uint8_t ret_name_hash[32], uint8_t ret_key_hash[32])
{
        uint8_t hash[PKI_DIGEST_MAX];

        ENSURE(digest == PKI_SHA1 || digest == PKI_SHA256, ERR_FORMAT);
        TRY(pki_kit_hash(kit, digest, name, hash));
        memcpy(ret_name_hash, hash, pki_digest_size(digest));
        TRY(pki_kit_hash(kit, digest, spki->key_bits, hash));
        memcpy(ret_key_hash, hash, pki_digest_size(digest));
        return RES_OK;
}

void pki_ocsp_id_write(enum pki_digest digest, struct bytes name_hash, struct bytes key_hash, struct bytes serial,
                       struct buf *out)
{
        struct der_mark id = der_open(out, DER_SEQUENCE), algorithm = der_open(out, DER_SEQUENCE);

        der_add_oid(out, digest == PKI_SHA256 ? OID(oid_sha256) : OID(oid_sha1));
        der_add_null(out);
        der_close(out, algorithm);
        der_add(out, DER_OCTET_STRING, name_hash);
        der_add(out, DER_OCTET_STRING, key_hash);
        der_add_unsigned(out, serial);
        der_close(out, id);
}
