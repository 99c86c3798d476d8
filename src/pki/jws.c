/*
 * Three readings: the outer object, the protected header, the key.  Each is a table of fields; what must not be there has a
 * field too, so that its presence can be refused instead of overlooked.
 */
#include "pki/jws.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/b64.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/secret.h"
#include "pki/der.h"
#include "pki/jws_inner.h"
#include "pki/spki.h"

static const struct jws_alg {
        const char *name;
        enum jws_key_kind key;
        enum pki_digest digest;
        enum pki_key_type key_type;
        size_t coordinate; /* ECDSA: octets of r and of s */
} algorithms[] = {
        {"ES256", JWS_KEY_P256, PKI_SHA256, PKI_KEY_EC_P256, 32},
        {"ES384", JWS_KEY_P384, PKI_SHA384, PKI_KEY_EC_P384, 48},
        {"RS256", JWS_KEY_RSA, PKI_SHA256, PKI_KEY_NONE, 0},
        {"EdDSA", JWS_KEY_ED25519, PKI_DIGEST_NONE, PKI_KEY_NONE, 0},
};
#define ALGORITHMS (sizeof algorithms / sizeof *algorithms)

static const struct {
        const char *name, *digest;
        size_t size;
} macs[] = {{"HS256", "SHA256", 32}, {"HS384", "SHA384", 48}, {"HS512", "SHA512", 64}};
#define MACS (sizeof macs / sizeof *macs)

const char *jws_algorithms(void)
{
        return "\"ES256\",\"ES384\",\"RS256\",\"EdDSA\"";
}

struct nothing {
        struct str unused;
};
static const struct json_field nothing_fields[] = {JSON_FIELDS_END};

struct outer {
        struct str protected_text, payload, signature;
        const struct nothing *header;
        struct objs signatures;
};
static const struct json_field outer_fields[] = {
        JSON_FIELD(struct outer, protected_text, "protected", JSON_STR, .required = true, .limit = 8192),
        JSON_FIELD(struct outer, payload, "payload", JSON_STR, .required = true),
        JSON_FIELD(struct outer, signature, "signature", JSON_STR, .required = true, .limit = 2048),
        JSON_FIELD(struct outer, header, "header", JSON_OBJ, .sub = nothing_fields, .sub_size = sizeof(struct nothing)),
        JSON_FIELD(struct outer, signatures, "signatures", JSON_OBJS, .sub = nothing_fields, .sub_size = sizeof(struct nothing)),
        JSON_FIELDS_END,
};

struct header {
        struct str alg, nonce, url, kid, jku, x5u, x5t, x5t_s256;
        const struct jwk *jwk;
        struct strs crit, x5c;
        struct opt_int b64;
};
static const struct json_field header_fields[] = {
        JSON_FIELD(struct header, alg, "alg", JSON_STR, .required = true, .limit = 32),
        JSON_FIELD(struct header, nonce, "nonce", JSON_STR, .limit = 256),
        JSON_FIELD(struct header, url, "url", JSON_STR, .required = true, .limit = 2048),
        JSON_FIELD(struct header, kid, "kid", JSON_STR, .limit = 2048),
        JSON_FIELD(struct header, jwk, "jwk", JSON_OBJ, .sub = jwk_fields, .sub_size = sizeof(struct jwk)),
        JSON_FIELD(struct header, crit, "crit", JSON_STRS),
        JSON_FIELD(struct header, b64, "b64", JSON_BOOL),
        JSON_FIELD(struct header, jku, "jku", JSON_STR),
        JSON_FIELD(struct header, x5u, "x5u", JSON_STR),
        JSON_FIELD(struct header, x5c, "x5c", JSON_STRS),
        JSON_FIELD(struct header, x5t, "x5t", JSON_STR),
        JSON_FIELD(struct header, x5t_s256, "x5t#S256", JSON_STR),
        JSON_FIELDS_END,
};

static MUST res jws_fail(const char **ret_why, enum err err, const char *why)
{
        *ret_why = why;
        return FAIL(err);
}

