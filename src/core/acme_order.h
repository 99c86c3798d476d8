/*
 * Orders of ACME accounts (RFC 8555 §7.4).  Their state is read off what they hang on: authorizations before finalize, the
 * certificate after it; so nobody has to write it, and nothing can forget to.
 */
#pragma once

#include "core/acme_identifier.h"
#include "core/authorization.h"
#include "core/certificate.h"
#include "store/acme_order.h"
#include "store/certificate.h"

enum acme_order_status { ACME_ORDER_PENDING, ACME_ORDER_READY, ACME_ORDER_PROCESSING, ACME_ORDER_VALID, ACME_ORDER_INVALID, ACME_ORDER_STATUS_COUNT };
const char *acme_order_status_name(enum acme_order_status status);

struct acme_order {
        struct acme_order_row row;
        enum acme_order_status status;
        struct strs names;              /* identifiers; "*.x" */
        const int64_t *authorizations;  /* ids, one a name */
        const struct acme_authorization_row *proofs; /* the same, where the status was read off them; before finalize */
        const char *error;              /* problem document, NULL = none */
        struct certificate_row certificate; /* once finalized */
};

struct acme_order_new {
        struct objs identifiers; /* struct acme_identifier_in */
        struct str not_before, not_after, replaces;
};
#define ACME_LIFE_MIN_SEC 3600 /* a certificate asked to live shorter would be over before it is installed */
/*
 * Making one, in three steps, so that many requests can share one group of the store: all checks and reads; the transaction,
 * a store_fn of what the first returned; the order as it was stored.  All lives in the act's arena, and `account` as long.
 * `problem` takes subproblems when several identifiers are wrong.
 */
struct acme_order_making;
MUST res acme_order_begin(struct act *act, const struct acme_account *account, const struct acme_order_new *in, struct problem *problem,
                          struct acme_order_making **ret_making);
res acme_order_tx(struct store_tx *tx, void *making);
const struct acme_order *acme_order_made(const struct acme_order_making *making);
/* ERR_ACME_ABSENT: none, or another account's. */
MUST res acme_order_get(struct act *act, const struct acme_account *account, int64_t id, struct acme_order *ret_order);
/* Ids of the account's orders that are not invalid, oldest first, after `after_id`; *ret_more: there are more. */
MUST res acme_order_list(struct act *act, const struct acme_account *account, int64_t after_id, const int64_t **ret_ids, size_t *ret_n,
                         bool *ret_more);

/*
 * Finalizing with a CSR (DER, in the act's arena), likewise in steps, none but `ask` waits for anybody:
 *   begin   all checks; *ret_asks: CAA has to be asked again, by `ask`, before the transaction
 *   tx      a store_fn
 *   push    to the next round of issue, which rings acme_finalize_key()
 *   waits   false: nothing will ring soon enough to wait for it
 *   end     the order as it is now; `issued`: what was rung with, or NULL to have it read
 * ERR_ACME_NOT_READY, ERR_ACME_CSR, ERR_ACME_KEY, ERR_CAA, ERR_ACME_DNS with a sentence.
 */
struct acme_finalize;
#define ACME_FINALIZE_WAIT_MS 2000 /* then the client hears "processing" and asks again */
#define ACME_FINALIZE_SHORT_MS 100 /* of a thread that waits, where many do: a round takes less, unless issuing stands */
MUST res acme_finalize_begin(struct act *act, const struct acme_account *account, int64_t id, struct bytes csr,
                             struct acme_finalize **ret_finalize, bool *ret_asks);
MUST res acme_finalize_ask(struct acme_finalize *finalize);
res acme_finalize_tx(struct store_tx *tx, void *finalize);
uint64_t acme_finalize_key(const struct acme_finalize *finalize);
bool acme_finalize_waits(const struct acme_finalize *finalize);
void acme_finalize_push(struct acme_finalize *finalize);
MUST res acme_finalize_end(struct acme_finalize *finalize, const struct certificate_row *issued, const struct acme_order **ret_order);

/*
 * What CAA looks of an ACME certificate are bound to: its account's address, and a method for each name in the order of
 * row->names.  ERR_NOT_FOUND: ACME did not order it.
 */
MUST res acme_order_binding(struct act *act, const struct certificate_row *row, const char **ret_uri, const char **ret_methods, size_t count);

/* The certificate of an order of this ACME account, or ERR_ACME_ABSENT; `chain`: 0 = to the intermediate, 1 = with the root. */
MUST res acme_certificate_pem(struct act *act, const struct acme_account *account, struct str certificate_id, int chain, struct buf *pem);
#define ACME_CHAINS 2
