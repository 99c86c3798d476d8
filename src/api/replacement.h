/* Certificates of all accounts made anew, for operators: actions of our own.  docs/api/CreateReplacement.md … */
#pragma once

#include "api/action.h"

extern const struct api_message api_replacement_create_in, api_replacement_create_out;
extern const struct api_message api_replacement_list_in, api_replacement_list_out;
extern const struct api_message api_replacement_stop_in, api_replacement_stop_out;
/* CreateReplacement – replace all certificates of a method, an issuer, a profile, a span of time; DryRun only counts. */
MUST res api_replacement_create(struct req *req);
/* DescribeReplacements – how far it is. */
MUST res api_replacement_list(struct req *req);
/* StopReplacement – begin no more of it. */
MUST res api_replacement_stop(struct req *req);
