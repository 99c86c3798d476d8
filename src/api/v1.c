/* See v1.h.  The text is over decoded values, so it can be made from the parameters as they were read. */
#include "api/v1.h"

#include "api/nonce.h"
#include "base/b64.h"
#include "base/secret.h"
#include "core/account.h"

struct method {
        const char *name;
        uint32_t hash;
        size_t size;
};

static const struct method methods[] = {{"HmacSHA1", 1, 20}, {"HmacSHA256", 256, 32}};

static struct str param_get(const struct api_params *params, const char *name)
{
        for (size_t i = 0; i < params->n; i++)
                if (str_equals(params->v[i].name, name))
                        return params->v[i].value;
        return (struct str){0};
}

/* An absent one means HmacSHA1. */
static const struct method *method_find(struct str name)
{
        if (str_is_empty(name))
                return &methods[0];
        for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
                if (str_equals(name, methods[i].name))
                        return &methods[i];
        return NULL;
}

void api_v1_text(const struct http_request *request, const struct api_params *params, struct buf *out)
{
        char mark = '?';

        buf_add_str(out, request->method);
        buf_add_str(out, http_header(request, "Host"));
        buf_add_str(out, request->path);
        for (size_t i = 0; i < params->n; i++) {
                if (str_equals(params->v[i].name, "Signature"))
                        continue;
                buf_add_byte(out, (uint8_t)mark);
                buf_add_str(out, params->v[i].name);
                buf_add_byte(out, '=');
                buf_add_str(out, params->v[i].value);
                mark = '&';
        }
}

/* *ret_mac is what the request had to carry. */
static res signature_check(struct req *req, const struct api_call *call, struct str secret_id,
                           const struct method *method, uint8_t ret_mac[32])
{
        CLEAN(buf_wipe) struct buf text = {0};
        CLEAN(buf_done) struct buf given = {0};
        size_t size = 0;

        buf_init(&text, 2 * LIMIT_HTTP_BODY);
        buf_init(&given, 64);
        api_v1_text(req->http, &call->params, &text);
        TRY(buf_check(&text));
        ENSURE(res_is_ok(b64_decode(param_get(&call->params, "Signature"), &given)), ERR_AUTH_SIGNATURE);
        TRY(account_v1_sign(&req->act, secret_id, method->hash, buf_str(&text), ret_mac, &size));
        ENSURE(size == method->size && secret_equal(bytes_of(ret_mac, size), buf_bytes(&given)), ERR_AUTH_SIGNATURE);
        return RES_OK;
}

res api_v1_check(struct req *req, const struct api_call *call, int64_t stamp_sec)
{
        const struct method *method = method_find(param_get(&call->params, "SignatureMethod"));
        struct str nonce = param_get(&call->params, "Nonce");
        struct str secret_id = param_get(&call->params, "SecretId");

        if (method == NULL)
                return act_fail(&req->act, ERR_AUTH_HEADER, "SignatureMethod must be HmacSHA1 or HmacSHA256.");
        if (str_is_empty(secret_id) || str_is_empty(nonce) || nonce.n > LIMIT_CERTIFICATE_ID_TEXT)
                return act_fail(&req->act, ERR_AUTH_HEADER, "A v1 signature needs SecretId and a short Nonce.");
        req->secret_id = secret_id;
        ENSURE(str_is_empty(param_get(&call->params, "Token")), ERR_AUTH_TOKEN);
        TRY(account_of_key(&req->act, secret_id));
        uint8_t mac[32] = {0};

        TRY(signature_check(req, call, secret_id, method, mac));
        /* The SDKs draw their Nonce from 65,536: two calls of one second may share it, and only the same call again is a replay. */
        res r = nonces_use(req->api->nonces, secret_id, (struct str){(const char *)mac, sizeof mac}, stamp_sec, req->act.now_sec);
        if (r.err == ERR_AUTH_SIGNATURE)
                return act_fail(&req->act, r.err, "This very request was received before; take a new Nonce.");
        return r;
}
