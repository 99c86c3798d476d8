/*
 * See fetch.h.  The link itself is the right to fetch; it names the account and user on whose behalf the key is opened,
 * and the record gets their names.
 */
#include "api/fetch.h"

#include "api/link.h"
#include "api/rate.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/download.h"

bool api_fetch_is_for(const struct http_request *request)
{
        return str_equals(request->method, "GET") && str_starts_with(request->path, STR(API_LINK_PREFIX));
}

static res fetch_run(struct api *api, struct act *act, struct str token, struct http_reply *reply,
                     const char **ret_name)
{
        struct api_link link = {0};

        TRY(api_link_read(api->link_key, token, act->now_sec, &link));
        ENSURE(link.kind < PACKAGE_KIND_COUNT, ERR_NOT_FOUND);
        act->account_id = link.account_id;
        act->user_id = link.user_id;
        if (api->rate != NULL && !api_rate_take(api->rate, act->account_id, API_RATE_HEAVY, clock_mono_ms()))
                return FAIL(ERR_RATE);
        TRY(download_kind(act, str_of(link.certificate_id), link.kind, &reply->body, ret_name));
        return buf_check(&reply->body);
}

static void reply_file(struct arena *arena, const char *name, struct http_reply *reply)
{
        struct tc3_header *headers = arena_array_of(arena, 2, struct tc3_header);

        headers[0] = (struct tc3_header){STR("Content-Disposition"),
                                         str_of(arena_printf(arena, "attachment; filename=\"%s\"", name))};
        headers[1] = (struct tc3_header){STR("Cache-Control"), STR("no-store")};
        reply->headers = headers;
        reply->header_count = 2;
        reply->content_type = "application/zip";
}

static void reply_sentence(enum err err, const char *detail, struct http_reply *reply)
{
        buf_clear(&reply->body);
        reply->status = err_http_status(err);
        reply->content_type = "text/plain; charset=utf-8";
        if (err == ERR_NOT_FOUND)
                detail = "This link is not good, or no longer: ask for a new one.";
        buf_add_text(&reply->body, *detail != '\0' ? detail : err_sentence(err));
        buf_add_byte(&reply->body, '\n');
}

void api_fetch_handle(struct api *api, struct http_request *request, struct http_reply *reply)
{
        const struct str prefix = STR(API_LINK_PREFIX);
        struct str token = {request->path.p + prefix.n, request->path.n - prefix.n};
        const char *name = "";
        struct act act;

        act_begin(&act, api->core, request->arena, /* account_id= */ 0);
        reply->status = 200;
        res r = fetch_run(api, &act, token, reply, &name);
        if (res_is_ok(r))
                reply_file(request->arena, name, reply);
        else
                reply_sentence(r.err, act.detail, reply);
        log_line(LOG_INFO, "fetch", "rid=%s result=%s name=%s peer=%s", request->request_id,
                 res_is_ok(r) ? "ok" : err_name(r.err), log_quote(str_of(name)), request->peer);
}
