/* See operator.h. */
#include "api/operator.h"

#include "core/account_keep.h"
#include "core/benefit.h"
#include "core/catalogue.h"
#include "core/money.h"
#include "core/revoke_request.h"

#define UIN_BYTES 24

/* ---- the account as it is afterwards: what most of them answer ---- */

struct account_out {
        struct str account, name, identity, level, currency, create_time;
        struct opt_int verified, quota_older, free_packages, disabled, balance, points;
        struct strs home_domains;
};
static const struct json_field account_fields[] = {
        JSON_FIELD(struct account_out, account, "Account", JSON_STR),
        JSON_FIELD(struct account_out, name, "Name", JSON_STR),
        JSON_FIELD(struct account_out, identity, "Identity", JSON_STR),
        JSON_FIELD(struct account_out, level, "Level", JSON_STR),
        JSON_FIELD(struct account_out, verified, "Verified", JSON_BOOL),
        JSON_FIELD(struct account_out, disabled, "Disabled", JSON_BOOL),
        JSON_FIELD(struct account_out, quota_older, "QuotaOlder", JSON_BOOL),
        JSON_FIELD(struct account_out, free_packages, "FreePackages", JSON_INT),
        JSON_FIELD(struct account_out, balance, "Balance", JSON_INT),
        JSON_FIELD(struct account_out, currency, "Currency", JSON_STR),
        JSON_FIELD(struct account_out, points, "Points", JSON_INT),
        JSON_FIELD(struct account_out, home_domains, "HomeDomains", JSON_STRS),
        JSON_FIELD(struct account_out, create_time, "CreateTime", JSON_STR),
        JSON_FIELDS_END};

struct account_in {
        struct str account;
};
#define ACCOUNT_FIELD(type) JSON_FIELD(type, account, "Account", JSON_STR, .required = true, .limit = UIN_BYTES)
static const struct json_field account_in_fields[] = {ACCOUNT_FIELD(struct account_in), JSON_FIELDS_END};

static res reply_account(struct req *req, struct str uin)
{
        struct account_view view;

        TRY(account_describe(&req->act, uin, &view));
        return REQ_REPLY(req, (&(struct account_out){
                                      .account = view.row.uin,
                                      .name = view.row.name,
                                      .identity = view.row.identity,
                                      .level = view.row.level,
                                      .verified = api_bool(view.row.verified != 0),
                                      .disabled = api_bool(view.row.disabled != 0),
                                      .quota_older = api_bool(view.row.quota_older != 0),
                                      .free_packages = api_int(view.row.package_count),
                                      .balance = api_int(view.balance_minor),
                                      .currency = MONEY_CURRENCY,
                                      .points = api_int(view.points),
                                      .home_domains = view.home_domains,
                                      .create_time = api_time(req->act.arena, view.row.created_at),
                              }));
}

const struct api_message api_operator_account_in = {account_in_fields, sizeof(struct account_in)};
const struct api_message api_operator_account_out = {account_fields, sizeof(struct account_out)};

res api_operator_account(struct req *req)
{
        struct account_in in = {0};

        TRY(REQ_BIND(req, &in));
        return reply_account(req, in.account);
}

/* ---- ModifyAccount ---- */

struct modify_in {
        struct str account, identity, level, name;
        struct opt_int verified, quota_older, free_packages, disabled;
};
static const struct json_field modify_in_fields[] = {
        ACCOUNT_FIELD(struct modify_in),
        JSON_FIELD(struct modify_in, identity, "Identity", JSON_STR, .limit = 16),
        JSON_FIELD(struct modify_in, level, "Level", JSON_STR, .limit = 16),
        JSON_FIELD(struct modify_in, name, "Name", JSON_STR, .limit = LIMIT_ACCOUNT_NAME_BYTES),
        JSON_FIELD(struct modify_in, verified, "Verified", JSON_BOOL),
        JSON_FIELD(struct modify_in, quota_older, "QuotaOlder", JSON_BOOL),
        JSON_FIELD(struct modify_in, free_packages, "FreePackages", JSON_INT),
        JSON_FIELD(struct modify_in, disabled, "Disabled", JSON_BOOL),
        JSON_FIELDS_END};
