/*
 * DescribeCertificateBindResourceTaskDetail: each binding in the form that its kind has on the wire.  One struct holds what a
 * binding can tell; a kind's table names the members it shows, and what nobody told here stays empty.  Kinds of one's
 * own, which the wire has no form for, come under OTHER.
 */
#include "api/binding.h"

#include "core/binding.h"

#define DETAIL_DEFAULT 10
#define DETAIL_MAX 100

struct instance {
        struct str id, name, host, region, cert_id, state, protocol, empty;
        struct opt_int zero, one;
        struct objs none;
        struct strs no_names, cert_ids;
        const struct instance *self, *absent; /* an object of its own in the list of environments */
};

struct list {
        struct str region, why;
        struct opt_int count;
        struct objs instances;
};

enum kind {
        KIND_CLB, KIND_CDN, KIND_WAF, KIND_DDOS, KIND_LIVE, KIND_VOD, KIND_TKE, KIND_APIGATEWAY, KIND_TEO,
        KIND_TSE, KIND_COS, KIND_TDMQ, KIND_MQTT, KIND_GAAP, KIND_SCF, KIND_TCB, KIND_OTHER, KIND_COUNT
};
static const char *const kind_words[KIND_COUNT] = {
        [KIND_CLB] = "clb", [KIND_CDN] = "cdn", [KIND_WAF] = "waf", [KIND_DDOS] = "ddos",
        [KIND_LIVE] = "live", [KIND_VOD] = "vod", [KIND_TKE] = "tke", [KIND_APIGATEWAY] = "apigateway",
        [KIND_TEO] = "teo", [KIND_TSE] = "tse", [KIND_COS] = "cos", [KIND_TDMQ] = "tdmq",
        [KIND_MQTT] = "mqtt", [KIND_GAAP] = "gaap", [KIND_SCF] = "scf",
        [KIND_TCB] = "tcb", [KIND_OTHER] = "other",
};

struct detail_in {
        struct str task_id, limit, offset;
        struct strs types, regions;
};

struct detail_out {
        struct objs kinds[KIND_COUNT];
        struct opt_int status;
        struct str time;
};

#define I(member, name, kind) JSON_FIELD(struct instance, member, name, JSON_##kind)
#define I_NONE(name) JSON_FIELD(struct instance, none, name, JSON_OBJS, .sub = nothing, .sub_size = 1)
static const struct json_field nothing[] = {JSON_FIELDS_END};
static const struct json_field clb_fields[] = {
        I(id, "LoadBalancerId", STR),
        I(name, "LoadBalancerName", STR),
        I_NONE("Listeners"),
        I(zero, "Forward", INT), JSON_FIELDS_END};
static const struct json_field cdn_fields[] = {
        I(host, "Domain", STR),
        I(cert_id, "CertId", STR),
        I(state, "Status", STR),
        I(empty, "HttpsBillingSwitch", STR), JSON_FIELDS_END};
static const struct json_field waf_fields[] = {
        I(host, "Domain", STR),
        I(cert_id, "CertId", STR),
        I(zero, "Keepalive", UINT), JSON_FIELDS_END};
static const struct json_field ddos_fields[] = {
        I(host, "Domain", STR),
        I(id, "InstanceId", STR),
        I(protocol, "Protocol", STR),
        I(cert_id, "CertId", STR),
        I(empty, "VirtualPort", STR), JSON_FIELDS_END};
static const struct json_field live_fields[] = {
        I(host, "Domain", STR),
        I(cert_id, "CertId", STR),
        I(one, "Status", INT), JSON_FIELDS_END};
static const struct json_field vod_fields[] = {
        I(host, "Domain", STR),
        I(cert_id, "CertId", STR), JSON_FIELDS_END};
static const struct json_field tke_fields[] = {
        I(id, "ClusterId", STR),
        I(name, "ClusterName", STR),
        I_NONE("NamespaceList"),
        I(empty, "ClusterType", STR),
        I(empty, "ClusterVersion", STR), JSON_FIELDS_END};
static const struct json_field apigateway_fields[] = {
        I(id, "ServiceId", STR),
        I(name, "ServiceName", STR),
        I(host, "Domain", STR),
        I(cert_id, "CertId", STR),
        I(protocol, "Protocol", STR), JSON_FIELDS_END};
static const struct json_field teo_fields[] = {
        I(host, "Host", STR),
        I(cert_id, "CertId", STR),
        I(id, "ZoneId", STR),
        I(state, "Status", STR),
        I(empty, "Algorithm", STR), JSON_FIELDS_END};
static const struct json_field tse_fields[] = {
        I(id, "GatewayId", STR),
        I(name, "GatewayName", STR),
        I_NONE("CertificateList"), JSON_FIELDS_END};
static const struct json_field cos_fields[] = {
        I(host, "Domain", STR),
        I(cert_id, "CertId", STR),
        I(state, "Status", STR),
        I(id, "Bucket", STR),
        I(region, "Region", STR), JSON_FIELDS_END};
