/* See submit.h.  Both forms fill the same struct of core; they differ in names, and in the codes of their refusals. */
#include "api/submit.h"

#include "core/certificate.h"
#include "core/key_import.h"
#include "core/submit.h"

#define PRIVATE_KEY "CsrPrivateKey" /* ours: the form's KEY box (APP-47) has no field on the wire */
#define TEXT_BYTES 800 /* 200 characters of four bytes */

#define TEXT(type, member, name) JSON_FIELD(type, member, name, JSON_STR, .limit = TEXT_BYTES)
#define ID(type, member, name) JSON_FIELD(type, member, name, JSON_STR, .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT)

/* ---- the older form ---- */

struct information_in {
        struct submit_form form;
        struct str certificate_id, csr_type, csr, private_key, domain, password, method;
        struct strs names;
        struct opt_int is_dv;
};

static const struct json_field information_in_fields[] = {
        ID(struct information_in, certificate_id, "CertificateId"),
        TEXT(struct information_in, csr_type, "CsrType"),
        JSON_FIELD(struct information_in, csr, "CsrContent", JSON_STR, .limit = LIMIT_CSR_BYTES),
        JSON_FIELD(struct information_in, domain, "CertificateDomain", JSON_STR, .limit = LIMIT_TYPED_NAME_BYTES),
        JSON_FIELD(struct information_in, names, "DomainList", JSON_STRS, .limit = LIMIT_NAMES_PER_CERT * 2),
        JSON_FIELD(struct information_in, password, "KeyPassword", JSON_STR, .limit = LIMIT_PASSWORD_BYTES),
        TEXT(struct information_in, form.org_name, "OrganizationName"),
        TEXT(struct information_in, form.org_division, "OrganizationDivision"),
        TEXT(struct information_in, form.org_address, "OrganizationAddress"),
        TEXT(struct information_in, form.org_country, "OrganizationCountry"),
        TEXT(struct information_in, form.org_city, "OrganizationCity"),
        TEXT(struct information_in, form.org_region, "OrganizationRegion"),
        TEXT(struct information_in, form.postal_code, "PostalCode"),
        TEXT(struct information_in, form.phone_area, "PhoneAreaCode"),
        TEXT(struct information_in, form.phone, "PhoneNumber"),
        TEXT(struct information_in, method, "VerifyType"),
        TEXT(struct information_in, form.admin_first, "AdminFirstName"),
        TEXT(struct information_in, form.admin_last, "AdminLastName"),
        TEXT(struct information_in, form.admin_phone, "AdminPhoneNum"),
        TEXT(struct information_in, form.admin_email, "AdminEmail"),
        TEXT(struct information_in, form.admin_position, "AdminPosition"),
        TEXT(struct information_in, form.contact_first, "ContactFirstName"),
        TEXT(struct information_in, form.contact_last, "ContactLastName"),
        TEXT(struct information_in, form.contact_email, "ContactEmail"),
        TEXT(struct information_in, form.contact_phone, "ContactNumber"),
        TEXT(struct information_in, form.contact_position, "ContactPosition"),
        JSON_FIELD(struct information_in, is_dv, "IsDV", JSON_BOOL),
        JSON_FIELD(struct information_in, private_key, PRIVATE_KEY, JSON_STR, .limit = KEY_IMPORT_BYTES),
        JSON_FIELDS_END};

struct commit_in {
        struct str certificate_id, method;
        struct opt_int delete_dns_auto_record;
};

static const struct json_field commit_in_fields[] = {
        ID(struct commit_in, certificate_id, "CertificateId"), TEXT(struct commit_in, method, "VerifyType"), JSON_FIELDS_END};

/* ---- the current form ---- */

struct info_in {
        struct submit_form form;
        struct str certificate_id, csr_type, domain, company_id, manager_id, csr, private_key, password, method, contact_email, key_parameter, key_algo,
                ca_type, hash;
        struct str org_id_type, org_id_number, admin_id_type, admin_id_number, tech_id_type, tech_id_number; /* only CFCA asks for them */
        struct strs names;
        struct opt_int company_type, auto_renew, type, cross_root, csr_id;
};

