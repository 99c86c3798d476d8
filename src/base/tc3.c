/*
 * TC3-HMAC-SHA256: a canonical text of the request is hashed, the hash is put into a second text with the time and
 * the scope, and that is signed under a key of the day.  Clients disagree about small things (the port in Host,
 * lower-casing, the path), so a few readings of the same bytes are tried; the first is the common one.
 */
#include "base/tc3.h"

#include <stdio.h>

#include "base/digest.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/timetext.h"

#define TC3_ALGORITHM "TC3-HMAC-SHA256"

enum { TC3_CANONICAL_BYTES = LIMIT_HTTP_URI + 64 * 1024, TC3_HASH_TEXT = 65 };

/* One reading of the request. */
struct tc3_reading {
        struct str host, path;
        bool lower;
};

/* -- the header ------------------------------------------------------------------------------ */

/* "name=value" up to the comma; the blank after a comma may be missing. */
static res tc3_part(struct str *rest, const char *name, struct str *ret_value)
{
        struct str part = str_trim(str_cut(rest, ','));
        const struct str key = str_cut(&part, '=');

        ENSURE(str_equals(key, name) && part.n > 0, ERR_AUTH_HEADER);
        *ret_value = part;
        return RES_OK;
}

/* 2026-09-21 */
static bool tc3_is_date(struct str s)
{
        if (s.n != TC3_DATE_SIZE - 1)
                return false;
        for (size_t i = 0; i < s.n; i++)
                if (i == 4 || i == 7 ? s.p[i] != '-' : s.p[i] < '0' || s.p[i] > '9')
                        return false;
        return true;
}

static res tc3_parse_credential(struct str credential, struct tc3_auth *auth)
{
        auth->secret_id = str_cut(&credential, '/');
        auth->date = str_cut(&credential, '/');
        auth->service = str_cut(&credential, '/');
        ENSURE(auth->secret_id.n > 0 && auth->service.n > 0 && tc3_is_date(auth->date), ERR_AUTH_HEADER);
        ENSURE(str_equals(credential, "tc3_request"), ERR_AUTH_HEADER);
        return RES_OK;
}

static bool tc3_is_header_name(struct str name)
{
        for (size_t i = 0; i < name.n; i++) {
                const char c = name.p[i];

                if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
                        return false;
        }
        return name.n > 0;
}

static res tc3_check_signed_headers(struct str names)
{
        bool has_type = false, has_host = false;

        while (names.p) {
                const struct str name = str_cut(&names, ';');

                ENSURE(tc3_is_header_name(name), ERR_AUTH_HEADER);
                has_type = has_type || str_equals(name, "content-type");
                has_host = has_host || str_equals(name, "host");
        }
        ENSURE(has_type && has_host, ERR_AUTH_HEADER);
        return RES_OK;
}

res tc3_parse(struct str authorization, struct tc3_auth *ret_auth)
{
        struct str rest = str_trim(authorization);
        struct str credential, signature;
        struct tc3_auth auth = {0};

        ENSURE(authorization.n <= LIMIT_AUTH_HEADER, ERR_AUTH_HEADER);
        ENSURE(str_equals(str_cut(&rest, ' '), TC3_ALGORITHM), ERR_AUTH_HEADER);
        TRY(tc3_part(&rest, "Credential", &credential));
        TRY(tc3_part(&rest, "SignedHeaders", &auth.signed_headers));
        TRY(tc3_part(&rest, "Signature", &signature));
        ENSURE(rest.p == NULL, ERR_AUTH_HEADER);
        TRY(tc3_parse_credential(credential, &auth));
        TRY(tc3_check_signed_headers(auth.signed_headers));
        ENSURE(res_is_ok(hex_decode(signature, auth.signature, sizeof(auth.signature))), ERR_AUTH_HEADER);
        *ret_auth = auth;
        return RES_OK;
}

/* -- keys and texts -------------------------------------------------------------------------- */