static const struct json_field tdmq_fields[] = {
        I(id, "InstanceId", STR),
        I(name, "InstanceName", STR),
        I(state, "InstanceStatus", STR),
        I(cert_id, "CertId", STR),
        I(empty, "CaCertId", STR),
        I(no_names, "NoMatchDomains", STRS), JSON_FIELDS_END};
static const struct json_field mqtt_fields[] = {
        I(id, "InstanceId", STR),
        I(name, "InstanceName", STR),
        I(state, "InstanceStatus", STR),
        I(no_names, "NoMatchDomains", STRS),
        I(cert_ids, "ServerCertIdList", STRS),
        I(no_names, "CaCertIdList", STRS), JSON_FIELDS_END};
static const struct json_field gaap_fields[] = {
        I(id, "InstanceId", STR),
        I_NONE("ListenerList"),
        I(name, "InstanceName", STR), JSON_FIELDS_END};
static const struct json_field scf_fields[] = {
        I(cert_id, "CertificateId", STR),
        I(protocol, "Protocol", STR),
        I(host, "Domain", STR),
        I(region, "Region", STR), JSON_FIELDS_END};
static const struct json_field other_fields[] = {
        I(id, "InstanceId", STR),
        I(name, "InstanceName", STR),
        I(host, "Domain", STR),
        I(cert_id, "CertId", STR), JSON_FIELDS_END};
static const struct json_field environment_fields[] = {
        I(id, "ID", STR),
        I(empty, "Source", STR),
        I(name, "Name", STR),
        I(state, "Status", STR), JSON_FIELDS_END};
static const struct json_field tcb_fields[] = {
        JSON_FIELD(struct instance, self, "Environment", JSON_OBJ, .sub = environment_fields),
        JSON_FIELD(struct instance, absent, "AccessService", JSON_OBJ, .sub = nothing),
        JSON_FIELD(struct instance, absent, "HostService", JSON_OBJ, .sub = nothing), JSON_FIELDS_END};

#define LIST_INSTANCES(name, kind) JSON_FIELD(struct list, instances, name, JSON_OBJS, .sub = kind##_fields, .sub_size = sizeof(struct instance))
#define LIST_COUNT JSON_FIELD(struct list, count, "TotalCount", JSON_UINT)
#define LIST_ERROR JSON_FIELD(struct list, why, "Error", JSON_STR)
#define LIST_REGION JSON_FIELD(struct list, region, "Region", JSON_STR)
#define GLOBAL(kind) {LIST_COUNT, LIST_INSTANCES("InstanceList", kind), LIST_ERROR, JSON_FIELDS_END}
#define REGIONAL(kind) {LIST_REGION, LIST_INSTANCES("InstanceList", kind), LIST_COUNT, LIST_ERROR, JSON_FIELDS_END}
static const struct json_field clb_list[] = REGIONAL(clb);
static const struct json_field cdn_list[] = GLOBAL(cdn);
static const struct json_field waf_list[] = REGIONAL(waf);
static const struct json_field ddos_list[] = GLOBAL(ddos);
static const struct json_field live_list[] = GLOBAL(live);
static const struct json_field vod_list[] = GLOBAL(vod);
static const struct json_field tke_list[] = REGIONAL(tke);
static const struct json_field apigateway_list[] = REGIONAL(apigateway);
static const struct json_field teo_list[] = GLOBAL(teo);
static const struct json_field tse_list[] = REGIONAL(tse);
static const struct json_field cos_list[] = REGIONAL(cos);
static const struct json_field tdmq_list[] = REGIONAL(tdmq);
static const struct json_field mqtt_list[] = REGIONAL(mqtt);
static const struct json_field gaap_list[] = GLOBAL(gaap);
static const struct json_field scf_list[] = REGIONAL(scf);
static const struct json_field other_list[] = REGIONAL(other);
static const struct json_field tcb_list[] = {LIST_REGION, LIST_INSTANCES("Environments", tcb), LIST_ERROR, JSON_FIELDS_END};

static const struct json_field detail_in_fields[] = {
        JSON_FIELD(struct detail_in, task_id, "TaskId", JSON_STR, .required = true, .limit = 32),
        JSON_FIELD(struct detail_in, limit, "Limit", JSON_STR, .limit = 16), JSON_FIELD(struct detail_in, offset, "Offset", JSON_STR, .limit = 16),
        JSON_FIELD(struct detail_in, types, "ResourceTypes", JSON_STRS, .limit = 32),
        JSON_FIELD(struct detail_in, regions, "Regions", JSON_STRS, .limit = 100), JSON_FIELDS_END};
