/* See certificate.h.  Tables of parameters first, then one handler an action: bind → check → act → reply. */
#include "api/certificate.h"

#include "api/certificate_out.h"
#include "api/tag.h"
#include "base/log.h"

/* ---- parameters ---- */

struct apply_in {
        struct str method, domain, package_type, email, phone, validity, algo, parameter, password, alias, old_id,
                package_id;
        struct opt_int project_id, delete_dns_auto_record;
        struct strs dns_names;
        struct objs tags;
};

static const struct json_field apply_in_fields[] = {
        JSON_FIELD(struct apply_in, method, "DvAuthMethod", JSON_STR, .required = true, .limit = 32),
        JSON_FIELD(struct apply_in, domain, "DomainName", JSON_STR, .required = true, .limit = LIMIT_TYPED_NAME_BYTES),
        JSON_FIELD(struct apply_in, project_id, "ProjectId", JSON_UINT),
        JSON_FIELD(struct apply_in, package_type, "PackageType", JSON_STR, .limit = 16),
        JSON_FIELD(struct apply_in, email, "ContactEmail", JSON_STR, .limit = LIMIT_EMAIL_BYTES),
        JSON_FIELD(struct apply_in, phone, "ContactPhone", JSON_STR, .limit = 64),
        JSON_FIELD(struct apply_in, validity, "ValidityPeriod", JSON_STR, .limit = 16),
        JSON_FIELD(struct apply_in, algo, "CsrEncryptAlgo", JSON_STR, .limit = 16),
        JSON_FIELD(struct apply_in, parameter, "CsrKeyParameter", JSON_STR, .limit = 32),
        JSON_FIELD(struct apply_in, password, "CsrKeyPassword", JSON_STR, .limit = LIMIT_PASSWORD_BYTES),
        JSON_FIELD(struct apply_in, alias, "Alias", JSON_STR, .limit = LIMIT_ALIAS_CHARS * 4),
        JSON_FIELD(struct apply_in, old_id, "OldCertificateId", JSON_STR, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct apply_in, package_id, "PackageId", JSON_STR, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct apply_in, delete_dns_auto_record, "DeleteDnsAutoRecord", JSON_BOOL),
        JSON_FIELD(struct apply_in, dns_names, "DnsNames", JSON_STRS, .limit = LIMIT_NAMES_PER_CERT),
        JSON_FIELD(struct apply_in, tags, "Tags", JSON_OBJS, .limit = LIMIT_TAGS, .sub = api_tag_fields,
                   .sub_size = sizeof(struct tag_pair)),
        JSON_FIELDS_END};

struct id_in {
        struct str certificate_id;
        struct opt_int is_check_resource;
};

static const struct json_field id_fields[] = {JSON_FIELD(struct id_in, certificate_id, "CertificateId", JSON_STR,
                                                         .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT),
                                              JSON_FIELDS_END};

struct list_in {
        struct opt_int offset, limit, project_id, deployable, upload, renew, is_sm, expiring, hostable, pending_issue;
        struct str search, certificate_type, expiration_sort, source, service_id, marker;
        struct ints statuses;
        struct strs ids;
        struct objs tags;
};

