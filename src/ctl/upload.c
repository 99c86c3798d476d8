/* upload, check-chain and ignore: what an owner does with certificates from elsewhere, one call each. */
#include "ctl/upload.h"

#include <string.h>

#include "base/limits.h"
#include "base/secret.h"
#include "ctl/client.h"
#include "ctl/file.h"
#include "ctl/output.h"
#include "ctl/pem_file.h"

res upload_add_password(struct ctl *ctl, json_t *request)
{
        const char *path = args_text(ctl, "--password-file");
        struct str text, rest;

        if (path == NULL)
                return RES_OK;
        TRY(file_read(ctl, path, LIMIT_PASSWORD_BYTES + 2, &text));
        rest = text;
        text = str_cut(&rest, '\n');
        if (text.n > 0 && text.p[text.n - 1] == '\r')
                text.n--;
        json_t *value = json_stringn(text.p, text.n);

        if (text.n == 0 || value == NULL)
                return ctl_fail(ctl, ERR_USAGE, "the first line of %s is no password", path);
        json_object_set_new(request, "KeyPassword", value);
        return RES_OK;
}

static void add_text(json_t *request, const char *name, struct str text)
{
        if (text.p != NULL && text.n > 0)
                json_object_set_new(request, name, json_stringn(text.p, text.n));
}

/* The certificate's file and, where they lie apart, those of its intermediates. */
static res read_certificates(struct ctl *ctl, struct pem_file *file)
{
        struct pem_file more;
        const char *path;

        TRY(pem_file_read(ctl, ctl->arguments[0], file));
        for (size_t i = 0; (path = args_text_at(ctl, "--chain", i)) != NULL; i++) {
                TRY(pem_file_read(ctl, path, &more));
                file->certificates = str_of(arena_printf(ctl->arena, "%.*s\n%.*s", (int)file->certificates.n,
                                                         file->certificates.p, (int)more.certificates.n,
                                                         more.certificates.p));
        }
        if (file->certificates.n == 0)
                return ctl_fail(ctl, ERR_USAGE, "there is no certificate in %s", ctl->arguments[0]);
        return RES_OK;
}

/* A key of its own file, or the one that stands with the certificate. */
static res read_key(struct ctl *ctl, struct pem_file *file)
{
        struct pem_file own;

        if (ctl->argument_count < 2)
                return RES_OK;
        TRY(pem_file_read(ctl, ctl->arguments[1], &own));
        file->key = own.key.n > 0 ? own.key : own.certificates; /* DER has no label */
        return RES_OK;
}

static res make_request(struct ctl *ctl, json_t *request)
{
        const char *type = args_text(ctl, "--type");
        struct pem_file file = {0};
        int64_t project = 0;

        TRY(read_certificates(ctl, &file));
        TRY(read_key(ctl, &file));
        add_text(request, "CertificatePublicKey", file.certificates);
        add_text(request, "CertificatePrivateKey", file.key);
        add_text(request, "CertificateType", type != NULL && strcmp(type, "ca") == 0 ? STR("CA") : STR("SVR"));
        add_text(request, "Alias", str_of(args_text(ctl, "--alias")));
        if (args_has(ctl, "--again"))
                json_object_set_new(request, "Repeatable", json_true());
        if (args_text(ctl, "--project") != NULL) {
                TRY(args_int(ctl, "--project", 0, &project));
                json_object_set_new(request, "ProjectId", json_integer((json_int_t)project));
        }
        return upload_add_password(ctl, request);
}

static res replace(struct ctl *ctl, const char *id)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *request = json_pack("{s:s, s:[s]}", "OldCertificateId", id, "ResourceTypes", "all"), *response = NULL;
        struct pem_file file = {0};

        if (request == NULL)
                return ctl_fail(ctl, ERR_USAGE, "an argument is not UTF-8");
        TRY(read_certificates(ctl, &file));
        TRY(read_key(ctl, &file));
        add_text(request, "CertificatePublicKey", file.certificates);
        json_object_set_new(request, "CertificatePrivateKey", json_stringn(file.key.p ? file.key.p : "", file.key.n));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "UploadUpdateCertificateInstance", json_incref(request), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        (void)printf("%s has other content now; `chancery take-back %s` takes that back\n", id, id);
        return output_finish(ctl);
}

/* Of the exchanges that were made the last one is the one that can be taken back. */
res upload_back_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *records = NULL, *response = NULL;
        const char *id = ctl->arguments[0];

        TRY(client_open(ctl, &client));
        TRY(client_call(client, "DescribeHostUploadUpdateRecord", json_pack("{s:s, s:i}", "OldCertificateId", id, "Limit", 1), &records));
        const json_t *last = json_array_get(json_object_get(records, "DeployRecordList"), 0);

        if (last == NULL)
                return ctl_fail(ctl, ERR_PARAM, "nothing was put in the place of %s", id);
        TRY(client_call(client, "UploadUpdateCertificateRecordRollback",
                        json_pack("{s:I}", "DeployRecordId", (json_int_t)json_int(last, "Id")), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        (void)printf("%s is what it was before\n", id);
        return output_finish(ctl);
}

res upload_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *request = json_object(), *response = NULL;

        if (args_text(ctl, "--replace") != NULL)
                return replace(ctl, args_text(ctl, "--replace"));
        TRY(make_request(ctl, request));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "UploadCertificate", json_incref(request), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        (void)printf("Uploaded: certificate %s\n", json_text(response, "CertificateId"));
        return output_finish(ctl);
}

static res check_chain_tell(struct ctl *ctl, const json_t *response, bool valid)
{
        const json_t *names = json_object_get(response, "Chains");
        const json_t *name;
        size_t i;

        json_array_foreach (names, i, name) {
                output_pair(stdout, i == 0 ? "Certificate" : "issued by", json_string_value(name));
        }
        output_pair(stdout, "Whole and right", valid ? "yes" : "no");
        output_pair(stdout, "Trusted CA", json_is_true(json_object_get(response, "IsTrustedCA")) ? "yes" : "no");
        return output_finish(ctl);
}

res check_chain_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *request = json_object(), *response = NULL;
        struct pem_file file = {0};

        TRY(read_certificates(ctl, &file));
        add_text(request, "CertificateChain", file.certificates);
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "CheckCertificateChain", json_incref(request), &response));
        bool valid = json_is_true(json_object_get(response, "IsValid"));

        TRY(args_has(ctl, "--json") ? output_json(ctl, response, /* pretty= */ false)
                                    : check_chain_tell(ctl, response, valid));
        return valid ? RES_OK : ctl_fail(ctl, ERR_PARAM, "the chain is not whole and right");
}

res ignore_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *ids = json_array(), *response = NULL;
        bool off = args_has(ctl, "--off");

        for (size_t i = 0; i < ctl->argument_count; i++)
                json_array_append_new(ids, json_string(ctl->arguments[i]));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "ModifyCertificatesExpiringNotificationSwitch",
                        json_pack("{s:O,s:i}", "CertificateIds", ids, "SwitchStatus", off ? 0 : 1), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        for (size_t i = 0; i < ctl->argument_count; i++)
                (void)printf("Messages of %s are %s\n", ctl->arguments[i], off ? "wanted again" : "ignored");
        return output_finish(ctl);
}
