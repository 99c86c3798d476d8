/*
 * The envelope.  Every request of the action API runs through the same gates in the same order – read, route,
 * authenticate, admit, bind – and every answer leaves in the same wrapping: HTTP 200, `application/json` with nothing
 * after it, a RequestId always, an Error never beside data (api.md §4, §10).  What a gate needs to know about an action
 * is a column of the action table.
 */
#include "api/auth.h"
#include "api/call.h"
#include "api/fetch.h"
#include "api/nonce.h"
#include "api/rate.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"
#include "core/core.h"
#include "store/store.h"

#include <stdlib.h>

res api_new(const struct api_config *config, struct api **ret_api)
{
        struct api *api = calloc(1, sizeof *api);

        ENSURE(api != NULL, ERR_MEMORY);
        api->core = config->core;
        random_bytes(api->link_key, sizeof api->link_key);
        api->nonces = nonces_new();
        api->rate = config->rate ? api_rate_new() : NULL;
        if (api->nonces == NULL || (config->rate && api->rate == NULL)) {
                api_free(api);
                return FAIL(ERR_MEMORY);
        }
        *ret_api = api;
        return RES_OK;
}

void api_free(struct api *api)
{
        if (api == NULL)
                return;
        nonces_free(api->nonces);
        api_rate_free(api->rate);
        secret_wipe(api->link_key, sizeof api->link_key);
        free(api);
}

/* ---- gates ---- */

static res req_admit(struct req *req)
{
        const struct api_action *action = req->action;

        if (req->api->rate != NULL &&
            !api_rate_take(req->api->rate, req->act.account_id, action->rate, clock_mono_ms()))
                return FAIL(ERR_RATE);
        if (action->right == API_CHANGES && req->act.role != NULL && str_equals(str_of(req->act.role), "auditor"))
                return act_fail(&req->act, ERR_FORBIDDEN, "An auditor only looks; %s changes something.", action->name);
        if (action->right == API_OPERATES && (req->act.role == NULL || !str_equals(str_of(req->act.role), "operator")))
                return act_fail(&req->act, ERR_FORBIDDEN, "%s is for operators of this installation.", action->name);
        ENSURE(action->handle != NULL, ERR_ACTION_UNBUILT);
        ENSURE(!action->needs_identity || req->act.verified, ERR_IDENTITY);
        return RES_OK;
}

static res req_run(struct req *req)
{
        struct api_call call = {0};

        TRY(api_call_read(req, &call));
        TRY(api_call_route(req, &call));
        TRY(api_auth_check(req, &call));
        TRY(req_admit(req));
        TRY(api_call_params(req, &call));
        TRY(req->action->handle(req));
        return buf_check(req->out);
}

/* ---- what handlers use ---- */

res req_bind(struct req *req, void *ret_in, size_t in_size)
{
        const struct api_message *in = req->action->in;
        const char *why = NULL;

        ENSURE(in != NULL && in->size == in_size, ERR_INTERNAL);
        res r = json_decode(req->act.arena, req->params, in->fields, JSON_UNKNOWN_REFUSE, ret_in, &why);
        if (res_is_ok(r) || why == NULL)
                return r;
        return act_fail(&req->act, r.err, "%s", why);
}

res req_reply(struct req *req, const void *out, size_t out_size)
{
        const struct api_message *message = req->action->out;

        ENSURE(message != NULL && message->size == out_size, ERR_INTERNAL);
        json_encode_members(req->out, message->fields, out);
        return RES_OK;
}

res req_check_word(struct req *req, const char *field, struct str value, const char *const *words, size_t count)
{
        const char *list = "";

        if (str_is_empty(value))
                return RES_OK;
        for (size_t i = 0; i < count; i++) {
                if (str_equal_nocase(value, str_of(words[i])))
                        return RES_OK;
                list = arena_printf(req->act.arena, "%s%s%s", list, i > 0 ? ", " : "", words[i]);
        }
        return act_fail(&req->act, ERR_PARAM_VALUE, "%s must be one of: %s.", field, list);
}

struct wipe {
        uintptr_t p; /* the text is const to everybody else */
        size_t n;
};

static void wipe_run(void *object)
{
        const struct wipe *wipe = object;

        secret_wipe((void *)wipe->p, wipe->n); // NOLINT
}

void req_wipe_later(struct req *req, struct str secret)
{
        struct wipe *wipe = NULL;

        if (str_is_empty(secret))
                return;
        wipe = arena_new_of(req->act.arena, struct wipe);
        *wipe = (struct wipe){(uintptr_t)secret.p, secret.n};
        arena_tie(req->act.arena, wipe_run, wipe);
}

/* ---- the wrapping ---- */

/* Room for the answer of every action that changes something, taken before it acts: "out of memory" is never said of what stands. */
#define REPLY_ROOM (8 * 1024)

static void reply_open(struct http_reply *reply)
{
        reply->status = 200;
        reply->content_type = "application/json";
        buf_clear(&reply->body);
        buf_add_text(&reply->body, "{\"Response\":{");
}

static void reply_close(struct http_reply *reply, const char *request_id)
{
        buf_add_text(&reply->body, "\"RequestId\":\"");
        buf_add_text(&reply->body, request_id);
        buf_add_text(&reply->body, "\"}}");
}

/* A sentence cut in the middle of a letter must not make the JSON invalid. */
static struct str sentence_whole(const char *text)
{
        struct str s = str_of(text);

        while (s.n > 0 && !str_is_utf8(s))
                s.n--;
        return s;
}

