/* See acme.h.  The table is the whole map: address, who signs, who answers. */
#include "acme/acme.h"

#include <stdlib.h>
#include <string.h>

#include "acme/resource.h"
#include "acme/rounds.h"
#include "base/limits.h"
#include "core/rate.h"
#include "store/store.h"

/* '*' in a path is one part of it, handed over in call->parts. */
static const struct acme_route {
        const char *path;
        const char *method;
        enum acme_signer signer;
        res (*handle)(struct acme_call *call);
        bool is_read;  /* by an empty payload: a few reads by key, answered on the listener's thread (acme_direct) */
        bool is_write; /* with a payload: begun there, and done in a round (acme_later) */
        const char *allow; /* where not the method alone is */
} routes[] = {
        /* by GET these are answered at once (acme_direct); RFC 8555 §6.3 wants the signed form too */
        {"directory", "POST", ACME_SIGNED_BY_ACCOUNT, acme_directory_resource, .is_read = false, .allow = "GET, HEAD, POST"},
        {"new-nonce", "POST", ACME_SIGNED_BY_ACCOUNT, acme_new_nonce_resource, .is_read = false, .allow = "GET, HEAD, POST"},
        {"new-account", "POST", ACME_SIGNED_BY_KEY, acme_new_account, .is_read = false},
        {"new-order", "POST", ACME_SIGNED_BY_ACCOUNT, acme_new_order, .is_read = false, .is_write = true},
        {"key-change", "POST", ACME_SIGNED_BY_ACCOUNT, acme_key_change, .is_read = false},
        {"revoke-cert", "POST", ACME_SIGNED_BY_EITHER, acme_revoke, .is_read = false},
        {"acct/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_account_resource, .is_read = false},
        {"acct/*/orders", "POST", ACME_SIGNED_BY_ACCOUNT, acme_account_orders, .is_read = false},
        {"order/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_order_resource, .is_read = true},
        {"order/*/finalize", "POST", ACME_SIGNED_BY_ACCOUNT, acme_finalize, .is_read = false, .is_write = true},
        {"authz/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_authz, .is_read = true},
        {"chall/*/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_challenge, .is_read = true, .is_write = true},
        {"cert/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_certificate, .is_read = true},
        {"cert/*/*", "POST", ACME_SIGNED_BY_ACCOUNT, acme_certificate, .is_read = true},
        {"renewal-info/*", "GET", ACME_UNSIGNED, acme_renewal_info_resource, .is_read = false},
};

#define ACME_PREFIX STR("/acme/")

res acme_new(struct core *core, struct acme **ret_acme)
{
        struct acme *acme = calloc(1, sizeof *acme);

        ENSURE(acme != NULL, ERR_MEMORY);
        acme->core = core;
        res made = acme_nonces_new(&acme->nonces);

        if (res_is_ok(made))
                made = acme_rounds_new(acme, &acme->rounds);
        if (!res_is_ok(made)) {
                acme_free(acme);
                return made;
        }
        *ret_acme = acme;
        return RES_OK;
}

void acme_start(struct acme *acme)
{
        acme_rounds_start(acme->rounds);
}

void acme_free(struct acme *acme)
{
        if (acme == NULL)
                return;
        acme_rounds_free(acme->rounds);
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
        call->url = arena_printf(request->arena, "%s%.*s%s%.*s", call->base, (int)request->path.n, request->path.p,
                                 request->query.n > 0 ? "?" : "", (int)request->query.n, request->query.p ? request->query.p : "");
}

/* ---- answering ------------------------------------------------------------------------------------------------- */

static bool method_is(const struct http_request *request, const char *method)
{
        return str_equals(request->method, method) || (strcmp(method, "GET") == 0 && str_equals(request->method, "HEAD"));
}

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

static MUST res call_run(struct acme_call *call, const struct acme_route *route)
{
        if (route == NULL)
                return act_fail(&call->act, ERR_ACME_ABSENT, "There is no such resource; the directory lists what there is.");
        if (!method_is(call->request, route->method)) {
                acme_header(call, "Allow", route->allow ? route->allow : route->method);
                return act_fail(&call->act, ERR_METHOD, "Use %s here.", route->method);
        }
        TRY(rate_take(&call->act, RATE_ACME_REQUEST, str_of(call->request->peer)));
        if (route->signer != ACME_UNSIGNED)
                TRY(acme_call_open(call, route->signer));
        if (route->is_write && !call->is_worker && !acme_call_is_get(call))
                TRY(acme_rounds_enter(call));
        return route->handle(call);
}

/* As far as it goes here: call->next tells. */
static void call_answer(struct acme_call *call, const struct acme_route *route)
{
        acme_reply_common(call);
        acme_call_settle(call, call_run(call, route));
}

static void call_begin_act(struct acme_call *call)
{
        act_begin(&call->act, call->acme->core, call->request->arena, 0);
        call->act.role = "user";
}

static struct acme_call *call_new(struct acme *acme, struct http_request *request, struct http_reply *reply)
{
        struct acme_call *call = arena_new_of(request->arena, struct acme_call);

        call_begin(acme, request, reply, call);
        return call;
}

void acme_handle(struct acme *acme, struct http_request *request, struct http_reply *reply)
{
        struct acme_call *call = request->begun;

        if (call == NULL) {
                call = call_new(acme, request, reply);
                call->is_worker = true;
                call_begin_act(call);
                call_answer(call, route_find(call));
        }
        acme_rounds_drive(call);
}

/* ---- at once ---------------------------------------------------------------------------------------------------- */

static void answer_free(struct acme *acme, struct http_request *request, struct http_reply *reply, bool nonce)
{
        struct acme_call call;

        call_begin(acme, request, reply, &call);
        if (nonce) {
                acme_reply_common(&call);
                reply->status = str_equals(request->method, "HEAD") ? 200 : 204; /* RFC 8555 §7.2 */
        } else {
                acme_directory(&call);
        }
}

/* On the listener's thread, by reads of one moment, which lock once.  false: not at all; nothing was taken or counted yet. */
static bool answer_quick(struct acme_call *call, const struct acme_route *route, bool as_get)
{
        struct store *store = call->acme->core->store;
        struct store_conn *conn = NULL;

        call_begin_act(call);
        if (!acme_call_is_quick(call, as_get) || !res_is_ok(store_read(store, &conn)) || !res_is_ok(store_snapshot_begin(conn)))
                return false;
        call_answer(call, route);
        store_snapshot_end(conn);
        return true;
}

/* A transaction or a wait is not done here: it is begun, and goes on in acme_later(), or with a worker. */
static bool begin_write(struct http_request *request, const struct acme_call *as, const struct acme_route *route)
{
        struct acme_call *call = arena_copy(request->arena, as, sizeof *as);

        if (!answer_quick(call, route, /* as_get= */ false))
                return false;
        if (call->next == ACME_ANSWERED) {
                acme_rounds_leave(call);
                return true;
        }
        request->begun = call;
        return false;
}

/*
 * Handing a request to a worker and back costs more than a few reads.  Whatever is not plainly one of those, or a write –
 * another algorithm, a fault – is left to a worker, which begins from the start.
 */
static bool answer_or_begin(struct acme *acme, struct http_request *request, struct http_reply *reply)
{
        struct acme_call call;

        call_begin(acme, request, reply, &call);
        const struct acme_route *route = route_find(&call);

        if (route == NULL || request->body.n > LIMIT_QUICK_BODY || !method_is(request, "POST"))
                return false;
        if (acme_call_looks_like_get(&call))
                return route->is_read && answer_quick(&call, route, /* as_get= */ true);
        return route->is_write && begin_write(request, &call, route);
}

bool acme_later(struct http_request *request)
{
        struct acme_call *call = request->begun;

        if (call == NULL || call->next == ACME_BLOCKS)
                return false;
        acme_rounds_go(call);
        return true;
}

bool acme_direct(struct acme *acme, struct http_request *request, struct http_reply *reply)
{
        const bool nonce = str_equals(request->path, "/acme/new-nonce"), directory = str_equals(request->path, "/acme/directory");

        if (!nonce && !directory)
                return acme_is_request(request) && answer_or_begin(acme, request, reply);
        if (!method_is(request, "GET"))
                return false;
        answer_free(acme, request, reply, nonce);
        return true;
}
