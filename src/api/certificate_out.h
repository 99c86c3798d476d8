/*
 * A certificate as the wire shows it.  Three answers – DescribeCertificate, DescribeCertificateDetail and an item of
 * DescribeCertificates – pick their fields from one struct by three tables; the struct is filled in one place, so that
 * they cannot tell different stories.  Which kind each field has, and which may be null: api.md §6.
 */
#pragma once

#include "api/action.h"
#include "core/certificate.h"

struct extra_out {
        struct str domain_number, origin_certificate_id, replaced_by, replaced_for, renew_order;
        struct str service_renew_certificate_id, service_origin_certificate_id;
        struct opt_int sm_cert, company_type;
};

struct dv_auth_out {
        struct str key, value, domain, path, sub_domain, verify_type, full_name;
};

struct dv_auth_detail_out {
        struct str key, value, domain, path, key_sub_domain;
        struct objs auths; /* struct dv_auth_out */
};

struct project_out {
        struct str name, create_time, resume, project_id;
        struct opt_int creator_uin, owner_uin;
};

struct submitted_out {
        struct str csr_type, csr_content, domain, key_password, organization_name, organization_division,
                organization_address, organization_country, organization_city, organization_region, postal_code,
                phone_area_code, phone_number, admin_first_name, admin_last_name, admin_phone, admin_email,
                admin_position, contact_first_name, contact_last_name, contact_number, contact_email, contact_position,
                verify_type;
        struct strs domains;
};

struct root_out {
        struct str sign, encrypt, standard;
};

struct chain_out {
        struct str issuer, subject, fingerprint, valid_from, valid_to;
};

struct pre_audit_out {
        struct opt_int total_period, now_period;
        struct str manager_id;
};

struct download_types_out {
        struct opt_int nginx, apache, tomcat, iis, jks, other, root;
};

struct hosting_out {
        struct opt_int replace_time;
        struct ints message_types;
        struct str replace_start_time, replace_end_time;
};

struct tag_out {
        struct str key, value;
};

struct certificate_out {
        struct str owner_uin, project_id, from, package_type, certificate_type, product_name, domain, alias, status_msg,
                verify_type, vulnerability_status, vulnerability_report, begin_time, end_time, validity_period,
                insert_time, order_id, certificate_id, type_name, status_name, encrypt_algorithm, cert_type,
                hosting_complete_time, hosting_renew_cert_id, has_renew_order, deadline, validation_passed_time,
                awaiting_validation_msg, revoked_time, service_id, service_status, service_begin_time, service_end_time;
        struct opt_int status, is_vip, is_dv, is_wildcard, is_vulnerability, renew_able, deployable, is_ignore, is_sm,
                auto_renew_flag, hosting_status, replace_ori_cert_is_delete, is_expiring, allow_download,
                is_dnspod_resolve, is_package, key_password_custom_flag, is_hosting_upload_renew_cert,
                service_share_enabled, service_valid_count, domain_type, use_cross_sign_root;
        struct strs names, other_names, ca_encrypt_algorithms, ca_common_names, ca_end_times, bound_resource,
                hosting_resource_types;
        struct objs tags, revoke_auths;
        const struct extra_out *extra;
        const struct dv_auth_detail_out *dv_auth;
        const struct submitted_out *submitted;
        const struct project_out *project;
        const struct pre_audit_out *pre_audit;
        const struct download_types_out *download_types;
        const struct hosting_out *hosting;
        /* only in the detail */
        struct str private_key, public_key, encrypt_cert, encrypt_private_key, fingerprint, encrypt_fingerprint;
        const struct root_out *root;
        struct objs chain; /* struct chain_out */
};

extern const struct json_field api_certificate_out_describe[], api_certificate_out_detail[], api_certificate_out_item[];

/* Everything borrowed from the view or made in the arena. */
void api_certificate_out_fill(struct arena *arena, const struct certificate_view *view,
                              struct certificate_out *ret_out);
/* The part that only the detail has. */
void api_certificate_out_fill_detail(struct arena *arena, const struct certificate_detail *detail,
                                     struct certificate_out *ret_out);
