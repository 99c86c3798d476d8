/*
 * show: one certificate as a list of facts, and what is still to be placed for it.
 */
#include "ctl/show.h"

#include <string.h>

#include "ctl/output.h"

res show_fetch(struct client *client, const char *id, json_t **ret_certificate)
{
        return client_call(client, "DescribeCertificate", json_pack("{s:s}", "CertificateId", id), ret_certificate);
}

#define RECORD_COLUMNS 4
#define FILE_COLUMNS 2

/* DCV-05: domain name, host record, record type, record value. */
static void show_records(struct ctl *ctl, const json_t *proofs)
{
        size_t rows = json_array_size(proofs) + 1;
        const char **cells = arena_array_of(ctl->arena, rows * RECORD_COLUMNS, const char *);

        cells[0] = "Domain name";
        cells[1] = "Host record";
        cells[2] = "Type";
        cells[3] = "Record value";
        for (size_t i = 1; i < rows; i++) {
                const json_t *proof = json_array_get(proofs, i - 1);

                cells[i * RECORD_COLUMNS] = json_text(proof, "DvAuthDomain");
                cells[i * RECORD_COLUMNS + 1] = json_text(proof, "DvAuthSubDomain");
                cells[i * RECORD_COLUMNS + 2] = json_text(proof, "DvAuthVerifyType");
                cells[i * RECORD_COLUMNS + 3] = json_text(proof, "DvAuthValue");
        }
        (void)puts(rows == 2 ? "Add this DNS record and leave it until the certificate is issued:\n"
                             : "Add these DNS records and leave them until the certificate is issued:\n");
        output_table(stdout, cells, RECORD_COLUMNS, rows, "  ");
}

/* The wire gives the directory or the whole path (api.md §6). */
static const char *file_url(struct ctl *ctl, const json_t *proof)
{
        const char *path = json_text(proof, "DvAuthPath"), *key = json_text(proof, "DvAuthKey");
        const char *name = json_text(proof, "Domain");
        size_t n = strlen(path);

        return arena_printf(ctl->arena, "http://%s%s%s", name[0] != '\0' ? name : json_text(proof, "DvAuthDomain"), path,
                            n > 0 && path[n - 1] == '/' ? key : "");
}

static void show_files(struct ctl *ctl, const json_t *proofs)
{
        size_t rows = json_array_size(proofs) + 1;
        const char **cells = arena_array_of(ctl->arena, rows * FILE_COLUMNS, const char *);

        cells[0] = "Address (http or https)";
        cells[1] = "Content";
        for (size_t i = 1; i < rows; i++) {
                const json_t *proof = json_array_get(proofs, i - 1);

                cells[i * FILE_COLUMNS] = file_url(ctl, proof);
                cells[i * FILE_COLUMNS + 1] = json_text(proof, "DvAuthValue");
        }
        (void)puts("Serve this, without a redirect, until the certificate is issued:\n");
        output_table(stdout, cells, FILE_COLUMNS, rows, "  ");
}

void show_proofs(struct ctl *ctl, const json_t *certificate)
{
        const json_t *proofs = json_object_get(json_object_get(certificate, "DvAuthDetail"), "DvAuths");
        const char *kind = json_text(json_array_get(proofs, 0), "DvAuthVerifyType");

        if (json_array_size(proofs) == 0)
                return;
        (void)puts("");
        if (strcmp(kind, "FILE") == 0)
                show_files(ctl, proofs);
        else
                show_records(ctl, proofs);
        (void)puts("");
}

static void show_facts(struct ctl *ctl, const json_t *c)
{
        output_pair(stdout, "Certificate", json_text(c, "CertificateId"));
        output_pair(stdout, "Domain", json_text(c, "Domain"));
        output_pair(stdout, "Names", json_joined(ctl, c, "SubjectAltName"));
        output_pair(stdout, "Alias", json_text(c, "Alias"));
        output_pair(stdout, "Status", arena_printf(ctl->arena, "%s (%lld)", json_text(c, "StatusName"),
                                                   (long long)json_int(c, "Status")));
        output_pair(stdout, "", json_text(c, "StatusMsg"));
        output_pair(stdout, "Product", json_text(c, "PackageTypeName"));
        output_pair(stdout, "Validation", json_text(c, "VerifyType"));
        output_pair(stdout, "Applied", json_text(c, "InsertTime"));
        output_pair(stdout, "Valid from", json_text(c, "CertBeginTime"));
        output_pair(stdout, "Valid until", json_text(c, "CertEndTime"));
}

res show_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *certificate = NULL;

        TRY(client_open(ctl, &client));
        TRY(show_fetch(client, ctl->arguments[0], &certificate));
        if (args_has(ctl, "--json"))
                return output_json(ctl, certificate, /* pretty= */ false);
        show_facts(ctl, certificate);
        show_proofs(ctl, certificate);
        return RES_OK;
}
