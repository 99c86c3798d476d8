/* See setup.h. */
#include "server/setup.h"

#include "base/b64.h"
#include "base/digest.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/random.h"
#include "base/secret.h"
#include "core/core.h"
#include "server/account_form.h"
#include "server/reply.h"
#include "server/setup_page.h"
#include "store/instance.h"

#define SETUP_LIFE_SEC 86400

struct setup_token {
        char hash[2 * DIGEST_SHA256_SIZE + 1];
        const char *value; /* "<until> <hash>" */
};

static void setup_hash(struct str token, char out[2 * DIGEST_SHA256_SIZE + 1])
{
        uint8_t hash[DIGEST_SHA256_SIZE];

        digest_sha256(bytes_of(token.p, token.n), hash);
        hex_lower(bytes_of(hash, sizeof hash), out);
}

static res setup_store_tx(struct store_tx *tx, void *arg)
{
        const struct setup_token *token = arg;

        return store_instance_put(tx, STR("setup"), str_of(token->value));
}

res setup_begin(struct act *act, char ret_token[SETUP_TOKEN_SIZE])
{
        struct setup_token token = {0};
        uint8_t random[32];
        CLEAN(buf_wipe) struct buf text = {0};
        bool has = false;

        ret_token[0] = '\0';
        TRY(account_has_operator(act, &has));
        if (has)
                return RES_OK;
        buf_init(&text, SETUP_TOKEN_SIZE);
        random_bytes(random, sizeof random);
        b64url_encode(bytes_of(random, sizeof random), &text);
        secret_wipe(random, sizeof random);
        TRY(buf_check(&text));
        ENSURE(text.n < SETUP_TOKEN_SIZE, ERR_INTERNAL);
        setup_hash(buf_str(&text), token.hash);
        token.value = arena_printf(act->arena, "%lld %s", (long long)(act->now_sec + SETUP_LIFE_SEC), token.hash);
        TRY(store_run(act->core->store, setup_store_tx, &token));
        memcpy(ret_token, text.p, text.n);
        ret_token[text.n] = '\0';
        return RES_OK;
}

/* ---- using it ---------------------------------------------------------------------------------------- */

struct setup_form {
        struct str token, name;
};

static const struct json_field setup_form_fields[] = {
        JSON_FIELD(struct setup_form, token, "Token", JSON_STR, .required = true, .limit = SETUP_TOKEN_SIZE),
        JSON_FIELD(struct setup_form, name, "Name", JSON_STR, .required = true, .limit = 64),
        JSON_FIELDS_END,
};

struct setup_use {
        struct act *act;
        const char *hash;
};

/* One use: whoever takes the row away first has used it. */
static res setup_use_tx(struct store_tx *tx, void *arg)
{
        struct setup_use *use = arg;
        struct str value = {0};
        int64_t until = 0;
        res found = store_instance_get(store_tx_conn(tx), use->act->arena, STR("setup"), &value);

        if (found.err == ERR_NOT_FOUND)
                return FAIL(ERR_FORBIDDEN);
        TRY(found);
        ENSURE(res_is_ok(str_to_int64(str_cut(&value, ' '), &until)) && use->act->now_sec < until, ERR_FORBIDDEN);
        ENSURE(secret_equal(bytes_of(value.p, value.n), bytes_of(use->hash, strlen(use->hash))), ERR_FORBIDDEN);
        return store_instance_delete(tx, STR("setup"));
}

static res setup_make(struct act *act, struct http_request *request, struct account_made *ret_made)
{
        char hash[2 * DIGEST_SHA256_SIZE + 1];
        struct setup_form form = {0};
        const char *why = "";
        bool has = false;
        res decoded = json_decode(request->arena, (struct str){(const char *)request->body.p, request->body.n}, setup_form_fields,
                                  JSON_UNKNOWN_REFUSE, &form, &why);

        if (!res_is_ok(decoded))
                return act_fail(act, decoded.err, "%s", why);
        TRY(account_has_operator(act, &has));
        setup_hash(form.token, hash);
        struct setup_use use = {act, hash};
        res used = has ? FAIL(ERR_FORBIDDEN) : store_run(act->core->store, setup_use_tx, &use);

        if (used.err == ERR_FORBIDDEN)
                return act_fail(act, ERR_FORBIDDEN, "This link was used already or is older than 24 hours; restart the server for a new one.");
        TRY(used);
        const struct account_new in = {
                .name = form.name, .role = STR("operator"), .identity = STR("enterprise"), .level = STR("standard"), .verified = true,
        };
        return account_create(act, &in, ret_made);
}

void setup_handle(struct act *act, struct http_request *request, struct http_reply *reply)
{
        struct account_made made = {0};

        if (str_equals(request->method, "GET") || str_equals(request->method, "HEAD")) {
                if (str_equals(request->path, "/setup.css"))
                        reply_static(request, reply, "text/css; charset=utf-8", setup_page_css);
                else if (str_equals(request->path, "/setup.js"))
                        reply_static(request, reply, "text/javascript; charset=utf-8", setup_page_js);
                else
                        reply_static(request, reply, "text/html; charset=utf-8", setup_page_html);
                return;
        }
        res r = setup_make(act, request, &made);

        if (res_is_ok(r))
                account_form_reply(reply, &made, NULL);
        else
                account_form_fail(reply, r.err, act->detail);
}
