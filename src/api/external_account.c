/* See external_account.h. */
#include "api/external_account.h"

#include "api/tag.h"
#include "core/external_account.h"

struct create_in {
        struct str label;
        struct strs names;
        struct objs tags; /* struct tag_pair */
};
struct create_out {
        struct str key_id, hmac_key;
};
struct delete_in {
        struct str key_id;
};
struct nothing {
        char none;
};
struct account_out {
        struct str key_id, label;
        struct strs names;
        struct objs tags;
        struct opt_int uses;
        struct str last_use, created;
        struct opt_int disabled;
};
struct list_out {
        struct opt_int total;
        struct objs accounts;
};

static const struct json_field create_in_fields[] = {
        JSON_FIELD(struct create_in, label, "Label", JSON_STR, .limit = 4 * LIMIT_ALIAS_CHARS),
        JSON_FIELD(struct create_in, names, "Names", JSON_STRS, .limit = LIMIT_NAMES_PER_CERT),
        JSON_FIELD(struct create_in, tags, "Tags", JSON_OBJS, .limit = LIMIT_TAGS, .sub = api_tag_fields,
                   .sub_size = sizeof(struct tag_pair)),
        JSON_FIELDS_END};
static const struct json_field create_out_fields[] = {JSON_FIELD(struct create_out, key_id, "KeyId", JSON_STR),
                                                      JSON_FIELD(struct create_out, hmac_key, "HmacKey", JSON_STR),
                                                      JSON_FIELDS_END};
static const struct json_field delete_in_fields[] = {
        JSON_FIELD(struct delete_in, key_id, "KeyId", JSON_STR, .required = true, .limit = 64), JSON_FIELDS_END};
static const struct json_field account_fields[] = {
        JSON_FIELD(struct account_out, key_id, "KeyId", JSON_STR),
        JSON_FIELD(struct account_out, label, "Label", JSON_STR),
        JSON_FIELD(struct account_out, names, "Names", JSON_STRS),
        JSON_FIELD(struct account_out, tags, "Tags", JSON_OBJS, .sub = api_tag_fields, .sub_size = sizeof(struct tag_pair)),
        JSON_FIELD(struct account_out, uses, "UseCount", JSON_UINT),
        JSON_FIELD(struct account_out, last_use, "LastUsedTime", JSON_STR),
        JSON_FIELD(struct account_out, created, "CreateTime", JSON_STR),
        JSON_FIELD(struct account_out, disabled, "Disabled", JSON_BOOL),
        JSON_FIELDS_END};
static const struct json_field list_out_fields[] = {
        JSON_FIELD(struct list_out, total, "TotalCount", JSON_UINT),
        JSON_FIELD(struct list_out, accounts, "ExternalAccounts", JSON_OBJS, .sub = account_fields,
                   .sub_size = sizeof(struct account_out)),
        JSON_FIELDS_END};
static const struct json_field no_fields[] = {JSON_FIELDS_END};

const struct api_message api_external_account_create_in = {create_in_fields, sizeof(struct create_in)};
const struct api_message api_external_account_create_out = {create_out_fields, sizeof(struct create_out)};
const struct api_message api_external_account_list_in = {no_fields, sizeof(struct nothing)};
const struct api_message api_external_account_list_out = {list_out_fields, sizeof(struct list_out)};
const struct api_message api_external_account_delete_in = {delete_in_fields, sizeof(struct delete_in)};
const struct api_message api_external_account_delete_out = {no_fields, sizeof(struct nothing)};

res api_external_account_create(struct req *req)
{
        struct create_in in = {0};
        struct external_account_made made = {0};

        TRY(REQ_BIND(req, &in));
        const struct external_account_new new = {in.label, in.names, in.tags};

        TRY(external_account_create(&req->act, &new, &made));
        const struct create_out out = {str_of(made.key_id), str_of(made.hmac_key)};

        return REQ_REPLY(req, &out);
}

static size_t count_lines(struct str text)
{
        size_t n = 0;

        for (struct str rest = text; rest.n > 0; n++)
                str_cut(&rest, '\n');
        return n;
}

static struct account_out account_of(struct req *req, const struct external_account_row *row)
{
        struct arena *arena = req->act.arena;
        const size_t name_count = count_lines(row->names), tag_count = count_lines(row->tags);
        struct str *names = arena_array_of(arena, name_count, struct str), rest = row->names;
        struct tag_pair *tags = arena_array_of(arena, tag_count, struct tag_pair);

        for (size_t i = 0; i < name_count; i++)
                names[i] = str_cut(&rest, '\n');
        rest = row->tags;
        for (size_t i = 0; i < tag_count; i++) {
                struct str value = str_cut(&rest, '\n'), key = str_cut(&value, '=');

                tags[i] = (struct tag_pair){key, value};
        }
        return (struct account_out){
                .key_id = row->key_id,
                .label = row->label,
                .names = {names, name_count},
                .tags = {tags, tag_count},
                .uses = api_int(row->use_count),
                .last_use = api_time(arena, row->used_at),
                .created = api_time(arena, row->created_at),
                .disabled = api_int(row->disabled),
        };
}

res api_external_account_list(struct req *req)
{
        struct nothing in = {0};
        const struct external_account_row *rows = NULL;
        size_t n = 0;

        TRY(REQ_BIND(req, &in));
        TRY(external_account_list(&req->act, &rows, &n));
        struct account_out *accounts = arena_array_of(req->act.arena, n, struct account_out);

        for (size_t i = 0; i < n; i++)
                accounts[i] = account_of(req, &rows[i]);
        const struct list_out out = {api_int((int64_t)n), {accounts, n}};

        return REQ_REPLY(req, &out);
}

res api_external_account_delete(struct req *req)
{
        struct delete_in in = {0};

        TRY(REQ_BIND(req, &in));
        res done = external_account_disable(&req->act, in.key_id);

        if (done.err == ERR_NOT_FOUND)
                return act_fail(&req->act, ERR_NOT_FOUND, "There is no external account key with this id in this account.");
        TRY(done);
        return REQ_REPLY(req, &((struct nothing){0}));
}
