/* See notice.h. */
#include "api/notice.h"

#include "core/notice.h"

struct switch_in {
        struct strs ids;
        struct opt_int status;
};
struct switch_out {
        struct strs ids;
};
static const struct json_field switch_in_fields[] = {
        JSON_FIELD(struct switch_in, ids, "CertificateIds", JSON_STRS, .required = true, .limit = LIMIT_LIST_MAX),
        JSON_FIELD(struct switch_in, status, "SwitchStatus", JSON_UINT, .required = true), JSON_FIELDS_END};
static const struct json_field switch_out_fields[] = {
        JSON_FIELD(struct switch_out, ids, "CertificateIds", JSON_STRS), JSON_FIELDS_END};
const struct api_message api_notice_switch_in = {switch_in_fields, sizeof(struct switch_in)};
const struct api_message api_notice_switch_out = {switch_out_fields, sizeof(struct switch_out)};

res api_notice_switch(struct req *req)
{
        struct switch_in in = {0};

        TRY(REQ_BIND(req, &in));
        if (in.status.v > 1)
                return act_fail(&req->act, ERR_PARAM_VALUE, "SwitchStatus is 1 to ignore the messages, 0 to get them.");
        TRY(notice_switch(&req->act, in.ids, in.status.v == 1));
        return REQ_REPLY(req, &((struct switch_out){in.ids}));
}