void tc3_signing_key(struct bytes secret_key, struct str date, struct str service, uint8_t ret_key[TC3_KEY_SIZE])
{
        CLEAN(buf_wipe) struct buf first = {0};
        uint8_t key[TC3_KEY_SIZE];

        buf_init(&first, secret_key.n + 3);
        buf_add_text(&first, "TC3");
        buf_add(&first, secret_key.p, secret_key.n);
        digest_hmac_sha256(buf_bytes(&first), bytes_of(date.p, date.n), key);
        digest_hmac_sha256(bytes_of(key, sizeof(key)), bytes_of(service.p, service.n), key);
        digest_hmac_sha256(bytes_of(key, sizeof(key)), bytes_of("tc3_request", 11), ret_key);
        secret_wipe(key, sizeof(key));
}

static void tc3_hash_text(struct bytes in, char out[TC3_HASH_TEXT])
{
        uint8_t hash[DIGEST_SHA256_SIZE];

        digest_sha256(in, hash);
        hex_lower(bytes_of(hash, sizeof(hash)), out);
}

static void tc3_add_line(struct buf *text, struct str line)
{
        buf_add_str(text, line);
        buf_add_byte(text, '\n');
}

/* The string to sign, signed. */
static void tc3_sign_hash(struct str timestamp, struct str date, struct str service, const char *canonical_hash,
                          const uint8_t key[TC3_KEY_SIZE], uint8_t ret_signature[32])
{
        CLEAN(buf_done) struct buf text = {0};

        buf_init(&text, 4096);
        tc3_add_line(&text, STR(TC3_ALGORITHM));
        tc3_add_line(&text, timestamp);
        buf_add_str(&text, date);
        buf_add_byte(&text, '/');
        buf_add_str(&text, service);
        tc3_add_line(&text, STR("/tc3_request"));
        buf_add_text(&text, canonical_hash);
        digest_hmac_sha256(bytes_of(key, TC3_KEY_SIZE), buf_bytes(&text), ret_signature);
}

/* -- verifying ------------------------------------------------------------------------------- */

static struct str tc3_header_value(const struct tc3_request *request, struct str name)
{
        for (size_t i = 0; i < request->header_count; i++)
                if (str_equal_nocase(request->headers[i].name, name))
                        return str_trim(request->headers[i].value);
        return (struct str){0};
}

static void tc3_add_value(struct buf *text, struct str value, bool lower)
{
        const size_t from = text->n;

        buf_add_str(text, value);
        if (lower && !text->failed)
                str_lower_ascii((char *)text->p + from, text->n - from);
}

static void tc3_add_headers(struct buf *text, const struct tc3_request *request, struct str names,
                            const struct tc3_reading *reading)
{
        while (names.p) {
                const struct str name = str_cut(&names, ';');
                const bool is_host = str_equals(name, "host");

                buf_add_str(text, name);
                buf_add_byte(text, ':');
                tc3_add_value(text, is_host ? reading->host : tc3_header_value(request, name), reading->lower);
                buf_add_byte(text, '\n');
        }
}

static bool tc3_reading_fits(const struct tc3_request *request, const struct tc3_auth *auth, const char *payload_hash,
                             const struct tc3_reading *reading, const uint8_t key[TC3_KEY_SIZE])
{
        CLEAN(buf_done) struct buf text = {0};
        char hash[TC3_HASH_TEXT];
        uint8_t signature[32];

        buf_init(&text, TC3_CANONICAL_BYTES);
        tc3_add_line(&text, request->method);
        tc3_add_line(&text, reading->path);
        tc3_add_line(&text, str_equals(request->method, "POST") ? (struct str){0} : request->query);
        tc3_add_headers(&text, request, auth->signed_headers, reading);
        buf_add_byte(&text, '\n');
        tc3_add_line(&text, auth->signed_headers);
        buf_add_text(&text, payload_hash);
        if (!res_is_ok(buf_check(&text)))
                return false;
        tc3_hash_text(buf_bytes(&text), hash);
        tc3_sign_hash(request->timestamp, auth->date, auth->service, hash, key, signature);
        return secret_equal(bytes_of(signature, sizeof(signature)), bytes_of(auth->signature, sizeof(auth->signature)));
}

/* "host:port" without ":port"; the same text when there is none. */
static struct str tc3_host_bare(struct str host)
{
        size_t n = host.n;

