/* The tables of certificate_out.h, in the order of the public API's own description. */
#include "api/certificate_out.h"

#define OUT(member, name, kind, ...) JSON_FIELD(struct certificate_out, member, name, kind, ##__VA_ARGS__)
#define LIST(type) .sub_size = sizeof(type)

static const struct json_field extra_fields[] = {
        JSON_FIELD(struct extra_out, domain_number, "DomainNumber", JSON_STR),
        JSON_FIELD(struct extra_out, origin_certificate_id, "OriginCertificateId", JSON_STR_NULL),
        JSON_FIELD(struct extra_out, replaced_by, "ReplacedBy", JSON_STR_NULL),
        JSON_FIELD(struct extra_out, replaced_for, "ReplacedFor", JSON_STR_NULL),
        JSON_FIELD(struct extra_out, renew_order, "RenewOrder", JSON_STR_NULL),
        JSON_FIELD(struct extra_out, sm_cert, "SMCert", JSON_INT),
        JSON_FIELD(struct extra_out, company_type, "CompanyType", JSON_INT),
        JSON_FIELD(struct extra_out, service_renew_certificate_id, "ServiceRenewCertificateId", JSON_STR),
        JSON_FIELD(struct extra_out, service_origin_certificate_id, "ServiceOriginCertificateId", JSON_STR),
        JSON_FIELDS_END
};

/* `Domain`, the full name, is in live answers though not in the public description (api.md §6). */
static const struct json_field dv_auth_fields[] = {
        JSON_FIELD(struct dv_auth_out, key, "DvAuthKey", JSON_STR),
        JSON_FIELD(struct dv_auth_out, value, "DvAuthValue", JSON_STR),
        JSON_FIELD(struct dv_auth_out, domain, "DvAuthDomain", JSON_STR),
        JSON_FIELD(struct dv_auth_out, path, "DvAuthPath", JSON_STR),
        JSON_FIELD(struct dv_auth_out, sub_domain, "DvAuthSubDomain", JSON_STR),
        JSON_FIELD(struct dv_auth_out, verify_type, "DvAuthVerifyType", JSON_STR),
        JSON_FIELD(struct dv_auth_out, full_name, "Domain", JSON_STR),
        JSON_FIELDS_END
};

static const struct json_field dv_auth_detail_fields[] = {
        JSON_FIELD(struct dv_auth_detail_out, key, "DvAuthKey", JSON_STR_NULL),
        JSON_FIELD(struct dv_auth_detail_out, value, "DvAuthValue", JSON_STR_NULL),
        JSON_FIELD(struct dv_auth_detail_out, domain, "DvAuthDomain", JSON_STR_NULL),
        JSON_FIELD(struct dv_auth_detail_out, path, "DvAuthPath", JSON_STR_NULL),
        JSON_FIELD(struct dv_auth_detail_out, key_sub_domain, "DvAuthKeySubDomain", JSON_STR),
        JSON_FIELD(struct dv_auth_detail_out, auths, "DvAuths", JSON_OBJS_NULL, .sub = dv_auth_fields, LIST(struct dv_auth_out)),
        JSON_FIELDS_END
};

static const struct json_field project_fields[] = {
        JSON_FIELD(struct project_out, name, "ProjectName", JSON_STR),
        JSON_FIELD(struct project_out, creator_uin, "ProjectCreatorUin", JSON_UINT),
        JSON_FIELD(struct project_out, create_time, "ProjectCreateTime", JSON_STR),
        JSON_FIELD(struct project_out, resume, "ProjectResume", JSON_STR),
        JSON_FIELD(struct project_out, owner_uin, "OwnerUin", JSON_UINT),
        JSON_FIELD(struct project_out, project_id, "ProjectId", JSON_STR),
        JSON_FIELDS_END
};

static const struct json_field submitted_fields[] = {
        JSON_FIELD(struct submitted_out, csr_type, "CsrType", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, csr_content, "CsrContent", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, domain, "CertificateDomain", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, domains, "DomainList", JSON_STRS_NULL),
        JSON_FIELD(struct submitted_out, key_password, "KeyPassword", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, organization_name, "OrganizationName", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, organization_division, "OrganizationDivision", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, organization_address, "OrganizationAddress", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, organization_country, "OrganizationCountry", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, organization_city, "OrganizationCity", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, organization_region, "OrganizationRegion", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, postal_code, "PostalCode", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, phone_area_code, "PhoneAreaCode", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, phone_number, "PhoneNumber", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, admin_first_name, "AdminFirstName", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, admin_last_name, "AdminLastName", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, admin_phone, "AdminPhoneNum", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, admin_email, "AdminEmail", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, admin_position, "AdminPosition", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, contact_first_name, "ContactFirstName", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, contact_last_name, "ContactLastName", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, contact_number, "ContactNumber", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, contact_email, "ContactEmail", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, contact_position, "ContactPosition", JSON_STR_NULL),
        JSON_FIELD(struct submitted_out, verify_type, "VerifyType", JSON_STR_NULL),
        JSON_FIELDS_END
};