static const struct json_field info_in_fields[] = {
        ID(struct info_in, certificate_id, "CertId"),
        JSON_FIELD(struct info_in, csr_type, "GenCsrType", JSON_STR, .required = true, .limit = 32),
        JSON_FIELD(struct info_in, domain, "CertCommonName", JSON_STR, .required = true, .limit = LIMIT_TYPED_NAME_BYTES),
        JSON_FIELD(struct info_in, company_type, "CompanyType", JSON_UINT, .required = true),
        JSON_FIELD(struct info_in, company_id, "CompanyId", JSON_STR, .required = true, .limit = 32),
        TEXT(struct info_in, org_id_type, "OrgIdType"),
        TEXT(struct info_in, org_id_number, "OrgIdNumber"),
        TEXT(struct info_in, admin_id_type, "AdminIdType"),
        TEXT(struct info_in, admin_id_number, "AdminIdNumber"),
        TEXT(struct info_in, tech_id_type, "TechIdType"),
        TEXT(struct info_in, tech_id_number, "TechIdNumber"),
        JSON_FIELD(struct info_in, csr, "Csr", JSON_STR, .limit = LIMIT_CSR_BYTES),
        JSON_FIELD(struct info_in, names, "DnsNames", JSON_STRS, .limit = LIMIT_NAMES_PER_CERT * 2),
        JSON_FIELD(struct info_in, password, "KeyPass", JSON_STR, .limit = LIMIT_PASSWORD_BYTES),
        TEXT(struct info_in, form.org_name, "OrgOrganization"),
        TEXT(struct info_in, form.org_division, "OrgDivision"),
        TEXT(struct info_in, form.org_address, "OrgAddress"),
        TEXT(struct info_in, form.org_country, "OrgCountry"),
        TEXT(struct info_in, form.org_city, "OrgCity"),
        TEXT(struct info_in, form.org_region, "OrgRegion"),
        TEXT(struct info_in, form.phone_area, "OrgPhoneArea"),
        TEXT(struct info_in, form.phone, "OrgPhoneNumber"),
        TEXT(struct info_in, method, "VerifyType"),
        TEXT(struct info_in, form.admin_first, "AdminFirstName"),
        TEXT(struct info_in, form.admin_last, "AdminLastName"),
        TEXT(struct info_in, form.admin_phone, "AdminPhone"),
        TEXT(struct info_in, form.admin_email, "AdminEmail"),
        TEXT(struct info_in, form.admin_position, "AdminTitle"),
        TEXT(struct info_in, form.contact_first, "TechFirstName"),
        TEXT(struct info_in, form.contact_last, "TechLastName"),
        TEXT(struct info_in, contact_email, "ContactEmail"),
        JSON_FIELD(struct info_in, auto_renew, "AutoRenewFlag", JSON_UINT),
        TEXT(struct info_in, key_parameter, "CsrKeyParameter"),
        TEXT(struct info_in, key_algo, "CsrEncryptAlgo"),
        JSON_FIELD(struct info_in, manager_id, "ManagerId", JSON_STR, .limit = 32),
        TEXT(struct info_in, form.contact_phone, "TechPhone"),
        TEXT(struct info_in, form.contact_email, "TechEmail"),
        TEXT(struct info_in, form.contact_position, "TechTitle"),
        JSON_FIELD(struct info_in, type, "Type", JSON_INT),
        TEXT(struct info_in, ca_type, "CaType"),
        TEXT(struct info_in, hash, "SignAlgo"),
        JSON_FIELD(struct info_in, cross_root, "UseCrossSignRoot", JSON_BOOL),
        JSON_FIELD(struct info_in, csr_id, "CSRId", JSON_INT),
        JSON_FIELD(struct info_in, private_key, PRIVATE_KEY, JSON_STR, .limit = KEY_IMPORT_BYTES),
        JSON_FIELDS_END};

static const struct json_field order_in_fields[] = {
        ID(struct commit_in, certificate_id, "CertId"), JSON_FIELD(struct commit_in, delete_dns_auto_record, "DeleteDnsAutoRecord", JSON_UINT),
        TEXT(struct commit_in, method, "VerifyType"), JSON_FIELDS_END};

struct id_in {
        struct str certificate_id;
};
static const struct json_field id_fields[] = {ID(struct id_in, certificate_id, "CertificateId"), JSON_FIELDS_END};

/* ---- answers ---- */

static const struct json_field id_out_fields[] = {JSON_FIELD(struct id_in, certificate_id, "CertificateId", JSON_STR), JSON_FIELDS_END};

struct committed_out {
        struct str order_id;
        struct opt_int status, is_audited;
};
static const struct json_field commit_out_fields[] = {JSON_FIELD(struct committed_out, order_id, "OrderId", JSON_STR),
                                                      JSON_FIELD(struct committed_out, status, "Status", JSON_UINT), JSON_FIELDS_END};
static const struct json_field order_out_fields[] = {JSON_FIELD(struct committed_out, order_id, "OrderId", JSON_STR),
                                                     JSON_FIELD(struct committed_out, status, "Status", JSON_UINT),
                                                     JSON_FIELD(struct committed_out, is_audited, "IsAudited", JSON_BOOL), JSON_FIELDS_END};
static const struct json_field empty_fields[] = {JSON_FIELDS_END};

