/* The directory (RFC 8555 §7.1.1): where everything is. */
#include "acme/resource.h"

#include "base/conf.h"
#include "base/json.h"

static const struct {
        const char *name, *path;
} entries[] = {
        {"newNonce", "new-nonce"},   {"newAccount", "new-account"}, {"newOrder", "new-order"},
        {"revokeCert", "revoke-cert"}, {"keyChange", "key-change"}, {"renewalInfo", "renewal-info"},
};

static void directory_meta(struct acme_call *call, struct buf *out)
{
        const struct conf *conf = call->acme->core->conf;

        buf_add_text(out, "\"meta\":{\"website\":");
        json_encode_str(out, str_of(arena_printf(call->request->arena, "%s/", call->base)));
        if (conf->acme_terms) {
                buf_add_text(out, ",\"termsOfService\":");
                json_encode_str(out, str_of(conf->acme_terms));
        }
        buf_add_text(out, ",\"caaIdentities\":[");
        for (size_t i = 0; i < conf->ca_caa_identities.n; i++) {
                buf_add_text(out, i ? "," : "");
                json_encode_str(out, str_of(conf->ca_caa_identities.v[i]));
        }
        buf_printf(out, "],\"externalAccountRequired\":%s}}", conf->acme_external_account_required ? "true" : "false");
}

static void directory_write(struct acme_call *call)
{
        struct buf *out = &call->reply->body;

        buf_add_text(out, "{");
        for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
                buf_printf(out, "\"%s\":", entries[i].name);
                json_encode_str(out, str_of(acme_url(call, "%s", entries[i].path)));
                buf_add_text(out, ",");
        }
        directory_meta(call, out);
        acme_reply_json(call, 200);
}

void acme_directory(struct acme_call *call)
{
        directory_write(call);
        acme_header(call, "Cache-Control", "public, max-age=0, no-cache");
}

res acme_directory_resource(struct acme_call *call)
{
        TRY(acme_call_no_payload(call));
        directory_write(call);
        return RES_OK;
}

/* The nonce is a header of every answer. */
res acme_new_nonce_resource(struct acme_call *call)
{
        TRY(acme_call_no_payload(call));
        call->reply->status = 204;
        return RES_OK;
}