const struct api_message api_operator_modify_in = {modify_in_fields, sizeof(struct modify_in)};
const struct api_message api_operator_modify_out = {account_fields, sizeof(struct account_out)};

res api_operator_modify(struct req *req)
{
        struct modify_in in = {0};

        TRY(REQ_BIND(req, &in));
        TRY(account_change(&req->act, in.account,
                           &(struct account_change){.identity = in.identity,
                                                    .level = in.level,
                                                    .name = in.name,
                                                    .verified = in.verified,
                                                    .quota_older = in.quota_older,
                                                    .free_packages = in.free_packages,
                                                    .disabled = in.disabled}));
        return reply_account(req, in.account);
}

/* ---- CreditAccount ---- */

struct credit_in {
        struct str account, note;
        struct opt_int amount;
};
static const struct json_field credit_in_fields[] = {
        ACCOUNT_FIELD(struct credit_in), JSON_FIELD(struct credit_in, amount, "Amount", JSON_INT, .required = true),
        JSON_FIELD(struct credit_in, note, "Note", JSON_STR, .limit = LIMIT_ACCOUNT_NAME_BYTES), JSON_FIELDS_END};
const struct api_message api_operator_credit_in = {credit_in_fields, sizeof(struct credit_in)};
const struct api_message api_operator_credit_out = {account_fields, sizeof(struct account_out)};

res api_operator_credit(struct req *req)
{
        struct credit_in in = {0};

        TRY(REQ_BIND(req, &in));
        TRY(account_credit(&req->act, in.account, in.amount.v, in.note));
        return reply_account(req, in.account);
}

/* ---- ModifyHomeDomains ---- */

struct homes_in {
        struct str account;
        struct strs add, drop;
};
static const struct json_field homes_in_fields[] = {
        ACCOUNT_FIELD(struct homes_in), JSON_FIELD(struct homes_in, add, "Add", JSON_STRS, .limit = LIMIT_LIST_MAX),
        JSON_FIELD(struct homes_in, drop, "Remove", JSON_STRS, .limit = LIMIT_LIST_MAX), JSON_FIELDS_END};
const struct api_message api_operator_homes_in = {homes_in_fields, sizeof(struct homes_in)};
const struct api_message api_operator_homes_out = {account_fields, sizeof(struct account_out)};

res api_operator_homes(struct req *req)
{
        struct homes_in in = {0};

        TRY(REQ_BIND(req, &in));
        TRY(account_home_domains(&req->act, in.account, &in.add, &in.drop));
        return reply_account(req, in.account);
}

/* ---- GrantPackage ---- */

struct package_in {
        struct str account, type;
        struct opt_int days;
};
static const struct json_field package_in_fields[] = {
        ACCOUNT_FIELD(struct package_in), JSON_FIELD(struct package_in, type, "Type", JSON_STR, .required = true, .limit = 16),
        JSON_FIELD(struct package_in, days, "Days", JSON_UINT), JSON_FIELDS_END};
struct package_out {
        struct str package_id, expire_time;
        struct opt_int balance;
};
static const struct json_field package_out_fields[] = {JSON_FIELD(struct package_out, package_id, "PackageId", JSON_STR),
                                                       JSON_FIELD(struct package_out, balance, "Balance", JSON_INT),
                                                       JSON_FIELD(struct package_out, expire_time, "ExpireTime", JSON_STR),
                                                       JSON_FIELDS_END};
const struct api_message api_operator_package_in = {package_in_fields, sizeof(struct package_in)};
const struct api_message api_operator_package_out = {package_out_fields, sizeof(struct package_out)};

res api_operator_package(struct req *req)
{
        struct package_in in = {0};
        struct benefit_row row;

        TRY(REQ_BIND(req, &in));
        TRY(account_grant_package(&req->act, in.account, in.type, in.days.v, &row));
        return REQ_REPLY(req, (&(struct package_out){row.package_id, api_time(req->act.arena, row.expires_at), api_int(row.balance)}));
}