static const struct json_field root_fields[] = {
        JSON_FIELD(struct root_out, sign, "Sign", JSON_STR_NULL),
        JSON_FIELD(struct root_out, encrypt, "Encrypt", JSON_STR_NULL),
        JSON_FIELD(struct root_out, standard, "Standard", JSON_STR_NULL),
        JSON_FIELDS_END
};

static const struct json_field chain_fields[] = {
        JSON_FIELD(struct chain_out, issuer, "Issuer", JSON_STR),
        JSON_FIELD(struct chain_out, subject, "Subject", JSON_STR),
        JSON_FIELD(struct chain_out, fingerprint, "Fingerprint", JSON_STR),
        JSON_FIELD(struct chain_out, valid_from, "ValidFrom", JSON_STR),
        JSON_FIELD(struct chain_out, valid_to, "ValidTo", JSON_STR),
        JSON_FIELDS_END
};

static const struct json_field pre_audit_fields[] = {
        JSON_FIELD(struct pre_audit_out, total_period, "TotalPeriod", JSON_INT),
        JSON_FIELD(struct pre_audit_out, now_period, "NowPeriod", JSON_INT),
        JSON_FIELD(struct pre_audit_out, manager_id, "ManagerId", JSON_STR),
        JSON_FIELDS_END
};

static const struct json_field download_types_fields[] = {
        JSON_FIELD(struct download_types_out, nginx, "NGINX", JSON_BOOL),
        JSON_FIELD(struct download_types_out, apache, "APACHE", JSON_BOOL),
        JSON_FIELD(struct download_types_out, tomcat, "TOMCAT", JSON_BOOL),
        JSON_FIELD(struct download_types_out, iis, "IIS", JSON_BOOL),
        JSON_FIELD(struct download_types_out, jks, "JKS", JSON_BOOL),
        JSON_FIELD(struct download_types_out, other, "OTHER", JSON_BOOL),
        JSON_FIELD(struct download_types_out, root, "ROOT", JSON_BOOL),
        JSON_FIELDS_END
};

static const struct json_field hosting_fields[] = {
        JSON_FIELD(struct hosting_out, replace_time, "ReplaceTime", JSON_INT),
        JSON_FIELD(struct hosting_out, message_types, "MessageTypes", JSON_INTS),
        JSON_FIELD(struct hosting_out, replace_start_time, "ReplaceStartTime", JSON_STR),
        JSON_FIELD(struct hosting_out, replace_end_time, "ReplaceEndTime", JSON_STR),
        JSON_FIELDS_END
};

const struct json_field api_certificate_out_tag[] = {
        JSON_FIELD(struct tag_out, key, "TagKey", JSON_STR),
        JSON_FIELD(struct tag_out, value, "TagValue", JSON_STR),
        JSON_FIELDS_END
};

const struct json_field api_certificate_out_describe[] = {
        OUT(owner_uin, "OwnerUin", JSON_STR),
        OUT(project_id, "ProjectId", JSON_STR),
        OUT(from, "From", JSON_STR),
        OUT(certificate_type, "CertificateType", JSON_STR),
        OUT(package_type, "PackageType", JSON_STR),
        OUT(product_name, "ProductZhName", JSON_STR),
        OUT(domain, "Domain", JSON_STR),
        OUT(alias, "Alias", JSON_STR),
        OUT(status, "Status", JSON_UINT),
        OUT(status_msg, "StatusMsg", JSON_STR),
        OUT(verify_type, "VerifyType", JSON_STR),
        OUT(vulnerability_status, "VulnerabilityStatus", JSON_STR),
        OUT(begin_time, "CertBeginTime", JSON_STR),
        OUT(end_time, "CertEndTime", JSON_STR),
        OUT(validity_period, "ValidityPeriod", JSON_STR),
        OUT(insert_time, "InsertTime", JSON_STR),
        OUT(order_id, "OrderId", JSON_STR),
        OUT(extra, "CertificateExtra", JSON_OBJ, .sub = extra_fields),
        OUT(dv_auth, "DvAuthDetail", JSON_OBJ, .sub = dv_auth_detail_fields),
        OUT(vulnerability_report, "VulnerabilityReport", JSON_STR),
        OUT(certificate_id, "CertificateId", JSON_STR),
        OUT(type_name, "PackageTypeName", JSON_STR),
        OUT(status_name, "StatusName", JSON_STR),
        OUT(names, "SubjectAltName", JSON_STRS),
        OUT(is_vip, "IsVip", JSON_BOOL),
        OUT(is_wildcard, "IsWildcard", JSON_BOOL),
        OUT(is_dv, "IsDv", JSON_BOOL),
        OUT(is_vulnerability, "IsVulnerability", JSON_BOOL),
        OUT(renew_able, "RenewAble", JSON_BOOL),
        OUT(submitted, "SubmittedData", JSON_OBJ, .sub = submitted_fields),
        OUT(deployable, "Deployable", JSON_BOOL),
        OUT(tags, "Tags", JSON_OBJS, .sub = api_certificate_out_tag, LIST(struct tag_out)),
        OUT(ca_encrypt_algorithms, "CAEncryptAlgorithms", JSON_STRS),
        OUT(ca_common_names, "CACommonNames", JSON_STRS),
        OUT(ca_end_times, "CAEndTimes", JSON_STRS),
        OUT(revoke_auths, "DvRevokeAuthDetail", JSON_OBJS, .sub = dv_auth_fields, LIST(struct dv_auth_out)),
        JSON_FIELDS_END
};

