/* What the files of issuing share. */
#pragma once

#include "base/limits.h"
#include "core/issue.h"
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