#define OUT_KIND(name, index, table) \
        JSON_FIELD(struct detail_out, kinds[index], name, JSON_OBJS, .sub = table##_list, .sub_size = sizeof(struct list))
static const struct json_field detail_out_fields[] = {
        OUT_KIND("CLB", KIND_CLB, clb),
        OUT_KIND("CDN", KIND_CDN, cdn),
        OUT_KIND("WAF", KIND_WAF, waf),
        OUT_KIND("DDOS", KIND_DDOS, ddos),
        OUT_KIND("LIVE", KIND_LIVE, live),
        OUT_KIND("VOD", KIND_VOD, vod),
        OUT_KIND("TKE", KIND_TKE, tke),
        OUT_KIND("APIGATEWAY", KIND_APIGATEWAY, apigateway),
        OUT_KIND("TEO", KIND_TEO, teo),
        OUT_KIND("TSE", KIND_TSE, tse),
        OUT_KIND("COS", KIND_COS, cos),
        OUT_KIND("TDMQ", KIND_TDMQ, tdmq),
        OUT_KIND("MQTT", KIND_MQTT, mqtt),
        OUT_KIND("GAAP", KIND_GAAP, gaap),
        OUT_KIND("SCF", KIND_SCF, scf),
        OUT_KIND("TCB", KIND_TCB, tcb),
        OUT_KIND("OTHER", KIND_OTHER, other),
        JSON_FIELD(struct detail_out, status, "Status", JSON_UINT),
        JSON_FIELD(struct detail_out, time, "CacheTime", JSON_STR), JSON_FIELDS_END};
const struct api_message api_binding_detail_in = {detail_in_fields, sizeof(struct detail_in)};
const struct api_message api_binding_detail_out = {detail_out_fields, sizeof(struct detail_out)};

static enum kind kind_of(struct str type)
{
        int i = 0;

        while (i < KIND_OTHER && !str_equals(type, kind_words[i]))
                i++;
        return (enum kind)i;
}

static void instance_fill(struct arena *arena, const struct binding_row *row, struct instance *ret_instance)
{
        *ret_instance = (struct instance){
                .id = row->resource_id,
                .name = row->name.n ? row->name : row->resource_id,
                .host = row->domain.n ? row->domain : row->resource_id,
                .region = row->region,
                .cert_id = row->certificate_id,
                .state = STR("online"),
                .protocol = STR("https"),
                .zero = api_int(0),
                .one = api_int(1),
                .cert_ids = {arena_copy(arena, &row->certificate_id, sizeof row->certificate_id), 1},
        };
        ret_instance->self = ret_instance;
}

struct page {
        int64_t offset, limit;
};

/* One region of one kind: all of it counted, a page of it shown. */
static struct list list_of(struct arena *arena, const struct binding_row *rows, size_t n, const struct page *page)
{
        struct instance *instances = arena_array_of(arena, n + 1, struct instance);
        size_t shown = 0;

        for (size_t i = (size_t)page->offset; i < n && shown < (size_t)page->limit; i++)
                instance_fill(arena, &rows[i], &instances[shown++]);
        return (struct list){.region = rows->region, .count = api_int((int64_t)n), .instances = {instances, shown}};
}

static bool wants(const struct strs *list, struct str word)
{
        for (size_t i = 0; i < list->n; i++)
                if (str_equal_nocase(list->v[i], word))
                        return true;
        return list->n == 0;
}

static bool same_list(const struct binding_row *a, const struct binding_row *b)
{
        return str_equal(a->resource_type, b->resource_type) && str_equal(a->region, b->region);
}

/* The rows come sorted by type and region, so each run of equal ones is a list. */
static void detail_fill(struct req *req, const struct detail_in *in, const struct page *page, const struct binding_task *task,
                        struct detail_out *out)
{
        const struct binding_row *rows = task->bindings;
        struct list *lists[KIND_COUNT];

        for (int k = 0; k < KIND_COUNT; k++) {
                lists[k] = arena_array_of(req->act.arena, task->binding_count + 1, struct list);
                out->kinds[k] = (struct objs){lists[k], 0};
        }
        for (size_t begin = 0, end = 0; begin < task->binding_count; begin = end) {
                enum kind kind = kind_of(rows[begin].resource_type);

                while (end < task->binding_count && same_list(&rows[begin], &rows[end]))
                        end++;
                if (wants(&in->types, rows[begin].resource_type) && wants(&in->regions, rows[begin].region))
                        lists[kind][out->kinds[kind].n++] = list_of(req->act.arena, rows + begin, end - begin, page);
        }
}

/* Numbers as text, as the wire has them here. */
static res number_read(struct req *req, const char *field, struct str text, int64_t *ret_v)
{
        if (text.n == 0)
                return RES_OK;
        if (!res_is_ok(str_to_int64(text, ret_v)) || *ret_v < 0)
                return act_fail(&req->act, ERR_PARAM_VALUE, "%s must be a whole number of 0 or more.", field);
        return RES_OK;
}

res api_binding_detail(struct req *req)
{
        struct detail_in in = {0};
        struct detail_out out = {0};
        struct binding_task task = {0};
        struct page page = {.limit = DETAIL_DEFAULT};

        TRY(REQ_BIND(req, &in));
        TRY(number_read(req, "Offset", in.offset, &page.offset));
        TRY(number_read(req, "Limit", in.limit, &page.limit));
        page.limit = page.limit < DETAIL_MAX ? page.limit : DETAIL_MAX;
        TRY(binding_task_get(&req->act, in.task_id, &task));
        detail_fill(req, &in, &page, &task, &out);
        out.status = api_int(task.task.status);
        out.time = api_time(req->act.arena, req->act.now_sec);
        return REQ_REPLY(req, &out);
}
