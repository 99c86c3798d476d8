/* See reconcile_call.h. */
#include "server/reconcile_call.h"

#include "api/action.h"
#include "base/hex.h"
#include "base/json.h"
#include "core/reconcile.h"
#include "server/account_form.h"

struct finding_out {
        struct str kind, subject, text;
        struct opt_int found_at;
};
static const struct json_field finding_fields[] = {
        JSON_FIELD(struct finding_out, kind, "Kind", JSON_STR), JSON_FIELD(struct finding_out, subject, "Subject", JSON_STR),
        JSON_FIELD(struct finding_out, text, "Text", JSON_STR), JSON_FIELD(struct finding_out, found_at, "FoundAt", JSON_INT),
        JSON_FIELDS_END};

struct report_out {
        struct opt_int clean, signed_count, rows, new_count, mended, finding_count;
        struct objs findings;
};
static const struct json_field report_fields[] = {
        JSON_FIELD(struct report_out, clean, "Clean", JSON_BOOL),
        JSON_FIELD(struct report_out, signed_count, "Signed", JSON_UINT),
        JSON_FIELD(struct report_out, rows, "Rows", JSON_UINT),
        JSON_FIELD(struct report_out, new_count, "New", JSON_UINT),
        JSON_FIELD(struct report_out, mended, "Mended", JSON_UINT),
        JSON_FIELD(struct report_out, finding_count, "FindingCount", JSON_UINT),
        JSON_FIELD(struct report_out, findings, "Findings", JSON_OBJS, .sub = finding_fields, .sub_size = sizeof(struct finding_out)),
        JSON_FIELDS_END};

static struct str subject_of(struct arena *arena, struct bytes serial)
{
        char *text = arena_alloc(arena, 2 * serial.n + 1);

        hex_lower(serial, text);
        return str_of(text);
}

void reconcile_call(struct act *act, struct http_reply *reply)
{
        struct reconcile_report report;
        res r = reconcile_run(act, &report);

        if (!res_is_ok(r)) {
                account_form_fail(reply, r.err, act->detail);
                return;
        }
        struct finding_out *findings = arena_array_of(act->arena, report.finding_count + 1, struct finding_out);

        for (size_t i = 0; i < report.finding_count; i++)
                findings[i] = (struct finding_out){report.findings[i].kind, subject_of(act->arena, report.findings[i].serial),
                                                   report.findings[i].text, api_int(report.findings[i].found_at)};
        reply->content_type = "application/json";
        json_encode(&reply->body, report_fields,
                    &(struct report_out){.clean = api_int(report.finding_count == 0), .signed_count = api_int(report.signed_count),
                                         .rows = api_int(report.row_count), .new_count = api_int(report.new_count),
                                         .mended = api_int(report.mended_count), .finding_count = api_int((int64_t)report.finding_count),
                                         .findings = {findings, report.finding_count}});
}
