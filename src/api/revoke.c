/* See revoke.h. */
#include "api/revoke.h"

#include "core/compromise.h"
#include "core/revoke_request.h"

#define FILE_PATH "/.well-known/pki-validation/" /* api.md §6 */
#define QUEUE_DEFAULT 20
#define QUEUE_MAX 100

struct file_in {
        struct str certificate_id, reason, reason_code;
};

struct auth_out {
        struct str path, key, value, domain;
};

struct file_out {
        struct objs auths;
        struct str state, deadline;
};

struct queue_in {
        struct opt_int limit;
        struct str marker;
};

struct item_out {
        struct str revocation_id, certificate_id, account, domain, product, level, reason_code, reason, filed_on;
};

struct queue_out {
        struct objs items;
        struct str next_marker;
};

struct review_in {
        struct str revocation_id, note;
        struct opt_int pass;
};

struct review_out {
        struct str revocation_id;
};

struct key_in {
        struct str request;
};

struct key_out {
        struct opt_int revoked;
};

static const struct json_field file_in_fields[] = {
        JSON_FIELD(struct file_in, certificate_id, "CertificateId", JSON_STR, .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct file_in, reason, "Reason", JSON_STR, .limit = LIMIT_REASON_CHARS * 4),
        JSON_FIELD(struct file_in, reason_code, "ReasonCode", JSON_STR, .limit = 32), JSON_FIELDS_END};
static const struct json_field auth_fields[] = {JSON_FIELD(struct auth_out, path, "DomainValidateAuthPath", JSON_STR),
                                                JSON_FIELD(struct auth_out, key, "DomainValidateAuthKey", JSON_STR),
                                                JSON_FIELD(struct auth_out, value, "DomainValidateAuthValue", JSON_STR),
                                                JSON_FIELD(struct auth_out, domain, "DomainValidateAuthDomain", JSON_STR),
                                                JSON_FIELDS_END};
static const struct json_field file_out_fields[] = {
        JSON_FIELD(struct file_out, auths, "RevokeDomainValidateAuths", JSON_OBJS, .sub = auth_fields,
                   .sub_size = sizeof(struct auth_out)),
        JSON_FIELD(struct file_out, state, "State", JSON_STR), JSON_FIELD(struct file_out, deadline, "Deadline", JSON_STR),
        JSON_FIELDS_END};
static const struct json_field queue_in_fields[] = {JSON_FIELD(struct queue_in, limit, "Limit", JSON_UINT),
                                                    JSON_FIELD(struct queue_in, marker, "Marker", JSON_STR, .limit = 32),
                                                    JSON_FIELDS_END};
static const struct json_field item_fields[] = {JSON_FIELD(struct item_out, revocation_id, "RevocationId", JSON_STR),
                                                JSON_FIELD(struct item_out, certificate_id, "CertificateId", JSON_STR),
                                                JSON_FIELD(struct item_out, account, "Uin", JSON_STR),
                                                JSON_FIELD(struct item_out, domain, "Domain", JSON_STR),
                                                JSON_FIELD(struct item_out, product, "ProductZhName", JSON_STR),
                                                JSON_FIELD(struct item_out, level, "CertType", JSON_STR),
                                                JSON_FIELD(struct item_out, reason_code, "ReasonCode", JSON_STR),
                                                JSON_FIELD(struct item_out, reason, "Reason", JSON_STR),
                                                JSON_FIELD(struct item_out, filed_on, "CreatedOn", JSON_STR),
                                                JSON_FIELDS_END};
static const struct json_field queue_out_fields[] = {
        JSON_FIELD(struct queue_out, items, "Revocations", JSON_OBJS, .sub = item_fields, .sub_size = sizeof(struct item_out)),
        JSON_FIELD(struct queue_out, next_marker, "NextMarker", JSON_STR), JSON_FIELDS_END};
static const struct json_field review_in_fields[] = {
        JSON_FIELD(struct review_in, revocation_id, "RevocationId", JSON_STR, .required = true, .limit = 32),
        JSON_FIELD(struct review_in, pass, "Pass", JSON_BOOL, .required = true),
        JSON_FIELD(struct review_in, note, "Note", JSON_STR, .limit = LIMIT_REASON_CHARS * 4), JSON_FIELDS_END};
static const struct json_field review_out_fields[] = {JSON_FIELD(struct review_out, revocation_id, "RevocationId", JSON_STR),
                                                      JSON_FIELDS_END};
static const struct json_field key_in_fields[] = {
        JSON_FIELD(struct key_in, request, "CertificateRequest", JSON_STR, .required = true, .limit = LIMIT_CSR_BYTES * 2),
        JSON_FIELDS_END};
