/* See binding.h. */
#include "api/binding.h"

#include "core/binding.h"

struct change_in {
        struct str certificate_id, type, region, resource_id, name, domain;
};

struct change_out {
        struct str certificate_id;
};

struct id_in {
        struct str certificate_id;
};

struct binding_out {
        struct str type, region, resource_id, name, domain, time;
};

struct list_out {
        struct objs bindings;
};

struct deployed_in {
        struct strs ids;
        struct str type;
};

struct deployed_item {
        struct str certificate_id, type;
        struct opt_int count;
        struct strs resources, unused;
};

struct deployed_out {
        struct objs resources;
};

struct look_up_in {
        struct strs ids;
        struct opt_int cache;
};

struct task_id_out {
        struct str certificate_id, task_id;
};

struct look_up_out {
        struct objs tasks;
};

struct result_in {
        struct strs ids;
};

struct region_out {
        struct str region, why;
        struct opt_int count;
};

struct kind_out {
        struct str type;
        struct objs regions;
};

struct why_out {
        struct str code;
};

struct result_item {
        struct str task_id, time;
        struct objs kinds;
        struct opt_int status;
        const struct why_out *why; /* NULL: no look-up fails here */
};

struct result_out {
        struct objs results;
};

#define KEY_FIELDS \
        JSON_FIELD(struct change_in, certificate_id, "CertificateId", JSON_STR, .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT), \
                JSON_FIELD(struct change_in, type, "ResourceType", JSON_STR, .required = true, .limit = 64), \
                JSON_FIELD(struct change_in, resource_id, "ResourceId", JSON_STR, .required = true, .limit = LIMIT_RESOURCE_ID_CHARS * 4), \
                JSON_FIELD(struct change_in, region, "Region", JSON_STR, .limit = LIMIT_RESOURCE_ID_CHARS * 4)
static const struct json_field register_in_fields[] = {
        KEY_FIELDS, JSON_FIELD(struct change_in, name, "Name", JSON_STR, .limit = LIMIT_RESOURCE_ID_CHARS * 4),
        JSON_FIELD(struct change_in, domain, "Domain", JSON_STR, .limit = LIMIT_RESOURCE_ID_CHARS * 4), JSON_FIELDS_END};
static const struct json_field remove_in_fields[] = {KEY_FIELDS, JSON_FIELDS_END};
static const struct json_field change_out_fields[] = {JSON_FIELD(struct change_out, certificate_id, "CertificateId", JSON_STR),
                                                      JSON_FIELDS_END};
