/*
 * audit: have the server on this machine hold the signer's log against the database, and tell what does not fit, one
 * finding a line.  reconcile: likewise, the short form of it.
 */
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/output.h"

#define FINDING_COLUMNS 3

static void print_findings(struct ctl *ctl, const json_t *findings)
{
        size_t count = json_array_size(findings);
        const char **cells = arena_array_of(ctl->arena, (count + 1) * FINDING_COLUMNS, const char *);

        cells[0] = "Finding";
        cells[1] = "Where";
        cells[2] = "What";
        for (size_t i = 0; i < count; i++) {
                const json_t *finding = json_array_get(findings, i);
                const char **row = cells + (i + 1) * FINDING_COLUMNS;

                row[0] = json_text(finding, "Kind");
                row[1] = json_text(finding, "Subject");
                row[2] = json_text(finding, "Text");
        }
        if (count > 0)
                output_table(stdout, cells, FINDING_COLUMNS, count + 1, "");
}

static void print_counts(const json_t *report)
{
        (void)printf("%s: %lld certificates signed, %lld of them the CA's own; %lld issued in the database; %lld log entries; "
                     "%lld signatures verified; %lld findings; %.1f s\n",
                     json_is_true(json_object_get(report, "Clean")) ? "clean" : "not clean", (long long)json_int(report, "Signed"),
                     (long long)json_int(report, "Own"), (long long)json_int(report, "Issued"),
                     (long long)json_int(report, "LogEntries"), (long long)json_int(report, "Verified"),
                     (long long)json_int(report, "FindingCount"), (double)json_int(report, "TookMs") / 1000);
}

res audit_run(struct ctl *ctl)
{
        const char *data_dir = args_text(ctl, "--data");
        json_auto_t *report = NULL;

        if (data_dir == NULL)
                return ctl_fail(ctl, ERR_USAGE, "audit wants --data DIR");
        const char *path = args_has(ctl, "--signatures") ? "/control/audit/signatures" : "/control/audit";

        TRY(client_control(ctl, data_dir, path, json_object(), CLIENT_AUDIT_SEC, &report));
        if (args_has(ctl, "--json")) {
                TRY(output_json(ctl, report, /* pretty= */ false));
        } else {
                print_findings(ctl, json_object_get(report, "Findings"));
                print_counts(report);
        }
        TRY(output_finish(ctl));
        if (json_is_true(json_object_get(report, "Clean")))
                return RES_OK;
        return ctl_fail(ctl, ERR_STORE, "the audit found %lld things that do not fit", (long long)json_int(report, "FindingCount"));
}

/* The same findings, of the small audit that the server makes each minute; this one makes a round now. */
res reconcile_run(struct ctl *ctl)
{
        const char *data_dir = args_text(ctl, "--data");
        json_auto_t *report = NULL;

        if (data_dir == NULL)
                return ctl_fail(ctl, ERR_USAGE, "reconcile wants --data DIR");
        TRY(client_control(ctl, data_dir, "/control/reconcile", json_object(), CLIENT_AUDIT_SEC, &report));
        if (args_has(ctl, "--json")) {
                TRY(output_json(ctl, report, /* pretty= */ false));
        } else {
                print_findings(ctl, json_object_get(report, "Findings"));
                (void)printf("%s: %lld signed certificates and %lld of the database looked at; %lld findings, %lld of them new; %lld mended\n",
                             json_is_true(json_object_get(report, "Clean")) ? "clean" : "not clean", (long long)json_int(report, "Signed"),
                             (long long)json_int(report, "Rows"), (long long)json_int(report, "FindingCount"),
                             (long long)json_int(report, "New"), (long long)json_int(report, "Mended"));
        }
        TRY(output_finish(ctl));
        if (json_is_true(json_object_get(report, "Clean")))
                return RES_OK;
        return ctl_fail(ctl, ERR_STORE, "signer and database disagree about %lld certificates", (long long)json_int(report, "FindingCount"));
}
