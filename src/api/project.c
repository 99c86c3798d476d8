/* See project.h.  Actions and fields are those of the tag API 2018-08-13, so that its typed clients work. */
#include "api/project.h"

#include "core/project.h"

struct add_in {
        struct str name, info;
};
struct add_out {
        struct opt_int id, is_new;
};
struct list_in {
        struct opt_int all, limit, offset, id;
        struct str name;
};
struct project_out {
        struct opt_int id, creator;
        struct str name, info, created;
};
struct list_out {
        struct opt_int total;
        struct objs projects;
};
struct update_in {
        struct opt_int id, disable;
        struct str name, info;
};

static const struct json_field add_in_fields[] = {
        JSON_FIELD(struct add_in, name, "ProjectName", JSON_STR, .required = true, .limit = LIMIT_PROJECT_CHARS * 4),
        JSON_FIELD(struct add_in, info, "Info", JSON_STR, .limit = LIMIT_ALIAS_CHARS * 4), JSON_FIELDS_END};
static const struct json_field add_out_fields[] = {JSON_FIELD(struct add_out, id, "ProjectId", JSON_UINT),
                                                   JSON_FIELD(struct add_out, is_new, "IsNew", JSON_INT), JSON_FIELDS_END};
static const struct json_field list_in_fields[] = {
        JSON_FIELD(struct list_in, all, "AllList", JSON_UINT), JSON_FIELD(struct list_in, limit, "Limit", JSON_UINT),
        JSON_FIELD(struct list_in, offset, "Offset", JSON_UINT), JSON_FIELD(struct list_in, id, "ProjectId", JSON_UINT),
        JSON_FIELD(struct list_in, name, "ProjectName", JSON_STR, .limit = LIMIT_PROJECT_CHARS * 4), JSON_FIELDS_END};
static const struct json_field project_fields[] = {JSON_FIELD(struct project_out, id, "ProjectId", JSON_UINT),
                                                   JSON_FIELD(struct project_out, name, "ProjectName", JSON_STR),
                                                   JSON_FIELD(struct project_out, creator, "CreatorUin", JSON_UINT),
                                                   JSON_FIELD(struct project_out, info, "ProjectInfo", JSON_STR),
                                                   JSON_FIELD(struct project_out, created, "CreateTime", JSON_STR),
                                                   JSON_FIELDS_END};
static const struct json_field list_out_fields[] = {
        JSON_FIELD(struct list_out, total, "Total", JSON_UINT),
        JSON_FIELD(struct list_out, projects, "Projects", JSON_OBJS, .sub = project_fields, .sub_size = sizeof(struct project_out)),
        JSON_FIELDS_END};
static const struct json_field update_in_fields[] = {
        JSON_FIELD(struct update_in, id, "ProjectId", JSON_UINT, .required = true),
        JSON_FIELD(struct update_in, name, "ProjectName", JSON_STR, .limit = LIMIT_PROJECT_CHARS * 4),
        JSON_FIELD(struct update_in, disable, "Disable", JSON_INT),
        JSON_FIELD(struct update_in, info, "Info", JSON_STR, .limit = LIMIT_ALIAS_CHARS * 4), JSON_FIELDS_END};
static const struct json_field update_out_fields[] = {JSON_FIELDS_END};
const struct api_message api_project_add_in = {add_in_fields, sizeof(struct add_in)};
const struct api_message api_project_add_out = {add_out_fields, sizeof(struct add_out)};
const struct api_message api_project_list_in = {list_in_fields, sizeof(struct list_in)};
const struct api_message api_project_list_out = {list_out_fields, sizeof(struct list_out)};
const struct api_message api_project_update_in = {update_in_fields, sizeof(struct update_in)};
const struct api_message api_project_update_out = {update_out_fields, 0};

res api_project_add(struct req *req)
{
        struct add_in in = {0};
        int64_t id = 0;
        bool is_new = false;

        TRY(REQ_BIND(req, &in));
        TRY(project_add(&req->act, in.name, in.info, &id, &is_new));
        return REQ_REPLY(req, &((struct add_out){api_int(id), api_int(is_new)}));
}

res api_project_list(struct req *req)
{
        struct list_in in = {0};
        struct project_page page = {0};
        int64_t uin = 0;

        TRY(REQ_BIND(req, &in));
        TRY(project_list(&req->act, &(struct project_query){in.name, in.id.v, in.all.v != 0, in.offset.v, in.limit.v}, &page));
        if (!res_is_ok(str_to_int64(str_of(req->act.uin), &uin)))
                uin = 0;
        struct project_out *out = arena_array_of(req->act.arena, page.n + 1, struct project_out);

        for (size_t i = 0; i < page.n; i++)
                out[i] = (struct project_out){api_int(page.v[i].project_id), api_int(uin), page.v[i].name, page.v[i].info,
                                              api_time(req->act.arena, page.v[i].created_at)};
        return REQ_REPLY(req, &((struct list_out){api_int(page.total), {out, page.n}}));
}

res api_project_update(struct req *req)
{
        struct update_in in = {0};

        TRY(REQ_BIND(req, &in));
        return project_update(&req->act, in.id.v, &(struct project_change){in.disable, in.name, in.info});
}
