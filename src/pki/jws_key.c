/*
 * Account keys: from JSON to SubjectPublicKeyInfo and back to the canonical JSON that a thumbprint hashes.  Inside, a key
 * is its SPKI, as everywhere in this room; curves have it with a fixed head, so that it is built by putting head and
 * point together.
 */
#include <string.h>

#include "base/b64.h"
#include "base/digest.h"
#include "base/json.h"
#include "pki/der.h"
#include "pki/jws.h"
#include "pki/jws_inner.h"
#include "pki/spki.h"

#define JWS_COORDINATE_MAX 48
#define JWS_RSA_MAX 1024 /* bytes of a modulus of 8192 bits */
#define JWS_JSON_MAX 4096

static const uint8_t head_p256[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
static const uint8_t head_p384[] = {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                    0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04};
static const uint8_t head_ed25519[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const uint8_t rsa_algorithm[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

static const struct jws_curve {
        const char *kty, *crv;
        struct bytes head;
        size_t coordinate, coordinates;
} curves[JWS_KEY_KIND_COUNT] = {
        [JWS_KEY_P256] = {"EC", "P-256", {head_p256, sizeof head_p256}, 32, 2},
        [JWS_KEY_P384] = {"EC", "P-384", {head_p384, sizeof head_p384}, 48, 2},
        [JWS_KEY_ED25519] = {"OKP", "Ed25519", {head_ed25519, sizeof head_ed25519}, 32, 1},
};

const struct json_field jwk_fields[] = {
        JSON_FIELD(struct jwk, kty, "kty", JSON_STR, .required = true, .limit = 16),
        JSON_FIELD(struct jwk, crv, "crv", JSON_STR, .limit = 16),
        JSON_FIELD(struct jwk, x, "x", JSON_STR, .limit = 128),
        JSON_FIELD(struct jwk, y, "y", JSON_STR, .limit = 128),
        JSON_FIELD(struct jwk, n, "n", JSON_STR, .limit = 2048),
        JSON_FIELD(struct jwk, e, "e", JSON_STR, .limit = 64),
        JSON_FIELD(struct jwk, d, "d", JSON_STR),
        JSON_FIELD(struct jwk, p, "p", JSON_STR),
        JSON_FIELD(struct jwk, q, "q", JSON_STR),
        JSON_FIELD(struct jwk, dp, "dp", JSON_STR),
        JSON_FIELD(struct jwk, dq, "dq", JSON_STR),
        JSON_FIELD(struct jwk, qi, "qi", JSON_STR),
        JSON_FIELD(struct jwk, k, "k", JSON_STR),
        JSON_FIELDS_END,
};

static MUST res jwk_fail(const char **ret_why, enum err err, const char *why)
{
        *ret_why = why;
        return FAIL(err);
}

/* ---- from JSON -------------------------------------------------------------------------------------- */

static enum jws_key_kind jwk_curve(const struct jwk *jwk)
{
        for (int kind = 0; kind < JWS_KEY_KIND_COUNT; kind++)
                if (curves[kind].kty && str_equals(jwk->kty, curves[kind].kty) && str_equals(jwk->crv, curves[kind].crv))
                        return (enum jws_key_kind)kind;
        return JWS_KEY_NONE;
}

/* RFC 7518 §6.2.1.2: exactly as many octets as the curve has. */
static MUST res jwk_curve_key(struct arena *arena, const struct jwk *jwk, enum jws_key_kind kind, struct jws_key *ret_key)
{
        const struct jws_curve *curve = &curves[kind];
        const struct str parts[2] = {jwk->x, jwk->y};
        CLEAN(buf_done) struct buf spki = {0};

        buf_init(&spki, sizeof head_p256 + 2 * JWS_COORDINATE_MAX);
        buf_add(&spki, curve->head.p, curve->head.n);
        for (size_t i = 0; i < curve->coordinates; i++) {
                const size_t before = spki.n;

                TRY(b64url_decode(parts[i], &spki));
                ENSURE(spki.n - before == curve->coordinate, ERR_FORMAT);
        }
        *ret_key = (struct jws_key){kind, bytes_of(arena_copy(arena, spki.p, spki.n), spki.n), NULL};
        return RES_OK;
}

/* RFC 7518 §6.3.1: the shortest form, no zero octet in front. */
static MUST res jwk_number(struct str text, struct buf *out)
{
        TRY(b64url_decode(text, out));
        ENSURE(out->n > 0 && out->p[0] != 0, ERR_FORMAT);
        return RES_OK;
}

static MUST res jwk_rsa_key(struct arena *arena, const struct jwk *jwk, struct jws_key *ret_key)
{
        CLEAN(buf_done) struct buf modulus = {0}, exponent = {0}, key = {0}, spki = {0};

        buf_init(&modulus, JWS_RSA_MAX);
        buf_init(&exponent, JWS_RSA_MAX);
        buf_init(&key, 2 * JWS_RSA_MAX);
        buf_init(&spki, 3 * JWS_RSA_MAX);
        TRY(jwk_number(jwk->n, &modulus));
        TRY(jwk_number(jwk->e, &exponent));
        struct der_mark sequence = der_open(&key, DER_SEQUENCE);

        der_add_unsigned(&key, buf_bytes(&modulus));
        der_add_unsigned(&key, buf_bytes(&exponent));
        der_close(&key, sequence);
        sequence = der_open(&spki, DER_SEQUENCE);
        der_add(&spki, DER_SEQUENCE, bytes_of(rsa_algorithm, sizeof rsa_algorithm));
        der_add_bits(&spki, buf_bytes(&key));
        der_close(&spki, sequence);
        TRY(buf_check(&spki));
        *ret_key = (struct jws_key){JWS_KEY_RSA, bytes_of(arena_copy(arena, spki.p, spki.n), spki.n), NULL};
        return RES_OK;
}

res jwk_read(struct arena *arena, const struct jwk *jwk, struct jws_key *ret_key, const char **ret_why)
{
        const enum jws_key_kind kind = jwk_curve(jwk);

        if (jwk->d.p || jwk->p.p || jwk->q.p || jwk->dp.p || jwk->dq.p || jwk->qi.p || jwk->k.p)
                return jwk_fail(ret_why, ERR_ACME_MALFORMED, "The jwk holds private members; send the public key only.");
        if (kind == JWS_KEY_NONE && !str_equals(jwk->kty, "RSA"))
                return jwk_fail(ret_why, ERR_KEY_TYPE, "The key must be RSA, EC on P-256 or P-384, or Ed25519.");
        res made = kind == JWS_KEY_NONE ? jwk_rsa_key(arena, jwk, ret_key) : jwk_curve_key(arena, jwk, kind, ret_key);

        if (!res_is_ok(made))
                return jwk_fail(ret_why, ERR_ACME_MALFORMED, "The jwk's numbers are not of the form of RFC 7518, section 6.");
        return RES_OK;
}

res jws_key_from_json(struct arena *arena, struct str json, struct jws_key *ret_key, const char **ret_why)
{
        struct jwk jwk = {0};
        const char *why = NULL;

        if (str_is_empty(json) || !res_is_ok(json_decode(arena, json, jwk_fields, JSON_UNKNOWN_IGNORE, &jwk, &why)))
                return jwk_fail(ret_why, ERR_ACME_MALFORMED, arena_printf(arena, "The jwk is malformed. %s", why ? why : ""));
        return jwk_read(arena, &jwk, ret_key, ret_why);
}

struct old_key {
        const struct jwk *key;
};
static const struct json_field old_key_fields[] = {
        JSON_FIELD(struct old_key, key, "oldKey", JSON_OBJ, .required = true, .sub = jwk_fields, .sub_size = sizeof(struct jwk)),
        JSON_FIELDS_END,
};

res jws_key_from_old_key(struct arena *arena, struct str json, struct jws_key *ret_key, const char **ret_why)
{
        struct old_key in = {0};
        const char *why = NULL;

        if (str_is_empty(json) || !res_is_ok(json_decode(arena, json, old_key_fields, JSON_UNKNOWN_IGNORE, &in, &why)))
                return jwk_fail(ret_why, ERR_ACME_MALFORMED, arena_printf(arena, "The payload is malformed. %s", why ? why : ""));
        return jwk_read(arena, in.key, ret_key, ret_why);
}

res jws_key_from_spki(struct bytes spki, struct jws_key *ret_key)
{
        for (int kind = 0; kind < JWS_KEY_KIND_COUNT; kind++) {
                const struct jws_curve *curve = &curves[kind];

                if (curve->kty && spki.n == curve->head.n + curve->coordinate * curve->coordinates &&
                    memcmp(spki.p, curve->head.p, curve->head.n) == 0) {
                        *ret_key = (struct jws_key){(enum jws_key_kind)kind, spki, NULL};
                        return RES_OK;
                }
        }
        struct pki_spki parsed;

        ENSURE(res_is_ok(pki_spki_parse(spki, &parsed)) && parsed.family == PKI_FAMILY_RSA, ERR_KEY_TYPE);
        *ret_key = (struct jws_key){JWS_KEY_RSA, spki, NULL};
        return RES_OK;
}

/* ---- thumbprint and gate ------------------------------------------------------------------------------ */

static MUST res thumbprint_rsa(const struct jws_key *key, struct buf *json)
{
        struct pki_spki spki;

        TRY(pki_spki_parse(key->spki, &spki));
        buf_add_text(json, "{\"e\":\"");
        b64url_encode(spki.exponent, json);
        buf_add_text(json, "\",\"kty\":\"RSA\",\"n\":\"");
        b64url_encode(spki.modulus, json);
        buf_add_text(json, "\"}");
        return RES_OK;
}

static MUST res thumbprint_curve(const struct jws_key *key, struct buf *json)
{
        const struct jws_curve *curve = &curves[key->kind];

        ENSURE(key->spki.n == curve->head.n + curve->coordinate * curve->coordinates, ERR_FORMAT);
        buf_printf(json, "{\"crv\":\"%s\",\"kty\":\"%s\",\"x\":\"", curve->crv, curve->kty);
        b64url_encode(bytes_of(key->spki.p + curve->head.n, curve->coordinate), json);
        if (curve->coordinates == 2) {
                buf_add_text(json, "\",\"y\":\"");
                b64url_encode(bytes_of(key->spki.p + curve->head.n + curve->coordinate, curve->coordinate), json);
        }
        buf_add_text(json, "\"}");
        return RES_OK;
}

res jws_key_thumbprint(const struct jws_key *key, char out[JWS_THUMBPRINT_SIZE])
{
        CLEAN(buf_done) struct buf json = {0}, text = {0};
        uint8_t hash[DIGEST_SHA256_SIZE];

        ENSURE(key->kind > JWS_KEY_NONE && key->kind < JWS_KEY_KIND_COUNT, ERR_KEY_TYPE);
        buf_init(&json, JWS_JSON_MAX);
        buf_init(&text, JWS_THUMBPRINT_SIZE);
        TRY(key->kind == JWS_KEY_RSA ? thumbprint_rsa(key, &json) : thumbprint_curve(key, &json));
        TRY(buf_check(&json));
        digest_sha256(buf_bytes(&json), hash);
        b64url_encode(bytes_of(hash, sizeof hash), &text);
        TRY(buf_check(&text));
        memcpy(out, text.p, text.n);
        out[text.n] = '\0';
        return RES_OK;
}

res jws_key_check(struct pki_kit *kit, const struct jws_key *key, const char **ret_why)
{
        struct pki_spki spki;

        if (key->kind == JWS_KEY_ED25519)
                return RES_OK; /* any 32 octets are a public key (RFC 8032 §5.1.5) */
        TRY(pki_spki_parse(key->spki, &spki));
        return pki_spki_check(kit, &spki, ret_why);
}
