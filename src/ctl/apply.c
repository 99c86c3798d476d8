/*
 * apply: the main job from a terminal.  Apply, print what to place, wait, tell how to fetch the certificate.
 */
#include <string.h>

#include "base/limits.h"
#include "base/secret.h"
#include "ctl/client.h"
#include "ctl/file.h"
#include "ctl/output.h"
#include "ctl/show.h"
#include "ctl/wait.h"

static res add_password(struct ctl *ctl, json_t *request)
{
        const char *path = args_text(ctl, "--password-file");
        struct str password;

        if (path == NULL)
                return RES_OK;
        TRY(file_password(ctl, path, &password));
        json_object_set_new(request, "CsrKeyPassword", json_stringn(password.p, password.n));
        return RES_OK;
}

static res add_project(struct ctl *ctl, json_t *request)
{
        int64_t project = 0;

        if (args_text(ctl, "--project") == NULL)
                return RES_OK;
        TRY(args_int(ctl, "--project", 0, &project));
        json_object_set_new(request, "ProjectId", json_integer((json_int_t)project));
        return RES_OK;
}

static bool option_is(const struct ctl *ctl, const char *option, const char *value)
{
        const char *given = args_text(ctl, option);

        return given != NULL && strcmp(given, value) == 0;
}

static res make_request(struct ctl *ctl, json_t *request)
{
        json_put_text(request, "DomainName", ctl->arguments[0]);
        json_put_text(request, "DvAuthMethod", option_is(ctl, "--method", "file") ? "FILE" : "DNS");
        json_put_text(request, "PackageType", args_text(ctl, "--product"));
        json_put_text(request, "ValidityPeriod", args_text(ctl, "--validity"));
        json_put_text(request, "ContactEmail", args_text(ctl, "--email"));
        json_put_text(request, "Alias", args_text(ctl, "--alias"));
        json_put_text(request, "OldCertificateId", args_text(ctl, "--renew"));
        if (args_text(ctl, "--key") != NULL)
                json_put_text(request, "CsrEncryptAlgo", option_is(ctl, "--key", "ecc") ? "ECC" : "RSA");
        TRY(add_project(ctl, request));
        return add_password(ctl, request);
}

static res submit(struct ctl *ctl, struct client *client, const char **ret_id)
{
        json_auto_t *request = json_object(), *response = NULL;

        TRY(make_request(ctl, request));
        TRY(client_call(client, "ApplyCertificate", json_incref(request), &response));
        *ret_id = arena_strdup(ctl->arena, json_text(response, "CertificateId"));
        return RES_OK;
}

res apply_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        const char *id = NULL;

        TRY(client_open(ctl, &client));
        TRY(submit(ctl, client, &id));
        return wait_after(ctl, client, "Applied", id);
}
