/* See log.h. */
#include "api/log.h"

#include "base/timetext.h"
#include "core/log.h"

struct log_in {
        struct opt_int offset, limit;
        struct str start_time, end_time, type;
};

struct entry_out {
        struct str action, created_on, uin, sub_account_uin, cert_id, type;
};

struct log_out {
        struct opt_int all_total, total;
        struct objs entries;
};

static const struct json_field log_in_fields[] = {
        JSON_FIELD(struct log_in, offset, "Offset", JSON_UINT), JSON_FIELD(struct log_in, limit, "Limit", JSON_UINT),
        JSON_FIELD(struct log_in, start_time, "StartTime", JSON_STR, .limit = 32),
        JSON_FIELD(struct log_in, end_time, "EndTime", JSON_STR, .limit = 32),
        JSON_FIELD(struct log_in, type, "Type", JSON_STR, .limit = 64), JSON_FIELDS_END};
static const struct json_field entry_fields[] = {
        JSON_FIELD(struct entry_out, action, "Action", JSON_STR),
        JSON_FIELD(struct entry_out, created_on, "CreatedOn", JSON_STR),
        JSON_FIELD(struct entry_out, uin, "Uin", JSON_STR),
        JSON_FIELD(struct entry_out, sub_account_uin, "SubAccountUin", JSON_STR),
        JSON_FIELD(struct entry_out, cert_id, "CertId", JSON_STR),
        JSON_FIELD(struct entry_out, type, "Type", JSON_STR),
        JSON_FIELDS_END};
static const struct json_field log_out_fields[] = {JSON_FIELD(struct log_out, all_total, "AllTotal", JSON_UINT),
                                                   JSON_FIELD(struct log_out, total, "TotalCount", JSON_UINT),
                                                   JSON_FIELD(struct log_out, entries, "OperateLogs", JSON_OBJS,
                                                              .sub = entry_fields,
                                                              .sub_size = sizeof(struct entry_out)),
                                                   JSON_FIELDS_END};

struct timeline_in {
        struct str certificate_id;
};

struct timeline_out {
        struct str certificate_id;
        struct objs entries;
};

static const struct json_field timeline_in_fields[] = {
        JSON_FIELD(struct timeline_in, certificate_id, "CertificateId", JSON_STR, .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELDS_END};
static const struct json_field timeline_out_fields[] = {
        JSON_FIELD(struct timeline_out, certificate_id, "CertificateId", JSON_STR),
        JSON_FIELD(struct timeline_out, entries, "Timeline", JSON_OBJS, .sub = entry_fields, .sub_size = sizeof(struct entry_out)),
        JSON_FIELDS_END};
const struct api_message api_log_timeline_in = {timeline_in_fields, sizeof(struct timeline_in)};
const struct api_message api_log_timeline_out = {timeline_out_fields, sizeof(struct timeline_out)};
const struct api_message api_log_list_in = {log_in_fields, sizeof(struct log_in)};
const struct api_message api_log_list_out = {log_out_fields, sizeof(struct log_out)};

static res time_read(struct req *req, const char *field, struct str text, int64_t *ret_sec)
{
        if (str_is_empty(text))
                return RES_OK;
        if (!res_is_ok(timetext_parse_api(text, ret_sec)))
                return act_fail(&req->act, ERR_PARAM_KIND, "%s must be a time such as 2026-01-31 23:59:59 (GMT+8).",
                                field);
        return RES_OK;
}

static int64_t limit_of(struct opt_int limit)
{
        if (!limit.set || limit.v == 0)
                return LIMIT_LOGS_DEFAULT;
        return limit.v < LIMIT_LIST_MAX ? limit.v : LIMIT_LIST_MAX;
}

static struct objs entries_of(struct req *req, const struct log_page *page)
{
        struct entry_out *out = arena_array_of(req->act.arena, page->n, struct entry_out);

        for (size_t i = 0; i < page->n; i++)
                out[i] = (struct entry_out){
                        .action = page->v[i].action,
                        .created_on = api_time(req->act.arena, page->v[i].created_at),
                        .uin = str_of(req->act.uin),
                        .sub_account_uin = page->user_uins[i],
                        .cert_id = page->v[i].certificate_id,
                        .type = page->v[i].type,
                };
        return (struct objs){out, page->n};
}

res api_log_list(struct req *req)
{
        struct log_in in = {0};
        struct log_query query = {0};
        struct log_page page = {0};

        TRY(REQ_BIND(req, &in));
        if (in.type.n > 0 && !log_type_is_known(in.type))
                return act_fail(&req->act, ERR_PARAM_VALUE, "Type must be one of the words in OperateLogs, such as apply, issued or revoked.");
        query.type = in.type;
        query.offset = in.offset.v;
        query.limit = limit_of(in.limit);
        TRY(time_read(req, "StartTime", in.start_time, &query.from_sec));
        TRY(time_read(req, "EndTime", in.end_time, &query.to_sec));
        TRY(log_list(&req->act, &query, &page));
        return REQ_REPLY(req,
                         &((struct log_out){api_int(page.all_total), api_int(page.total), entries_of(req, &page)}));
}

res api_log_timeline(struct req *req)
{
        struct timeline_in in = {0};
        struct log_page page = {0};

        TRY(REQ_BIND(req, &in));
        TRY(log_timeline(&req->act, in.certificate_id, &page));
        return REQ_REPLY(req, &((struct timeline_out){in.certificate_id, entries_of(req, &page)}));
}
