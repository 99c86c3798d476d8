/*
 * The window is a ring of bits, one a nonce.  Making number n clears the bit that number n - WINDOW used, which by then is
 * refused for its age; taking sets the bit and looks whether it was set.  All atomic, no lock: newNonce runs on the
 * listener's threads.
 */
#include "acme/nonce.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/secret.h"

#define NONCE_NUMBER 8
#define NONCE_MAC 16
#define NONCE_WORDS (LIMIT_ACME_NONCES / 64)

struct acme_nonces {
        uint8_t key[32];
        _Atomic uint64_t next;
        _Atomic uint64_t used[NONCE_WORDS];
};

res acme_nonces_new(struct acme_nonces **ret_nonces)
{
        struct acme_nonces *nonces = calloc(1, sizeof *nonces);

        ENSURE(nonces != NULL, ERR_MEMORY);
        random_bytes(nonces->key, sizeof nonces->key);
        atomic_store(&nonces->next, random_u64() >> 20); /* how many there were is nobody's business */
        *ret_nonces = nonces;
        return RES_OK;
}

void acme_nonces_free(struct acme_nonces *nonces)
{
        if (nonces == NULL)
                return;
        secret_wipe(nonces->key, sizeof nonces->key);
        free(nonces);
}

/*
 * The key in front, and half of the hash: what HMAC guards against, a message that goes on, cannot be where all have one length.
 * It costs a fifth of HMAC, twice a request.
 */
static void nonce_mac(const struct acme_nonces *nonces, const uint8_t number[NONCE_NUMBER], uint8_t mac[DIGEST_SHA256_SIZE])
{
        uint8_t message[sizeof nonces->key + NONCE_NUMBER];

        memcpy(message, nonces->key, sizeof nonces->key);
        memcpy(message + sizeof nonces->key, number, NONCE_NUMBER);
        digest_sha256(bytes_of(message, sizeof message), mac);
        secret_wipe(message, sizeof message);
}

void acme_nonces_make(struct acme_nonces *nonces, char out[NONCE_TEXT_SIZE])
{
        const uint64_t n = atomic_fetch_add(&nonces->next, 1), place = n % LIMIT_ACME_NONCES;
        uint8_t bytes[NONCE_NUMBER + NONCE_MAC], mac[DIGEST_SHA256_SIZE];
        CLEAN(buf_done) struct buf text = {0};

        atomic_fetch_and(&nonces->used[place / 64], ~(UINT64_C(1) << place % 64));
        for (size_t i = 0; i < NONCE_NUMBER; i++)
                bytes[i] = (uint8_t)(n >> (56 - 8 * i));
        nonce_mac(nonces, bytes, mac);
        memcpy(bytes + NONCE_NUMBER, mac, NONCE_MAC);
        buf_init(&text, NONCE_TEXT_SIZE);
        b64url_encode(bytes_of(bytes, sizeof bytes), &text);
        memcpy(out, buf_c(&text), text.n);
        out[text.n] = '\0';
}

bool acme_nonces_take(struct acme_nonces *nonces, struct str text)
{
        uint8_t mac[DIGEST_SHA256_SIZE];
        CLEAN(buf_done) struct buf bytes = {0};
        uint64_t n = 0;

        buf_init(&bytes, NONCE_TEXT_SIZE);
        if (text.n != NONCE_TEXT_SIZE - 1 || !res_is_ok(b64url_decode(text, &bytes)) || bytes.n != NONCE_NUMBER + NONCE_MAC)
                return false;
        nonce_mac(nonces, bytes.p, mac);
        if (!secret_equal(bytes_of(mac, NONCE_MAC), bytes_of(bytes.p + NONCE_NUMBER, NONCE_MAC)))
                return false;
        for (size_t i = 0; i < NONCE_NUMBER; i++)
                n = n << 8 | bytes.p[i];
        const uint64_t age = atomic_load(&nonces->next) - n, place = n % LIMIT_ACME_NONCES;

        /* The oldest few are left out, because their bits are about to be cleared for the next ones. */
        if (age == 0 || age > LIMIT_ACME_NONCES - 1024)
                return false;
        const uint64_t bit = UINT64_C(1) << place % 64;

        return (atomic_fetch_or(&nonces->used[place / 64], bit) & bit) == 0;
}
