/* What the files of orders share; nobody else includes it. */
#pragma once

#include "core/order.h"
#include "store/store.h"

/* A purchase that has been checked: the row as it will be stored, and the ids of what will be made. */
struct order_plan {
        struct act *act;
        const struct product *product;
        struct order_row row;        /* order_id 0 until stored */
        struct str certificate_id;   /* made before the transaction, so that a second run gives the same */
        const char *log_type;        /* applyVIP, renewVIP */
        bool pays, may_stay_unpaid;
        struct order_row found;      /* the order that the client token stands for */
        bool is_found;
        struct order_made made; /* what the answer tells */
};

/* Check it all (CAT, PUR, ACC-02, ACC-15); the first thing wrong is told with what to change. */
MUST res order_plan_make(struct act *act, const struct order_buy *in, struct order_plan *ret_plan);
/* Store it, and pay when plan->pays; fills ret_made. */
MUST res order_plan_run(struct order_plan *plan, struct order_made *ret_made);

/* Inside a transaction: an order of this account in any state but free.  ERR_ORDER. */
MUST res order_find(struct act *act, struct store_conn *c, int64_t order_id, struct order_row *ret_row);
/* Inside a transaction: the money moves, the certificate is made. */
MUST res order_settle(struct order_plan *plan, struct store_tx *tx);
/* Inside a transaction: the certificate of a settled order, whoever paid. */
MUST res order_make_certificate(struct order_plan *plan, struct store_tx *tx);
/* What the answer tells: inside the transaction, so that an act is never done and its answer not to be had. */
MUST res order_made_of(struct act *act, struct store_conn *c, const struct order_row *row, struct order_made *ret_made);
/* The old certificate has no successor any more: the new one is refunded. */
MUST res order_unlink_origin(struct act *act, struct store_tx *tx, const struct order_row *row);
