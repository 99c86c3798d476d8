/* See link.h.  The token is base64url of: account, user, end, kind, id, MAC. */
#include "api/link.h"

#include "base/b64.h"
#include "base/digest.h"
#include "base/secret.h"

#define LINK_FIXED (3 * 8 + 1)
#define LINK_MOST (LINK_FIXED + API_LINK_ID_SIZE + DIGEST_SHA256_SIZE)

void api_link_write(const uint8_t key[API_LINK_KEY_SIZE], const struct api_link *link, struct buf *out)
{
        CLEAN(buf_done) struct buf plain = {0};
        uint8_t mac[DIGEST_SHA256_SIZE];

        buf_init(&plain, LINK_MOST);
        buf_add_u64(&plain, (uint64_t)link->account_id);
        buf_add_u64(&plain, (uint64_t)link->user_id);
        buf_add_u64(&plain, (uint64_t)link->expires_at);
        buf_add_byte(&plain, link->kind);
        buf_add_text(&plain, link->certificate_id);
        digest_hmac_sha256(bytes_of(key, API_LINK_KEY_SIZE), buf_bytes(&plain), mac);
        buf_add(&plain, mac, sizeof mac);
        b64url_encode(buf_bytes(&plain), out);
}

static int64_t number_read(const uint8_t *p)
{
        uint64_t v = 0;

        for (int i = 0; i < 8; i++)
                v = v << 8 | p[i];
        return (int64_t)v;
}

res api_link_read(const uint8_t key[API_LINK_KEY_SIZE], struct str token, int64_t now_sec, struct api_link *ret_link)
{
        CLEAN(buf_done) struct buf plain = {0};
        uint8_t mac[DIGEST_SHA256_SIZE];
        struct api_link link = {0};
        size_t signed_size = 0;

        buf_init(&plain, LINK_MOST);
        ENSURE(res_is_ok(b64url_decode(token, &plain)) && res_is_ok(buf_check(&plain)), ERR_NOT_FOUND);
        ENSURE(plain.n >= LINK_FIXED + sizeof mac && plain.n < LINK_MOST, ERR_NOT_FOUND);
        signed_size = plain.n - sizeof mac;
        digest_hmac_sha256(bytes_of(key, API_LINK_KEY_SIZE), bytes_of(plain.p, signed_size), mac);
        ENSURE(secret_equal(bytes_of(mac, sizeof mac), bytes_of(plain.p + signed_size, sizeof mac)), ERR_NOT_FOUND);
        link.account_id = number_read(plain.p);
        link.user_id = number_read(plain.p + 8);
        link.expires_at = number_read(plain.p + 16);
        link.kind = plain.p[24];
        memcpy(link.certificate_id, plain.p + LINK_FIXED, signed_size - LINK_FIXED);
        ENSURE(now_sec <= link.expires_at, ERR_NOT_FOUND);
        *ret_link = link;
        return RES_OK;
}
