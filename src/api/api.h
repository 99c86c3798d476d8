/*
 * The action API: wire-compatible with the public `ssl` API 2019-12-05 (and the two actions of `tag` 2018-08-13 that
 * its tools call).  One request is read, authenticated, bound to the action's table, handed to core and answered in
 * the envelope `{"Response":{…,"RequestId":"…"}}`, always with HTTP status 200 (api.md §4).  docs/api has a page an action.
 */
#pragma once

#include <stdbool.h>

#include "base/res.h"
#include "base/str.h"

struct api;
struct core;
struct http_reply;
struct http_request;

struct api_config {
        struct core *core;
        bool rate; /* limits.rate: a token bucket an account and class of action */
};

MUST res api_new(const struct api_config *config, struct api **ret_api);
void api_free(struct api *api);

/*
 * X-TC-Action, `Authorization: TC3…` or an Action parameter (query or form body): the API answers, on any path.
 * So it does for GET /download/…, the links that DescribeDownloadCertificateUrl gives out.
 */
bool api_is_request(const struct http_request *request);
/* Always fills the reply; never fails.  Thread-safe: the worker threads call it side by side. */
void api_handle(struct api *api, struct http_request *request, struct http_reply *reply);
/*
 * On a listener's thread: a request whose action is a few reads by key is answered here and now, which saves the two thread
 * switches that cost more than the answer.  false: nothing was done, api_handle() has to – another action, a large body, a
 * key that is not in memory.
 */
bool api_handle_quick(struct api *api, struct http_request *request, struct http_reply *reply);
/* A body over the limit, which was thrown away: RequestSizeLimitExceeded in the same envelope. */
void api_handle_too_large(struct http_request *request, struct http_reply *reply);
/* What '/' answers to something that is nobody's: InvalidAction in the same envelope. */
void api_handle_unknown(struct http_request *request, struct http_reply *reply);
/*
 * An operator's action asked for on the control socket, whose callers have shown by reaching it that they may: no signature.
 * `action` is one of those for operators; the body has its parameters.  The answer is the members alone, or {"Error":…}.
 */
void api_handle_control(struct api *api, struct str action, struct http_request *request, struct http_reply *reply);
