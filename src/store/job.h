/* Work to be done at a time.  One row for each (kind, subject); a lease names the node that does it, until when. */
#pragma once

#include "store/store.h"

struct job_row {
        int64_t job_id;
        struct str kind;
        int64_t account_id; /* 0 = the installation itself */
        struct str subject;
        int64_t due_at, attempts;
        struct str lease_node;
        int64_t lease_until;
        struct str last_error;
        int64_t created_at;
};
/* Make it, or, if there is one of this kind and subject, move it to the earlier of both times.  A running one is due again at once after. */
MUST res store_job_put(struct store_tx *tx, struct str kind, int64_t account_id, struct str subject, int64_t due_at, int64_t now_sec);
/* Up to `limit` jobs of the kind that are due and not leased, the most overdue first; each is leased to node until `until`. */
MUST res store_job_claim(struct store_tx *tx, struct arena *a, struct str kind, struct str node, int64_t now_sec,
                         int64_t until, int64_t limit, const struct job_row **ret_rows, size_t *ret_n);
/* Done: the row goes, unless it was put again meanwhile (then it stays, free, due).  Only the holder of the lease: ERR_NOT_FOUND. */
MUST res store_job_finish(struct store_tx *tx, int64_t job_id, struct str node);
/* Not done: due again at `due_at`, one attempt more, why.  Only the holder: ERR_NOT_FOUND. */
MUST res store_job_again(struct store_tx *tx, int64_t job_id, struct str node, int64_t due_at, struct str why);
/* Not needed any more (cancelled), whoever holds it. */
MUST res store_job_drop(struct store_tx *tx, struct str kind, struct str subject);
MUST res store_job_get(struct store_conn *c, struct arena *a, struct str kind, struct str subject, struct job_row *ret_row);
/* When the next job of the kind is due: INT64_MAX if there is none. */
MUST res store_job_next_due(struct store_conn *c, struct str kind, int64_t *ret_due_at);
/* At start: leases of this node from before the crash are void. */
MUST res store_job_release_node(struct store_tx *tx, struct str node);
