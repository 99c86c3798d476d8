/* See validation.h. */
#include "api/validation.h"

#include "core/reminder.h"
#include "core/validation.h"

struct id_in {
        struct str certificate_id;
};

struct result_out {
        struct str domain, verify_type, reason;
        struct opt_int local_check, ca_check, frequently, issued;
        struct strs check_value;
};

struct check_out {
        struct objs results;
};

struct complete_out {
        struct str certificate_id;
};

static const struct json_field id_fields[] = {JSON_FIELD(struct id_in, certificate_id, "CertificateId", JSON_STR,
                                                         .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT),
                                              JSON_FIELDS_END};
static const struct json_field result_fields[] = {
        JSON_FIELD(struct result_out, domain, "Domain", JSON_STR),
        JSON_FIELD(struct result_out, verify_type, "VerifyType", JSON_STR),
        JSON_FIELD(struct result_out, local_check, "LocalCheck", JSON_INT),
        JSON_FIELD(struct result_out, ca_check, "CaCheck", JSON_INT),
        JSON_FIELD(struct result_out, reason, "LocalCheckFailReason", JSON_STR),
        JSON_FIELD(struct result_out, check_value, "CheckValue", JSON_STRS),
        JSON_FIELD(struct result_out, frequently, "Frequently", JSON_BOOL),
        JSON_FIELD(struct result_out, issued, "Issued", JSON_BOOL),
        JSON_FIELDS_END};
static const struct json_field check_fields[] = {JSON_FIELD(struct check_out, results, "VerificationResults", JSON_OBJS,
                                                            .sub = result_fields,
                                                            .sub_size = sizeof(struct result_out)),
                                                 JSON_FIELDS_END};
static const struct json_field complete_fields[] = {
        JSON_FIELD(struct complete_out, certificate_id, "CertificateId", JSON_STR), JSON_FIELDS_END};
const struct api_message api_validation_check_in = {id_fields, sizeof(struct id_in)};
const struct api_message api_validation_check_out = {check_fields, sizeof(struct check_out)};
const struct api_message api_validation_complete_in = {id_fields, sizeof(struct id_in)};
const struct api_message api_validation_complete_out = {complete_fields, sizeof(struct complete_out)};

static struct result_out result_of(const struct validation_result *result)
{
        return (struct result_out){
                .domain = result->domain,
                .verify_type = result->method,
                .local_check = api_int(result->local_check),
                .ca_check = api_int(result->ca_check),
                .reason = str_of(result->reason),
                .check_value = result->found,
                .frequently = api_bool(result->too_often),
                .issued = api_bool(result->issued),
        };
}

res api_validation_check(struct req *req)
{
        struct id_in in = {0};
        struct validation_results results = {0};
        struct result_out *out = NULL;

        TRY(REQ_BIND(req, &in));
        TRY(validation_check(&req->act, in.certificate_id, &results));
        out = arena_array_of(req->act.arena, results.n, struct result_out);
        for (size_t i = 0; i < results.n; i++)
                out[i] = result_of(&results.v[i]);
        return REQ_REPLY(req, &((struct check_out){{out, results.n}}));
}

res api_validation_complete(struct req *req)
{
        struct id_in in = {0};

        TRY(REQ_BIND(req, &in));
        TRY(validation_complete(&req->act, in.certificate_id));
        return REQ_REPLY(req, &((struct complete_out){in.certificate_id}));
}

res api_validation_remind(struct req *req)
{
        struct id_in in = {0};

        TRY(REQ_BIND(req, &in));
        TRY(reminder_send(&req->act, in.certificate_id));
        return REQ_REPLY(req, &((struct complete_out){in.certificate_id}));
}
