/* submit: a bought certificate's information, and on to validation; then wait, as apply does. */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "ctl/client.h"
#include "ctl/file.h"
#include "ctl/output.h"
#include "ctl/pem_file.h"
#include "ctl/show.h"
#include "ctl/wait.h"

static res add_key(struct ctl *ctl, json_t *request)
{
        const char *csr = args_text(ctl, "--csr"), *key = args_text(ctl, "--key"), *password = args_text(ctl, "--password-file"), *dash;
        struct str text = {0};
        int64_t id = 0;

        TRY(args_int(ctl, "--csr-id", 0, &id));
        json_object_set_new(request, "GenCsrType", json_string(args_has(ctl, "--reuse") ? "original" : csr || id ? "parse" : "online"));
        if (id > 0)
                json_object_set_new(request, "CSRId", json_integer((json_int_t)id));
        if (csr != NULL) {
                TRY(file_read(ctl, csr, LIMIT_CSR_BYTES, &text));
                json_object_set_new(request, "Csr", json_stringn(text.p, text.n));
        }
        if (args_text(ctl, "--private-key") != NULL) {
                TRY(file_read(ctl, args_text(ctl, "--private-key"), PEM_FILE_BYTES, &text));
                json_object_set_new(request, "CsrPrivateKey", json_stringn(text.p, text.n));
        }
        if (key != NULL && (dash = strchr(key, '-')) != NULL) {
                json_object_set_new(request, "CsrEncryptAlgo", json_stringn(key, (size_t)(dash - key)));
                json_put_text(request, "CsrKeyParameter", dash + 1);
        }
        if (password != NULL) {
                TRY(file_password(ctl, password, &text));
                json_object_set_new(request, "KeyPass", json_stringn(text.p, text.n));
        }
        return RES_OK;
}

static void add_applicant(struct ctl *ctl, json_t *request)
{
        static const char *const texts[][2] = {
                {"--email", "ContactEmail"},        {"--organization", "OrgOrganization"}, {"--department", "OrgDivision"},
                {"--address", "OrgAddress"},        {"--city", "OrgCity"},                 {"--province", "OrgRegion"},
                {"--country", "OrgCountry"},        {"--phone", "OrgPhoneNumber"},         {"--admin-first", "AdminFirstName"},
                {"--admin-last", "AdminLastName"},  {"--admin-phone", "AdminPhone"},       {"--admin-email", "AdminEmail"},
                {"--hash", "SignAlgo"},
        };

        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                json_put_text(request, texts[i][1], args_text(ctl, texts[i][0]));
        json_object_set_new(request, "CompanyType", json_integer(args_text(ctl, "--organization") ? 2 : 1));
        json_object_set_new(request, "CompanyId", json_string("0"));
}

static res give(struct ctl *ctl, struct client *client)
{
        json_auto_t *request = json_object(), *names = json_array(), *response = NULL;

        json_put_text(request, "CertId", ctl->arguments[0]);
        json_object_set_new(request, "CertCommonName", json_string(ctl->argument_count > 1 ? ctl->arguments[1] : ""));
        for (size_t i = 2; i < ctl->argument_count; i++)
                json_array_append_new(names, json_string(ctl->arguments[i]));
        json_object_set(request, "DnsNames", names);
        TRY(add_key(ctl, request));
        add_applicant(ctl, request);
        return client_call(client, "CertificateInfoSubmit", json_incref(request), &response);
}

static res commit(struct ctl *ctl, struct client *client)
{
        static const char *const methods[][2] = {{"dns", "DNS"}, {"file", "FILE"}, {"kept", "DNS_PROXY"}};
        json_auto_t *request = json_object(), *response = NULL;
        const char *method = args_text(ctl, "--method");

        json_put_text(request, "CertId", ctl->arguments[0]);
        for (size_t i = 0; method != NULL && i < sizeof methods / sizeof *methods; i++)
                if (strcmp(method, methods[i][0]) == 0)
                        json_put_text(request, "VerifyType", methods[i][1]);
        return client_call(client, "CertificateOrderSubmit", json_incref(request), &response);
}

res submit_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;

        TRY(client_open(ctl, &client));
        if (args_has(ctl, "--again")) {
                json_auto_t *response = NULL;

                TRY(client_call(client, "ModifyCertificateResubmit", json_pack("{s:s}", "CertificateId", ctl->arguments[0]), &response));
        }
        /* Taken up again without names: what was given before is committed as it is. */
        bool given = ctl->argument_count > 1 || args_text(ctl, "--csr") != NULL || args_text(ctl, "--csr-id") != NULL || !args_has(ctl, "--again");

        if (given)
                TRY(give(ctl, client));
        TRY(commit(ctl, client));
        return wait_after(ctl, client, "Submitted", ctl->arguments[0]);
}
