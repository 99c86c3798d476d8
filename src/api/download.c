/*
 * See download.h.  KeyPassword is a field of our own: where the owner gave a key password at application time only its
 * holder can open the key, so the keystores can be made only while it is told again (PKP-01, PKP-03).
 */
#include "api/download.h"

#include "base/b64.h"
#include "core/download.h"

struct download_in {
        struct str certificate_id, key_password;
};

struct download_out {
        struct str content, content_type;
};

static const struct json_field download_in_fields[] = {
        JSON_FIELD(struct download_in, certificate_id, "CertificateId", JSON_STR, .required = true,
                   .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct download_in, key_password, "KeyPassword", JSON_STR, .limit = LIMIT_PASSWORD_BYTES),
        JSON_FIELDS_END};
static const struct json_field download_out_fields[] = {
        JSON_FIELD(struct download_out, content, "Content", JSON_STR),
        JSON_FIELD(struct download_out, content_type, "ContentType", JSON_STR), JSON_FIELDS_END};
const struct api_message api_download_package_in = {download_in_fields, sizeof(struct download_in)};
const struct api_message api_download_package_out = {download_out_fields, sizeof(struct download_out)};

res api_download_package(struct req *req)
{
        struct download_in in = {0};
        CLEAN(buf_wipe) struct buf zip = {0};
        CLEAN(buf_wipe) struct buf text = {0};

        buf_init(&zip, LIMIT_REPLY_BYTES / 2);
        buf_init(&text, LIMIT_REPLY_BYTES);
        TRY(REQ_BIND(req, &in));
        req_wipe_later(req, in.key_password);
        TRY(download_package(&req->act, in.certificate_id, in.key_password, &zip));
        b64_encode(buf_bytes(&zip), &text);
        TRY(buf_check(&text));
        return REQ_REPLY(req, &((struct download_out){buf_str(&text), STR("application/zip")}));
}