        while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
                n--;
        if (n == host.n || n == 0 || host.p[n - 1] != ':')
                return host;
        return (struct str){host.p, n - 1};
}

/* Every reading once: lower-cased before as sent, host with and without port, the real path and "/". */
static bool tc3_any_reading_fits(const struct tc3_request *request, const struct tc3_auth *auth,
                                 const char *payload_hash, const uint8_t key[TC3_KEY_SIZE])
{
        const struct str host = tc3_header_value(request, STR("host"));
        const struct str hosts[2] = {host, tc3_host_bare(host)};
        const struct str paths[2] = {request->path, STR("/")};

        for (unsigned i = 0; i < 8; i++) {
                const struct tc3_reading reading = {
                        .host = hosts[i & 1], .path = paths[i >> 1 & 1], .lower = (i >> 2 & 1) == 0};

                if ((i & 1 && str_equal(hosts[0], hosts[1])) || (i & 2 && str_equal(paths[0], paths[1])))
                        continue;
                if (tc3_reading_fits(request, auth, payload_hash, &reading, key))
                        return true;
        }
        return false;
}

static res tc3_check_date(const struct tc3_request *request, const struct tc3_auth *auth)
{
        char date[TC3_DATE_SIZE];
        int64_t sec;

        ENSURE(request->timestamp.n <= 20 && res_is_ok(str_to_int64(request->timestamp, &sec)), ERR_AUTH_HEADER);
        timetext_utc_date(sec, date);
        ENSURE(str_equals(auth->date, date), ERR_AUTH_HEADER);
        return RES_OK;
}

static res tc3_check_headers_present(const struct tc3_request *request, struct str names)
{
        while (names.p)
                ENSURE(tc3_header_value(request, str_cut(&names, ';')).p, ERR_AUTH_HEADER);
        return RES_OK;
}

res tc3_verify(const struct tc3_request *request, const struct tc3_auth *auth, const uint8_t key[TC3_KEY_SIZE])
{
        const struct str unsigned_mark = STR("UNSIGNED-PAYLOAD");
        const bool is_unsigned = str_equal(tc3_header_value(request, STR("x-tc-content-sha256")), unsigned_mark);
        char payload_hash[TC3_HASH_TEXT];

        TRY(tc3_check_date(request, auth));
        TRY(tc3_check_headers_present(request, auth->signed_headers));
        tc3_hash_text(is_unsigned ? bytes_of(unsigned_mark.p, unsigned_mark.n) : request->body, payload_hash);
        ENSURE(tc3_any_reading_fits(request, auth, payload_hash, key), ERR_AUTH_SIGNATURE);
        return RES_OK;
}

/* -- signing --------------------------------------------------------------------------------- */

void tc3_sign_post(struct str secret_id, struct bytes secret_key, struct str host, int64_t now_sec,
                   struct bytes body, struct buf *ret_authorization)
{
        CLEAN(buf_done) struct buf canonical = {0};
        char date[TC3_DATE_SIZE], hash[TC3_HASH_TEXT], stamp[24];
        uint8_t key[TC3_KEY_SIZE], signature[32];

        timetext_utc_date(now_sec, date);
        snprintf(stamp, sizeof(stamp), "%lld", (long long)now_sec);
        tc3_hash_text(body, hash);
        buf_init(&canonical, 4096);
        buf_add_text(&canonical, "POST\n/\n\ncontent-type:application/json\nhost:");
        tc3_add_value(&canonical, host, /* lower= */ true);
        buf_printf(&canonical, "\n\ncontent-type;host\n%s", hash);
        tc3_hash_text(buf_bytes(&canonical), hash);
        tc3_signing_key(secret_key, str_of(date), STR("ssl"), key);
        tc3_sign_hash(str_of(stamp), str_of(date), STR("ssl"), hash, key, signature);
        hex_lower(bytes_of(signature, sizeof(signature)), hash);
        buf_add_text(ret_authorization, TC3_ALGORITHM " Credential=");
        buf_add_str(ret_authorization, secret_id);
        buf_printf(ret_authorization, "/%s/ssl/tc3_request, SignedHeaders=content-type;host, Signature=%s", date, hash);
        secret_wipe(key, sizeof(key));
}
