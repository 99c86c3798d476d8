/* See routes.h.  In this order: ACME below /acme/, the API on any path, the set-up page, the address bar, nobody. */
#include "server/routes.h"

#include "acme/acme.h"
#include "api/api.h"
#include "server/account_form.h"
#include "server/audit_call.h"
#include "server/reconcile_call.h"
#include "server/reply.h"
#include "server/setup.h"

#define CONTROL_OPERATE "/control/operate/" /* followed by the action's name */
#define CONTROL_REPLY_ROOM 4096

static bool wants_html(const struct http_request *request)
{
        struct str accept = http_header(request, "Accept");

        return str_equals(request->method, "GET") && accept.n > 0 && memmem(accept.p, accept.n, "text/html", 9) != NULL;
}

static bool path_is_setup(struct str path)
{
        return str_equals(path, "/setup") || str_equals(path, "/setup.css") || str_equals(path, "/setup.js");
}

bool routes_direct(void *context, struct http_request *request, struct http_reply *reply)
{
        struct server *server = context;

        if (acme_direct(server->acme, request, reply))
                return true;
        if (acme_is_request(request))
                return false;
        if (!str_equals(request->path, "/health") || !str_equals(request->method, "GET"))
                return api_handle_quick(server->api, request, reply);
        reply_text(reply, 200, "ok\n");
        return true;
}

bool routes_later(void *context, struct http_request *request, struct http_reply *reply)
{
        (void)context;
        (void)reply;
        return acme_later(request);
}

void routes_handle(void *context, struct http_request *request, struct http_reply *reply)
{
        struct server *server = context;

        if (acme_is_request(request)) {
                acme_handle(server->acme, request, reply);
                return;
        }
        if (api_is_request(request)) {
                api_handle(server->api, request, reply);
                return;
        }
        if (path_is_setup(request->path) || wants_html(request)) { /* until there is a console, this is the page there is */
                struct act act;

                act_begin(&act, &server->core, request->arena, 0);
                setup_handle(&act, request, reply);
                return;
        }
        api_handle_unknown(request, reply);
}

void routes_too_large(void *context, struct http_request *request, struct http_reply *reply)
{
        (void)context;
        if (api_is_request(request))
                api_handle_too_large(request, reply);
}

static struct str control_action(struct str path)
{
        size_t n = strlen(CONTROL_OPERATE);

        return (struct str){path.p + n, path.n - n};
}

void routes_control(void *context, struct http_request *request, struct http_reply *reply)
{
        struct server *server = context;
        struct act act;

        act_begin(&act, &server->core, request->arena, 0);
        act.role = "operator";
        if (!res_is_ok(buf_make_room(&reply->body, CONTROL_REPLY_ROOM))) /* before it acts: a secret is shown once */
                account_form_fail(reply, ERR_MEMORY, NULL);
        else if (str_equals(request->method, "POST") && str_equals(request->path, "/control/account"))
                account_form_control(&act, request, server->address, reply);
        else if (str_equals(request->method, "POST") && str_equals(request->path, "/control/audit"))
                audit_call(&act, /* every_signature= */ false, reply);
        else if (str_equals(request->method, "POST") && str_equals(request->path, "/control/audit/signatures"))
                audit_call(&act, /* every_signature= */ true, reply);
        else if (str_equals(request->method, "POST") && str_equals(request->path, "/control/reconcile"))
                reconcile_call(&act, reply);
        else if (str_equals(request->method, "POST") && str_starts_with(request->path, STR(CONTROL_OPERATE)))
                api_handle_control(server->api, control_action(request->path), request, reply);
        else
                account_form_fail(reply, ERR_ACTION, "There is no such call on the control socket.");
}
