/* What the files of submission share; nobody else includes it. */
#pragma once

#include "core/catalogue.h"
#include "core/certificate.h"
#include "core/csr.h"
#include "core/key_kind.h"
#include "core/submit.h"
#include "store/certificate.h"
#include "store/order.h"

/* A bought certificate with its order, as they are before a transaction. */
struct submit_target {
        struct certificate_row row;
        struct order_row order;
        const struct product *product; /* as it was bought */
        int64_t origin_order_id;       /* of the certificate that it renews: its key may be reused (CON-16); 0 = none */
};
/* Everything checked and the key made, before the transaction that stores it; the certificate may be one that is being bought. */
struct submit_prepared;
MUST res submit_info_prepare(struct act *act, const struct submit_info *in, const struct submit_target *target, struct submit_prepared **ret_prepared);
MUST res submit_info_store(struct submit_prepared *prepared, struct store_tx *tx);
/* ERR_CERT_NOT_FOUND; ERR_CERT_STATE for one that was not bought. */
MUST res submit_target(struct act *act, struct str certificate_id, struct submit_target *ret_target);
