/*
 * See download.h.  KeyPassword is a field of our own: where the owner gave a key password at application time only its
 * holder can open the key, so the keystores can be made only while it is told again (PKP-01, PKP-03).
 */
#include "api/download.h"

#include "api/link.h"
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

/* ---- links ---- */

struct link_in {
        struct str certificate_id, service_type;
};

struct link_out {
        struct str url, filename;
};

static const struct json_field link_in_fields[] = {
        JSON_FIELD(struct link_in, certificate_id, "CertificateId", JSON_STR, .required = true,
                   .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct link_in, service_type, "ServiceType", JSON_STR, .limit = 16),
        JSON_FIELDS_END,
};
static const struct json_field link_out_fields[] = {
        JSON_FIELD(struct link_out, url, "DownloadCertificateUrl", JSON_STR),
        JSON_FIELD(struct link_out, filename, "DownloadFilename", JSON_STR),
        JSON_FIELDS_END,
};
const struct api_message api_download_link_in = {link_in_fields, sizeof(struct link_in)};
const struct api_message api_download_link_out = {link_out_fields, sizeof(struct link_out)};

/* The caller reached us under this name, so a link to it will work for the caller too. */
static struct str url_of(struct req *req, struct str certificate_id, enum package_kind kind)
{
        struct str host = http_header(req->http, "Host");
        struct buf *url = arena_new_of(req->act.arena, struct buf);
        struct api_link link = {
                .account_id = req->act.account_id,
                .user_id = req->act.user_id,
                .expires_at = req->act.now_sec + API_LINK_LIFE_SEC,
                .kind = (uint8_t)kind,
        };

        memcpy(link.certificate_id, certificate_id.p, certificate_id.n);
        buf_init(url, LIMIT_HTTP_URI);
        arena_tie(req->act.arena, (void (*)(void *))buf_done, url);
        if (!str_starts_with(host, STR("http")))
                buf_add_text(url, "https://");
        buf_add_str(url, host);
        buf_add_text(url, API_LINK_PREFIX);
        api_link_write(req->api->link_key, &link, url);
        return buf_str(url);
}

res api_download_link(struct req *req)
{
        struct link_in in = {0};
        const char *name = NULL;
        enum package_kind kind = PACKAGE_NGINX;

        TRY(REQ_BIND(req, &in));
        kind = package_kind_find(in.service_type);
        if (kind == PACKAGE_KIND_COUNT)
                return act_fail(&req->act, ERR_DOWNLOAD_KIND,
                                "ServiceType must be one of: nginx, apache, tomcat, iis, jks, other, root.");
        TRY(download_kind_name(&req->act, in.certificate_id, kind, &name));
        ENSURE(in.certificate_id.n < API_LINK_ID_SIZE, ERR_CERT_NOT_FOUND);
        return REQ_REPLY(req, &((struct link_out){url_of(req, in.certificate_id, kind), str_of(name)}));
}
