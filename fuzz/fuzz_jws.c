/* Signed requests and keys: whatever is read is within its bounds, and a key's SPKI reads back as the same key. */
#include "pki_fuzz.h"

#include "base/arena.h"
#include "pki/jws.h"

static struct pki_kit *kit;

static void check_key(const struct jws_key *key)
{
        struct jws_key again;
        char thumbprint[JWS_THUMBPRINT_SIZE], other[JWS_THUMBPRINT_SIZE];
        const char *why;

        if (!res_is_ok(jws_key_from_spki(key->spki, &again)))
                return; /* RSA of an absurd size */
        FUZZ_CHECK(again.kind == key->kind);
        FUZZ_CHECK(res_is_ok(jws_key_thumbprint(key, thumbprint)) && res_is_ok(jws_key_thumbprint(&again, other)));
        FUZZ_CHECK(strcmp(thumbprint, other) == 0 && strlen(thumbprint) == JWS_THUMBPRINT_SIZE - 1);
        if (key->kind != JWS_KEY_RSA || key->spki.n < 700) /* the gate's long division is another target's */
                (void)res_is_ok(jws_key_check(kit, key, &why));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena *arena = arena_new(16 * 1024 * 1024);
        const struct str text = {(const char *)data, size};
        struct jws jws = {0};
        struct jws_key key = {0};
        const char *why = NULL;

        if (!kit)
                FUZZ_CHECK(res_is_ok(pki_kit_new(&kit)));
        if (res_is_ok(jws_parse(arena, text, &jws, &why))) {
                FUZZ_CHECK(jws.has_jwk != (jws.kid.p != NULL) && jws.url.p && jws.alg.n > 0);
                if (jws.has_jwk) {
                        check_key(&jws.jwk);
                        (void)res_is_ok(jws_verify(kit, &jws, &jws.jwk));
                }
        } else {
                FUZZ_CHECK(why && str_is_utf8(str_of(why)));
        }
        if (res_is_ok(jws_parse_mac(arena, text, &jws, &why)))
                (void)res_is_ok(jws_verify_mac(&jws, bytes_of("k", 1)));
        if (res_is_ok(jws_key_from_json(arena, text, &key, &why)))
                check_key(&key);
        arena_free(arena);
        return 0;
}