static MUST res decode_part(struct arena *arena, struct str text, const char *what, struct bytes *ret_bytes, const char **ret_why)
{
        CLEAN(buf_done) struct buf out = {0};

        buf_init(&out, LIMIT_HTTP_BODY);
        res decoded = b64url_decode(text, &out);
        if (decoded.err == ERR_MEMORY)
                return jws_fail(ret_why, ERR_MEMORY, err_sentence(ERR_MEMORY));
        if (!res_is_ok(decoded))
                return jws_fail(ret_why, ERR_ACME_MALFORMED,
                                arena_printf(arena, "The %s is not base64url without padding.", what));
        *ret_bytes = out.n ? bytes_of(arena_copy(arena, out.p, out.n), out.n) : bytes_of("", 0);
        return RES_OK;
}

/* ---- the header ------------------------------------------------------------------------------------- */

static const struct jws_alg *alg_find(struct str name)
{
        for (size_t i = 0; i < ALGORITHMS; i++)
                if (str_equals(name, algorithms[i].name))
                        return &algorithms[i];
        return NULL;
}

static bool is_mac(struct str name)
{
        for (size_t i = 0; i < MACS; i++)
                if (str_equals(name, macs[i].name))
                        return true;
        return false;
}

static const char *header_fault(const struct header *header)
{
        if (header->crit.v || header->b64.set)
                return "crit and b64 are not taken.";
        if (header->jku.p || header->x5u.p || header->x5c.v || header->x5t.p || header->x5t_s256.p)
                return "The key is named by jwk or kid alone; leave jku, x5u, x5c and x5t out.";
        if ((header->jwk != NULL) == (header->kid.p != NULL))
                return "The protected header must hold either jwk or kid.";
        return NULL;
}

static MUST res read_header(struct arena *arena, struct str text, bool mac, struct jws *jws, const char **ret_why)
{
        struct header header = {0};
        const char *why = NULL;

        if (!res_is_ok(json_decode(arena, text, header_fields, JSON_UNKNOWN_IGNORE, &header, &why)))
                return jws_fail(ret_why, ERR_ACME_MALFORMED, arena_printf(arena, "The protected header is malformed. %s", why ? why : ""));
        if (mac ? !is_mac(header.alg) : alg_find(header.alg) == NULL)
                return jws_fail(ret_why, ERR_ACME_ALGORITHM,
                                mac ? "An external account binding is signed with HS256, HS384 or HS512."
                                    : "Sign with ES256, ES384, RS256 or EdDSA.");
        if (header_fault(&header))
                return jws_fail(ret_why, ERR_ACME_MALFORMED, header_fault(&header));
        jws->alg = header.alg;
        jws->nonce = header.nonce;
        jws->url = header.url;
        jws->kid = header.kid;
        jws->has_jwk = header.jwk != NULL;
        return header.jwk ? jwk_read(arena, header.jwk, &jws->jwk, ret_why) : RES_OK;
}

static MUST res parse(struct arena *arena, struct str text, bool mac, struct jws *ret_jws, const char **ret_why)
{
        struct outer outer = {0};
        struct jws jws = {0};
        struct bytes header = {0};
        const char *why = NULL;

        if (str_is_empty(text) || !res_is_ok(json_decode(arena, text, outer_fields, JSON_UNKNOWN_IGNORE, &outer, &why)))
                return jws_fail(ret_why, ERR_ACME_MALFORMED, arena_printf(arena, "The body is not a flattened JWS. %s", why ? why : ""));
        if (outer.header || outer.signatures.v || outer.signatures.n)
                return jws_fail(ret_why, ERR_ACME_MALFORMED, "Send one signature and no unprotected header.");
        jws.protected_text = outer.protected_text;
        jws.payload_text = outer.payload;
        TRY(decode_part(arena, outer.protected_text, "protected header", &header, ret_why));
        TRY(decode_part(arena, outer.payload, "payload", &jws.payload, ret_why));
        TRY(decode_part(arena, outer.signature, "signature", &jws.signature, ret_why));
        if (header.n == 0 || jws.signature.n == 0)
                return jws_fail(ret_why, ERR_ACME_MALFORMED, "The protected header or the signature is empty.");
        TRY(read_header(arena, (struct str){(const char *)header.p, header.n}, mac, &jws, ret_why));
        *ret_jws = jws;
        return RES_OK;
}

res jws_parse(struct arena *arena, struct str text, struct jws *ret_jws, const char **ret_why)
{
        return parse(arena, text, /* mac= */ false, ret_jws, ret_why);
}

