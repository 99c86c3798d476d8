/* Signed requests: the vectors of RFC 7515, 7638 and 8037, and a table of what is refused (RFC 8555 section 6.2, RFC 8725). */
#include "pki_help.h"

#include "base/b64.h"
#include "pki/jws.h"
#include "pki/spki.h"

static struct pki_kit *kit;
static struct arena *arena;

#define P256_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define P256_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define P256 "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\"}"
#define ED25519 "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
#define RSA_N \
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b" \
        "32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5" \
        "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RSA "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}"

#define CLAIMS "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

static const struct vector {
        const char *name, *alg, *jwk, *header, *payload, *signature;
} vectors[] = {
        {"RFC 7515 A.3", "ES256", P256, "eyJhbGciOiJFUzI1NiJ9", CLAIMS,
         "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
        {"RFC 7515 A.2", "RS256", RSA, "eyJhbGciOiJSUzI1NiJ9", CLAIMS,
         "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAyn"
         "RFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv"
         "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
        {"RFC 8037 A.4", "EdDSA", ED25519, "eyJhbGciOiJFZERTQSJ9", "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
         "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};
#define VECTORS (sizeof vectors / sizeof *vectors)

static struct bytes decoded(const char *text)
{
        struct buf out;

        buf_init(&out, 4096);
        OK(b64url_decode(str_of(text), &out));
        struct bytes copy = bytes_of(arena_copy(arena, out.p, out.n), out.n);

        buf_done(&out);
        return copy;
}

static struct jws jws_of(const struct vector *v)
{
        return (struct jws){.protected_text = str_of(v->header),
                            .payload_text = str_of(v->payload),
                            .alg = str_of(v->alg),
                            .signature = decoded(v->signature)};
}

/* As accounts keep it; a kind that is not kept stays as it is. */
static void make_ready(struct jws_key *key)
{
        struct pki_spki spki;

        if (res_is_ok(pki_spki_parse(key->spki, &spki)))
                OK(pki_public_new(kit, &spki, &key->ready));
}

static void test_vectors(void **state)
{
        (void)state;
        for (size_t i = 0; i < VECTORS; i++) {
                struct jws jws = jws_of(&vectors[i]);
                struct jws_key key = {0}, again = {0};
                const char *why = "";

                if (!res_is_ok(jws_key_from_json(arena, str_of(vectors[i].jwk), &key, &why)))
                        fail_msg("%s: %s", vectors[i].name, why);
                OK(jws_key_check(kit, &key, &why));
                OK(jws_verify(kit, &jws, &key));
                OK(jws_key_from_spki(key.spki, &again));
                assert_int_equal(again.kind, key.kind);
                OK(jws_verify(kit, &jws, &again));
                make_ready(&again);
                assert_int_equal(again.ready != NULL, key.kind != JWS_KEY_ED25519);
                for (int times = 0; times < 3; times++)
                        OK(jws_verify(kit, &jws, &again));
                pki_public_free(pki_public_hold(again.ready)); /* held once more, and let go */
                OK(jws_verify(kit, &jws, &again));
                pki_public_free(again.ready);
        }
}

/* Each bit of the signature, and each other key and algorithm. */
static void test_wrong_signatures(void **state)
{
        (void)state;
        for (size_t round = 0; round < 2 * VECTORS; round++) {
                const size_t i = round / 2;
                struct jws jws = jws_of(&vectors[i]);
                struct jws_key key = {0};
                const char *why = "";
                uint8_t *bytes = arena_copy(arena, jws.signature.p, jws.signature.n);

                OK(jws_key_from_json(arena, str_of(vectors[i].jwk), &key, &why));
                if (round % 2)
                        make_ready(&key);
                jws.signature.p = bytes;
                for (size_t bit = 0; bit < jws.signature.n * 8; bit += 7) {
                        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                        FAILS(ERR_ACME_SIGNATURE, jws_verify(kit, &jws, &key));
                        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                }
                OK(jws_verify(kit, &jws, &key));
                jws.signature.n--;
                FAILS(ERR_ACME_SIGNATURE, jws_verify(kit, &jws, &key));
                jws.signature.n++;
                jws.payload_text = STR("e30");
                FAILS(ERR_ACME_SIGNATURE, jws_verify(kit, &jws, &key));
                for (size_t k = 0; k < VECTORS; k++) {
                        struct jws other = jws_of(&vectors[k]);

                        if (k != i)
                                FAILS(ERR_ACME_ALGORITHM, jws_verify(kit, &other, &key));
                }
                pki_public_free(key.ready);
        }
}

static void test_thumbprints(void **state)
{
        static const struct {
                const char *jwk, *thumbprint;
        } cases[] = {
                {ED25519, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"}, /* RFC 8037 A.3 */
                {"{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
                 "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6q"
                 "MQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\","
                 "\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}",
                 "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"}, /* RFC 7638 §3.1 */
        };

        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct jws_key key = {0};
                const char *why = "";
                char thumbprint[JWS_THUMBPRINT_SIZE];

                OK(jws_key_from_json(arena, str_of(cases[i].jwk), &key, &why));
                OK(jws_key_thumbprint(&key, thumbprint));
                assert_string_equal(thumbprint, cases[i].thumbprint);
        }
}

/* ---- refusals ---- */

static const struct {
        const char *jwk;
        enum err err;
} keys[] = {
        {"", ERR_ACME_MALFORMED},
        {"[]", ERR_ACME_MALFORMED},
        {"{}", ERR_ACME_MALFORMED},
        {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", ERR_ACME_MALFORMED},
        {"{\"kty\":\"oct\"}", ERR_KEY_TYPE},
        {"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AA\",\"y\":\"AA\"}", ERR_KEY_TYPE},
        {"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\"}", ERR_KEY_TYPE},
        {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" P256_X "\"}", ERR_KEY_TYPE},
        {"{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" P256_X "\"}", ERR_KEY_TYPE},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\"}", ERR_ACME_MALFORMED},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "=\",\"y\":\"" P256_Y "\"}", ERR_ACME_MALFORMED},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"" P256_Y "\"}", ERR_ACME_MALFORMED},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\",\"d\":\"AAAA\"}", ERR_ACME_MALFORMED},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"crv\":\"P-384\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\"}", ERR_ACME_MALFORMED},
        {"{\"kty\":\"RSA\",\"n\":\"" RSA_N "\"}", ERR_ACME_MALFORMED},
        {"{\"kty\":\"RSA\",\"n\":\"AA" RSA_N "\",\"e\":\"AQAB\"}", ERR_ACME_MALFORMED},
        {"{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AAEAAQ\"}", ERR_ACME_MALFORMED},
        {"{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\",\"d\":\"AQ\"}", ERR_ACME_MALFORMED},
};

