/* See acme.h.  The table is the whole map: address, who signs, who answers. */
#include "acme/acme.h"

#include <stdlib.h>
#include <string.h>

#include "acme/resource.h"
#include "base/log.h"
#include "core/rate.h"

/* '*' in a path is one part of it, handed over in call->parts. */
static const struct acme_route {
        const char *path;
        const char *method;
        enum acme_signer signer;
        res (*handle)(struct acme_call *call);
} routes[] = {
        {"new-account", "POST", ACME_SIGNED_BY_KEY, acme_new_account},
        {"new-order", "POST", ACME_SIGNED_BY_ACCOUNT, acme_new_order},
        {"key-change", "POST", ACME_SIGNED_BY_ACCOUNT, acme_key_change},
        {"revoke-cert", "POST", ACME_SIGNED_BY_EITHER, acme_revoke},
        {"acct/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_account_resource},
        {"acct/*/orders", "POST", ACME_SIGNED_BY_ACCOUNT, acme_account_orders},
        {"order/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_order_resource},
        {"order/*/finalize", "POST", ACME_SIGNED_BY_ACCOUNT, acme_finalize},
        {"authz/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_authz},
        {"chall/*/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_challenge},
        {"cert/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_certificate},
        {"cert/*/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_certificate},
        {"renewal-info/*", "GET", ACME_UNSIGNED, acme_renewal_info_resource},
};

#define ACME_PREFIX STR("/acme/")

res acme_new(struct core *core, struct acme **ret_acme)
{
        struct acme *acme = calloc(1, sizeof *acme);

        ENSURE(acme != NULL, ERR_MEMORY);
        acme->core = core;
        res made = acme_nonces_new(&acme->nonces);

        if (!res_is_ok(made)) {
                free(acme);
                return made;
        }
        *ret_acme = acme;
        return RES_OK;
}

void acme_free(struct acme *acme)
{
        if (acme == NULL)
                return;
        acme_nonces_free(acme->nonces);
        free(acme);
}

bool acme_is_request(const struct http_request *request)
{
        return str_starts_with(request->path, ACME_PREFIX);
}

/* The address under which the client reached us; it has to be one line of plain text to become part of others. */
static const char *call_base(const struct http_request *request)
{
        const struct str host = http_header(request, "Host");

        for (size_t i = 0; i < host.n; i++)
                if (host.p[i] <= 0x20 || host.p[i] >= 0x7f || strchr("\"<>\\/@", host.p[i]))
                        return "https://localhost";
        return arena_printf(request->arena, "https://%.*s", host.n < 256 ? (int)host.n : 0, host.p ? host.p : "");
}

static void call_begin(struct acme *acme, struct http_request *request, struct http_reply *reply, struct acme_call *call)
{
        *call = (struct acme_call){.acme = acme, .request = request, .reply = reply, .base = call_base(request)};
        call->url = arena_printf(request->arena, "%s%.*s", call->base, (int)request->path.n, request->path.p);
}

/* ---- at once -------------------------------------------------------------------------------------------------- */

static bool method_is(const struct http_request *request, const char *method)
{
        return str_equals(request->method, method) || (strcmp(method, "GET") == 0 && str_equals(request->method, "HEAD"));
}

bool acme_direct(struct acme *acme, struct http_request *request, struct http_reply *reply)
{
        const bool nonce = str_equals(request->path, "/acme/new-nonce"), directory = str_equals(request->path, "/acme/directory");
        struct acme_call call;

        if ((!nonce && !directory) || !method_is(request, "GET"))
                return false;
        call_begin(acme, request, reply, &call);
        if (nonce) {
                acme_reply_common(&call);
                reply->status = str_equals(request->method, "HEAD") ? 200 : 204; /* RFC 8555 §7.2 */
        } else {
                acme_directory(&call);
        }
        return true;
}

/* ---- on a worker ----------------------------------------------------------------------------------------------- */

static bool route_fits(const struct acme_route *route, struct str path, struct str parts[2])
{
        struct str pattern = str_of(route->path);
        size_t n = 0;

        while (pattern.p && path.p) {
                struct str want = str_cut(&pattern, '/'), have = str_cut(&path, '/');

                if (!str_equals(want, "*")) {
                        if (!str_equal(want, have))
                                return false;
                } else if (have.n == 0) {
                        return false;
                } else {
                        parts[n++] = have;
                }
        }
        return pattern.p == NULL && path.p == NULL;
}

static const struct acme_route *route_find(struct acme_call *call)
{
        const struct str path = {call->request->path.p + ACME_PREFIX.n, call->request->path.n - ACME_PREFIX.n};

        for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
                if (route_fits(&routes[i], path, call->parts))
                        return &routes[i];
        return NULL;
}

static MUST res call_run(struct acme_call *call)
{
        const struct acme_route *route = route_find(call);

        if (route == NULL)
                return act_fail(&call->act, ERR_ACME_ABSENT, "There is no such resource; the directory lists what there is.");
        if (!method_is(call->request, route->method)) {
                acme_header(call, "Allow", route->method);
                return act_fail(&call->act, ERR_METHOD, "Use %s here.", route->method);
        }
        TRY(rate_take(&call->act, RATE_ACME_REQUEST, str_of(call->request->peer)));
        if (route->signer != ACME_UNSIGNED)
                TRY(acme_call_open(call, route->signer));
        return route->handle(call);
}

static void call_log(const struct acme_call *call, enum err err)
{
        if (err != ERR_NONE && err_http_status(err) >= 500)
                log_line(LOG_ERROR, "acme", "rid=%s path=%s err=%s why=%s", call->request->request_id, log_quote(call->request->path),
                         err_name(err), log_quote(str_of(call->act.detail)));
}

void acme_handle(struct acme *acme, struct http_request *request, struct http_reply *reply)
{
        struct acme_call call;

        call_begin(acme, request, reply, &call);
        act_begin(&call.act, acme->core, request->arena, 0);
        call.act.role = "user";
        acme_reply_common(&call);
        res r = call_run(&call);

        call_log(&call, r.err);
        if (!res_is_ok(r))
                acme_reply_problem(&call, r.err);
}
