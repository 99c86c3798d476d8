/*
 * See upload.h.  The private key and its password are wiped with the request; what is too long for a field is refused
 * before anything looks at it.
 */
#include "api/upload.h"

#include "api/tag.h"
#include "core/upload.h"
#include "core/upload_record.h"

#define PUBLIC_BYTES LIMIT_HTTP_BODY
#define PRIVATE_BYTES (64 * 1024) /* core says by how much a key is too long; this only bounds what it is shown */
#define RESOURCE_TYPES_MAX 32     /* the public API knows about twenty */
#define RESOURCE_TYPE_BYTES 64

/* ---- parameters ---- */

struct put_in {
        struct str public_key, private_key, type, alias, use, key_password;
        struct opt_int project_id, repeatable;
        struct objs tags;
};
static const struct json_field put_in_fields[] = {
        JSON_FIELD(struct put_in, public_key, "CertificatePublicKey", JSON_STR, .required = true, .limit = PUBLIC_BYTES),
        JSON_FIELD(struct put_in, private_key, "CertificatePrivateKey", JSON_STR, .limit = PRIVATE_BYTES),
        JSON_FIELD(struct put_in, type, "CertificateType", JSON_STR, .limit = 16),
        JSON_FIELD(struct put_in, alias, "Alias", JSON_STR, .limit = LIMIT_ALIAS_CHARS * 4),
        JSON_FIELD(struct put_in, project_id, "ProjectId", JSON_UINT),
        JSON_FIELD(struct put_in, use, "CertificateUse", JSON_STR, .limit = 64),
        JSON_FIELD(struct put_in, tags, "Tags", JSON_OBJS, .limit = LIMIT_TAGS, .sub = api_tag_fields,
                   .sub_size = sizeof(struct tag_pair)),
        JSON_FIELD(struct put_in, repeatable, "Repeatable", JSON_BOOL),
        JSON_FIELD(struct put_in, key_password, "KeyPassword", JSON_STR, .limit = LIMIT_PASSWORD_BYTES),
        JSON_FIELDS_END};

struct find_in {
        struct str public_key;
};
static const struct json_field find_in_fields[] = {
        JSON_FIELD(struct find_in, public_key, "CertificatePublicKey", JSON_STR, .required = true, .limit = PUBLIC_BYTES),
        JSON_FIELDS_END};

struct regions_in {
        struct str type;
        struct strs regions;
};
static const struct json_field regions_fields[] = {
        JSON_FIELD(struct regions_in, type, "ResourceType", JSON_STR, .limit = RESOURCE_TYPE_BYTES),
        JSON_FIELD(struct regions_in, regions, "Regions", JSON_STRS, .limit = 64), JSON_FIELDS_END};