static const struct json_field id_fields[] = {
        JSON_FIELD(struct id_in, certificate_id, "CertificateId", JSON_STR, .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELDS_END};
static const struct json_field binding_fields[] = {JSON_FIELD(struct binding_out, type, "ResourceType", JSON_STR),
                                                   JSON_FIELD(struct binding_out, region, "Region", JSON_STR),
                                                   JSON_FIELD(struct binding_out, resource_id, "ResourceId", JSON_STR),
                                                   JSON_FIELD(struct binding_out, name, "Name", JSON_STR),
                                                   JSON_FIELD(struct binding_out, domain, "Domain", JSON_STR),
                                                   JSON_FIELD(struct binding_out, time, "CreatedOn", JSON_STR),
                                                   JSON_FIELDS_END};
static const struct json_field list_out_fields[] = {
        JSON_FIELD(struct list_out, bindings, "Bindings", JSON_OBJS, .sub = binding_fields, .sub_size = sizeof(struct binding_out)),
        JSON_FIELDS_END};
static const struct json_field deployed_in_fields[] = {
        JSON_FIELD(struct deployed_in, ids, "CertificateIds", JSON_STRS, .required = true, .limit = LIMIT_TASK_CERTIFICATES),
        JSON_FIELD(struct deployed_in, type, "ResourceType", JSON_STR, .required = true, .limit = 64), JSON_FIELDS_END};
static const struct json_field deployed_fields[] = {JSON_FIELD(struct deployed_item, certificate_id, "CertificateId", JSON_STR),
                                                    JSON_FIELD(struct deployed_item, count, "Count", JSON_INT),
                                                    JSON_FIELD(struct deployed_item, type, "Type", JSON_STR),
                                                    JSON_FIELD(struct deployed_item, unused, "ResourceIds", JSON_STRS_NULL),
                                                    JSON_FIELD(struct deployed_item, resources, "Resources", JSON_STRS),
                                                    JSON_FIELDS_END};
static const struct json_field deployed_out_fields[] = {
        JSON_FIELD(struct deployed_out, resources, "DeployedResources", JSON_OBJS, .sub = deployed_fields,
                   .sub_size = sizeof(struct deployed_item)),
        JSON_FIELDS_END};
/* How many ids may come is core's to say, with the API's own code. */
static const struct json_field look_up_in_fields[] = {
        JSON_FIELD(struct look_up_in, ids, "CertificateIds", JSON_STRS, .required = true, .limit = LIMIT_LIST_MAX),
        JSON_FIELD(struct look_up_in, cache, "IsCache", JSON_UINT, .required = true), JSON_FIELDS_END};
static const struct json_field task_id_fields[] = {JSON_FIELD(struct task_id_out, certificate_id, "CertId", JSON_STR),
                                                   JSON_FIELD(struct task_id_out, task_id, "TaskId", JSON_STR), JSON_FIELDS_END};
static const struct json_field look_up_out_fields[] = {
        JSON_FIELD(struct look_up_out, tasks, "CertTaskIds", JSON_OBJS, .sub = task_id_fields, .sub_size = sizeof(struct task_id_out)),
        JSON_FIELDS_END};
static const struct json_field result_in_fields[] = {
        JSON_FIELD(struct result_in, ids, "TaskIds", JSON_STRS, .required = true, .limit = LIMIT_TASK_CERTIFICATES), JSON_FIELDS_END};
static const struct json_field region_fields[] = {JSON_FIELD(struct region_out, region, "Region", JSON_STR),
                                                  JSON_FIELD(struct region_out, count, "TotalCount", JSON_UINT),
                                                  JSON_FIELD(struct region_out, why, "Error", JSON_STR), JSON_FIELDS_END};
static const struct json_field kind_fields[] = {
        JSON_FIELD(struct kind_out, type, "ResourceType", JSON_STR),
        JSON_FIELD(struct kind_out, regions, "BindResourceRegionResult", JSON_OBJS, .sub = region_fields,
                   .sub_size = sizeof(struct region_out)),
        JSON_FIELDS_END};
static const struct json_field why_fields[] = {JSON_FIELDS_END};
static const struct json_field result_fields[] = {
        JSON_FIELD(struct result_item, task_id, "TaskId", JSON_STR),
        JSON_FIELD(struct result_item, kinds, "BindResourceResult", JSON_OBJS, .sub = kind_fields, .sub_size = sizeof(struct kind_out)),
        JSON_FIELD(struct result_item, status, "Status", JSON_UINT),
        JSON_FIELD(struct result_item, why, "Error", JSON_OBJ, .sub = why_fields),
        JSON_FIELD(struct result_item, time, "CacheTime", JSON_STR), JSON_FIELDS_END};
static const struct json_field result_out_fields[] = {
        JSON_FIELD(struct result_out, results, "SyncTaskBindResourceResult", JSON_OBJS, .sub = result_fields,
                   .sub_size = sizeof(struct result_item)),
        JSON_FIELDS_END};
const struct api_message api_binding_register_in = {register_in_fields, sizeof(struct change_in)};
const struct api_message api_binding_register_out = {change_out_fields, sizeof(struct change_out)};
const struct api_message api_binding_remove_in = {remove_in_fields, sizeof(struct change_in)};
const struct api_message api_binding_remove_out = {change_out_fields, sizeof(struct change_out)};
const struct api_message api_binding_list_in = {id_fields, sizeof(struct id_in)};
const struct api_message api_binding_list_out = {list_out_fields, sizeof(struct list_out)};
const struct api_message api_binding_deployed_in = {deployed_in_fields, sizeof(struct deployed_in)};
const struct api_message api_binding_deployed_out = {deployed_out_fields, sizeof(struct deployed_out)};
const struct api_message api_binding_look_up_in = {look_up_in_fields, sizeof(struct look_up_in)};
const struct api_message api_binding_look_up_out = {look_up_out_fields, sizeof(struct look_up_out)};
const struct api_message api_binding_result_in = {result_in_fields, sizeof(struct result_in)};
const struct api_message api_binding_result_out = {result_out_fields, sizeof(struct result_out)};

/* ---- changes ---- */

static struct binding_new change_of(const struct change_in *in)
{
        return (struct binding_new){in->certificate_id, in->type, in->region, in->resource_id, in->name, in->domain};
}

res api_binding_register(struct req *req)
{
        struct change_in in = {0};

        TRY(REQ_BIND(req, &in));
        const struct binding_new change = change_of(&in);

        TRY(binding_register(&req->act, &change));
        return REQ_REPLY(req, &((struct change_out){in.certificate_id}));
}

res api_binding_remove(struct req *req)
{
        struct change_in in = {0};

        TRY(REQ_BIND(req, &in));
        const struct binding_new change = change_of(&in);

        TRY(binding_remove(&req->act, &change));
        return REQ_REPLY(req, &((struct change_out){in.certificate_id}));
}

/* ---- looks ---- */

res api_binding_list(struct req *req)
{
        struct id_in in = {0};
        const struct binding_row *rows = NULL;
        size_t n = 0;

        TRY(REQ_BIND(req, &in));
        TRY(binding_list(&req->act, in.certificate_id, &rows, &n));
        struct binding_out *out = arena_array_of(req->act.arena, n + 1, struct binding_out);

        for (size_t i = 0; i < n; i++)
                out[i] = (struct binding_out){rows[i].resource_type, rows[i].region, rows[i].resource_id,
                                              rows[i].name,          rows[i].domain, api_time(req->act.arena, rows[i].created_at)};
        return REQ_REPLY(req, &((struct list_out){{out, n}}));
}

/* What a kind's resource is called: its domain where it has one, as CDN and the like do. */
static res deployed_of(struct req *req, struct str id, struct str type, struct deployed_item *ret_item)
{
        const struct binding_row *rows = NULL;
        size_t n = 0, found = 0;

        TRY(binding_list(&req->act, id, &rows, &n));
        struct str *resources = arena_array_of(req->act.arena, n + 1, struct str);

        for (size_t i = 0; i < n; i++)
                if (str_equal(rows[i].resource_type, type))
                        resources[found++] = rows[i].domain.n ? rows[i].domain : rows[i].resource_id;
        *ret_item = (struct deployed_item){.certificate_id = id, .type = type, .count = api_int((int64_t)found), .resources = {resources, found}};
        return RES_OK;
}

res api_binding_deployed(struct req *req)
{
        struct deployed_in in = {0};
        struct deployed_item *out = NULL;

        TRY(REQ_BIND(req, &in));
        out = arena_array_of(req->act.arena, in.ids.n + 1, struct deployed_item);
        for (size_t i = 0; i < in.ids.n; i++)
                TRY(deployed_of(req, in.ids.v[i], in.type, &out[i]));
        return REQ_REPLY(req, &((struct deployed_out){{out, in.ids.n}}));
}

/* ---- tasks ---- */

res api_binding_look_up(struct req *req)
{
        struct look_up_in in = {0};
        const int64_t *task_ids = NULL;

        TRY(REQ_BIND(req, &in));
        TRY(binding_look_up(&req->act, in.ids, &task_ids));
        struct task_id_out *out = arena_array_of(req->act.arena, in.ids.n + 1, struct task_id_out);

        for (size_t i = 0; i < in.ids.n; i++)
                out[i] = (struct task_id_out){in.ids.v[i], api_number_text(req->act.arena, task_ids[i])};
        return REQ_REPLY(req, &((struct look_up_out){{out, in.ids.n}}));
}

/* The rows come sorted by type and region: runs of equal ones are counted. */
static struct objs regions_of(struct arena *arena, const struct binding_row *rows, size_t n)
{
        struct region_out *out = arena_array_of(arena, n + 1, struct region_out);
        size_t count = 0;

        for (size_t i = 0; i < n; i++) {
                if (i == 0 || !str_equal(rows[i].region, rows[i - 1].region)) {
                        out[count] = (struct region_out){.region = rows[i].region, .count = api_int(0)};
                        count++;
                }
                out[count - 1].count.v++;
        }
        return (struct objs){out, count};
}

static struct objs kinds_of(struct arena *arena, const struct binding_row *rows, size_t n)
{
        struct kind_out *out = arena_array_of(arena, n + 1, struct kind_out);
        size_t count = 0;

        for (size_t begin = 0, end = 0; begin < n; begin = end) {
                while (end < n && str_equal(rows[end].resource_type, rows[begin].resource_type))
                        end++;
                out[count++] = (struct kind_out){rows[begin].resource_type, regions_of(arena, rows + begin, end - begin)};
        }
        return (struct objs){out, count};
}

res api_binding_result(struct req *req)
{
        struct result_in in = {0};
        struct result_item *out = NULL;

        TRY(REQ_BIND(req, &in));
        out = arena_array_of(req->act.arena, in.ids.n + 1, struct result_item);
        for (size_t i = 0; i < in.ids.n; i++) {
                struct binding_task task = {0};

                TRY(binding_task_get(&req->act, in.ids.v[i], &task));
                out[i] = (struct result_item){
                        .task_id = in.ids.v[i],
                        .kinds = kinds_of(req->act.arena, task.bindings, task.binding_count),
                        .status = api_int(task.task.status),
                        .time = api_time(req->act.arena, req->act.now_sec),
                };
        }
        return REQ_REPLY(req, &((struct result_out){{out, in.ids.n}}));
}
