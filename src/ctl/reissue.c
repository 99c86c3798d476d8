/* reissue: another certificate of the same order; what is to be placed is shown, then it waits as apply does. */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "ctl/file.h"
#include "ctl/output.h"
#include "ctl/show.h"
#include "ctl/wait.h"

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
                json_put_text(query, "CertCSREncryptAlgo", key != NULL && strcmp(key, "ecc") == 0 ? "ECC" : "RSA");
                kind = "online";
        }
        json_put_text(query, "CsrType", kind);
        return RES_OK;
}

static const char *method_word(const char *method)
{
        if (method == NULL || strcmp(method, "dns") == 0)
                return "DNS";
        return strcmp(method, "file") == 0 ? "FILE" : "DNS_PROXY";
}

res reissue_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *query = json_object(), *response = NULL;
        const char *method = args_text(ctl, "--method"), *id = NULL;

        json_put_text(query, "CertificateId", ctl->arguments[0]);
        json_put_text(query, "ValidType", method_word(method));
        json_put_text(query, "Reason", args_text(ctl, "--reason"));
        TRY(add_key(ctl, query));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "ReplaceCertificate", json_incref(query), &response));
        id = json_text(response, "CertificateId");
        return wait_after(ctl, client, "Reissue", id);
}
