/* Certificates: apply, look, list, cancel.  A page an action in docs/api/. */
#pragma once

#include "api/action.h"

extern const struct api_message api_certificate_apply_in, api_certificate_apply_out;
extern const struct api_message api_certificate_describe_in, api_certificate_describe_out;
extern const struct api_message api_certificate_detail_in, api_certificate_detail_out;
extern const struct api_message api_certificate_list_in, api_certificate_list_out;
extern const struct api_message api_certificate_cancel_in, api_certificate_cancel_out;

/* ApplyCertificate – a free certificate for one name. */
MUST res api_certificate_apply(struct req *req);
/* DescribeCertificate – all but the PEM texts. */
MUST res api_certificate_describe(struct req *req);
/* DescribeCertificateDetail – with certificate, chain and key. */
MUST res api_certificate_detail(struct req *req);
/* DescribeCertificates – page, filter, search, sort. */
MUST res api_certificate_list(struct req *req);
/* CancelAuditCertificate – withdraw an application under review; it is cancelled at once. */
MUST res api_certificate_cancel(struct req *req);