const struct json_field api_certificate_out_detail[] = {
        OUT(owner_uin, "OwnerUin", JSON_STR),
        OUT(project_id, "ProjectId", JSON_STR),
        OUT(from, "From", JSON_STR),
        OUT(certificate_type, "CertificateType", JSON_STR),
        OUT(package_type, "PackageType", JSON_STR),
        OUT(product_name, "ProductZhName", JSON_STR),
        OUT(domain, "Domain", JSON_STR),
        OUT(alias, "Alias", JSON_STR),
        OUT(status, "Status", JSON_UINT),
        OUT(status_msg, "StatusMsg", JSON_STR),
        OUT(verify_type, "VerifyType", JSON_STR),
        OUT(vulnerability_status, "VulnerabilityStatus", JSON_STR),
        OUT(begin_time, "CertBeginTime", JSON_STR),
        OUT(end_time, "CertEndTime", JSON_STR),
        OUT(validity_period, "ValidityPeriod", JSON_STR),
        OUT(insert_time, "InsertTime", JSON_STR),
        OUT(order_id, "OrderId", JSON_STR),
        OUT(extra, "CertificateExtra", JSON_OBJ, .sub = extra_fields),
        OUT(private_key, "CertificatePrivateKey", JSON_STR),
        OUT(public_key, "CertificatePublicKey", JSON_STR),
        OUT(dv_auth, "DvAuthDetail", JSON_OBJ, .sub = dv_auth_detail_fields),
        OUT(vulnerability_report, "VulnerabilityReport", JSON_STR),
        OUT(certificate_id, "CertificateId", JSON_STR),
        OUT(type_name, "TypeName", JSON_STR),
        OUT(status_name, "StatusName", JSON_STR),
        OUT(other_names, "SubjectAltName", JSON_STRS),
        OUT(is_vip, "IsVip", JSON_BOOL),
        OUT(is_wildcard, "IsWildcard", JSON_BOOL),
        OUT(is_dv, "IsDv", JSON_BOOL),
        OUT(is_vulnerability, "IsVulnerability", JSON_BOOL),
        OUT(submitted, "SubmittedData", JSON_OBJ, .sub = submitted_fields),
        OUT(renew_able, "RenewAble", JSON_BOOL),
        OUT(deployable, "Deployable", JSON_BOOL),
        OUT(tags, "Tags", JSON_OBJS, .sub = api_certificate_out_tag, LIST(struct tag_out)),
        OUT(root, "RootCert", JSON_OBJ, .sub = root_fields),
        OUT(encrypt_cert, "EncryptCert", JSON_STR),
        OUT(encrypt_private_key, "EncryptPrivateKey", JSON_STR),
        OUT(fingerprint, "CertFingerprint", JSON_STR),
        OUT(encrypt_fingerprint, "EncryptCertFingerprint", JSON_STR),
        OUT(encrypt_algorithm, "EncryptAlgorithm", JSON_STR),
        OUT(revoke_auths, "DvRevokeAuthDetail", JSON_OBJS, .sub = dv_auth_fields, LIST(struct dv_auth_out)),
        OUT(chain, "CertChainInfo", JSON_OBJS, .sub = chain_fields, LIST(struct chain_out)),
        OUT(domain_type, "DomainType", JSON_UINT),
        OUT(cert_type, "CertType", JSON_STR),
        OUT(use_cross_sign_root, "UseCrossSignRoot", JSON_BOOL),
        OUT(hosting_status, "HostingStatus", JSON_INT),
        JSON_FIELDS_END
};

