/* UploadCertificate, CheckCertificateExist, UploadUpdateCertificateInstance and what is asked about it afterwards. */
#pragma once

#include "api/action.h"

extern const struct api_message api_upload_put_in, api_upload_put_out;
extern const struct api_message api_upload_find_in, api_upload_find_out;
extern const struct api_message api_upload_exchange_in, api_upload_exchange_out;
extern const struct api_message api_upload_records_in, api_upload_records_out;
extern const struct api_message api_upload_record_in, api_upload_record_out;
extern const struct api_message api_upload_rollback_in, api_upload_rollback_out;
extern const struct api_message api_upload_retry_in, api_upload_retry_out;

MUST res api_upload_put(struct req *req);
MUST res api_upload_find(struct req *req);
MUST res api_upload_exchange(struct req *req);
MUST res api_upload_records(struct req *req);
MUST res api_upload_record(struct req *req);
MUST res api_upload_rollback(struct req *req);
MUST res api_upload_retry(struct req *req);
