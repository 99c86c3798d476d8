/* See replacement.h. */
#include "api/replacement.h"

#include "base/timetext.h"
#include "core/replacement.h"

#define LIST_DEFAULT 20
#define WORD_BYTES 48
#define TIME_BYTES 32
#define ID_BYTES 20
#define GRACE_HOURS 24
#define DEADLINE_HOURS 120 /* five days: BR 4.9.1.1 */

/* ---- CreateReplacement ---- */

struct create_in {
        struct str method, issuer, profile, from, to, reason, reason_code;
        struct opt_int per_minute, grace_hours, deadline_hours, dry_run;
};
static const struct json_field create_in_fields[] = {
        JSON_FIELD(struct create_in, method, "Method", JSON_STR, .limit = WORD_BYTES),
        JSON_FIELD(struct create_in, issuer, "Issuer", JSON_STR, .limit = WORD_BYTES),
        JSON_FIELD(struct create_in, profile, "Profile", JSON_STR, .limit = WORD_BYTES),
        JSON_FIELD(struct create_in, from, "From", JSON_STR, .limit = TIME_BYTES),
        JSON_FIELD(struct create_in, to, "To", JSON_STR, .limit = TIME_BYTES),
        JSON_FIELD(struct create_in, reason, "Reason", JSON_STR, .required = true, .limit = LIMIT_REASON_CHARS * 4),
        JSON_FIELD(struct create_in, reason_code, "ReasonCode", JSON_STR, .limit = WORD_BYTES),
        JSON_FIELD(struct create_in, per_minute, "PerMinute", JSON_UINT),
        JSON_FIELD(struct create_in, grace_hours, "GraceHours", JSON_UINT),
        JSON_FIELD(struct create_in, deadline_hours, "DeadlineHours", JSON_UINT),
        JSON_FIELD(struct create_in, dry_run, "DryRun", JSON_BOOL),
        JSON_FIELDS_END};
struct create_out {
        struct str replacement_id;
        struct opt_int count;
};
static const struct json_field create_out_fields[] = {JSON_FIELD(struct create_out, replacement_id, "ReplacementId", JSON_STR),
                                                      JSON_FIELD(struct create_out, count, "Count", JSON_INT), JSON_FIELDS_END};
const struct api_message api_replacement_create_in = {create_in_fields, sizeof(struct create_in)};
const struct api_message api_replacement_create_out = {create_out_fields, sizeof(struct create_out)};

static res time_read(struct req *req, const char *field, struct str text, int64_t *ret_sec)
{
        if (text.n == 0)
                return RES_OK;
        if (!res_is_ok(timetext_parse_api(text, ret_sec)))
                return act_fail(&req->act, ERR_PARAM_VALUE, "%s must be like 2026-11-21 08:00:00 (GMT+8).", field);
        return RES_OK;
}

static int64_t or_default(struct opt_int v, int64_t fallback)
{
        return v.set ? v.v : fallback;
}

res api_replacement_create(struct req *req)
{
        struct create_in in = {0};
        int64_t id = 0, count = 0;

        TRY(REQ_BIND(req, &in));
        struct replacement_new new = {
                .method = in.method, .issuer = in.issuer, .profile = in.profile, .note = in.reason, .reason_code = in.reason_code,
                .per_minute = in.per_minute.v, .grace_hours = or_default(in.grace_hours, GRACE_HOURS),
                .deadline_hours = or_default(in.deadline_hours, DEADLINE_HOURS)};

        TRY(time_read(req, "From", in.from, &new.from_at));
        TRY(time_read(req, "To", in.to, &new.to_at));
        TRY(replacement_begin(&req->act, &new, in.dry_run.v != 0, &id, &count));
        return REQ_REPLY(req, (&(struct create_out){id ? api_number_text(req->act.arena, id) : STR(""), api_int(count)}));
}

/* ---- DescribeReplacements, StopReplacement ---- */

struct list_in {
        struct str replacement_id;
};
static const struct json_field list_in_fields[] = {JSON_FIELD(struct list_in, replacement_id, "ReplacementId", JSON_STR, .limit = ID_BYTES),
                                                   JSON_FIELDS_END};
static const struct json_field stop_in_fields[] = {
        JSON_FIELD(struct list_in, replacement_id, "ReplacementId", JSON_STR, .required = true, .limit = ID_BYTES), JSON_FIELDS_END};