const struct api_message api_submit_information_in = {information_in_fields, sizeof(struct information_in)};
const struct api_message api_submit_information_out = {id_out_fields, sizeof(struct id_in)};
const struct api_message api_submit_commit_in = {commit_in_fields, sizeof(struct commit_in)};
const struct api_message api_submit_commit_out = {commit_out_fields, sizeof(struct committed_out)};
const struct api_message api_submit_info_in = {info_in_fields, sizeof(struct info_in)};
const struct api_message api_submit_info_out = {empty_fields, sizeof(struct id_in)};
const struct api_message api_submit_order_in = {order_in_fields, sizeof(struct commit_in)};
const struct api_message api_submit_order_out = {order_out_fields, sizeof(struct committed_out)};
const struct api_message api_submit_cancel_in = {id_fields, sizeof(struct id_in)};
const struct api_message api_submit_cancel_out = {id_out_fields, sizeof(struct id_in)};
const struct api_message api_submit_again_in = {id_fields, sizeof(struct id_in)};
const struct api_message api_submit_again_out = {id_out_fields, sizeof(struct id_in)};

/* ---- handlers ---- */

static bool has_organization(const struct submit_form *form)
{
        return form->org_name.n > 0 || form->org_address.n > 0;
}

res api_submit_information(struct req *req)
{
        struct information_in in = {0};

        TRY(REQ_BIND(req, &in));
        req_wipe_later(req, in.password);
        req_wipe_later(req, in.private_key);
        const struct submit_info info = {
                .certificate_id = in.certificate_id,
                .csr_type = in.csr_type,
                .csr = in.csr,
                .private_key = in.private_key,
                .key_field = PRIVATE_KEY,
                .password_field = "KeyPassword",
                .key_password = in.password,
                .common_name = in.domain,
                .names = in.names,
                .company_type = has_organization(&in.form) ? SUBMIT_ORGANIZATION : SUBMIT_PERSON,
                .form = in.form,
                .method = in.method,
                .state_error = ERR_CERT_STATE,
                .domain_error = ERR_DOMAIN,
        };

        TRY(submit_info(&req->act, &info));
        return REQ_REPLY(req, &((struct id_in){in.certificate_id}));
}

/* Profiles of organisations and administrators: there are none to name yet. */
static res check_profile(struct req *req, const char *field, struct str id)
{
        if (id.n == 0 || str_equals(id, "0"))
                return RES_OK;
        return act_fail(&req->act, ERR_PARAM_VALUE, "There is no profile with this %s; send 0 and the data itself.", field);
}

res api_submit_info(struct req *req)
{
        struct info_in in = {0};

        TRY(REQ_BIND(req, &in));
        req_wipe_later(req, in.password);
        req_wipe_later(req, in.private_key);
        TRY(check_profile(req, "CompanyId", in.company_id));
        TRY(check_profile(req, "ManagerId", in.manager_id));
        if (in.contact_email.n > 0)
                in.form.contact_email = in.contact_email;
        const struct submit_info info = {
                .certificate_id = in.certificate_id,
                .csr_type = in.csr_type,
                .csr = in.csr,
                .private_key = in.private_key,
                .key_field = PRIVATE_KEY,
                .password_field = "KeyPass",
                .csr_id = in.csr_id,
                .key_password = in.password,
                .key_algo = in.key_algo,
                .key_parameter = in.key_parameter,
                .hash = in.hash,
                .common_name = in.domain,
                .names = in.names,
                .company_type = in.company_type.v,
                .form = in.form,
                .method = in.method,
                .auto_renew = in.auto_renew,
                .state_error = ERR_SUBMIT_STATE,
                .domain_error = ERR_SUBMIT_DOMAIN,
        };

        TRY(submit_info(&req->act, &info));
        return REQ_REPLY(req, &((struct id_in){in.certificate_id}));
}

static res commit(struct req *req, enum err state_error)
{
        struct commit_in in = {0};
        struct submit_committed done = {0};

        TRY(REQ_BIND(req, &in));
        TRY(submit_commit(&req->act, &(struct submit_commit){in.certificate_id, in.method, state_error}, &done));
        return REQ_REPLY(req, &((struct committed_out){api_number_text(req->act.arena, done.order_id), api_int(done.status), api_bool(false)}));
}

res api_submit_commit(struct req *req)
{
        return commit(req, ERR_CERT_STATE);
}

res api_submit_order(struct req *req)
{
        return commit(req, ERR_SUBMIT_STATE);
}

res api_submit_cancel(struct req *req)
{
        struct id_in in = {0};

        TRY(REQ_BIND(req, &in));
        TRY(certificate_cancel_order(&req->act, in.certificate_id));
        return REQ_REPLY(req, &in);
}

res api_submit_again(struct req *req)
{
        struct id_in in = {0};

        TRY(REQ_BIND(req, &in));
        TRY(submit_again(&req->act, in.certificate_id));
        return REQ_REPLY(req, &in);
}
