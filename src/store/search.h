/*
 * Search by any part of a certificate's id, alias or names (case of ASCII letters aside).  Inside the store only.
 *
 * An account's certificates, in order of seq, are cut into segments of SEARCH_SEGMENT; for each segment and each
 * gram (three bytes of text) one row holds the set of members that have it.  A search of three bytes and more
 * intersects the sets of its grams and checks the rows that remain; what is newer than the last segment is read
 * directly, and so is everything when the text is shorter than three bytes (at most SEARCH_SCAN_MAX rows).
 * A segment is made after a commit by the thread whose insert was drawn for the look (search_inserted).
 */
#pragma once

#include "store/certificate.h"

#define SEARCH_SEGMENT 2048    /* certificates: 256 bytes a set; a tail of as many rows is read in some 4 ms */
#define SEARCH_VERIFY_MAX 2000 /* rows checked for one count or skip; beyond, a row that has every gram counts as found */
#define SEARCH_SCAN_MAX 10000  /* rows read for a text shorter than three bytes */
#define SEARCH_GRAMS_MAX 6     /* grams of a text that are intersected; the check of the row does the rest */

struct search_text {
        struct str id, alias, names;
};
/* Does a text hold the needle?  The needle is lower case. */
bool search_text_has(const struct search_text *text, struct str needle);

/* What certificate.c tells. */
void search_inserted(struct store_tx *tx, int64_t account_id);
MUST res search_changed(struct store_tx *tx, int64_t account_id, int64_t seq, const struct search_text *before,
                        const struct search_text *after);
MUST res search_deleted(struct store_tx *tx, int64_t account_id, int64_t seq);

struct search_set {
        uint64_t w[SEARCH_SEGMENT / 64];
};
#define SEARCH_SET_BYTES (SEARCH_SEGMENT / 8) /* at most, encoded */
bool search_set_has(const struct search_set *set, size_t member);
void search_set_put(struct search_set *set, size_t member, bool in);
int64_t search_set_count(const struct search_set *set);
struct bytes search_set_encode(const struct search_set *set, uint8_t out[SEARCH_SET_BYTES]); /* borrows out */
void search_set_decode(struct bytes in, struct search_set *ret_set);                         /* any bytes give some set */

struct search_segment {
        int64_t segment, first_seq, last_seq;
        struct bytes dead;
        struct search_set hits; /* members that have every gram and live */
        int64_t hit_count;
};
struct search_hits {
        struct search_segment *v; /* oldest first */
        size_t n;
        int64_t count;
        int64_t sealed_seq; /* what is newer is in no segment */
        bool is_exact;      /* every hit holds the needle: it is one gram */
};
/* needle: lower case, three bytes or more. */
MUST res search_find(struct store_conn *c, struct arena *a, int64_t account_id, struct str needle, struct search_hits *ret_hits);
/* seq of each hit of one segment, newest first, into ret_seqs[SEARCH_SEGMENT]. */
MUST res search_hit_seqs(struct store_conn *c, int64_t account_id, const struct search_segment *segment, int64_t *ret_seqs,
                         size_t *ret_n);
