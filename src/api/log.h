/* The account's operation log.  docs/api/DescribeCertificateOperateLogs.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_log_list_in, api_log_list_out;
/* DescribeCertificateOperateLogs – newest first, the last 15 days unless told otherwise. */
MUST res api_log_list(struct req *req);

extern const struct api_message api_log_timeline_in, api_log_timeline_out;
/* DescribeCertificateTimeline – one certificate from its beginning to now. */
MUST res api_log_timeline(struct req *req);
