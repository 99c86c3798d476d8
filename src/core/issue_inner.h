/* What the files of issuing share. */
#pragma once

#include "base/limits.h"
#include "core/issue.h"
#include "core/writer.h"
#include "store/certificate.h"
#include "store/issued.h"

struct issue_item {
        const struct issue_ticket *ticket;
        struct certificate_row certificate;
        struct issued_row issued;
        struct bytes der;         /* from the signer */
        enum err err;             /* ERR_NONE: goes on to the next hand */
        const char *why;
        bool is_told;             /* held back by issuance.off, and was before */
        bool is_begun;            /* its request is in the store already */
        bool is_issued;           /* by this round; `certificate` says so too */
};

/*
 * The signer's request for item->certificate with the serial and dates of item->issued: body, then tail; in the arena.  Key and
 * evidence are read, and the key judged again, where `known` is NULL.
 */
MUST res issue_request(struct act *act, struct store_conn *conn, const struct issue_item *item, const struct issue_known *known,
                       struct bytes *ret_request);

/* The next round's tickets, taken off the queue: all, or the accounts' in turn where more wait than a round holds. */
size_t issue_queue_take(struct issue_queue *queue, struct issue_ticket tickets[LIMIT_ISSUE_BATCH]);

/*
 * A round by its parts, for whoever does not wait while it is stored: begun and signed, then issue_finish as a transaction, then the
 * end with its result, which rings.  false: the store failed, and the same tickets are to be tried again.
 */
struct issue_round {
        struct arena *arena; /* that it lives in */
        struct act act;
        struct issue_ticket *tickets;
        struct issue_item *items;
        size_t count;
        struct issue_queue *queue; /* the queue's own */
        struct writer_step step;
};
struct issue_round *issue_round_new(struct core *core, const struct issue_ticket *tickets, size_t count); /* copies */
bool issue_round_sign(struct issue_round *round);
res issue_finish(struct store_tx *tx, void *arg); /* struct issue_round */
bool issue_round_end(struct issue_round *round, res stored);
void issue_round_free(struct issue_round *round);