struct item_out {
        struct str replacement_id, state, method, issuer, profile, from, to, reason_code, reason, deadline, created_on;
        struct opt_int per_minute, count, waiting, open, ready, revoked, ended;
};
static const struct json_field item_fields[] = {
        JSON_FIELD(struct item_out, replacement_id, "ReplacementId", JSON_STR), JSON_FIELD(struct item_out, state, "State", JSON_STR),
        JSON_FIELD(struct item_out, method, "Method", JSON_STR), JSON_FIELD(struct item_out, issuer, "Issuer", JSON_STR),
        JSON_FIELD(struct item_out, profile, "Profile", JSON_STR), JSON_FIELD(struct item_out, from, "From", JSON_STR),
        JSON_FIELD(struct item_out, to, "To", JSON_STR), JSON_FIELD(struct item_out, reason_code, "ReasonCode", JSON_STR),
        JSON_FIELD(struct item_out, reason, "Reason", JSON_STR), JSON_FIELD(struct item_out, deadline, "Deadline", JSON_STR),
        JSON_FIELD(struct item_out, created_on, "CreatedOn", JSON_STR), JSON_FIELD(struct item_out, per_minute, "PerMinute", JSON_INT),
        JSON_FIELD(struct item_out, count, "Count", JSON_INT), JSON_FIELD(struct item_out, waiting, "Waiting", JSON_INT),
        JSON_FIELD(struct item_out, open, "Open", JSON_INT), JSON_FIELD(struct item_out, ready, "Ready", JSON_INT),
        JSON_FIELD(struct item_out, revoked, "Revoked", JSON_INT), JSON_FIELD(struct item_out, ended, "Ended", JSON_INT), JSON_FIELDS_END};

struct list_out {
        struct objs replacements;
};
static const struct json_field list_out_fields[] = {
        JSON_FIELD(struct list_out, replacements, "Replacements", JSON_OBJS, .sub = item_fields, .sub_size = sizeof(struct item_out)),
        JSON_FIELDS_END};
const struct api_message api_replacement_list_in = {list_in_fields, sizeof(struct list_in)};
const struct api_message api_replacement_list_out = {list_out_fields, sizeof(struct list_out)};
const struct api_message api_replacement_stop_in = {stop_in_fields, sizeof(struct list_in)};
const struct api_message api_replacement_stop_out = {list_out_fields, sizeof(struct list_out)};

static struct item_out item_of(struct arena *arena, const struct replacement_state *state)
{
        const struct replacement_row *row = &state->row;

        return (struct item_out){
                .replacement_id = api_number_text(arena, row->replacement_id),
                .state = row->state,
                .method = str_of(replacement_method_name(row->method)),
                .issuer = row->issuer,
                .profile = row->profile,
                .from = api_time(arena, row->from_at),
                .to = row->to_at == INT64_MAX ? STR("") : api_time(arena, row->to_at),
                .reason_code = str_of(revoke_reason_name(row->reason)),
                .reason = row->note,
                .deadline = api_time(arena, row->deadline_at),
                .created_on = api_time(arena, row->created_at),
                .per_minute = api_int(row->per_minute),
                .count = api_int(state->waiting + state->open + state->ready + state->revoked + state->ended),
                .waiting = api_int(state->waiting),
                .open = api_int(state->open),
                .ready = api_int(state->ready),
                .revoked = api_int(state->revoked),
                .ended = api_int(state->ended),
        };
}

static res id_read(struct req *req, struct str text, int64_t *ret_id)
{
        *ret_id = 0;
        if (text.n > 0 && (!res_is_ok(str_to_int64(text, ret_id)) || *ret_id <= 0))
                return act_fail(&req->act, ERR_PARAM_VALUE, "ReplacementId must be one that CreateReplacement gave.");
        return RES_OK;
}

static res reply_with(struct req *req, int64_t id)
{
        const struct replacement_state *states = NULL;
        size_t n = 0;

        TRY(replacement_describe(&req->act, id, LIST_DEFAULT, &states, &n));
        struct item_out *items = arena_array_of(req->act.arena, n + 1, struct item_out);

        for (size_t i = 0; i < n; i++)
                items[i] = item_of(req->act.arena, &states[i]);
        return REQ_REPLY(req, (&(struct list_out){{items, n}}));
}

res api_replacement_list(struct req *req)
{
        struct list_in in = {0};
        int64_t id = 0;

        TRY(REQ_BIND(req, &in));
        TRY(id_read(req, in.replacement_id, &id));
        return reply_with(req, id);
}

res api_replacement_stop(struct req *req)
{
        struct list_in in = {0};
        int64_t id = 0;

        TRY(REQ_BIND(req, &in));
        TRY(id_read(req, in.replacement_id, &id));
        TRY(replacement_stop(&req->act, id));
        return reply_with(req, id);
}
