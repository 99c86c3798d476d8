/* See csr.h.  Requests say Remark and CSRId, answers Remarks and Id: so the public API has it (api.md §6). */
#include "api/csr.h"

#include "api/tag.h"
#include "core/csr.h"

#define CSR_TEXT_BYTES 512 /* 128 characters of four bytes: the longest part of a name */
#define CSR_DELETE_MAX 100 /* the public API's own bound */
#define CSR_PAGE_DEFAULT 10
#define CSR_PAGE_MAX 100

/* ---- parameters ---- */

struct csr_in {
        struct opt_int id, generate;
        struct str domain, organization, department, email, province, city, country, algo, parameter, password, remark;
        struct objs tags;
};

#define CSR_TEXT(member, name, needed) \
        JSON_FIELD(struct csr_in, member, name, JSON_STR, .required = (needed), .limit = CSR_TEXT_BYTES)
#define CSR_FIELDS(needed) \
        CSR_TEXT(domain, "Domain", needed), CSR_TEXT(organization, "Organization", needed), \
                CSR_TEXT(department, "Department", needed), CSR_TEXT(email, "Email", needed), \
                CSR_TEXT(province, "Province", needed), CSR_TEXT(city, "City", needed), \
                CSR_TEXT(country, "Country", needed), CSR_TEXT(algo, "EncryptAlgo", needed), \
                CSR_TEXT(parameter, "KeyParameter", needed), CSR_TEXT(password, "KeyPassword", false), \
                JSON_FIELD(struct csr_in, remark, "Remark", JSON_STR, .limit = LIMIT_ALIAS_CHARS * 4), \
                JSON_FIELD(struct csr_in, generate, "Generate", JSON_BOOL, .required = true)

static const struct json_field create_in_fields[] = {
        CSR_FIELDS(true),
        JSON_FIELD(struct csr_in, tags, "Tags", JSON_OBJS, .limit = LIMIT_TAGS, .sub = api_tag_fields, .sub_size = sizeof(struct tag_pair)),
        JSON_FIELDS_END};
static const struct json_field modify_in_fields[] = {JSON_FIELD(struct csr_in, id, "CSRId", JSON_INT, .required = true), CSR_FIELDS(false),
                                                     JSON_FIELDS_END};
static const struct json_field describe_in_fields[] = {JSON_FIELD(struct csr_in, id, "CSRId", JSON_INT, .required = true),
                                                       JSON_FIELDS_END};

struct csr_list_in {
        struct opt_int limit, offset;
        struct str domain, algo;
};
static const struct json_field list_in_fields[] = {
        JSON_FIELD(struct csr_list_in, limit, "Limit", JSON_UINT), JSON_FIELD(struct csr_list_in, offset, "Offset", JSON_UINT),
        JSON_FIELD(struct csr_list_in, domain, "Domain", JSON_STR, .limit = LIMIT_NAME_BYTES),
        JSON_FIELD(struct csr_list_in, algo, "EncryptAlgo", JSON_STR, .limit = 16), JSON_FIELDS_END};

struct csr_delete_in {
        struct ints ids;
};
static const struct json_field delete_in_fields[] = {
        JSON_FIELD(struct csr_delete_in, ids, "CSRIds", JSON_INTS, .required = true, .limit = CSR_DELETE_MAX), JSON_FIELDS_END};

/* ---- answers ---- */

struct csr_out {
        struct opt_int id, status;
        struct str owner_uin, domain, organization, department, email, province, city, country, algo, parameter, remarks, create_time,
                password, csr, private_key;
        struct objs tags;
};

#define CSR_OUT_FIELDS \
        JSON_FIELD(struct csr_out, id, "Id", JSON_INT), JSON_FIELD(struct csr_out, owner_uin, "OwnerUin", JSON_STR), \
                JSON_FIELD(struct csr_out, domain, "Domain", JSON_STR), \
                JSON_FIELD(struct csr_out, organization, "Organization", JSON_STR), \
                JSON_FIELD(struct csr_out, department, "Department", JSON_STR), JSON_FIELD(struct csr_out, email, "Email", JSON_STR), \
                JSON_FIELD(struct csr_out, province, "Province", JSON_STR), JSON_FIELD(struct csr_out, city, "City", JSON_STR), \
                JSON_FIELD(struct csr_out, country, "Country", JSON_STR), JSON_FIELD(struct csr_out, algo, "EncryptAlgo", JSON_STR), \
                JSON_FIELD(struct csr_out, parameter, "KeyParameter", JSON_STR), \
                JSON_FIELD(struct csr_out, remarks, "Remarks", JSON_STR), JSON_FIELD(struct csr_out, status, "Status", JSON_INT), \
                JSON_FIELD(struct csr_out, create_time, "CreateTime", JSON_STR)

static const struct json_field item_fields[] = {CSR_OUT_FIELDS, JSON_FIELDS_END};
static const struct json_field describe_out_fields[] = {
        CSR_OUT_FIELDS,
        JSON_FIELD(struct csr_out, password, "KeyPassword", JSON_STR),
        JSON_FIELD(struct csr_out, csr, "CSR", JSON_STR),
        JSON_FIELD(struct csr_out, private_key, "PrivateKey", JSON_STR),
        JSON_FIELD(struct csr_out, tags, "Tags", JSON_OBJS, .sub = api_tag_fields, .sub_size = sizeof(struct tag_pair)),
        JSON_FIELDS_END};
static const struct json_field id_out_fields[] = {JSON_FIELD(struct csr_out, id, "Id", JSON_INT), JSON_FIELDS_END};

