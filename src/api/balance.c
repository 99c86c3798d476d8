/* See balance.h. */
#include "api/balance.h"

#include "api/tag.h"
#include "core/benefit.h"
#include "core/money.h"
#include "core/order.h"

#define BALANCE_ENTRIES_DEFAULT 20

/* ---- DescribeBalance ---- */

struct balance_in {
        struct opt_int limit;
        struct str marker;
};
static const struct json_field balance_in_fields[] = {JSON_FIELD(struct balance_in, limit, "Limit", JSON_UINT),
                                                      JSON_FIELD(struct balance_in, marker, "Marker", JSON_STR, .limit = 32),
                                                      JSON_FIELDS_END};
struct entry_out {
        struct str time, note, order_id;
        struct opt_int amount;
};
static const struct json_field entry_fields[] = {JSON_FIELD(struct entry_out, time, "Time", JSON_STR),
                                                 JSON_FIELD(struct entry_out, amount, "Amount", JSON_INT),
                                                 JSON_FIELD(struct entry_out, note, "Note", JSON_STR),
                                                 JSON_FIELD(struct entry_out, order_id, "OrderId", JSON_STR), JSON_FIELDS_END};
struct balance_out {
        struct opt_int balance;
        struct str currency, next_marker;
        struct objs entries;
};
static const struct json_field balance_out_fields[] = {
        JSON_FIELD(struct balance_out, balance, "Balance", JSON_INT),
        JSON_FIELD(struct balance_out, currency, "Currency", JSON_STR),
        JSON_FIELD(struct balance_out, entries, "Entries", JSON_OBJS, .sub = entry_fields, .sub_size = sizeof(struct entry_out)),
        JSON_FIELD(struct balance_out, next_marker, "NextMarker", JSON_STR), JSON_FIELDS_END};
const struct api_message api_balance_describe_in = {balance_in_fields, sizeof(struct balance_in)};
const struct api_message api_balance_describe_out = {balance_out_fields, sizeof(struct balance_out)};

static struct objs entries_of(struct req *req, const struct money_page *page)
{
        struct entry_out *out = arena_array_of(req->act.arena, page->n + 1, struct entry_out);

        for (size_t i = 0; i < page->n; i++)
                out[i] = (struct entry_out){
                        .time = api_time(req->act.arena, page->v[i].created_at),
                        .amount = api_int(page->v[i].amount_minor),
                        .note = page->v[i].note,
                        .order_id = page->v[i].order_id ? api_number_text(req->act.arena, page->v[i].order_id) : STR(""),
                };
        return (struct objs){out, page->n};
}

res api_balance_describe(struct req *req)
{
        struct balance_in in = {0};
        struct money_page page;
        int64_t marker = 0;

        TRY(REQ_BIND(req, &in));
        if (in.marker.n > 0 && !res_is_ok(str_to_int64(in.marker, &marker)))
                return act_fail(&req->act, ERR_PARAM_VALUE, "Marker is the NextMarker of the page before.");
        TRY(money_describe(&req->act, marker, in.limit.v > 0 ? in.limit.v : BALANCE_ENTRIES_DEFAULT, &page));
        return REQ_REPLY(req, (&(struct balance_out){
                                      .balance = api_int(page.balance_minor),
                                      .currency = MONEY_CURRENCY,
                                      .entries = entries_of(req, &page),
                                      .next_marker = page.next_marker ? api_number_text(req->act.arena, page.next_marker) : STR(""),
                              }));
}

/* ---- DescribePackages ---- */

struct packages_in {
        struct opt_int offset, limit, pid;
        struct str status, expire_time, package_id, type;
};
static const struct json_field packages_in_fields[] = {
        JSON_FIELD(struct packages_in, offset, "Offset", JSON_UINT),
        JSON_FIELD(struct packages_in, limit, "Limit", JSON_UINT),
        JSON_FIELD(struct packages_in, status, "Status", JSON_STR, .limit = 16),
        JSON_FIELD(struct packages_in, expire_time, "ExpireTime", JSON_STR, .limit = 8),
        JSON_FIELD(struct packages_in, package_id, "PackageId", JSON_STR, .limit = 32),
        JSON_FIELD(struct packages_in, type, "Type", JSON_STR, .limit = 16),
        JSON_FIELD(struct packages_in, pid, "Pid", JSON_INT), JSON_FIELDS_END};

