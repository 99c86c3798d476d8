/* GET /download/<token>: what a link of DescribeDownloadCertificateUrl leads to.  docs/api/DescribeDownloadCertificateUrl.md */
#pragma once

#include "api/action.h"

bool api_fetch_is_for(const struct http_request *request);
/* The package as a file, or a sentence with 404 for a link that is not (or no longer) good. */
void api_fetch_handle(struct api *api, struct http_request *request, struct http_reply *reply);
