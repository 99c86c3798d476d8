/* See chain.h. */
#include "api/chain.h"

#include "core/chain.h"

#define CHAIN_PEM_BYTES (128 * 1024) /* ten certificates with the largest keys in use are under 40 KB */

struct chain_in {
        struct str pem;
};

struct chain_out {
        struct opt_int is_valid, is_trusted_ca;
        struct strs chains;
};

static const struct json_field chain_in_fields[] = {
        JSON_FIELD(struct chain_in, pem, "CertificateChain", JSON_STR, .required = true, .limit = CHAIN_PEM_BYTES),
        JSON_FIELDS_END,
};
static const struct json_field chain_out_fields[] = {
        JSON_FIELD(struct chain_out, is_valid, "IsValid", JSON_BOOL),
        JSON_FIELD(struct chain_out, is_trusted_ca, "IsTrustedCA", JSON_BOOL),
        JSON_FIELD(struct chain_out, chains, "Chains", JSON_STRS),
        JSON_FIELDS_END,
};
const struct api_message api_chain_check_in = {chain_in_fields, sizeof(struct chain_in)};
const struct api_message api_chain_check_out = {chain_out_fields, sizeof(struct chain_out)};

res api_chain_check(struct req *req)
{
        struct chain_in in = {0};
        struct chain_report report = {0};

        TRY(REQ_BIND(req, &in));
        TRY(chain_check(&req->act, in.pem, &report));
        return REQ_REPLY(req,
                         &((struct chain_out){api_bool(report.is_valid), api_bool(report.is_trusted), report.names}));
}
