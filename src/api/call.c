/*
 * See call.h.  Three ways in: POST with JSON, GET with flat parameters (both signed by TC3 headers), and the older v1
 * form, where everything – action, version, time stamp, signature – is a flat parameter in the query or a form body.
 */
#include "api/call.h"

#include "api/fetch.h"

/* Flat parameters that belong to every action (api.md §1.2). */
static const char *const common_names[] = {"Action",   "Version",         "Timestamp",    "Nonce",
                                           "SecretId", "Region",          "Signature",    "Language",
                                           "Token",    "SignatureMethod", "RequestClient"};

static const struct {
        const char *name, *version;
} services[API_SERVICE_COUNT] = {
        [API_SSL] = {"ssl", "2019-12-05"},
        [API_TAG] = {"tag", "2018-08-13"},
};

const char *api_service_version(enum api_service service)
{
        return services[service].version;
}

static bool is_post(const struct http_request *request)
{
        return str_equals(request->method, "POST");
}

static bool is_form(const struct http_request *request)
{
        struct str type = http_header(request, "Content-Type");
        const struct str form = STR("application/x-www-form-urlencoded");

        return is_post(request) && type.n >= form.n && str_equal_nocase((struct str){type.p, form.n}, form);
}

static struct str flat_text(const struct http_request *request)
{
        if (is_form(request))
                return (struct str){(const char *)request->body.p, request->body.n};
        return request->query;
}

bool api_is_request(const struct http_request *request)
{
        return http_header(request, "X-TC-Action").p != NULL ||
               str_starts_with(http_header(request, "Authorization"), STR("TC3")) ||
               api_params_have(request->query, "Action") ||
               (is_form(request) && api_params_have(flat_text(request), "Action")) ||
               api_fetch_is_for(request);
}

/* Headers name the action: the parameters are the JSON body, or the query of a GET. */
static res call_read_tc3(struct req *req, struct api_call *call)
{
        call->way = API_WAY_TC3;
        call->version = http_header(req->http, "X-TC-Version");
        call->timestamp = http_header(req->http, "X-TC-Timestamp");
        call->is_flat = !is_post(req->http) || is_form(req->http);
        if (!call->is_flat)
                return RES_OK;
        return api_params_parse(&req->act, flat_text(req->http), &call->params);
}

static res call_read_v1(struct req *req, struct api_call *call)
{
        call->way = API_WAY_V1;
        call->is_flat = true;
        TRY(api_params_parse(&req->act, flat_text(req->http), &call->params));
        req->action_name = api_params_take(&call->params, "Action");
        call->version = api_params_take(&call->params, "Version");
        call->timestamp = api_params_take(&call->params, "Timestamp");
        for (size_t i = 0; i < sizeof common_names / sizeof *common_names; i++)
                (void)api_params_take(&call->params, common_names[i]);
        return RES_OK;
}

res api_call_read(struct req *req, struct api_call *ret_call)
{
        struct api_call call = {0};

        ENSURE(is_post(req->http) || str_equals(req->http->method, "GET"), ERR_METHOD);
        req->action_name = http_header(req->http, "X-TC-Action");
        if (req->action_name.p == NULL && http_header(req->http, "Authorization").p == NULL)
                TRY(call_read_v1(req, &call));
        else
                TRY(call_read_tc3(req, &call));
        *ret_call = call;
        return RES_OK;
}

static bool version_is_known(struct str version)
{
        for (size_t i = 0; i < API_SERVICE_COUNT; i++)
                if (str_equals(version, services[i].version))
                        return true;
        return false;
}

res api_call_route(struct req *req, const struct api_call *call)
{
        const struct api_action *action = api_action_find(req->action_name);
        const char *version = action != NULL ? services[action->service].version : services[API_SSL].version;

        if (str_is_empty(req->action_name))
                return act_fail(&req->act, ERR_PARAM_MISSING, "Name the action in X-TC-Action.");
        if (str_is_empty(call->version))
                return act_fail(&req->act, ERR_PARAM_MISSING, "Send X-TC-Version %s.", version);
        if (!version_is_known(call->version))
                return act_fail(&req->act, ERR_VERSION, "Send X-TC-Version %s.", version);
        ENSURE(action != NULL, ERR_ACTION);
        if (!str_equals(call->version, version))
                return act_fail(&req->act, ERR_ACTION, "The action %s belongs to the service %s, version %s.",
                                action->name, services[action->service].name, version);
        req->action = action;
        return RES_OK;
}

static res call_params_flat(struct req *req, struct api_call *call)
{
        struct buf *json = arena_new_of(req->act.arena, struct buf);

        buf_init(json, LIMIT_HTTP_BODY * 2);
        arena_tie(req->act.arena, (void (*)(void *))buf_wipe, json);
        TRY(api_params_to_json(&req->act, &call->params, req->action->in->fields, json));
        req->params = buf_str(json);
        return RES_OK;
}

res api_call_params(struct req *req, struct api_call *call)
{
        if (req->action->in == NULL)
                return RES_OK;
        if (call->is_flat)
                return call_params_flat(req, call);
        req->params = (struct str){(const char *)req->http->body.p, req->http->body.n};
        return RES_OK;
}