static void test_keys_refused(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
                struct jws_key key = {0};
                const char *why = NULL;
                res r = jws_key_from_json(arena, str_of(keys[i].jwk), &key, &why);

                if (r.err != keys[i].err || !why)
                        fail_msg("%s: %s", keys[i].jwk, err_name(r.err));
        }
}

/* A point that is on no curve, an exponent of 1: of good form, but no keys to have. */
static void test_weak_keys(void **state)
{
        static const char *const weak[] = {
                "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\",\"y\":\"" P256_X "\"}",
                "{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQ\"}",
                "{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoQ\",\"e\":\"AQAB\"}",
        };

        (void)state;
        for (size_t i = 0; i < sizeof weak / sizeof *weak; i++) {
                struct jws_key key = {0};
                const char *why = NULL;

                OK(jws_key_from_json(arena, str_of(weak[i]), &key, &why));
                assert_false(res_is_ok(jws_key_check(kit, &key, &why)));
        }
}

#define URL "\"nonce\":\"n\",\"url\":\"https://a/b\""
static const struct {
        const char *header;
        enum err err, mac;
} headers[] = {
        {"{\"alg\":\"ES256\"," URL ",\"kid\":\"https://a/acct/1\"}", ERR_NONE, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"ES256\"," URL ",\"jwk\":" P256 "}", ERR_NONE, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"none\"," URL ",\"kid\":\"k\"}", ERR_ACME_ALGORITHM, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"\"," URL ",\"kid\":\"k\"}", ERR_ACME_ALGORITHM, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"HS256\"," URL ",\"kid\":\"k\"}", ERR_ACME_ALGORITHM, ERR_ACME_MALFORMED},
        {"{\"alg\":\"HS256\",\"url\":\"https://a/b\",\"kid\":\"k\"}", ERR_ACME_ALGORITHM, ERR_NONE},
        {"{\"alg\":\"HS256\",\"url\":\"https://a/b\",\"jwk\":" P256 "}", ERR_ACME_ALGORITHM, ERR_ACME_MALFORMED},
        {"{\"alg\":\"es256\"," URL ",\"kid\":\"k\"}", ERR_ACME_ALGORITHM, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"PS256\"," URL ",\"kid\":\"k\"}", ERR_ACME_ALGORITHM, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"RS1\"," URL ",\"kid\":\"k\"}", ERR_ACME_ALGORITHM, ERR_ACME_ALGORITHM},
        {"{" URL ",\"kid\":\"k\"}", ERR_ACME_MALFORMED, ERR_ACME_MALFORMED},
        {"{\"alg\":null," URL ",\"kid\":\"k\"}", ERR_ACME_MALFORMED, ERR_ACME_MALFORMED},
        {"{\"alg\":[\"ES256\"]," URL ",\"kid\":\"k\"}", ERR_ACME_MALFORMED, ERR_ACME_MALFORMED},
        {"{\"alg\":\"ES256\",\"nonce\":\"n\",\"kid\":\"k\"}", ERR_ACME_MALFORMED, ERR_ACME_MALFORMED},
        {"{\"alg\":\"ES256\"," URL "}", ERR_ACME_MALFORMED, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"ES256\"," URL ",\"kid\":\"k\",\"jwk\":" P256 "}", ERR_ACME_MALFORMED, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"ES256\"," URL ",\"kid\":\"k\",\"crit\":[\"exp\"],\"exp\":1}", ERR_ACME_MALFORMED, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"ES256\"," URL ",\"kid\":\"k\",\"crit\":[]}", ERR_ACME_MALFORMED, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"ES256\"," URL ",\"kid\":\"k\",\"b64\":false}", ERR_ACME_MALFORMED, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"ES256\"," URL ",\"kid\":\"k\",\"jku\":\"https://evil/\"}", ERR_ACME_MALFORMED, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"ES256\"," URL ",\"kid\":\"k\",\"x5u\":\"https://evil/\"}", ERR_ACME_MALFORMED, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"ES256\"," URL ",\"kid\":\"k\",\"x5c\":[]}", ERR_ACME_MALFORMED, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"ES256\",\"alg\":\"none\"," URL ",\"kid\":\"k\"}", ERR_ACME_MALFORMED, ERR_ACME_MALFORMED},
        {"{\"alg\":\"ES256\"," URL ",\"jwk\":\"" P256_X "\"}", ERR_ACME_MALFORMED, ERR_ACME_MALFORMED},
        {"{\"alg\":\"ES256\"," URL ",\"jwk\":{\"kty\":\"oct\"}}", ERR_KEY_TYPE, ERR_ACME_ALGORITHM},
        {"[]", ERR_ACME_MALFORMED, ERR_ACME_MALFORMED},
        {"{\"alg\":\"ES256\"," URL ",\"kid\":\"k\"} ", ERR_NONE, ERR_ACME_ALGORITHM},
        {"{\"alg\":\"ES256\"," URL ",\"kid\":\"k\"}x", ERR_ACME_MALFORMED, ERR_ACME_MALFORMED},
};

