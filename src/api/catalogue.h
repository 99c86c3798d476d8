/* The products on sale.  docs/api/DescribeCatalogue.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_catalogue_describe_in, api_catalogue_describe_out;
MUST res api_catalogue_describe(struct req *req);
