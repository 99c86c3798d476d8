/*
 * Authorizations (RFC 8555 §7.1.4): that an ACME account may have certificates for a name.  What is proved becomes evidence
 * like everybody's (store/evidence.h), and evidence that the Chancery account has already makes a valid authorization at once.
 */
#pragma once

#include "core/acme_account.h"
#include "core/acme_identifier.h"
#include "core/job.h"
#include "ipc/msg.h"
#include "store/acme_authorization.h"

enum authorization_status {
        AUTHORIZATION_PENDING, AUTHORIZATION_VALID, AUTHORIZATION_INVALID, AUTHORIZATION_DEACTIVATED, AUTHORIZATION_EXPIRED,
        AUTHORIZATION_STATUS_COUNT
};
enum authorization_status authorization_status(const struct acme_authorization_row *row, int64_t now_sec);
const char *authorization_status_name(enum authorization_status status); /* as in RFC 8555 §7.1.6 */

#define AUTHORIZATION_METHODS 3
/* The methods by which this name may be proved, or was; how many. */
size_t authorization_methods(const struct acme_authorization_row *row, enum msg_method ret_methods[AUTHORIZATION_METHODS]);
const char *authorization_method_name(int64_t method); /* "http-01", …; evidence of other doors under the nearest */
enum msg_method authorization_method(struct str name); /* MSG_METHOD_NONE = no such */
/* pending, processing, valid, invalid: of one method's challenge. */
const char *authorization_challenge_status(const struct acme_authorization_row *row, enum msg_method method);

/* ERR_ACME_ABSENT: none, or another account's. */
MUST res authorization_get(struct act *act, const struct acme_account *account, int64_t id, struct acme_authorization_row *ret_row);
MUST res authorization_deactivate(struct act *act, const struct acme_account *account, int64_t id,
                                  struct acme_authorization_row *ret_row);
/*
 * Inside a transaction: one that may serve a new order for this identifier: valid, or pending, or made of evidence, or new.
 * Its row is in the store afterwards.
 */
MUST res authorization_for_order(struct act *act, struct store_tx *tx, const struct acme_account *account,
                                 const struct acme_identifier *identifier, struct acme_authorization_row *ret_row);

/*
 * The client says that the challenge is ready, in steps of which none waits:
 *   begin       *ret_row is the authorization; *ret_try is NULL where there is nothing to look at (any more)
 *   push        to those who look; what they see is stored, and authorization_try_key() rung with the row.  ERR_RATE
 *   is_open     after AUTHORIZATION_TRY_WAIT_MS: still no outcome?  Then …
 *   tx          … a store_fn: from now on a crash does not forget it; *authorization_try_row() is what was stored
 * ERR_ACME_MALFORMED: cannot be tried (any more).
 */
struct authorization_try;
#define AUTHORIZATION_TRY_WAIT_MS 1000 /* most honest hosts answer within it, also when we are busy */
MUST res authorization_try_begin(struct act *act, const struct acme_account *account, int64_t id, enum msg_method method,
                                 struct acme_authorization_row *ret_row, struct authorization_try **ret_try);
uint64_t authorization_try_key(const struct authorization_try *attempt);
MUST res authorization_try_push(const struct authorization_try *attempt);
MUST res authorization_try_is_open(struct authorization_try *attempt, bool *ret_is_open);
res authorization_try_tx(struct store_tx *tx, void *attempt);
const struct acme_authorization_row *authorization_try_row(const struct authorization_try *attempt);

struct authorization_queue;
MUST res authorization_queue_new(struct core *core, struct authorization_queue **ret_queue);
MUST res authorization_queue_start(struct authorization_queue *queue);
void authorization_queue_stop(struct authorization_queue *queue); /* waits for the looks in hand */
void authorization_queue_free(struct authorization_queue *queue);
/* Looks that a crash left behind are taken up; at_start: not only the old ones. */
MUST res authorization_sweep(struct act *act, bool at_start);

/* An operator's word that an account may have a name: evidence without a look.  For act->account_id. */
MUST res authorization_approve(struct act *act, struct str name, int64_t days);
