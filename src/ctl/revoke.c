/* revoke: ask for it, and tell what has to be shown; revocations and review: a reviewer's part. */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "ctl/client.h"
#include "ctl/file.h"
#include "ctl/output.h"

#define PROOF_COLUMNS 3
#define QUEUE_COLUMNS 7

static void print_proofs(struct ctl *ctl, const json_t *auths)
{
        size_t rows = json_array_size(auths) + 1;
        const char **cells = arena_array_of(ctl->arena, rows * PROOF_COLUMNS, const char *);

        cells[0] = "Domain";
        cells[1] = "Record or file";
        cells[2] = "Value or content";
        for (size_t i = 1; i < rows; i++) {
                const json_t *one = json_array_get(auths, i - 1);

                cells[i * PROOF_COLUMNS] = json_text(one, "DomainValidateAuthDomain");
                cells[i * PROOF_COLUMNS + 1] = arena_printf(ctl->arena, "%s%s", json_text(one, "DomainValidateAuthPath"),
                                                            json_text(one, "DomainValidateAuthKey"));
                cells[i * PROOF_COLUMNS + 2] = json_text(one, "DomainValidateAuthValue");
        }
        output_table(stdout, cells, PROOF_COLUMNS, rows, "  ");
}

static void tell(struct ctl *ctl, const char *id, const json_t *response)
{
        const char *state = json_text(response, "State");

        if (strcmp(state, "revoked") == 0)
                (void)printf("%s is revoked\n", id);
        else if (strcmp(state, "proving") != 0)
                (void)printf("%s: a reviewer decides about its revocation; it can be neither downloaded nor deployed now\n", id);
        else {
                (void)printf("%s is revoked as soon as this is seen, until %s; look with `chancery verify %s`:\n\n", id,
                             json_text(response, "Deadline"), id);
                print_proofs(ctl, json_object_get(response, "RevokeDomainValidateAuths"));
        }
}

static res prove_key(struct ctl *ctl, struct client *client, const char *path)
{
        json_auto_t *response = NULL;
        struct str csr = {0};

        if (ctl->argument_count > 0)
                return ctl_fail(ctl, ERR_USAGE, "--key-proof says by itself which certificates it is about; leave ID out");
        TRY(file_read(ctl, path, LIMIT_CSR_BYTES * 2, &csr));
        TRY(client_call(client, "ReportKeyCompromise", json_pack("{s:s#}", "CertificateRequest", csr.p, csr.n), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        (void)printf("%lld certificates were revoked; the key is never accepted again\n", (long long)json_int(response, "RevokedCount"));
        return RES_OK;
}

res revoke_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        const char *reason = args_text(ctl, "--reason"), *code = args_text(ctl, "--code");
        json_auto_t *response = NULL, *query = NULL;

        TRY(client_open(ctl, &client));
        if (args_text(ctl, "--key-proof") != NULL)
                return prove_key(ctl, client, args_text(ctl, "--key-proof"));
        if (ctl->argument_count == 0)
                return ctl_fail(ctl, ERR_USAGE, "revoke needs the ID of a certificate, or --key-proof FILE");
        query = json_pack("{s:s, s:s, s:s}", "CertificateId", ctl->arguments[0], "Reason", reason ? reason : "", "ReasonCode", code ? code : "");
        TRY(client_call(client, "RevokeCertificate", json_incref(query), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        tell(ctl, ctl->arguments[0], response);
        return RES_OK;
}

res revocations_run(struct ctl *ctl)
{
        static const char *const heading[QUEUE_COLUMNS] = {"Request", "Certificate", "Account", "Domain", "Product", "Filed", "Reason"};
        static const char *const members[QUEUE_COLUMNS] = {"RevocationId", "CertificateId", "Uin", "Domain", "ProductZhName", "CreatedOn", "Reason"};
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *response = NULL;

        TRY(client_open(ctl, &client));
        TRY(client_call(client, "DescribeRevocations", json_pack("{s:i}", "Limit", 100), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        const json_t *list = json_object_get(response, "Revocations");

        output_members(ctl, list, heading, members, QUEUE_COLUMNS);
        return RES_OK;
}

res review_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        const char *note = args_text(ctl, "--note");
        bool pass = args_has(ctl, "--pass");
        json_auto_t *response = NULL;

        if (pass == args_has(ctl, "--refuse"))
                return ctl_fail(ctl, ERR_USAGE, "review takes one of --pass and --refuse");
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "ReviewRevocation",
                        json_pack("{s:s, s:b, s:s}", "RevocationId", ctl->arguments[0], "Pass", pass, "Note", note ? note : ""), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        (void)printf("request %s is %s\n", ctl->arguments[0], pass ? "passed" : "refused");
        return RES_OK;
}