struct package_out {
        struct str package_id, type, status, expire_time, update_time, create_time, source_type;
        struct opt_int total, balance, source_uin;
        struct objs transfers;
};
static const struct json_field no_fields[] = {JSON_FIELDS_END};
static const struct json_field package_fields[] = {
        JSON_FIELD(struct package_out, package_id, "PackageId", JSON_STR),
        JSON_FIELD(struct package_out, total, "Total", JSON_UINT),
        JSON_FIELD(struct package_out, balance, "Balance", JSON_UINT),
        JSON_FIELD(struct package_out, type, "Type", JSON_STR),
        JSON_FIELD(struct package_out, source_uin, "SourceUin", JSON_UINT),
        JSON_FIELD(struct package_out, status, "Status", JSON_STR),
        JSON_FIELD(struct package_out, expire_time, "ExpireTime", JSON_STR),
        JSON_FIELD(struct package_out, update_time, "UpdateTime", JSON_STR),
        JSON_FIELD(struct package_out, create_time, "CreateTime", JSON_STR),
        JSON_FIELD(struct package_out, source_type, "SourceType", JSON_STR),
        JSON_FIELD(struct package_out, transfers, "TransferOutInfos", JSON_OBJS_NULL, .sub = no_fields, .sub_size = 1),
        JSON_FIELDS_END};
struct packages_out {
        struct objs packages;
        struct opt_int total, total_balance;
};
static const struct json_field packages_out_fields[] = {
        JSON_FIELD(struct packages_out, packages, "Packages", JSON_OBJS, .sub = package_fields, .sub_size = sizeof(struct package_out)),
        JSON_FIELD(struct packages_out, total, "TotalCount", JSON_UINT),
        JSON_FIELD(struct packages_out, total_balance, "TotalBalance", JSON_UINT), JSON_FIELDS_END};
const struct api_message api_balance_packages_in = {packages_in_fields, sizeof(struct packages_in)};
const struct api_message api_balance_packages_out = {packages_out_fields, sizeof(struct packages_out)};

static struct objs packages_of(struct req *req, const struct benefit_page *page)
{
        struct package_out *out = arena_array_of(req->act.arena, page->n + 1, struct package_out);
        struct arena *arena = req->act.arena;

        for (size_t i = 0; i < page->n; i++)
                out[i] = (struct package_out){
                        .package_id = page->v[i].package_id,
                        .total = api_int(page->v[i].total),
                        .balance = api_int(page->v[i].balance),
                        .type = page->v[i].kind,
                        .status = benefit_state(&page->v[i], req->act.now_sec),
                        .expire_time = api_time(arena, page->v[i].expires_at),
                        .update_time = api_time(arena, page->v[i].updated_at),
                        .create_time = api_time(arena, page->v[i].created_at),
                        .source_type = STR("grant"),
                };
        return (struct objs){out, page->n};
}

static res packages_check(struct req *req, const struct packages_in *in)
{
        static const char *const states[] = {"usable", "used", "expired", "refund"}, *const sorts[] = {"asc", "desc"};
        static const char *const types[] = {"ssl_100", "ssl_500", "ssl_2000"};

        TRY(req_check_word(req, "Status", in->status, states, 4));
        TRY(req_check_word(req, "ExpireTime", in->expire_time, sorts, 2));
        return req_check_word(req, "Type", in->type, types, 3);
}

res api_balance_packages(struct req *req)
{
        struct packages_in in = {0};
        struct benefit_page page;

        TRY(REQ_BIND(req, &in));
        TRY(packages_check(req, &in));
        TRY(benefit_list(&req->act,
                         &(struct benefit_query){
                                 .state = in.status,
                                 .kind = in.type,
                                 .package_id = in.package_id,
                                 .expire_sort = in.expire_time,
                                 .pid = in.pid.v,
                                 .offset = in.offset.v,
                                 .limit = in.limit.v,
                         },
                         &page));
        return REQ_REPLY(req, (&(struct packages_out){packages_of(req, &page), api_int(page.total), api_int(page.total_balance)}));
}

/* ---- CreateCertificateByPackage ---- */