static const struct json_field key_out_fields[] = {JSON_FIELD(struct key_out, revoked, "RevokedCount", JSON_UINT), JSON_FIELDS_END};
const struct api_message api_revoke_file_in = {file_in_fields, sizeof(struct file_in)};
const struct api_message api_revoke_file_out = {file_out_fields, sizeof(struct file_out)};
const struct api_message api_revoke_queue_in = {queue_in_fields, sizeof(struct queue_in)};
const struct api_message api_revoke_queue_out = {queue_out_fields, sizeof(struct queue_out)};
const struct api_message api_revoke_review_in = {review_in_fields, sizeof(struct review_in)};
const struct api_message api_revoke_review_out = {review_out_fields, sizeof(struct review_out)};
const struct api_message api_revoke_key_in = {key_in_fields, sizeof(struct key_in)};
const struct api_message api_revoke_key_out = {key_out_fields, sizeof(struct key_out)};

static struct objs auths_of(struct req *req, const struct revocation_filed *filed)
{
        struct auth_out *out = arena_array_of(req->act.arena, filed->proof_count + 1, struct auth_out);

        for (size_t i = 0; i < filed->proof_count; i++) {
                const struct validation_row *row = &filed->proofs[i];
                bool is_file = str_equals(row->method, "FILE");

                out[i] = (struct auth_out){
                        .path = is_file ? STR(FILE_PATH) : STR(""),
                        .key = row->record,
                        .value = row->value,
                        .domain = is_file ? row->name : row->zone,
                };
        }
        return (struct objs){out, filed->proof_count};
}

res api_revoke_file(struct req *req)
{
        struct file_in in = {0};
        struct revocation_filed filed = {0};

        TRY(REQ_BIND(req, &in));
        TRY(revocation_file(&req->act, in.certificate_id, in.reason, in.reason_code, &filed));
        return REQ_REPLY(req, &((struct file_out){
                                      .auths = auths_of(req, &filed),
                                      .state = str_of(revocation_state_name(filed.state)),
                                      .deadline = api_time(req->act.arena, filed.deadline_at),
                              }));
}

/* Ids and markers are numbers as text: they are beyond 2^53. */
static res number_read(struct req *req, const char *field, struct str text, int64_t *ret_v)
{
        if (!res_is_ok(str_to_int64(text, ret_v)) || *ret_v < 0)
                return act_fail(&req->act, ERR_PARAM_VALUE, "%s must be one that DescribeRevocations gave.", field);
        return RES_OK;
}

static int64_t limit_of(struct opt_int limit)
{
        if (!limit.set || limit.v == 0)
                return QUEUE_DEFAULT;
        return limit.v < QUEUE_MAX ? limit.v : QUEUE_MAX;
}

static struct item_out item_of(struct arena *arena, const struct revocation_item *item)
{
        return (struct item_out){
                .revocation_id = api_number_text(arena, item->row.revocation_id),
                .certificate_id = item->row.certificate_id,
                .account = item->account_uin,
                .domain = item->domain,
                .product = item->product_name,
                .level = item->level,
                .reason_code = str_of(revoke_reason_name(item->row.reason)),
                .reason = item->row.reason_text,
                .filed_on = api_time(arena, item->row.filed_at),
        };
}

res api_revoke_queue(struct req *req)
{
        struct queue_in in = {0};
        const struct revocation_item *items = NULL;
        size_t n = 0;
        int64_t after = 0, limit = 0;

        TRY(REQ_BIND(req, &in));
        limit = limit_of(in.limit);
        if (in.marker.n > 0)
                TRY(number_read(req, "Marker", in.marker, &after));
        TRY(revocation_queue(&req->act, after, limit, &items, &n));
        struct item_out *out = arena_array_of(req->act.arena, n + 1, struct item_out);

        for (size_t i = 0; i < n; i++)
                out[i] = item_of(req->act.arena, &items[i]);
        return REQ_REPLY(req, &((struct queue_out){{out, n}, (int64_t)n == limit ? out[n - 1].revocation_id : STR("")}));
}

res api_revoke_review(struct req *req)
{
        struct review_in in = {0};
        int64_t id = 0;

        TRY(REQ_BIND(req, &in));
        TRY(number_read(req, "RevocationId", in.revocation_id, &id));
        TRY(revocation_review(&req->act, id, in.pass.v != 0, in.note));
        return REQ_REPLY(req, &((struct review_out){in.revocation_id}));
}

res api_revoke_key(struct req *req)
{
        struct key_in in = {0};
        int64_t count = 0;

        TRY(REQ_BIND(req, &in));
        TRY(compromise_prove(&req->act, in.request, &count));
        return REQ_REPLY(req, &((struct key_out){api_int(count)}));
}
