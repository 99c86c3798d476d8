/*
 * See tag.h.  The service knows resources of every kind; here only certificates exist, so any other kind simply has
 * no tags.  A resource text has six parts: qcs::ssl:<region>:uin/<account, or nothing>:certificate/<id>.
 */
#include "api/tag.h"

#include "core/label.h"

#include <openssl/evp.h>

#include "base/hex.h"

#define TAG_LIST_DEFAULT 15
#define TAG_IDS_MAX 50
#define RESOURCE_MAX 256

struct list_in {
        struct str service_type, prefix, region, category;
        struct strs ids;
        struct opt_int offset, limit;
};

struct tag_out {
        struct str key, value, resource_id, key_md5, value_md5, service_type, category;
};

struct list_out {
        struct opt_int total, offset, limit;
        struct objs tags;
};

struct tag_in {
        struct str key, value, category;
};

struct modify_in {
        struct str resource;
        struct objs replace, remove; /* struct tag_in */
};

struct modify_out {
        char none;
};

const struct json_field api_tag_fields[] = {
        JSON_FIELD(struct tag_pair, key, "TagKey", JSON_STR, .required = true, .limit = LIMIT_TAG_BYTES),
        JSON_FIELD(struct tag_pair, value, "TagValue", JSON_STR, .limit = LIMIT_TAG_BYTES), JSON_FIELDS_END};

static const struct json_field list_in_fields[] = {
        JSON_FIELD(struct list_in, service_type, "ServiceType", JSON_STR, .required = true, .limit = 64),
        JSON_FIELD(struct list_in, prefix, "ResourcePrefix", JSON_STR, .required = true, .limit = 64),
        JSON_FIELD(struct list_in, ids, "ResourceIds", JSON_STRS, .required = true, .limit = TAG_IDS_MAX),
        JSON_FIELD(struct list_in, region, "ResourceRegion", JSON_STR, .required = true, .limit = 64),
        JSON_FIELD(struct list_in, offset, "Offset", JSON_UINT),
        JSON_FIELD(struct list_in, limit, "Limit", JSON_UINT),
        JSON_FIELD(struct list_in, category, "Category", JSON_STR, .limit = 64),
        JSON_FIELDS_END};
static const struct json_field tag_out_fields[] = {JSON_FIELD(struct tag_out, key, "TagKey", JSON_STR),
                                                   JSON_FIELD(struct tag_out, value, "TagValue", JSON_STR),
                                                   JSON_FIELD(struct tag_out, resource_id, "ResourceId", JSON_STR),
                                                   JSON_FIELD(struct tag_out, key_md5, "TagKeyMd5", JSON_STR),
                                                   JSON_FIELD(struct tag_out, value_md5, "TagValueMd5", JSON_STR),
                                                   JSON_FIELD(struct tag_out, service_type, "ServiceType", JSON_STR),
                                                   JSON_FIELD(struct tag_out, category, "Category", JSON_STR),
                                                   JSON_FIELDS_END};
static const struct json_field list_out_fields[] = {
        JSON_FIELD(struct list_out, total, "TotalCount", JSON_UINT),
        JSON_FIELD(struct list_out, offset, "Offset", JSON_UINT),
        JSON_FIELD(struct list_out, limit, "Limit", JSON_UINT),
        JSON_FIELD(struct list_out, tags, "Tags", JSON_OBJS, .sub = tag_out_fields, .sub_size = sizeof(struct tag_out)),
        JSON_FIELDS_END};
static const struct json_field replace_fields[] = {
        JSON_FIELD(struct tag_in, key, "TagKey", JSON_STR, .required = true, .limit = LIMIT_TAG_BYTES),
        JSON_FIELD(struct tag_in, value, "TagValue", JSON_STR, .limit = LIMIT_TAG_BYTES),
        JSON_FIELD(struct tag_in, category, "Category", JSON_STR, .limit = 64), JSON_FIELDS_END};
static const struct json_field remove_fields[] = {
        JSON_FIELD(struct tag_in, key, "TagKey", JSON_STR, .required = true, .limit = LIMIT_TAG_BYTES),
        JSON_FIELDS_END};
static const struct json_field modify_in_fields[] = {
        JSON_FIELD(struct modify_in, resource, "Resource", JSON_STR, .required = true, .limit = RESOURCE_MAX),
        JSON_FIELD(struct modify_in, replace, "ReplaceTags", JSON_OBJS, .limit = LIMIT_TAGS, .sub = replace_fields,
                   .sub_size = sizeof(struct tag_in)),
        JSON_FIELD(struct modify_in, remove, "DeleteTags", JSON_OBJS, .limit = LIMIT_TAGS, .sub = remove_fields,
                   .sub_size = sizeof(struct tag_in)),
        JSON_FIELDS_END};
