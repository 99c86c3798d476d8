/* See reissue.h. */
#include "api/reissue.h"

#include "core/reissue.h"

struct file_in {
        struct str certificate_id, valid_type, csr_type, csr, password, reason, algo, parameter, sign_algo;
        struct opt_int cross_sign;
};

struct file_out {
        struct str certificate_id;
};

static const struct json_field file_in_fields[] = {
        JSON_FIELD(struct file_in, certificate_id, "CertificateId", JSON_STR, .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct file_in, valid_type, "ValidType", JSON_STR, .required = true, .limit = 32),
        JSON_FIELD(struct file_in, csr_type, "CsrType", JSON_STR, .limit = 32),
        JSON_FIELD(struct file_in, csr, "CsrContent", JSON_STR, .limit = LIMIT_CSR_BYTES * 2),
        JSON_FIELD(struct file_in, password, "CsrkeyPassword", JSON_STR, .limit = LIMIT_PASSWORD_BYTES),
        JSON_FIELD(struct file_in, reason, "Reason", JSON_STR, .limit = LIMIT_REASON_CHARS * 4),
        JSON_FIELD(struct file_in, algo, "CertCSREncryptAlgo", JSON_STR, .limit = 16),
        JSON_FIELD(struct file_in, parameter, "CertCSRKeyParameter", JSON_STR, .limit = 32),
        JSON_FIELD(struct file_in, sign_algo, "SignAlgo", JSON_STR, .limit = 32),
        JSON_FIELD(struct file_in, cross_sign, "UseCrossSignRoot", JSON_BOOL),
        JSON_FIELDS_END};
static const struct json_field file_out_fields[] = {JSON_FIELD(struct file_out, certificate_id, "CertificateId", JSON_STR),
                                                    JSON_FIELDS_END};
const struct api_message api_reissue_file_in = {file_in_fields, sizeof(struct file_in)};
const struct api_message api_reissue_file_out = {file_out_fields, sizeof(struct file_out)};

res api_reissue_file(struct req *req)
{
        struct file_in in = {0};
        const char *id = NULL;

        TRY(REQ_BIND(req, &in));
        req_wipe_later(req, in.password);
        const struct reissue_new new = {
                .certificate_id = in.certificate_id,
                .method = in.valid_type,
                .csr_type = in.csr_type,
                .csr_pem = in.csr,
                .key_password = in.password,
                .reason = in.reason,
                .key_algo = in.algo,
                .key_parameter = in.parameter,
        };
        TRY(reissue_file(&req->act, &new, &id));
        return REQ_REPLY(req, &((struct file_out){str_of(id)}));
}
