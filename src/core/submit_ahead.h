/*
 * A renewal's information given with its purchase (CreateCertificateByPackage): applicant and names are those of the
 * certificate that is renewed, unless others are told.  Checked before anything is paid, stored in the purchase's transaction.
 */
#pragma once

#include "core/submit.h"
#include "store/certificate.h"
#include "store/order.h"

struct product;
struct submit_prepared;

struct submit_ahead {
        struct str csr_method;               /* original, upload, online; "" = nothing is given ahead */
        struct str csr, key_algo, key_parameter, key_password;
        struct str names;                    /* with commas, the common name first; "" = those of the old one */
        struct str method;                   /* VerifyType; "" = chosen with the commit */
};
struct submit_ahead_of {
        const struct certificate_row *origin; /* what is renewed */
        struct str certificate_id;            /* of what is being bought */
        const struct order_row *order;
        const struct product *product;
};
/* ERR_RENEW_METHOD, ERR_RENEW_CSR, and those of submit_info. */
MUST res submit_ahead(struct act *act, const struct submit_ahead *in, const struct submit_ahead_of *of, struct submit_prepared **ret_prepared);