static const char *outer_of(const char *header, const char *payload, const char *rest)
{
        struct buf text;

        buf_init(&text, 16384);
        buf_add_text(&text, "{\"protected\":\"");
        b64url_encode(bytes_of(header, strlen(header)), &text);
        buf_printf(&text, "\",\"payload\":\"%s\",\"signature\":\"AAAA\"%s}", payload, rest);
        const char *copy = arena_strndup(arena, (const char *)text.p, text.n);

        buf_done(&text);
        return copy;
}

static void test_headers(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
                const char *text = outer_of(headers[i].header, "", ""), *why = NULL;
                struct jws jws = {0};
                res r = jws_parse(arena, str_of(text), &jws, &why);

                if (r.err != headers[i].err || (!res_is_ok(r) && !why))
                        fail_msg("%s: %s %s", headers[i].header, err_name(r.err), why ? why : "");
                r = jws_parse_mac(arena, str_of(text), &jws, &why);
                if (r.err != headers[i].mac)
                        fail_msg("%s as MAC: %s %s", headers[i].header, err_name(r.err), why ? why : "");
        }
}

static void test_outer(void **state)
{
        static const char header[] = "{\"alg\":\"ES256\"," URL ",\"kid\":\"k\"}";
        static const char *const bad[] = {
                "", "{}", "[]", "null", "\"x\"", "{\"protected\":\"\",\"payload\":\"\",\"signature\":\"AAAA\"}",
                "{\"protected\":\"e30\",\"payload\":\"\"}",
                "{\"payload\":\"\",\"signatures\":[{\"protected\":\"e30\",\"signature\":\"AAAA\"}]}",
                "{\"protected\":1,\"payload\":\"\",\"signature\":\"AAAA\"}",
        };
        struct jws jws = {0};
        const char *why = NULL;

        (void)state;
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                FAILS(ERR_ACME_MALFORMED, jws_parse(arena, str_of(bad[i]), &jws, &why));
        OK(jws_parse(arena, str_of(outer_of(header, "e30", "")), &jws, &why));
        assert_int_equal(jws.payload.n, 2);
        OK(jws_parse(arena, str_of(outer_of(header, "", "")), &jws, &why));
        assert_int_equal(jws.payload.n, 0);
        OK(jws_parse(arena, str_of(outer_of(header, "", ",\"more\":1")), &jws, &why));
        FAILS(ERR_ACME_MALFORMED, jws_parse(arena, str_of(outer_of(header, "e30=", "")), &jws, &why));
        FAILS(ERR_ACME_MALFORMED, jws_parse(arena, str_of(outer_of(header, "e3", "")), &jws, &why)); /* stray bits */
        FAILS(ERR_ACME_MALFORMED, jws_parse(arena, str_of(outer_of(header, "e+0", "")), &jws, &why));
        FAILS(ERR_ACME_MALFORMED, jws_parse(arena, str_of(outer_of(header, "", ",\"header\":{\"alg\":\"none\"}")), &jws, &why));
        FAILS(ERR_ACME_MALFORMED, jws_parse(arena, str_of(outer_of(header, "", ",\"signatures\":[]")), &jws, &why));
        FAILS(ERR_ACME_MALFORMED, jws_parse(arena, str_of(outer_of(header, "", ",\"payload\":\"e30\"")), &jws, &why));
}