/* ---- ModifyExternalCount ---- */

struct external_in {
        struct str domain;
        struct opt_int count;
};
static const struct json_field external_in_fields[] = {
        JSON_FIELD(struct external_in, domain, "Domain", JSON_STR, .required = true, .limit = LIMIT_TYPED_NAME_BYTES),
        JSON_FIELD(struct external_in, count, "Count", JSON_INT, .required = true), JSON_FIELDS_END};
static const struct json_field external_out_fields[] = {JSON_FIELD(struct external_in, domain, "PrimaryDomain", JSON_STR),
                                                        JSON_FIELD(struct external_in, count, "Count", JSON_INT), JSON_FIELDS_END};
const struct api_message api_operator_external_in = {external_in_fields, sizeof(struct external_in)};
const struct api_message api_operator_external_out = {external_out_fields, sizeof(struct external_in)};

res api_operator_external(struct req *req)
{
        struct external_in in = {0};
        const char *primary = "";

        TRY(REQ_BIND(req, &in));
        TRY(account_external_count(&req->act, in.domain, in.count.v, &primary));
        return REQ_REPLY(req, (&(struct external_in){str_of(primary), in.count}));
}

/* ---- ReloadCatalogue ---- */

struct catalogue_in {
        struct opt_int check;
};
static const struct json_field catalogue_in_fields[] = {JSON_FIELD(struct catalogue_in, check, "CheckOnly", JSON_BOOL), JSON_FIELDS_END};
struct catalogue_out {
        struct opt_int products, buyable;
};
static const struct json_field catalogue_out_fields[] = {JSON_FIELD(struct catalogue_out, products, "Products", JSON_INT),
                                                         JSON_FIELD(struct catalogue_out, buyable, "Buyable", JSON_INT), JSON_FIELDS_END};
const struct api_message api_operator_catalogue_in = {catalogue_in_fields, sizeof(struct catalogue_in)};
const struct api_message api_operator_catalogue_out = {catalogue_out_fields, sizeof(struct catalogue_out)};

res api_operator_catalogue(struct req *req)
{
        struct catalogue_in in = {0};
        struct catalogue_figures figures;

        TRY(REQ_BIND(req, &in));
        TRY(catalogue_reload(&req->act, in.check.v != 0, &figures));
        return REQ_REPLY(req, (&(struct catalogue_out){api_int(figures.products), api_int(figures.buyable)}));
}

/* ---- RevokeForAccount ---- */

struct revoke_in {
        struct str account, certificate_id, reason, reason_code;
};
static const struct json_field revoke_in_fields[] = {
        ACCOUNT_FIELD(struct revoke_in),
        JSON_FIELD(struct revoke_in, certificate_id, "CertificateId", JSON_STR, .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct revoke_in, reason, "Reason", JSON_STR, .required = true, .limit = LIMIT_REASON_CHARS * 4),
        JSON_FIELD(struct revoke_in, reason_code, "ReasonCode", JSON_STR, .limit = 32),
        JSON_FIELDS_END};
struct revoke_out {
        struct str account, certificate_id;
};
static const struct json_field revoke_out_fields[] = {JSON_FIELD(struct revoke_out, account, "Account", JSON_STR),
                                                      JSON_FIELD(struct revoke_out, certificate_id, "CertificateId", JSON_STR),
                                                      JSON_FIELDS_END};
const struct api_message api_operator_revoke_in = {revoke_in_fields, sizeof(struct revoke_in)};
const struct api_message api_operator_revoke_out = {revoke_out_fields, sizeof(struct revoke_out)};

res api_operator_revoke(struct req *req)
{
        struct revoke_in in = {0};

        TRY(REQ_BIND(req, &in));
        TRY(revocation_on_behalf(&req->act, in.account, in.certificate_id, in.reason, in.reason_code));
        return REQ_REPLY(req, (&(struct revoke_out){in.account, in.certificate_id}));
}
