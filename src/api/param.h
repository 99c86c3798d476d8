/*
 * Flat parameters, as GET and the older v1 signature send them: `Tags.0.TagKey=env&Limit=10`.  They are decoded,
 * sorted by name (what the v1 signature is over), and rebuilt into the JSON that a POST would have carried, typed by
 * the action's own table, so that handlers never see the difference (api.md §1.2, §10.5).
 */
#pragma once

#include "base/json.h"
#include "core/act.h"

struct api_param {
        struct str name, value; /* decoded */
        bool used;
};

struct api_params {
        struct api_param *v; /* sorted by name, byte by byte; no name twice */
        size_t n;
};

/* Decode `a=b&c=d`; '+' and %20 are blanks.  ERR_PARAM_KIND for a bad escape or bad UTF-8, ERR_PARAM_VALUE for a name twice or too many. */
MUST res api_params_parse(struct act *act, struct str text, struct api_params *ret_params);
/* Value by exact name, marked as used; absent when there is none. */
struct str api_params_take(struct api_params *params, const char *name);
/* Is there a parameter of this name in the undecoded text?  For routing, before anything is trusted. */
bool api_params_have(struct str text, const char *name);
/*
 * Append the JSON object.  Whatever was neither taken before nor is in the table is ERR_PARAM_UNKNOWN;
 * a number or truth value that is none is ERR_PARAM_KIND.
 */
MUST res api_params_to_json(struct act *act, struct api_params *params, const struct json_field *fields,
                            struct buf *out);
