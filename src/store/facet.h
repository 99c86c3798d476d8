/*
 * What lists filter by besides text, as sets of the members of each segment (search.h): one for each status, project, type,
 * family of keys, for what was uploaded, for each tag and each tag's key.  Inside the store only.
 *
 * The ends are a column instead: 2,048 numbers side by side, since ranges and sorting want the numbers themselves.
 * A certificate that is in no segment yet is in no set; making the segment gathers its facets from the rows.
 */
#pragma once

#include <endian.h>
#include <string.h>

#include "store/search.h"
#include "store/tag.h"

/* A row that becomes a member. */
struct facet_member {
        int64_t seq, status, project_id, end_at;
        struct str certificate_id, certificate_type, source, key_type, alias, names;
};
/* rows: SEARCH_SEGMENT of them. */
MUST res facet_seal(struct store_conn *c, struct arena *a, int64_t account_id, int64_t segment, const struct facet_member *rows);

/* What certificate.c and tag.c tell; NULL = there was, or is, none. */
MUST res facet_changed(struct store_tx *tx, const struct certificate_row *old, const struct certificate_row *new);
MUST res facet_tag_changed(struct store_tx *tx, int64_t account_id, int64_t seq, struct str tag_key, const struct str *old_value,
                           const struct str *new_value);

/* "RSA 2048" is of the family "RSA". */
struct str facet_key_family(struct str key_type);

/* Leave what the filter asks for, text and ends aside; then what ends after and not later than until. */
MUST res facet_keep(struct store_conn *c, struct arena *a, const struct store_certificate_filter *filter, struct search_hits *hits);
MUST res facet_keep_ends(struct store_conn *c, int64_t account_id, int64_t after, int64_t until, struct search_hits *hits);
/* The ends of a segment, borrowed from the database until facet_ends_done(). */
struct facet_ends {
        struct query q;
        const uint8_t *low, *high; /* high: NULL = all are 0 */
};
MUST res facet_ends(struct store_conn *c, int64_t account_id, int64_t segment, struct facet_ends *ret_ends);
void facet_ends_done(struct facet_ends *ends);
/* facet_keep_ends of the one segment hits->v[i], whose ends these are. */
void facet_keep_ending(const struct facet_ends *ends, int64_t after, int64_t until, struct search_hits *hits, size_t i);
static inline int64_t facet_end_at(const struct facet_ends *ends, size_t member)
{
        uint32_t low;

        memcpy(&low, ends->low + member * sizeof(low), sizeof(low));
        return (int64_t)le32toh(low) | (ends->high ? (int64_t)ends->high[member] << 32 : 0);
}
