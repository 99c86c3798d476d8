/* See label.h. */
#include "api/label.h"

#include "core/label.h"

#define PROJECT_MOVE_MAX 100 /* the public API's own bound */

struct alias_in {
        struct str certificate_id, alias;
};

struct alias_out {
        struct str certificate_id;
};

struct project_in {
        struct strs ids;
        struct opt_int project_id;
};

struct project_out {
        struct strs success, fail;
};

static const struct json_field alias_in_fields[] = {
        JSON_FIELD(struct alias_in, certificate_id, "CertificateId", JSON_STR, .required = true,
                   .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct alias_in, alias, "Alias", JSON_STR, .limit = LIMIT_ALIAS_CHARS * 4), JSON_FIELDS_END};
static const struct json_field alias_out_fields[] = {
        JSON_FIELD(struct alias_out, certificate_id, "CertificateId", JSON_STR), JSON_FIELDS_END};
static const struct json_field project_in_fields[] = {
        JSON_FIELD(struct project_in, ids, "CertificateIdList", JSON_STRS, .required = true, .limit = PROJECT_MOVE_MAX),
        JSON_FIELD(struct project_in, project_id, "ProjectId", JSON_UINT, .required = true), JSON_FIELDS_END};
static const struct json_field project_out_fields[] = {
        JSON_FIELD(struct project_out, success, "SuccessCertificates", JSON_STRS),
        JSON_FIELD(struct project_out, fail, "FailCertificates", JSON_STRS), JSON_FIELDS_END};
const struct api_message api_label_alias_in = {alias_in_fields, sizeof(struct alias_in)};
const struct api_message api_label_alias_out = {alias_out_fields, sizeof(struct alias_out)};
const struct api_message api_label_project_in = {project_in_fields, sizeof(struct project_in)};
const struct api_message api_label_project_out = {project_out_fields, sizeof(struct project_out)};

res api_label_alias(struct req *req)
{
        struct alias_in in = {0};

        TRY(REQ_BIND(req, &in));
        TRY(label_set_alias(&req->act, in.certificate_id, in.alias));
        return REQ_REPLY(req, &((struct alias_out){in.certificate_id}));
}

res api_label_project(struct req *req)
{
        struct project_in in = {0};
        struct label_moved moved = {0};

        TRY(REQ_BIND(req, &in));
        TRY(label_set_project(&req->act, in.ids, in.project_id.v, &moved));
        return REQ_REPLY(req, &((struct project_out){moved.done, moved.failed}));
}