struct csr_list_out {
        struct opt_int total;
        struct objs set;
};
static const struct json_field list_out_fields[] = {
        JSON_FIELD(struct csr_list_out, total, "Total", JSON_UINT),
        JSON_FIELD(struct csr_list_out, set, "Set", JSON_OBJS, .sub = item_fields, .sub_size = sizeof(struct csr_out)), JSON_FIELDS_END};

struct csr_delete_out {
        struct ints success;
        struct strs warnings;
};
static const struct json_field delete_out_fields[] = {JSON_FIELD(struct csr_delete_out, success, "Success", JSON_INTS),
                                                      JSON_FIELD(struct csr_delete_out, warnings, "Warnings", JSON_STRS), JSON_FIELDS_END};

const struct api_message api_csr_create_in = {create_in_fields, sizeof(struct csr_in)};
const struct api_message api_csr_create_out = {id_out_fields, sizeof(struct csr_out)};
const struct api_message api_csr_describe_in = {describe_in_fields, sizeof(struct csr_in)};
const struct api_message api_csr_describe_out = {describe_out_fields, sizeof(struct csr_out)};
const struct api_message api_csr_list_in = {list_in_fields, sizeof(struct csr_list_in)};
const struct api_message api_csr_list_out = {list_out_fields, sizeof(struct csr_list_out)};
const struct api_message api_csr_modify_in = {modify_in_fields, sizeof(struct csr_in)};
const struct api_message api_csr_modify_out = {id_out_fields, sizeof(struct csr_out)};
const struct api_message api_csr_delete_in = {delete_in_fields, sizeof(struct csr_delete_in)};
const struct api_message api_csr_delete_out = {delete_out_fields, sizeof(struct csr_delete_out)};

/* ---- handlers ---- */

static struct csr_new csr_new_of(const struct csr_in *in)
{
        return (struct csr_new){
                .fields = {in->domain, in->organization, in->department, in->email, in->province, in->city, in->country, in->algo,
                           in->parameter, in->remark},
                .generate = in->generate.v != 0,
                .key_password = in->password,
                .tags = in->tags,
        };
}

res api_csr_create(struct req *req)
{
        struct csr_in in = {0};
        int64_t id = 0;

        TRY(REQ_BIND(req, &in));
        req_wipe_later(req, in.password);
        struct csr_new new = csr_new_of(&in);

        TRY(csr_create(&req->act, &new, &id));
        return REQ_REPLY(req, &((struct csr_out){.id = api_int(id)}));
}

res api_csr_modify(struct req *req)
{
        struct csr_in in = {0};

        TRY(REQ_BIND(req, &in));
        req_wipe_later(req, in.password);
        struct csr_new new = csr_new_of(&in);

        TRY(csr_modify(&req->act, in.id.v, &new));
        return REQ_REPLY(req, &((struct csr_out){.id = in.id}));
}

static struct csr_out csr_out_of(struct req *req, const struct csr_row *row)
{
        return (struct csr_out){
                .id = api_int(row->csr_id),
                .status = api_int(row->status),
                .owner_uin = str_of(req->act.uin),
                .domain = row->domain,
                .organization = row->organization,
                .department = row->department,
                .email = row->email,
                .province = row->province,
                .city = row->city,
                .country = row->country,
                .algo = row->encrypt_algo,
                .parameter = row->key_parameter,
                .remarks = row->remark,
                .create_time = api_time(req->act.arena, row->created_at), /* CSR-38 */
        };
}

res api_csr_describe(struct req *req)
{
        struct csr_in in = {0};
        struct csr_view view = {0};

        TRY(REQ_BIND(req, &in));
        TRY(csr_view(&req->act, in.id.v, &view));
        struct csr_out out = csr_out_of(req, &view.row);
        struct tag_pair *tags = arena_array_of(req->act.arena, view.tag_count + 1, struct tag_pair);

        for (size_t i = 0; i < view.tag_count; i++)
                tags[i] = (struct tag_pair){view.tags[i].tag_key, view.tags[i].tag_value};
        out.password = view.password_set ? STR("******") : STR(""); /* CON-40 */
        out.csr = str_of(view.csr_pem);
        out.private_key = str_of(view.key_pem);
        out.tags = (struct objs){tags, view.tag_count};
        return REQ_REPLY(req, &out);
}

res api_csr_list(struct req *req)
{
        static const char *const algos[] = {"RSA", "ECC"};
        struct csr_list_in in = {0};
        struct csr_page page = {0};

        TRY(REQ_BIND(req, &in));
        TRY(req_check_word(req, "EncryptAlgo", in.algo, algos, 2));
        int64_t limit = in.limit.set && in.limit.v > 0 ? in.limit.v : CSR_PAGE_DEFAULT;
        const struct csr_query query = {in.offset.v, limit < CSR_PAGE_MAX ? limit : CSR_PAGE_MAX, in.domain, in.algo};

        TRY(csr_list(&req->act, &query, &page));
        struct csr_out *items = arena_array_of(req->act.arena, page.n + 1, struct csr_out);

        for (size_t i = 0; i < page.n; i++)
                items[i] = csr_out_of(req, &page.v[i]);
        return REQ_REPLY(req, &((struct csr_list_out){api_int(page.total), {items, page.n}}));
}

res api_csr_delete(struct req *req)
{
        struct csr_delete_in in = {0};
        struct csr_deleted deleted = {0};

        TRY(REQ_BIND(req, &in));
        TRY(csr_delete(&req->act, in.ids, &deleted));
        return REQ_REPLY(req, &((struct csr_delete_out){{deleted.ids, deleted.count}, deleted.warnings}));
}