const struct json_field api_certificate_out_item[] = {
        OUT(owner_uin, "OwnerUin", JSON_STR),
        OUT(project_id, "ProjectId", JSON_STR),
        OUT(from, "From", JSON_STR),
        OUT(package_type, "PackageType", JSON_STR_NULL),
        OUT(certificate_type, "CertificateType", JSON_STR),
        OUT(product_name, "ProductZhName", JSON_STR),
        OUT(domain, "Domain", JSON_STR),
        OUT(alias, "Alias", JSON_STR),
        OUT(status, "Status", JSON_UINT),
        OUT(extra, "CertificateExtra", JSON_OBJ, .sub = extra_fields),
        OUT(vulnerability_status, "VulnerabilityStatus", JSON_STR),
        OUT(status_msg, "StatusMsg", JSON_STR),
        OUT(verify_type, "VerifyType", JSON_STR),
        OUT(begin_time, "CertBeginTime", JSON_STR),
        OUT(end_time, "CertEndTime", JSON_STR),
        OUT(validity_period, "ValidityPeriod", JSON_STR),
        OUT(insert_time, "InsertTime", JSON_STR),
        OUT(certificate_id, "CertificateId", JSON_STR),
        OUT(names, "SubjectAltName", JSON_STRS),
        OUT(type_name, "PackageTypeName", JSON_STR),
        OUT(status_name, "StatusName", JSON_STR),
        OUT(is_vip, "IsVip", JSON_BOOL),
        OUT(is_dv, "IsDv", JSON_BOOL),
        OUT(is_wildcard, "IsWildcard", JSON_BOOL),
        OUT(is_vulnerability, "IsVulnerability", JSON_BOOL),
        OUT(renew_able, "RenewAble", JSON_BOOL),
        OUT(project, "ProjectInfo", JSON_OBJ, .sub = project_fields),
        OUT(bound_resource, "BoundResource", JSON_STRS),
        OUT(deployable, "Deployable", JSON_BOOL),
        OUT(tags, "Tags", JSON_OBJS, .sub = api_certificate_out_tag, LIST(struct tag_out)),
        OUT(is_ignore, "IsIgnore", JSON_BOOL),
        OUT(is_sm, "IsSM", JSON_BOOL),
        OUT(encrypt_algorithm, "EncryptAlgorithm", JSON_STR),
        OUT(ca_encrypt_algorithms, "CAEncryptAlgorithms", JSON_STRS),
        OUT(ca_end_times, "CAEndTimes", JSON_STRS),
        OUT(ca_common_names, "CACommonNames", JSON_STRS),
        OUT(pre_audit, "PreAuditInfo", JSON_OBJ, .sub = pre_audit_fields),
        OUT(auto_renew_flag, "AutoRenewFlag", JSON_INT),
        OUT(hosting_status, "HostingStatus", JSON_INT),
        OUT(hosting_complete_time, "HostingCompleteTime", JSON_STR),
        OUT(hosting_renew_cert_id, "HostingRenewCertId", JSON_STR),
        OUT(has_renew_order, "HasRenewOrder", JSON_STR),
        OUT(replace_ori_cert_is_delete, "ReplaceOriCertIsDelete", JSON_BOOL),
        OUT(is_expiring, "IsExpiring", JSON_BOOL),
        OUT(deadline, "DVAuthDeadline", JSON_STR),
        OUT(validation_passed_time, "ValidationPassedTime", JSON_STR),
        OUT(names, "CertSANs", JSON_STRS),
        OUT(awaiting_validation_msg, "AwaitingValidationMsg", JSON_STR),
        OUT(allow_download, "AllowDownload", JSON_BOOL),
        OUT(is_dnspod_resolve, "IsDNSPODResolve", JSON_BOOL),
        OUT(is_package, "IsPackage", JSON_BOOL),
        OUT(key_password_custom_flag, "KeyPasswordCustomFlag", JSON_BOOL),
        OUT(download_types, "SupportDownloadType", JSON_OBJ, .sub = download_types_fields),
        OUT(revoked_time, "CertRevokedTime", JSON_STR),
        OUT(hosting_resource_types, "HostingResourceTypes", JSON_STRS),
        OUT(hosting, "HostingConfig", JSON_OBJ, .sub = hosting_fields),
        OUT(is_hosting_upload_renew_cert, "IsHostingUploadRenewCert", JSON_BOOL),
        OUT(service_id, "ServiceId", JSON_STR),
        OUT(service_status, "ServiceStatus", JSON_STR),
        OUT(service_begin_time, "CertServiceBeginTime", JSON_STR),
        OUT(service_end_time, "CertServiceEndTime", JSON_STR),
        OUT(service_share_enabled, "CertServiceShareEnabled", JSON_BOOL),
        OUT(service_valid_count, "CertServiceValidCertificateCount", JSON_INT),
        JSON_FIELDS_END
};
