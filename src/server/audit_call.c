/* See audit_call.h. */
#include "server/audit_call.h"

#include "api/action.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "core/audit.h"
#include "server/account_form.h"

struct finding_out {
        struct str kind, subject, text;
};

static const struct json_field finding_fields[] = {
        JSON_FIELD(struct finding_out, kind, "Kind", JSON_STR),
        JSON_FIELD(struct finding_out, subject, "Subject", JSON_STR),
        JSON_FIELD(struct finding_out, text, "Text", JSON_STR),
        JSON_FIELDS_END,
};

struct report_out {
        struct opt_int clean, signed_count, own, issued, signing, dead, log_entries, verified, finding_count, took_ms;
        struct objs findings;
};

static const struct json_field report_fields[] = {
        JSON_FIELD(struct report_out, clean, "Clean", JSON_BOOL),
        JSON_FIELD(struct report_out, signed_count, "Signed", JSON_UINT),
        JSON_FIELD(struct report_out, own, "Own", JSON_UINT),
        JSON_FIELD(struct report_out, issued, "Issued", JSON_UINT),
        JSON_FIELD(struct report_out, signing, "Signing", JSON_UINT),
        JSON_FIELD(struct report_out, dead, "Dead", JSON_UINT),
        JSON_FIELD(struct report_out, log_entries, "LogEntries", JSON_UINT),
        JSON_FIELD(struct report_out, verified, "Verified", JSON_UINT),
        JSON_FIELD(struct report_out, finding_count, "FindingCount", JSON_UINT),
        JSON_FIELD(struct report_out, took_ms, "TookMs", JSON_UINT),
        JSON_FIELD(struct report_out, findings, "Findings", JSON_OBJS, .sub = finding_fields, .sub_size = sizeof(struct finding_out)),
        JSON_FIELDS_END,
};

static void audit_reply(struct arena *arena, const struct audit_report *report, int64_t took_ms, struct buf *out)
{
        struct finding_out *findings = arena_array_of(arena, report->shown + 1, struct finding_out);
        const struct report_out answer = {
                .clean = api_int(report->finding_count == 0), .signed_count = api_int(report->signed_count),
                .own = api_int(report->own_count), .issued = api_int(report->issued_count), .signing = api_int(report->signing_count),
                .dead = api_int(report->dead_count), .log_entries = api_int(report->log_count),
                .verified = api_int(report->verified_count),
                .finding_count = api_int(report->finding_count), .took_ms = api_int(took_ms), .findings = {findings, report->shown}};

        for (size_t i = 0; i < report->shown; i++)
                findings[i] = (struct finding_out){str_of(report->findings[i].kind), str_of(report->findings[i].subject),
                                                   str_of(report->findings[i].text)};
        json_encode(out, report_fields, &answer);
}

void audit_call(struct act *act, bool every_signature, struct http_reply *reply)
{
        struct audit_report *report = arena_new_of(act->arena, struct audit_report);
        int64_t began_ms = clock_mono_ms();
        res r = audit_run(act, every_signature, report);
        int64_t took_ms = clock_mono_ms() - began_ms;

        log_line(res_is_ok(r) && report->finding_count == 0 ? LOG_INFO : LOG_WARNING, "audit",
                 "err=%s signed=%lld issued=%lld log=%lld findings=%lld ms=%lld", err_name(r.err), (long long)report->signed_count,
                 (long long)report->issued_count, (long long)report->log_count, (long long)report->finding_count, (long long)took_ms);
        if (!res_is_ok(r)) {
                account_form_fail(reply, r.err, act->detail);
                return;
        }
        reply->content_type = "application/json";
        audit_reply(act->arena, report, took_ms, &reply->body);
}