res jws_parse_mac(struct arena *arena, struct str text, struct jws *ret_jws, const char **ret_why)
{
        TRY(parse(arena, text, /* mac= */ true, ret_jws, ret_why));
        if (ret_jws->has_jwk || ret_jws->nonce.p)
                return jws_fail(ret_why, ERR_ACME_MALFORMED, "An external account binding has a kid and no nonce.");
        return RES_OK;
}

/* ---- verifying --------------------------------------------------------------------------------------- */

static MUST res signed_text(const struct jws *jws, struct buf *out)
{
        buf_init(out, LIMIT_HTTP_BODY * 2);
        buf_add_str(out, jws->protected_text);
        buf_add_byte(out, '.');
        buf_add_str(out, jws->payload_text);
        return buf_check(out);
}

/* r || s of fixed length (RFC 7518 §3.4) as the SEQUENCE that verifiers take. */
static MUST res ecdsa_der(struct bytes raw, size_t coordinate, struct buf *out)
{
        ENSURE(raw.n == 2 * coordinate, ERR_ACME_SIGNATURE);
        buf_init(out, 160);
        struct der_mark sequence = der_open(out, DER_SEQUENCE);

        der_add_unsigned(out, bytes_of(raw.p, coordinate));
        der_add_unsigned(out, bytes_of(raw.p + coordinate, coordinate));
        der_close(out, sequence);
        return buf_check(out);
}

static MUST res verify_spki(struct pki_kit *kit, const struct jws *jws, const struct jws_alg *alg, const struct jws_key *key,
                            struct bytes message)
{
        struct pki_spki spki;
        CLEAN(buf_done) struct buf der = {0};
        struct bytes signature = jws->signature;

        TRY(pki_spki_parse(key->spki, &spki));
        const struct pki_alg how = {.key_type = alg->key_type, .family = spki.family, .digest = alg->digest};

        if (alg->coordinate) {
                TRY(ecdsa_der(signature, alg->coordinate, &der));
                signature = buf_bytes(&der);
        }
        if (key->ready)
                return pki_public_verify(kit, key->ready, spki.family, how, message, signature);
        return pki_spki_verify(kit, &spki, how, message, signature);
}

static MUST res verify_ed25519(const struct jws *jws, const struct jws_key *key, struct bytes message)
{
        EVP_PKEY *public = NULL;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool good = false;

        if (context && jws->signature.n == 64 && key->spki.n == 44)
                public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->spki.p + 12, 32);
        good = public && EVP_DigestVerifyInit(context, NULL, NULL, NULL, public) == 1 &&
               EVP_DigestVerify(context, jws->signature.p, jws->signature.n, message.p, message.n) == 1;
        EVP_PKEY_free(public);
        EVP_MD_CTX_free(context);
        ENSURE(good, ERR_ACME_SIGNATURE);
        return RES_OK;
}

bool jws_is_quick(const struct jws *jws)
{
        return str_equals(jws->alg, "ES256") || str_equals(jws->alg, "RS256");
}

res jws_verify(struct pki_kit *kit, const struct jws *jws, const struct jws_key *key)
{
        const struct jws_alg *alg = alg_find(jws->alg);
        CLEAN(buf_done) struct buf message = {0};

        ENSURE(alg && alg->key == key->kind, ERR_ACME_ALGORITHM);
        TRY(signed_text(jws, &message));
        res r = key->kind == JWS_KEY_ED25519 ? verify_ed25519(jws, key, buf_bytes(&message))
                                             : verify_spki(kit, jws, alg, key, buf_bytes(&message));

        ENSURE(r.err != ERR_SIGNATURE && r.err != ERR_FORMAT, ERR_ACME_SIGNATURE);
        return r;
}

res jws_verify_mac(const struct jws *jws, struct bytes secret)
{
        CLEAN(buf_done) struct buf message = {0};
        uint8_t mac[EVP_MAX_MD_SIZE];
        size_t size = 0;

        TRY(signed_text(jws, &message));
        for (size_t i = 0; i < MACS; i++)
                if (str_equals(jws->alg, macs[i].name) &&
                    EVP_Q_mac(NULL, "HMAC", NULL, macs[i].digest, NULL, secret.p, secret.n, message.p, message.n, mac, sizeof mac, &size) == NULL)
                        return FAIL(ERR_CRYPTO);
        ENSURE(size > 0 && secret_equal(jws->signature, bytes_of(mac, size)), ERR_ACME_SIGNATURE);
        return RES_OK;
}
