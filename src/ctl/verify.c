/* verify: have the server look now, and tell for each name what it saw. */
#include "ctl/client.h"
#include "ctl/output.h"

#define VERIFY_COLUMNS 4

static const char *verdict(const json_t *result)
{
        if (json_is_true(json_object_get(result, "Issued")))
                return "issued";
        if (json_int(result, "LocalCheck") == 1)
                return "ok";
        return json_text(result, "LocalCheckFailReason");
}

static void print_results(struct ctl *ctl, const json_t *results)
{
        size_t count = json_array_size(results);
        const char **cells = arena_array_of(ctl->arena, (count + 1) * VERIFY_COLUMNS, const char *);

        cells[0] = "Name";
        cells[1] = "Method";
        cells[2] = "Verdict";
        cells[3] = "Found";
        for (size_t i = 0; i < count; i++) {
                const json_t *result = json_array_get(results, i);
                const char **row = cells + (i + 1) * VERIFY_COLUMNS;

                row[0] = json_text(result, "Domain");
                row[1] = json_text(result, "VerifyType");
                row[2] = verdict(result);
                row[3] = json_joined(ctl, result, "CheckValue");
        }
        output_table(stdout, cells, VERIFY_COLUMNS, count + 1, "");
}

static res judge(struct ctl *ctl, const json_t *results)
{
        const json_t *result = NULL;
        size_t i;

        json_array_foreach (results, i, result) {
                if (json_is_true(json_object_get(result, "Frequently")))
                        (void)fputs("chancery: that is the last look; the server looks at most once in 10 s\n", stderr);
                if (json_int(result, "LocalCheck") != 1 && !json_is_true(json_object_get(result, "Issued")))
                        return ctl_fail(ctl, ERR_PARAM, "%s has not passed: %s", json_text(result, "Domain"),
                                        json_text(result, "LocalCheckFailReason"));
        }
        return RES_OK;
}

res verify_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *response = NULL;
        const json_t *results = NULL;

        TRY(client_open(ctl, &client));
        TRY(client_call(client, "CheckCertificateDomainVerification",
                        json_pack("{s:s}", "CertificateId", ctl->arguments[0]), &response));
        results = json_object_get(response, "VerificationResults");
        if (args_has(ctl, "--json"))
                TRY(output_json(ctl, response, /* pretty= */ false));
        else
                print_results(ctl, results);
        TRY(output_finish(ctl));
        return judge(ctl, results);
}
