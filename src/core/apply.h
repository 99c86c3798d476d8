/*
 * The steps of an application, apart from the doors: what certificate_apply() is made of.  Later products
 * (paid, ACME) call the same steps with another plan.
 */
#pragma once

#include "core/catalogue.h"
#include "core/certificate.h"
#include "core/domain.h"
#include "ipc/msg.h"

/* Everything decided about an application before anything is made or stored. */
struct apply_plan {
        const struct certificate_apply *in;
        const struct product *product;
        struct domain_name name;
        struct strs names;            /* of the certificate, the bound one first */
        enum msg_method method;       /* DNS_TXT, DNS_CNAME, FILE */
        enum msg_key_type key_type;
        const char *issuer;
        const char *alias, *email, *phone, *origin_id;
        int64_t project_id;
};

/* Check it all (FREE, DOM, ACC-02, PKP); the first thing wrong is told with what to change. */
MUST res apply_plan_make(struct act *act, const struct certificate_apply *in, struct apply_plan *ret_plan);

/* What has to be shown for these names (as bind_names() gives them): one row a name to prove.  Values are fresh and random (SIL-51). */
MUST res apply_validations(struct act *act, const struct strs *names, enum msg_method method, const char *certificate_id,
                           struct validation_row **ret_rows, size_t *ret_count);
static inline MUST res apply_plan_validations(struct act *act, const struct apply_plan *plan, const char *certificate_id,
                                              struct validation_row **ret_rows, size_t *ret_count)
{
        return apply_validations(act, &plan->names, plan->method, certificate_id, ret_rows, ret_count);
}
/* Names one a line, as certificate_row keeps them. */
struct str apply_names_text(struct act *act, const struct strs *names);
/* A value for a TXT record or the file: stamp and random (DCV-07, DCV-55). */
const char *apply_token_value(struct act *act);
/* Record and value for a row whose name and method (TXT, CNAME, FILE) are set. */
void apply_token_fill(struct act *act, const char *file_value, struct validation_row *row);
