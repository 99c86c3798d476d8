/* See approval.h. */
#include "api/approval.h"

#include "core/account_keep.h"
#include "core/authorization.h"

#define UIN_BYTES 24

struct approve_in {
        struct str account, name;
        struct opt_int days;
};
struct approve_out {
        struct str account, name;
};

static const struct json_field approve_in_fields[] = {
        JSON_FIELD(struct approve_in, account, "Account", JSON_STR, .required = true, .limit = UIN_BYTES),
        JSON_FIELD(struct approve_in, name, "Name", JSON_STR, .required = true, .limit = LIMIT_TYPED_NAME_BYTES),
        JSON_FIELD(struct approve_in, days, "Days", JSON_UINT, .required = true),
        JSON_FIELDS_END};
static const struct json_field approve_out_fields[] = {JSON_FIELD(struct approve_out, account, "Account", JSON_STR),
                                                       JSON_FIELD(struct approve_out, name, "Name", JSON_STR),
                                                       JSON_FIELDS_END};
const struct api_message api_approval_name_in = {approve_in_fields, sizeof(struct approve_in)};
const struct api_message api_approval_name_out = {approve_out_fields, sizeof(struct approve_out)};

res api_approval_name(struct req *req)
{
        struct approve_in in = {0};
        struct account_view view;
        const int64_t own = req->act.account_id;

        TRY(REQ_BIND(req, &in));
        TRY(account_describe(&req->act, in.account, &view));
        req->act.account_id = view.row.account_id; /* the evidence is that account's */
        res approved = authorization_approve(&req->act, in.name, in.days.v);

        req->act.account_id = own;
        TRY(approved);
        const struct approve_out out = {in.account, in.name};

        return REQ_REPLY(req, &out);
}