static void reply_fail(struct http_reply *reply, enum err err, const char *detail, const char *request_id)
{
        const char *code = err_api_code(err);
        struct str sentence = sentence_whole(detail);

        if (str_is_empty(sentence))
                sentence = str_of(err_sentence(err));
        reply_open(reply);
        buf_add_text(&reply->body, "\"Error\":{\"Code\":");
        json_encode_str(&reply->body, str_of(*code != '\0' ? code : err_api_code(ERR_INTERNAL)));
        buf_add_text(&reply->body, ",\"Message\":");
        json_encode_str(&reply->body, sentence);
        buf_add_text(&reply->body, "},");
        reply_close(reply, request_id);
}

static void req_log(const struct req *req, res r)
{
        const char *code = res_is_ok(r) ? "ok" : err_name(r.err);
        bool is_ours = r.err != ERR_NONE && err_http_status(r.err) >= 500 && err_http_status(r.err) != 501;

        log_line(is_ours ? LOG_WARNING : LOG_INFO, "request",
                 "action=%s rid=%s result=%s ms=%lld uin=%s key=%s peer=%s detail=%s", log_quote(req->action_name),
                 req->act.request_id, code, (long long)(clock_mono_ms() - req->http->started_ms),
                 req->act.uin != NULL ? req->act.uin : "-", log_quote(req->secret_id), req->http->peer,
                 log_quote(str_of(res_is_ok(r) ? "" : req->act.detail)));
}

static void req_begin(struct req *req, struct api *api, struct http_request *request, struct http_reply *reply)
{
        req->api = api;
        req->http = request;
        req->out = &reply->body;
        req->act.core = api->core;
        req->act.arena = request->arena;
        req->act.now_ms = clock_now_ms();
        req->act.now_sec = req->act.now_ms / 1000;
        if (request->request_id[0] == '\0')
                random_uuid(request->request_id);
        memcpy(req->act.request_id, request->request_id, sizeof req->act.request_id);
}

static void req_answer(struct req *req, struct http_reply *reply)
{
        size_t empty = 0;

        reply_open(reply);
        empty = reply->body.n;
        res r = buf_make_room(&reply->body, REPLY_ROOM);

        if (res_is_ok(r))
                r = req_run(req);

        if (req->act.would_wait)
                return;
        if (res_is_ok(r)) {
                if (reply->body.n > empty)
                        buf_add_byte(&reply->body, ',');
                reply_close(reply, req->act.request_id);
                r = buf_check(&reply->body);
        }
        if (!res_is_ok(r))
                reply_fail(reply, r.err, req->act.detail, req->act.request_id);
        req_log(req, r);
}

void api_handle(struct api *api, struct http_request *request, struct http_reply *reply)
{
        struct req req = {0};

        if (api_fetch_is_for(request)) {
                api_fetch_handle(api, request, reply);
                return;
        }
        req_begin(&req, api, request, reply);
        req_answer(&req, reply);
}

/* Reading and checking a body takes long in proportion to its length; the parameters of quick actions are short. */
static bool request_is_quick(const struct http_request *request)
{
        const struct api_action *action = api_action_find(http_header(request, "X-TC-Action"));

        return action != NULL && action->is_quick && request->body.n <= LIMIT_QUICK_BODY && request->query.n == 0;
}

bool api_handle_quick(struct api *api, struct http_request *request, struct http_reply *reply)
{
        struct req req = {0};
        struct store_conn *conn = NULL;

        if (!request_is_quick(request))
                return false;
        req_begin(&req, api, request, reply);
        req.act.must_not_wait = true;
        if (!res_is_ok(store_read(api->core->store, &conn)) || !res_is_ok(store_snapshot_begin(conn)))
                return false;
        req_answer(&req, reply); /* its reads are of one moment and lock once */
        store_snapshot_end(conn);
        if (req.act.would_wait)
                *reply = (struct http_reply){.body = reply->body};
        return !req.act.would_wait;
}

static res control_run(struct req *req, struct str action)
{
        req->action_name = action;
        req->action = api_action_find(action);
        ENSURE(req->action != NULL && req->action->right == API_OPERATES, ERR_ACTION);
        req->act.role = "operator";
        req->act.uin = "control";
        req->params = (struct str){(const char *)req->http->body.p, req->http->body.n};
        TRY(req->action->handle(req));
        return buf_check(req->out);
}

void api_handle_control(struct api *api, struct str action, struct http_request *request, struct http_reply *reply)
{
        struct req req = {0};

        req_begin(&req, api, request, reply);
        reply->content_type = "application/json";
        buf_clear(&reply->body);
        buf_add_byte(&reply->body, '{');
        res r = control_run(&req, action);
        if (!res_is_ok(r)) {
                buf_clear(&reply->body);
                buf_add_text(&reply->body, "{\"Error\":{\"Code\":");
                json_encode_str(&reply->body, str_of(err_api_code(r.err)));
                buf_add_text(&reply->body, ",\"Message\":");
                json_encode_str(&reply->body, sentence_whole(req.act.detail[0] ? req.act.detail : err_sentence(r.err)));
                buf_add_byte(&reply->body, '}');
        }
        buf_add_byte(&reply->body, '}');
        req_log(&req, r);
}

void api_handle_too_large(struct http_request *request, struct http_reply *reply)
{
        if (request->request_id[0] == '\0')
                random_uuid(request->request_id);
        reply_fail(reply, ERR_TOO_LARGE, "The request is larger than 256 KiB; send less at once.", request->request_id);
}

void api_handle_unknown(struct http_request *request, struct http_reply *reply)
{
        if (request->request_id[0] == '\0')
                random_uuid(request->request_id);
        reply_fail(reply, ERR_ACTION, "Name an action in X-TC-Action; see docs/api for the list.", request->request_id);
}