struct buy_in {
        struct opt_int pid, period, project_id, count, manager_id, company_id;
        struct strs package_ids;
        struct str domain_count, old_id, csr_method, csr, algo, parameter, password, domain_names, verify_type, price_key;
        struct objs tags;
};
static const struct json_field buy_in_fields[] = {
        JSON_FIELD(struct buy_in, pid, "ProductPid", JSON_UINT, .required = true),
        JSON_FIELD(struct buy_in, package_ids, "PackageIds", JSON_STRS, .required = true, .limit = 100),
        JSON_FIELD(struct buy_in, domain_count, "DomainCount", JSON_STR, .required = true, .limit = 8),
        JSON_FIELD(struct buy_in, period, "Period", JSON_UINT, .required = true),
        JSON_FIELD(struct buy_in, old_id, "OldCertificateId", JSON_STR, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct buy_in, csr_method, "RenewGenCsrMethod", JSON_STR, .limit = 16),
        JSON_FIELD(struct buy_in, csr, "RenewCsr", JSON_STR, .limit = LIMIT_CSR_BYTES),
        JSON_FIELD(struct buy_in, algo, "RenewAlgorithmType", JSON_STR, .limit = 16),
        JSON_FIELD(struct buy_in, parameter, "RenewAlgorithmParam", JSON_STR, .limit = 32),
        JSON_FIELD(struct buy_in, project_id, "ProjectId", JSON_UINT),
        JSON_FIELD(struct buy_in, tags, "Tags", JSON_OBJS, .limit = LIMIT_TAGS, .sub = api_tag_fields, .sub_size = sizeof(struct tag_pair)),
        JSON_FIELD(struct buy_in, password, "RenewKeyPass", JSON_STR, .limit = LIMIT_PASSWORD_BYTES),
        JSON_FIELD(struct buy_in, domain_names, "DomainNames", JSON_STR, .limit = LIMIT_TYPED_NAME_BYTES),
        JSON_FIELD(struct buy_in, count, "CertificateCount", JSON_UINT),
        JSON_FIELD(struct buy_in, manager_id, "ManagerId", JSON_UINT),
        JSON_FIELD(struct buy_in, company_id, "CompanyId", JSON_UINT),
        JSON_FIELD(struct buy_in, verify_type, "VerifyType", JSON_STR, .limit = 16),
        JSON_FIELD(struct buy_in, price_key, "PriceKey", JSON_STR, .limit = 64), JSON_FIELDS_END};
struct buy_out {
        struct str certificate_id;
        struct strs certificate_ids;
};
static const struct json_field buy_out_fields[] = {JSON_FIELD(struct buy_out, certificate_id, "CertificateId", JSON_STR),
                                                   JSON_FIELD(struct buy_out, certificate_ids, "CertificateIds", JSON_STRS),
                                                   JSON_FIELDS_END};
const struct api_message api_balance_buy_in = {buy_in_fields, sizeof(struct buy_in)};
const struct api_message api_balance_buy_out = {buy_out_fields, sizeof(struct buy_out)};

/* A renewal's information may come at once; what is bought anew waits in Status 5 for it. */
static res buy_check(struct req *req, const struct buy_in *in)
{
        bool has_key = in->csr.n || in->algo.n || in->parameter.n || in->password.n || in->domain_names.n || in->verify_type.n;

        if (in->manager_id.v || in->company_id.v)
                return act_fail(&req->act, ERR_UNSUPPORTED, "There are no profiles of organisations and administrators here; leave ManagerId and "
                                                            "CompanyId out.");
        if (in->old_id.n == 0 && (has_key || in->csr_method.n))
                return act_fail(&req->act, ERR_UNSUPPORTED, "Names, CSR, key and validation of a new certificate are given with "
                                                            "SubmitCertificateInformation once it is bought; leave them out here.");
        if (has_key && in->csr_method.n == 0)
                return act_fail(&req->act, ERR_RENEW_METHOD, "Say with RenewGenCsrMethod how the key arises: original, upload or online.");
        return RES_OK;
}

res api_balance_buy(struct req *req)
{
        struct buy_in in = {0};
        struct strs ids = {0};
        int64_t names = 0;

        TRY(REQ_BIND(req, &in));
        req_wipe_later(req, in.password);
        TRY(buy_check(req, &in));
        ENSURE(res_is_ok(str_to_int64(in.domain_count, &names)), ERR_DOMAIN_COUNT);
        TRY(order_buy_by_package(&req->act,
                                 &(struct order_package_buy){
                                         .pid = in.pid.v,
                                         .package_ids = in.package_ids,
                                         .names = names,
                                         .months = in.period.v <= 100 ? in.period.v * 12 : -1, /* years */
                                         .count = in.count.set ? in.count.v : 1,
                                         .project_id = in.project_id.v,
                                         .tags = in.tags,
                                         .old_certificate_id = in.old_id,
                                         .ahead = {in.csr_method, in.csr, in.algo, in.parameter, in.password, in.domain_names, in.verify_type},
                                 },
                                 &ids));
        return REQ_REPLY(req, (&(struct buy_out){ids.v[0], ids}));
}
