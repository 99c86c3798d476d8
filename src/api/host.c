/*
 * See host.h.  Tools ask these eleven lists before they deploy, and take an empty one as normal, where an error would
 * stop them (api.md §10.11).  Parameters are not looked at: nothing of them could change the answer.
 */
#include "api/host.h"

struct host_list {
        struct objs instances;
        struct opt_int total, async_total, async_offset;
        struct str async_cache_time;
};

static const struct json_field instance_fields[] = {JSON_FIELDS_END};

static const struct json_field list_fields[] = {
        JSON_FIELD(struct host_list, instances, "InstanceList", JSON_OBJS, .sub = instance_fields, .sub_size = 1),
        JSON_FIELD(struct host_list, total, "TotalCount", JSON_UINT), JSON_FIELDS_END};
static const struct json_field list_async_fields[] = {
        JSON_FIELD(struct host_list, instances, "InstanceList", JSON_OBJS, .sub = instance_fields, .sub_size = 1),
        JSON_FIELD(struct host_list, total, "TotalCount", JSON_UINT),
        JSON_FIELD(struct host_list, async_total, "AsyncTotalNum", JSON_INT),
        JSON_FIELD(struct host_list, async_offset, "AsyncOffset", JSON_INT),
        JSON_FIELD(struct host_list, async_cache_time, "AsyncCacheTime", JSON_STR),
        JSON_FIELDS_END};
const struct api_message api_host_list_out = {list_fields, sizeof(struct host_list)};
const struct api_message api_host_list_async_out = {list_async_fields, sizeof(struct host_list)};

res api_host_list_empty(struct req *req)
{
        const struct host_list none = {0};

        return REQ_REPLY(req, &none);
}
