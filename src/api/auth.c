/*
 * See auth.h.  The cheap doubts come first – form, time stamp, date – so that a request that can never be right costs
 * no look into the database and no question to the vault, which holds the secrets.
 */
#include "api/auth.h"

#include "api/v1.h"
#include "base/secret.h"
#include "base/timetext.h"
#include "core/account.h"

static void key_wipe(uint8_t (*key)[TC3_KEY_SIZE])
{
        secret_wipe(*key, sizeof *key);
}

static res auth_check_time(struct req *req, const struct api_call *call, int64_t *ret_sec)
{
        int64_t sec = 0, off = 0;

        if (str_is_empty(call->timestamp))
                return act_fail(&req->act, ERR_PARAM_MISSING, "Send the time stamp (X-TC-Timestamp), in Unix seconds.");
        if (!res_is_ok(str_to_int64(call->timestamp, &sec)) || sec > INT32_MAX * 4LL)
                return act_fail(&req->act, ERR_AUTH_EXPIRED, "The time stamp must be Unix seconds, such as %lld.",
                                (long long)req->act.now_sec);
        off = sec - req->act.now_sec;
        if (off > LIMIT_AUTH_WINDOW_SEC || off < -LIMIT_AUTH_WINDOW_SEC)
                return act_fail(&req->act, ERR_AUTH_EXPIRED,
                                "The time stamp is %lld s %s this server's clock; at most %d s are allowed.",
                                (long long)(off < 0 ? -off : off), off < 0 ? "behind" : "ahead of",
                                LIMIT_AUTH_WINDOW_SEC);
        *ret_sec = sec;
        return RES_OK;
}

static res auth_check_date(struct req *req, const struct tc3_auth *auth, int64_t sec)
{
        char date[TC3_DATE_SIZE];

        timetext_utc_date(sec, date);
        if (!str_equals(auth->date, date))
                return act_fail(&req->act, ERR_AUTH_SIGNATURE,
                                "The date in the credential scope must be the UTC date of X-TC-Timestamp, %s.", date);
        return RES_OK;
}

static res auth_check_tc3_signature(struct req *req, const struct api_call *call, const struct tc3_auth *auth)
{
        CLEAN(key_wipe) uint8_t key[TC3_KEY_SIZE] = {0};
        const struct http_request *http = req->http;
        const struct tc3_request signed_request = {
                .method = http->method,
                .path = http->path,
                .query = http->query,
                .headers = http->headers,
                .header_count = http->header_count,
                .body = http->body,
                .timestamp = call->timestamp,
        };

        TRY(account_of_key(&req->act, auth->secret_id));
        TRY(account_signing_key(&req->act, auth->secret_id, auth->date, auth->service, key));
        return tc3_verify(&signed_request, auth, key);
}

static res auth_check_tc3(struct req *req, const struct api_call *call)
{
        struct str header = http_header(req->http, "Authorization");
        struct tc3_auth auth = {0};
        int64_t sec = 0;

        if (header.p == NULL)
                return act_fail(&req->act, ERR_AUTH_HEADER, "Sign the request: the Authorization header is missing.");
        ENSURE(header.n <= LIMIT_AUTH_HEADER, ERR_AUTH_HEADER);
        TRY(tc3_parse(header, &auth));
        req->secret_id = auth.secret_id;
        ENSURE(str_is_empty(http_header(req->http, "X-TC-Token")), ERR_AUTH_TOKEN);
        TRY(auth_check_time(req, call, &sec));
        TRY(auth_check_date(req, &auth, sec));
        return auth_check_tc3_signature(req, call, &auth);
}

static res auth_check_v1(struct req *req, const struct api_call *call)
{
        int64_t sec = 0;

        TRY(auth_check_time(req, call, &sec));
        return api_v1_check(req, call, sec);
}

res api_auth_check(struct req *req, const struct api_call *call)
{
        return call->way == API_WAY_V1 ? auth_check_v1(req, call) : auth_check_tc3(req, call);
}
