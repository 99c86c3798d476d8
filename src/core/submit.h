/*
 * The way of a bought certificate from Status 5 to validation, and back when it failed (APP, A1, RVW-09, RVW-18):
 *
 *     pending submission -- information --> the same, with key and names -- commit --> validating --> ...
 *            ^                                                                              |
 *            +----------- resubmit ----------- review failed, cancelled <-------------------+
 *
 * Information is checked whole when it is given, so that nothing is committed that the CA would refuse for its form; what
 * was given before stays when new information is refused.  Names and key may change until issue (DOM-18); a later
 * change needs a new purchase.  All functions: ERR_CERT_NOT_FOUND for a foreign or missing id.
 */
#pragma once

#include "base/json.h"
#include "core/act.h"
#include "store/submission.h"

enum { SUBMIT_PERSON = 1, SUBMIT_ORGANIZATION = 2 }; /* CompanyType */

struct submit_form { /* organisation, administrator, contact; absent = not given */
        struct str org_name, org_division, org_address, org_country, org_city, org_region, postal_code, phone_area, phone;
        struct str admin_first, admin_last, admin_phone, admin_email, admin_position;
        struct str contact_first, contact_last, contact_phone, contact_email, contact_position;
};

struct submit_info {
        struct str certificate_id;
        struct str csr_type;       /* online, parse; "" = parse when there is a CSR; original = that of the certificate it renews (PUR-17) */
        struct str csr;            /* PEM, for parse */
        struct opt_int csr_id;     /* pick from the library instead (SIL-46) */
        struct str private_key;    /* beside a pasted CSR; "" = its owner keeps it (APP-04, APP-05, APP-47) */
        struct str key_password;   /* for online, and what opens private_key; never stored */
        const char *key_field, *password_field; /* the wire's names of these two */
        struct str key_algo, key_parameter, hash /* SHA256, SHA384; "" = SHA256 */;
        struct str common_name;    /* may be empty with parse: it then comes from the CSR (APP-20) */
        struct strs names;         /* the others */
        int64_t company_type;
        struct submit_form form;
        struct str method;         /* VerifyType; "" = chosen with the commit */
        struct opt_int auto_renew; /* PUR-10 */
        enum err state_error;      /* what the door says when the state does not allow it */
        enum err domain_error;     /* likewise for names that cannot be bound */
};
/* ERR_PARAM_VALUE, in->state_error, in->domain_error, ERR_DOMAIN_LENGTH, ERR_EMAIL, ERR_CSR_…, ERR_KEY_…; nothing is stored. */
MUST res submit_info(struct act *act, const struct submit_info *in);

struct submit_commit {
        struct str certificate_id, method; /* method "" = the one given with the information, or DNS */
        enum err state_error;
};
struct submit_committed {
        int64_t order_id, status;
};
MUST res submit_commit(struct act *act, const struct submit_commit *in, struct submit_committed *ret_committed);

/* Failed or cancelled → pending submission; what was given stays and can be edited.  ERR_CERT_RESUBMIT_STATE. */
MUST res submit_again(struct act *act, struct str certificate_id);

/* ---- submit_form.c ---- */

/* Trimmed, checked, the contact completed from the administrator (APP-18, CON-34).  ERR_PARAM_VALUE, ERR_EMAIL, ERR_CONTACT_EMAIL. */
MUST res submit_form_check(struct act *act, int64_t company_type, const char *level, struct submit_form *form);
struct str submit_form_text(struct act *act, const struct submit_form *form); /* JSON */
const char *submit_csr_pem(struct act *act, struct bytes der); /* NULL for none */
MUST res submit_form_read(struct arena *arena, struct str text, struct submit_form *ret_form);