static const struct json_field modify_out_fields[] = {JSON_FIELDS_END};
const struct api_message api_tag_list_in = {list_in_fields, sizeof(struct list_in)};
const struct api_message api_tag_list_out = {list_out_fields, sizeof(struct list_out)};
const struct api_message api_tag_modify_in = {modify_in_fields, sizeof(struct modify_in)};
const struct api_message api_tag_modify_out = {modify_out_fields, sizeof(struct modify_out)};

/* The wire has MD5 of both texts; it protects nothing, clients only compare it. */
static struct str md5_text(struct arena *arena, struct str text)
{
        uint8_t digest[16] = {0};
        char *hex = arena_alloc(arena, 2 * sizeof digest + 1);

        if (EVP_Digest(text.p, text.n, digest, /* size= */ NULL, EVP_md5(), /* engine= */ NULL) == 1)
                hex_lower(bytes_of(digest, sizeof digest), hex);
        return str_of(hex);
}

static struct tag_out tag_of(struct req *req, const struct label_tag *tag)
{
        return (struct tag_out){
                .key = tag->key,
                .value = tag->value,
                .resource_id = tag->certificate_id,
                .key_md5 = md5_text(req->act.arena, tag->key),
                .value_md5 = md5_text(req->act.arena, tag->value),
                .service_type = STR("ssl"),
                .category = STR("Custom"),
        };
}

static struct list_out page_of(struct req *req, const struct list_in *in, const struct label_tag *tags, size_t n)
{
        size_t offset = (size_t)in->offset.v < n ? (size_t)in->offset.v : n;
        size_t limit = in->limit.set && in->limit.v > 0 ? (size_t)in->limit.v : TAG_LIST_DEFAULT;
        size_t count = limit < n - offset ? limit : n - offset;
        struct tag_out *out = arena_array_of(req->act.arena, count, struct tag_out);

        for (size_t i = 0; i < count; i++)
                out[i] = tag_of(req, &tags[offset + i]);
        return (struct list_out){api_int((int64_t)n), api_int(in->offset.v), api_int((int64_t)limit), {out, count}};
}

res api_tag_list(struct req *req)
{
        struct list_in in = {0};
        const struct label_tag *tags = NULL;
        struct list_out out = {0};
        size_t n = 0;

        TRY(REQ_BIND(req, &in));
        if (str_equals(in.service_type, "ssl") && str_equals(in.prefix, "certificate"))
                TRY(label_list_tags(&req->act, in.ids, &tags, &n));
        out = page_of(req, &in, tags, n);
        return REQ_REPLY(req, &out);
}

/* The id in qcs::ssl:<region>:uin/<uin>:certificate/<id>; another account's resource is as good as missing. */
static res resource_read(struct req *req, struct str resource, struct str *ret_id)
{
        const struct str prefix = STR("qcs::ssl:"), uin_mark = STR("uin/"), certificate_mark = STR("certificate/");
        struct str rest = resource, uin = {0};
        bool ok = str_starts_with(resource, prefix);

        if (ok) {
                rest = (struct str){resource.p + prefix.n, resource.n - prefix.n};
                str_cut(&rest, ':'); /* the region: certificates have none */
                uin = str_cut(&rest, ':');
                ok = str_starts_with(uin, uin_mark) && str_starts_with(rest, certificate_mark);
        }
        if (!ok)
                return act_fail(&req->act, ERR_PARAM_VALUE,
                                "Resource must read qcs::ssl:<region>:uin/<account>:certificate/<id>.");
        uin = (struct str){uin.p + uin_mark.n, uin.n - uin_mark.n};
        ENSURE(str_is_empty(uin) || str_equals(uin, req->act.uin), ERR_CERT_NOT_FOUND);
        *ret_id = (struct str){rest.p + certificate_mark.n, rest.n - certificate_mark.n};
        return RES_OK;
}

static struct label_tags change_of(struct req *req, const struct modify_in *in)
{
        const struct tag_in *replace = in->replace.v, *remove = in->remove.v;
        struct tag_pair *put = arena_array_of(req->act.arena, in->replace.n, struct tag_pair);
        struct str *drop = arena_array_of(req->act.arena, in->remove.n, struct str);

        for (size_t i = 0; i < in->replace.n; i++)
                put[i] = (struct tag_pair){replace[i].key, replace[i].value};
        for (size_t i = 0; i < in->remove.n; i++)
                drop[i] = remove[i].key;
        return (struct label_tags){put, in->replace.n, {drop, in->remove.n}};
}

res api_tag_modify(struct req *req)
{
        struct modify_in in = {0};
        struct label_tags change = {0};
        struct str id = {0};

        TRY(REQ_BIND(req, &in));
        TRY(resource_read(req, in.resource, &id));
        change = change_of(req, &in);
        TRY(label_set_tags(&req->act, id, &change));
        return REQ_REPLY(req, &((struct modify_out){0}));
}
