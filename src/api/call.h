/* What a request asks for, read before anything is believed: the action, the version and how it is signed. */
#pragma once

#include "api/action.h"
#include "api/param.h"

enum api_way {
        API_WAY_TC3, /* Authorization header over the raw request */
        API_WAY_V1,  /* Signature among flat parameters */
        API_WAY_COUNT
};

struct api_call {
        enum api_way way;
        bool is_flat; /* parameters are `params`; else the body is JSON */
        struct api_params params;
        struct str version, timestamp;
};

/* Fills req->action_name too.  ERR_METHOD, ERR_PARAM_…. */
MUST res api_call_read(struct req *req, struct api_call *ret_call);
/* Find the action and compare the version.  ERR_ACTION, ERR_VERSION, ERR_PARAM_MISSING. */
MUST res api_call_route(struct req *req, const struct api_call *call);
/* Parameters as JSON text into req->params. */
MUST res api_call_params(struct req *req, struct api_call *call);