struct exchange_in {
        struct str old_id, new_id, public_key, private_key;
        struct strs types;
        struct objs regions;
};
static const struct json_field exchange_in_fields[] = {
        JSON_FIELD(struct exchange_in, old_id, "OldCertificateId", JSON_STR, .required = true,
                   .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct exchange_in, types, "ResourceTypes", JSON_STRS, .required = true, .limit = RESOURCE_TYPES_MAX),
        JSON_FIELD(struct exchange_in, public_key, "CertificatePublicKey", JSON_STR, .required = true,
                   .limit = PUBLIC_BYTES),
        JSON_FIELD(struct exchange_in, private_key, "CertificatePrivateKey", JSON_STR, .required = true,
                   .limit = PRIVATE_BYTES),
        JSON_FIELD(struct exchange_in, regions, "ResourceTypesRegions", JSON_OBJS, .limit = RESOURCE_TYPES_MAX,
                   .sub = regions_fields, .sub_size = sizeof(struct regions_in)),
        JSON_FIELD(struct exchange_in, new_id, "CertificateId", JSON_STR, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELDS_END};

struct records_in {
        struct opt_int offset, limit;
        struct str old_id;
};
static const struct json_field records_in_fields[] = {
        JSON_FIELD(struct records_in, offset, "Offset", JSON_UINT), JSON_FIELD(struct records_in, limit, "Limit", JSON_UINT),
        JSON_FIELD(struct records_in, old_id, "OldCertificateId", JSON_STR, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELDS_END};
struct rollback_in {
        struct opt_int id;
};
static const struct json_field rollback_in_fields[] = {
        JSON_FIELD(struct rollback_in, id, "DeployRecordId", JSON_INT, .required = true), JSON_FIELDS_END};
struct retry_in {
        struct opt_int id, detail_id;
};
static const struct json_field retry_in_fields[] = {
        JSON_FIELD(struct retry_in, id, "DeployRecordId", JSON_INT), JSON_FIELD(struct retry_in, detail_id, "DeployRecordDetailId", JSON_INT),
        JSON_FIELDS_END};
static const struct json_field nothing_fields[] = {JSON_FIELDS_END};
struct record_in {
        struct opt_int id, offset, limit;
};
static const struct json_field record_in_fields[] = {
        JSON_FIELD(struct record_in, id, "DeployRecordId", JSON_INT, .required = true),
        JSON_FIELD(struct record_in, limit, "Limit", JSON_INT), JSON_FIELD(struct record_in, offset, "Offset", JSON_INT),
        JSON_FIELDS_END};

/* ---- answers ---- */

struct put_out {
        struct str id, repeat_id;
};
static const struct json_field put_out_fields[] = {JSON_FIELD(struct put_out, id, "CertificateId", JSON_STR),
                                                   JSON_FIELD(struct put_out, repeat_id, "RepeatCertId", JSON_STR),
                                                   JSON_FIELDS_END};
static const struct json_field find_out_fields[] = {JSON_FIELD(struct put_out, repeat_id, "RepeatCertId", JSON_STR),
                                                    JSON_FIELDS_END};

struct region_out {
        struct str region;
        struct opt_int total, offset, status;
};
static const struct json_field region_out_fields[] = {JSON_FIELD(struct region_out, region, "Region", JSON_STR),
                                                      JSON_FIELD(struct region_out, total, "TotalCount", JSON_INT),
                                                      JSON_FIELD(struct region_out, offset, "OffsetCount", JSON_INT),
                                                      JSON_FIELD(struct region_out, status, "Status", JSON_INT),
                                                      JSON_FIELDS_END};
struct progress_out {
        struct str type;
        struct objs regions;
        struct opt_int status;
};
static const struct json_field progress_fields[] = {
        JSON_FIELD(struct progress_out, type, "ResourceType", JSON_STR),
        JSON_FIELD(struct progress_out, regions, "UpdateSyncProgressRegions", JSON_OBJS, .sub = region_out_fields,
                   .sub_size = sizeof(struct region_out)),
        JSON_FIELD(struct progress_out, status, "Status", JSON_INT), JSON_FIELDS_END};
struct exchange_out {
        struct opt_int record_id, status;
        struct objs progress;
};
static const struct json_field exchange_out_fields[] = {
        JSON_FIELD(struct exchange_out, record_id, "DeployRecordId", JSON_UINT),
        JSON_FIELD(struct exchange_out, status, "DeployStatus", JSON_INT),
        JSON_FIELD(struct exchange_out, progress, "UpdateSyncProgress", JSON_OBJS, .sub = progress_fields,
                   .sub_size = sizeof(struct progress_out)),
        JSON_FIELDS_END};

struct record_item {
        struct opt_int id, status;
        struct str old_id, created, updated;
        struct strs types;
};
static const struct json_field record_item_fields[] = {
        JSON_FIELD(struct record_item, id, "Id", JSON_UINT), JSON_FIELD(struct record_item, old_id, "OldCertId", JSON_STR),
        JSON_FIELD(struct record_item, types, "ResourceTypes", JSON_STRS),
        JSON_FIELD(struct record_item, status, "Status", JSON_UINT),
        JSON_FIELD(struct record_item, created, "CreateTime", JSON_STR),
        JSON_FIELD(struct record_item, updated, "UpdateTime", JSON_STR), JSON_FIELDS_END};
struct records_out {
        struct opt_int total;
        struct objs records;
};
static const struct json_field records_out_fields[] = {
        JSON_FIELD(struct records_out, total, "TotalCount", JSON_UINT),
        JSON_FIELD(struct records_out, records, "DeployRecordList", JSON_OBJS, .sub = record_item_fields,
                   .sub_size = sizeof(struct record_item)),
        JSON_FIELDS_END};

/*
 * What was done at each bound resource.  The exchange itself is whole once it is answered, so a record has no items of its
 * own and its counters say that all is done.
 */
struct item_out {
        struct str old_id, instance, name, listener, listener_name, protocol, error, created, updated, bucket, name_space,
                secret, region, ssl_mode, type;
        struct strs domains;
        struct opt_int id, status, sni, port, forward;
};
static const struct json_field item_fields[] = {
        JSON_FIELD(struct item_out, id, "Id", JSON_UINT), JSON_FIELD(struct item_out, old_id, "OldCertId", JSON_STR),
        JSON_FIELD(struct item_out, instance, "InstanceId", JSON_STR),
        JSON_FIELD(struct item_out, name, "InstanceName", JSON_STR),
        JSON_FIELD(struct item_out, listener, "ListenerId", JSON_STR),
        JSON_FIELD(struct item_out, domains, "Domains", JSON_STRS),
        JSON_FIELD(struct item_out, protocol, "Protocol", JSON_STR), JSON_FIELD(struct item_out, status, "Status", JSON_INT),
        JSON_FIELD(struct item_out, error, "ErrorMsg", JSON_STR),
        JSON_FIELD(struct item_out, created, "CreateTime", JSON_STR),
        JSON_FIELD(struct item_out, updated, "UpdateTime", JSON_STR),
        JSON_FIELD(struct item_out, listener_name, "ListenerName", JSON_STR),
        JSON_FIELD(struct item_out, sni, "SniSwitch", JSON_INT), JSON_FIELD(struct item_out, bucket, "Bucket", JSON_STR),
        JSON_FIELD(struct item_out, name_space, "Namespace", JSON_STR),
        JSON_FIELD(struct item_out, secret, "SecretName", JSON_STR), JSON_FIELD(struct item_out, port, "Port", JSON_INT),
        JSON_FIELD(struct item_out, region, "Region", JSON_STR), JSON_FIELD(struct item_out, forward, "Forward", JSON_INT),
        JSON_FIELD(struct item_out, ssl_mode, "SSLMode", JSON_STR),
        JSON_FIELD(struct item_out, type, "ResourceType", JSON_STR), JSON_FIELDS_END};
struct items_out {
        struct str type;
        struct objs items;
        struct opt_int total;
};
static const struct json_field items_fields[] = {
        JSON_FIELD(struct items_out, type, "ResourceType", JSON_STR),
        JSON_FIELD(struct items_out, items, "List", JSON_OBJS, .sub = item_fields, .sub_size = sizeof(struct item_out)),
        JSON_FIELD(struct items_out, total, "TotalCount", JSON_INT), JSON_FIELDS_END};
struct deploy_out {
        struct opt_int total, success, failed, running, type, status, pending;
        struct objs items;
        struct str created;
};
static const struct json_field deploy_fields[] = {
        JSON_FIELD(struct deploy_out, total, "TotalCount", JSON_INT),
        JSON_FIELD(struct deploy_out, success, "SuccessTotalCount", JSON_INT),
        JSON_FIELD(struct deploy_out, failed, "FailedTotalCount", JSON_INT),
        JSON_FIELD(struct deploy_out, running, "RunningTotalCount", JSON_INT),
        JSON_FIELD(struct deploy_out, type, "Type", JSON_INT),
        JSON_FIELD(struct deploy_out, items, "RecordDetailList", JSON_OBJS, .sub = items_fields,
                   .sub_size = sizeof(struct items_out)),
        JSON_FIELD(struct deploy_out, status, "Status", JSON_INT),
        JSON_FIELD(struct deploy_out, created, "CreateTime", JSON_STR),
        JSON_FIELD(struct deploy_out, pending, "PendingTotalCount", JSON_INT), JSON_FIELDS_END};
struct record_out {
        struct objs detail;
};
static const struct json_field record_out_fields[] = {
        JSON_FIELD(struct record_out, detail, "DeployRecordDetail", JSON_OBJS, .sub = deploy_fields,
                   .sub_size = sizeof(struct deploy_out)),
        JSON_FIELDS_END};

const struct api_message api_upload_put_in = {put_in_fields, sizeof(struct put_in)};
const struct api_message api_upload_put_out = {put_out_fields, sizeof(struct put_out)};
const struct api_message api_upload_find_in = {find_in_fields, sizeof(struct find_in)};
const struct api_message api_upload_find_out = {find_out_fields, sizeof(struct put_out)};
const struct api_message api_upload_exchange_in = {exchange_in_fields, sizeof(struct exchange_in)};
const struct api_message api_upload_exchange_out = {exchange_out_fields, sizeof(struct exchange_out)};
const struct api_message api_upload_records_in = {records_in_fields, sizeof(struct records_in)};
const struct api_message api_upload_records_out = {records_out_fields, sizeof(struct records_out)};
const struct api_message api_upload_rollback_in = {rollback_in_fields, sizeof(struct rollback_in)};
const struct api_message api_upload_rollback_out = {nothing_fields, 0};
const struct api_message api_upload_retry_in = {retry_in_fields, sizeof(struct retry_in)};
const struct api_message api_upload_retry_out = {nothing_fields, 0};
const struct api_message api_upload_record_in = {record_in_fields, sizeof(struct record_in)};
const struct api_message api_upload_record_out = {record_out_fields, sizeof(struct record_out)};

/* ---- handlers ---- */

res api_upload_put(struct req *req)
{
        struct put_in in = {0};
        const char *id = NULL, *repeat_id = NULL;

        res bound = REQ_BIND(req, &in);

        req_wipe_later(req, in.private_key);
        req_wipe_later(req, in.key_password);
        TRY(bound);
        const struct certificate_upload upload = {
                .public_key = in.public_key,
                .private_key = in.private_key,
                .type = in.type,
                .alias = in.alias,
                .key_password = in.key_password,
                .project_id = in.project_id,
                .repeatable = in.repeatable,
                .tags = in.tags,
        };
        TRY(certificate_upload(&req->act, &upload, &id, &repeat_id));
        return REQ_REPLY(req, &((struct put_out){str_of(id), str_of(repeat_id)}));
}

res api_upload_find(struct req *req)
{
        struct find_in in = {0};
        const char *id = NULL;

        TRY(REQ_BIND(req, &in));
        TRY(certificate_upload_find(&req->act, in.public_key, &id));
        return REQ_REPLY(req, &((struct put_out){.repeat_id = str_of(id)}));
}

/* One entry for each kind of resource: its bound ones have been gone through. */
static struct objs progress_of(struct req *req, const struct strs *types)
{
        struct progress_out *v = arena_array_of(req->act.arena, types->n, struct progress_out);

        for (size_t i = 0; i < types->n; i++)
                v[i] = (struct progress_out){.type = types->v[i], .status = api_int(1)};
        return (struct objs){v, types->n};
}

res api_upload_exchange(struct req *req)
{
        struct exchange_in in = {0};
        int64_t id = 0;

        res bound = REQ_BIND(req, &in);

        req_wipe_later(req, in.private_key);
        TRY(bound);
        const struct certificate_exchange exchange = {in.old_id, in.public_key, in.private_key, in.types};

        TRY(certificate_upload_exchange(&req->act, &exchange, &id));
        return REQ_REPLY(req, &((struct exchange_out){api_int(id), api_int(1), progress_of(req, &in.types)}));
}

res api_upload_records(struct req *req)
{
        struct records_in in = {0};
        struct upload_record_page page = {0};

        TRY(REQ_BIND(req, &in));
        int64_t limit = !in.limit.set || in.limit.v == 0 ? LIMIT_LIST_DEFAULT : in.limit.v;

        TRY(upload_record_list(&req->act, in.old_id, in.offset.v, limit < LIMIT_LIST_MAX ? limit : LIMIT_LIST_MAX, &page));
        struct record_item *items = arena_array_of(req->act.arena, page.n, struct record_item);

        for (size_t i = 0; i < page.n; i++)
                items[i] = (struct record_item){
                        .id = api_int(page.v[i].id),
                        .status = api_int(page.v[i].status),
                        .old_id = page.v[i].certificate_id,
                        .types = page.v[i].resource_types,
                        .created = api_time(req->act.arena, page.v[i].created_at),
                        .updated = api_time(req->act.arena, page.v[i].updated_at),
                };
        return REQ_REPLY(req, &((struct records_out){api_int(page.total), {items, page.n}}));
}

res api_upload_record(struct req *req)
{
        struct record_in in = {0};
        struct upload_record record = {0};

        TRY(REQ_BIND(req, &in));
        TRY(upload_record_get(&req->act, in.id.v, &record));
        struct deploy_out *out = arena_new_of(req->act.arena, struct deploy_out);

        out->type = api_int(1);
        out->status = api_int(record.status);
        out->created = api_time(req->act.arena, record.created_at);
        return REQ_REPLY(req, &((struct record_out){{out, 1}}));
}

res api_upload_rollback(struct req *req)
{
        struct rollback_in in = {0};

        TRY(REQ_BIND(req, &in));
        return certificate_upload_rollback(&req->act, in.id.v);
}

res api_upload_retry(struct req *req)
{
        struct retry_in in = {0};

        TRY(REQ_BIND(req, &in));
        return certificate_upload_retry(&req->act, in.id.v);
}
