/*
 * Certificates are spread over CRLs of LIMIT_CRL_SHARD each, counted up as they are issued; the address of the
 * shard goes into the certificate.  Tables crl_shard (the counts), crl_block (the
 * entries, packed) and crl (the newest list of each).
 */
#pragma once

#include "store/store.h"

/* Count one more certificate of the issuer in and tell its shard; opens the next shard when one is full. */
MUST res store_crl_shard_assign(struct store_tx *tx, struct str issuer, int64_t *ret_shard);
/* The same for `count` certificates at once, all of one shard, which no batch makes larger than it may be. */
MUST res store_crl_shard_assign_many(struct store_tx *tx, struct str issuer, int64_t count, int64_t *ret_shard);

/* A shard, and its newest list without the bytes: crl_number 0 = there is none yet. */
struct crl_shard_row {
        struct str issuer;
        int64_t shard, issued_count, revoked_count;
        int64_t crl_number, this_update, listed;
};
/* Every shard there is; the first of each issuer is made by store_crl_shard_ensure (so that an empty CRL is answered). */
MUST res store_crl_shard_list(struct store_conn *c, struct arena *a, const struct crl_shard_row **ret_rows, size_t *ret_n);
MUST res store_crl_shard_ensure(struct store_tx *tx, struct str issuer); /* shard 1, if there is none */

MUST res store_crl_shard_get(struct store_conn *c, struct arena *a, struct str issuer, int64_t shard, struct crl_shard_row *ret_row);
/*
 * One more is revoked in the shard of this issued row, as it says: counted and put among the entries.  store_issued_revoke()
 * and store_issued_set_dead() call it in the revoking transaction, nobody else has to: whoever watches the counts makes a
 * new list and forgets old OCSP answers.
 */
MUST res store_crl_shard_count_revoked(struct store_tx *tx, int64_t account_id, int64_t issued_id);
/*
 * The row says something else of its revocation than it did: counted again, so that all who watch see it, while the former entry is
 * on no list any more.  store_issued_raise() calls it.  A list that was made before cannot be joined again: a start makes a new one.
 */
MUST res store_crl_shard_list_anew(struct store_tx *tx, int64_t account_id, int64_t issued_id);

/* Called for each revoked certificate of the shard, in the order of revocation (RFC 5280 asks for none). */
struct store_crl_entry {
        struct bytes serial; /* 16 bytes, right-aligned; valid during the call */
        int64_t revoked_at, reason;
};
typedef res store_crl_entry_fn(void *arg, const struct store_crl_entry *entry);
/* Of the first `count` those that did not end before `ended_before`: the same at any later time, unless one is listed anew. */
MUST res store_crl_shard_walk(struct store_conn *c, struct str issuer, int64_t shard, int64_t count, int64_t ended_before,
                              store_crl_entry_fn *fn, void *arg);

struct crl_row {
        struct str issuer;
        int64_t shard, crl_number, this_update, next_update;
        int64_t listed; /* crl_shard_row.revoked_count of the moment that the entries were read at */
        struct bytes fields, extensions, signature; /* all of it but the entries (pki/crl.h) */
};
MUST res store_crl_put(struct store_tx *tx, const struct crl_row *row); /* ERR_STORE_CONFLICT unless the number rises */
MUST res store_crl_get(struct store_conn *c, struct arena *a, struct str issuer, int64_t shard, struct crl_row *ret_row);
