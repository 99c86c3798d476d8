/* What serves a certificate: registered, removed, looked up.  A page an action in docs/api/. */
#pragma once

#include "api/action.h"

extern const struct api_message api_binding_register_in, api_binding_register_out;
extern const struct api_message api_binding_remove_in, api_binding_remove_out;
extern const struct api_message api_binding_list_in, api_binding_list_out;
extern const struct api_message api_binding_deployed_in, api_binding_deployed_out;
extern const struct api_message api_binding_look_up_in, api_binding_look_up_out;
extern const struct api_message api_binding_result_in, api_binding_result_out;
extern const struct api_message api_binding_detail_in, api_binding_detail_out;

/* RegisterBinding – tell what serves a certificate. */
MUST res api_binding_register(struct req *req);
/* RemoveBinding – it serves it no more. */
MUST res api_binding_remove(struct req *req);
/* DescribeBindings – all of one certificate. */
MUST res api_binding_list(struct req *req);
/* DescribeDeployedResources – of one kind, counted and named. */
MUST res api_binding_deployed(struct req *req);
/* CreateCertificateBindResourceSyncTask – begin look-ups. */
MUST res api_binding_look_up(struct req *req);
/* DescribeCertificateBindResourceTaskResult – how many of each kind and region. */
MUST res api_binding_result(struct req *req);
/* DescribeCertificateBindResourceTaskDetail – each, in the form of its kind (binding_detail.c). */
MUST res api_binding_detail(struct req *req);