/* RFC 4231-like: one MAC by each size, and nothing near it. */
static void test_macs(void **state)
{
        static const struct {
                const char *alg, *mac;
        } cases[] = {
                {"HS256", "FCSDuqmCuL_yoq1hx-E3IJO5tSEpcgFbqwcZf590zhA"},
        };
        const struct bytes secret = STR_BYTES("secret");
        struct jws jws = {.protected_text = STR("e30"), .payload_text = STR("e30"), .alg = STR("HS256")};

        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                jws.alg = str_of(cases[i].alg);
                jws.signature = decoded(cases[i].mac);
                OK(jws_verify_mac(&jws, secret));
                FAILS(ERR_ACME_SIGNATURE, jws_verify_mac(&jws, STR_BYTES("secreu")));
                jws.signature.n--;
                FAILS(ERR_ACME_SIGNATURE, jws_verify_mac(&jws, secret));
                jws.alg = STR("none");
                FAILS(ERR_ACME_SIGNATURE, jws_verify_mac(&jws, secret));
        }
}

static int set_up(void **state)
{
        (void)state;
        arena = arena_new(64 * 1024 * 1024);
        return res_is_ok(pki_kit_new(&kit)) ? 0 : -1;
}

static int tear_down(void **state)
{
        (void)state;
        arena_free(arena);
        pki_kit_free(kit);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_vectors),      cmocka_unit_test(test_wrong_signatures), cmocka_unit_test(test_thumbprints),
                cmocka_unit_test(test_keys_refused), cmocka_unit_test(test_weak_keys),        cmocka_unit_test(test_headers),
                cmocka_unit_test(test_outer),        cmocka_unit_test(test_macs),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
