/* The lists of instances that could use a certificate.  docs/api/DescribeHost…InstanceList.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_host_list_out, api_host_list_async_out;
/* DescribeHost…InstanceList: there is no cloud behind this service, so each list is empty. */
MUST res api_host_list_empty(struct req *req);
