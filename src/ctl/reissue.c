/* reissue: another certificate of the same order; what is to be placed is shown, then it waits as apply does. */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "ctl/file.h"
#include "ctl/output.h"
#include "ctl/show.h"
#include "ctl/wait.h"

static void add_text(json_t *query, const char *name, const char *text)
{
        if (text != NULL)
                json_object_set_new(query, name, json_string(text));
}

static res add_key(struct ctl *ctl, json_t *query)
{
        const char *path = args_text(ctl, "--csr"), *key = args_text(ctl, "--key"), *kind = "original";
        struct str csr = {0};

        if (path != NULL && (key != NULL || args_has(ctl, "--keep-key")))
                return ctl_fail(ctl, ERR_USAGE, "--csr, --key and --keep-key exclude each other");
        if (path != NULL) {
                TRY(file_read(ctl, path, LIMIT_CSR_BYTES * 2, &csr));
                json_object_set_new(query, "CsrContent", json_stringn(csr.p, csr.n));
                kind = "upload";
        } else if (!args_has(ctl, "--keep-key")) {
                add_text(query, "CertCSREncryptAlgo", key != NULL && strcmp(key, "ecc") == 0 ? "ECC" : "RSA");
                kind = "online";
        }
        add_text(query, "CsrType", kind);
        return RES_OK;
}

static res tell_begin(struct ctl *ctl, struct client *client, const char *id)
{
        json_auto_t *certificate = NULL;

        TRY(show_fetch(client, id, &certificate));
        if (args_has(ctl, "--json"))
                return output_json(ctl, certificate, /* pretty= */ false);
        (void)printf("Reissue: certificate %s for %s\n", id, json_text(certificate, "Domain"));
        show_proofs(ctl, certificate);
        return output_finish(ctl);
}

res reissue_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *query = json_object(), *response = NULL;
        const char *method = args_text(ctl, "--method"), *id = NULL;

        add_text(query, "CertificateId", ctl->arguments[0]);
        add_text(query, "ValidType", method != NULL && strcmp(method, "file") == 0 ? "FILE" : "DNS");
        add_text(query, "Reason", args_text(ctl, "--reason"));
        TRY(add_key(ctl, query));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "ReplaceCertificate", json_incref(query), &response));
        id = json_text(response, "CertificateId");
        TRY(tell_begin(ctl, client, id));
        return args_has(ctl, "--no-wait") ? RES_OK : wait_and_tell(ctl, client, id);
}
