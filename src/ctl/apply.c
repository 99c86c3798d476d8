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

static void add_text(json_t *request, const char *name, const char *text)
{
        if (text != NULL)
                json_object_set_new(request, name, json_string(text));
}

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
        add_text(request, "DomainName", ctl->arguments[0]);
        add_text(request, "DvAuthMethod", option_is(ctl, "--method", "file") ? "FILE" : "DNS");
        add_text(request, "PackageType", args_text(ctl, "--product"));
        add_text(request, "ValidityPeriod", args_text(ctl, "--validity"));
        add_text(request, "ContactEmail", args_text(ctl, "--email"));
        add_text(request, "Alias", args_text(ctl, "--alias"));
        add_text(request, "OldCertificateId", args_text(ctl, "--renew"));
        if (args_text(ctl, "--key") != NULL)
                add_text(request, "CsrEncryptAlgo", option_is(ctl, "--key", "ecc") ? "ECC" : "RSA");
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

static res tell_begin(struct ctl *ctl, struct client *client, const char *id)
{
        json_auto_t *certificate = NULL;

        TRY(show_fetch(client, id, &certificate));
        if (args_has(ctl, "--json"))
                return output_json(ctl, certificate, /* pretty= */ false);
        (void)printf("Applied: certificate %s for %s\n", id, json_text(certificate, "Domain"));
        show_proofs(ctl, certificate);
        if (args_has(ctl, "--no-wait"))
                (void)printf("`chancery wait %s` goes on when it is placed\n", id);
        return output_finish(ctl);
}

res apply_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        const char *id = NULL;

        TRY(client_open(ctl, &client));
        TRY(submit(ctl, client, &id));
        TRY(tell_begin(ctl, client, id));
        if (args_has(ctl, "--no-wait"))
                return RES_OK;
        return wait_and_tell(ctl, client, id);
}