static const struct json_field list_in_fields[] = {
        JSON_FIELD(struct list_in, offset, "Offset", JSON_UINT),
        JSON_FIELD(struct list_in, limit, "Limit", JSON_UINT),
        JSON_FIELD(struct list_in, search, "SearchKey", JSON_STR, .limit = LIMIT_NAME_BYTES),
        JSON_FIELD(struct list_in, certificate_type, "CertificateType", JSON_STR, .limit = 16),
        JSON_FIELD(struct list_in, project_id, "ProjectId", JSON_UINT),
        JSON_FIELD(struct list_in, expiration_sort, "ExpirationSort", JSON_STR, .limit = 16),
        JSON_FIELD(struct list_in, statuses, "CertificateStatus", JSON_INTS, .limit = CERT_STATUS_COUNT * 2),
        JSON_FIELD(struct list_in, deployable, "Deployable", JSON_UINT),
        JSON_FIELD(struct list_in, upload, "Upload", JSON_INT),
        JSON_FIELD(struct list_in, renew, "Renew", JSON_INT),
        JSON_FIELD(struct list_in, source, "FilterSource", JSON_STR, .limit = 16),
        JSON_FIELD(struct list_in, is_sm, "IsSM", JSON_INT),
        JSON_FIELD(struct list_in, expiring, "FilterExpiring", JSON_UINT),
        JSON_FIELD(struct list_in, hostable, "Hostable", JSON_UINT),
        JSON_FIELD(struct list_in, tags, "Tags", JSON_OBJS, .limit = LIMIT_TAGS, .sub = api_tag_fields,
                   .sub_size = sizeof(struct tag_pair)),
        JSON_FIELD(struct list_in, pending_issue, "IsPendingIssue", JSON_INT),
        JSON_FIELD(struct list_in, ids, "CertIds", JSON_STRS, .limit = LIMIT_LIST_MAX),
        JSON_FIELD(struct list_in, service_id, "ServiceId", JSON_STR, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct list_in, marker, "Marker", JSON_STR, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELDS_END};

/* ---- answers ---- */

struct id_out {
        struct str certificate_id;
};

struct result_out {
        struct opt_int result;
        struct str task_id;
};

struct list_out {
        struct opt_int total;
        struct objs certificates;
        struct str next_marker;
};

static const struct json_field id_out_fields[] = {JSON_FIELD(struct id_out, certificate_id, "CertificateId", JSON_STR),
                                                  JSON_FIELDS_END};
static const struct json_field cancel_out_fields[] = {JSON_FIELD(struct result_out, result, "Result", JSON_BOOL),
                                                      JSON_FIELDS_END};
static const struct json_field list_out_fields[] = {
        JSON_FIELD(struct list_out, total, "TotalCount", JSON_UINT),
        JSON_FIELD(struct list_out, certificates, "Certificates", JSON_OBJS, .sub = api_certificate_out_item,
                   .sub_size = sizeof(struct certificate_out)),
        JSON_FIELD(struct list_out, next_marker, "NextMarker", JSON_STR), JSON_FIELDS_END};

const struct api_message api_certificate_apply_in = {apply_in_fields, sizeof(struct apply_in)};
const struct api_message api_certificate_apply_out = {id_out_fields, sizeof(struct id_out)};
const struct api_message api_certificate_describe_in = {id_fields, sizeof(struct id_in)};
const struct api_message api_certificate_describe_out = {api_certificate_out_describe, sizeof(struct certificate_out)};
const struct api_message api_certificate_detail_in = {id_fields, sizeof(struct id_in)};
const struct api_message api_certificate_detail_out = {api_certificate_out_detail, sizeof(struct certificate_out)};
const struct api_message api_certificate_list_in = {list_in_fields, sizeof(struct list_in)};
const struct api_message api_certificate_list_out = {list_out_fields, sizeof(struct list_out)};
const struct api_message api_certificate_cancel_in = {id_fields, sizeof(struct id_in)};
const struct api_message api_certificate_cancel_out = {cancel_out_fields, sizeof(struct result_out)};

/* ---- handlers ---- */

static res apply_check(struct req *req, const struct apply_in *in)
{
        if (!str_is_empty(in->package_id))
                return act_fail(&req->act, ERR_PACKAGE, "There is no benefit package %s; leave PackageId out.",
                                log_quote(in->package_id));
        return RES_OK;
}

res api_certificate_apply(struct req *req)
{
        struct apply_in in = {0};
        struct certificate_apply apply = {0};
        const char *id = NULL;

        TRY(REQ_BIND(req, &in));
        req_wipe_later(req, in.password);
        TRY(apply_check(req, &in));
        apply = (struct certificate_apply){
                .domain = in.domain,
                .method = in.method,
                .email = in.email,
                .phone = in.phone,
                .alias = in.alias,
                .package_type = in.package_type,
                .validity_months = in.validity,
                .key_algo = in.algo,
                .key_parameter = in.parameter,
                .key_password = in.password,
                .old_certificate_id = in.old_id,
                .project_id = in.project_id,
                .dns_names = in.dns_names,
                .tags = in.tags,
        };
        TRY(certificate_apply(&req->act, &apply, &id));
        return REQ_REPLY(req, &((struct id_out){str_of(id)}));
}

res api_certificate_describe(struct req *req)
{
        struct id_in in = {0};
        struct certificate_view view = {0};
        struct certificate_out out = {0};

        TRY(REQ_BIND(req, &in));
        TRY(certificate_view(&req->act, in.certificate_id, &view));
        api_certificate_out_fill(req->act.arena, &view, &out);
        return REQ_REPLY(req, &out);
}

res api_certificate_detail(struct req *req)
{
        struct id_in in = {0};
        struct certificate_detail detail = {0};
        struct certificate_out out = {0};

        TRY(REQ_BIND(req, &in));
        TRY(certificate_detail(&req->act, in.certificate_id, &detail));
        api_certificate_out_fill(req->act.arena, &detail.view, &out);
        api_certificate_out_fill_detail(req->act.arena, &detail, &out);
        return REQ_REPLY(req, &out);
}

/* A limit over the maximum is cut to it, not refused (api.md §10.15). */
static int64_t limit_of(struct opt_int limit)
{
        if (!limit.set || limit.v == 0)
                return LIMIT_LIST_DEFAULT;
        return limit.v < LIMIT_LIST_MAX ? limit.v : LIMIT_LIST_MAX;
}

static res list_check(struct req *req, const struct list_in *in)
{
        static const char *const sorts[] = {"ASC", "DESC"}, *const sources[] = {"upload", "buy"};

        for (size_t i = 0; i < in->statuses.n; i++)
                if (in->statuses.v[i] < 0 || in->statuses.v[i] >= CERT_STATUS_COUNT)
                        return act_fail(&req->act, ERR_PARAM_VALUE, "CertificateStatus knows 0 to %d.",
                                        CERT_STATUS_COUNT - 1);
        TRY(req_check_word(req, "ExpirationSort", in->expiration_sort, sorts, 2));
        return req_check_word(req, "FilterSource", in->source, sources, 2);
}

static void list_reply_fill(struct req *req, const struct certificate_page *page, struct list_out *ret_out)
{
        struct certificate_out *items = arena_array_of(req->act.arena, page->n, struct certificate_out);

        for (size_t i = 0; i < page->n; i++)
                api_certificate_out_fill(req->act.arena, &page->v[i], &items[i]);
        *ret_out = (struct list_out){api_int(page->total), {items, page->n}, str_of(page->next_marker)};
}

res api_certificate_list(struct req *req)
{
        struct list_in in = {0};
        struct certificate_query query = {0};
        struct certificate_page page = {0};
        struct list_out out = {0};

        TRY(REQ_BIND(req, &in));
        TRY(list_check(req, &in));
        query = (struct certificate_query){
                .offset = in.offset.v,
                .limit = limit_of(in.limit),
                .search = in.search,
                .certificate_type = in.certificate_type,
                .expiration_sort = in.expiration_sort,
                .source = in.source,
                .marker = in.marker,
                .project_id = in.project_id,
                .deployable = in.deployable,
                .upload = in.upload,
                .renew = in.renew,
                .is_sm = in.is_sm,
                .expiring = in.expiring,
                .hostable = in.hostable,
                .pending_issue = in.pending_issue,
                .statuses = in.statuses.v,
                .status_count = in.statuses.n,
                .ids = in.ids,
                .tags = in.tags,
        };
        if (str_is_empty(in.service_id)) /* there are no shared services, so nothing belongs to one */
                TRY(certificate_list(&req->act, &query, &page));
        list_reply_fill(req, &page, &out);
        return REQ_REPLY(req, &out);
}

res api_certificate_cancel(struct req *req)
{
        struct id_in in = {0};

        TRY(REQ_BIND(req, &in));
        TRY(certificate_cancel(&req->act, in.certificate_id));
        return REQ_REPLY(req, &((struct result_out){.result = api_bool(true)}));
}
