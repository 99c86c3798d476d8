/*
 * Search by any part of a certificate's id, alias or names (case of ASCII letters aside).  Inside the store only.
 *
 * An account's certificates, in order of seq, are cut into segments of SEARCH_SEGMENT.  For each segment there is a set of its
 * members for each gram (one, two or three bytes of text) that occurs in it, and one for each value of what lists filter by
 * besides (facet.h).  A list begins with all members that live (search_all) and takes away, set by set, what does not fit; what
 * is newer than the last segment is read directly.  A text of four bytes and more may be missed by a member that has all of its
 * grams, so rows are checked.  A segment is made after a commit by the thread whose insert was drawn for it (search_inserted).
 *
 * Grams that a fair part of a segment has lie gram by gram, so that a common word is read in a few pages; the many rare ones
 * lie segment by segment, so that making one writes few.
 */
#pragma once

#include "store/certificate.h"
#include "store/sqlite.h"

#define SEARCH_SEGMENT 2048    /* certificates: 256 bytes a set; a tail of as many rows is read in some 4 ms */
#define SEARCH_COMMON_MIN 16   /* members that make a gram common: some 230 grams of a segment, and as many pages to write */
#define SEARCH_VERIFY_MAX 2000 /* rows checked for one count; beyond, a row that has every gram counts as found */
#define SEARCH_GRAMS_MAX 6     /* grams of a text that are intersected; the check of the row does the rest */

struct search_text {
        struct str id, alias, names;
};
#define SEARCH_GRAM_BYTES 3
uint64_t search_gram(const char *p, size_t n); /* of one, two or three bytes */
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
        struct search_set hits; /* members that fit so far */
        int64_t hit_count;
};
struct search_hits {
        struct search_segment *v; /* oldest first */
        size_t n;
        int64_t count;
        int64_t sealed_seq;       /* what is newer is in no segment */
        struct search_set *sets;  /* as many as segments: scratch */
        bool *has_set;            /* likewise */
        bool *is_common;          /* likewise, for each gram */
};
/* Every member that lives. */
MUST res search_all(struct store_conn *c, struct arena *a, int64_t account_id, struct search_hits *ret_hits);
/* Leave those that have the needle's grams.  needle: lower case, one byte or more; up to three bytes the sets are exact. */
MUST res search_keep(struct store_conn *c, int64_t account_id, struct str needle, struct search_hits *hits);
bool search_is_exact(struct str needle);

/* Forget what is in hits->sets; put into it what a query of (segment, members), in order of segment, gives; leave what is in it. */
void search_sets_clear(struct search_hits *hits);
MUST res search_sets_add(struct query *begun, struct search_hits *hits);
void search_sets_keep(struct search_hits *hits, bool is_negated);
void search_segment_count(struct search_hits *hits, size_t i); /* after a change of its hits */

/* seq of each member, as stored: search_seq_at(). */
MUST res search_seqs(struct store_conn *c, int64_t account_id, int64_t segment, uint8_t ret_seqs[SEARCH_SEGMENT * 8]);
int64_t search_seq_at(const uint8_t *seqs, size_t member);
/* The first member that is not older than seq; SEARCH_SEGMENT if all are. */
size_t search_member_of(const uint8_t *seqs, int64_t seq);

/* Where a certificate's sets are. */
struct search_place {
        int64_t segment; /* 0 = in none yet */
        size_t member;
        struct search_set dead;
};
MUST res search_place(struct store_conn *c, int64_t account_id, int64_t seq, struct search_place *ret_place);
