/*
 * Finding: sets read for all segments at once, and intersected.
 */
#include <stdlib.h>

#include "store/search.h"

static const struct column segment_columns[] = {
        COLUMN(struct search_segment, segment), COLUMN(struct search_segment, first_seq),
        COLUMN(struct search_segment, last_seq), COLUMN(struct search_segment, dead),
        COLUMNS_END
};

enum { LIST, SEQS, COMMON, RARE };
static const struct sql statements[] = {
        [LIST] = SQL_ROW("search_list", segment_columns,
                "SELECT segment, first_seq, last_seq, dead FROM search_segment WHERE account_id = $1 ORDER BY segment"),
        [SEQS] = SQL("search_seqs", "SELECT seqs FROM search_segment WHERE account_id = $1 AND segment = $2"),
        [COMMON] = SQL("search_common",
                "SELECT segment, members FROM certificate_gram_common WHERE account_id = $1 AND gram = $2 ORDER BY segment"),
        [RARE] = SQL("search_rare", "SELECT members FROM certificate_gram WHERE account_id = $1 AND segment = $2 AND gram = $3"),
};
const struct sql_set sql_search_find = SQL_SET(SQL_SET_SEARCH_FIND, statements);

/* -- hits ------------------------------------------------------------------------------------------ */

void search_segment_count(struct search_hits *hits, size_t i)
{
        hits->count -= hits->v[i].hit_count;
        hits->v[i].hit_count = search_set_count(&hits->v[i].hits);
        hits->count += hits->v[i].hit_count;
}

static void segment_keep(struct search_hits *hits, size_t i, const struct search_set *set, bool is_negated)
{
        const uint64_t flip = is_negated ? UINT64_MAX : 0;

        for (size_t k = 0; k < SEARCH_SEGMENT / 64; k++)
                hits->v[i].hits.w[k] &= set->w[k] ^ flip;
        search_segment_count(hits, i);
}

res search_all(struct store_conn *c, struct arena *a, int64_t account_id, struct search_hits *ret_hits)
{
        const struct search_segment *rows = NULL;
        struct search_hits hits = {0};
        struct query q = query_of(c, &sql_search_find, LIST);

        query_int(&q, account_id);
        TRY(QUERY_LIST(&q, a, segment_columns, &rows, &hits.n));
        hits.v = arena_copy(a, rows, hits.n * sizeof(*rows));
        hits.sets = arena_array_of(a, hits.n + 1, struct search_set);
        hits.has_set = arena_array_of(a, hits.n + 1, bool);
        hits.is_common = arena_array_of(a, hits.n * SEARCH_GRAMS_MAX + 1, bool);
        for (size_t i = 0; i < hits.n; i++) {
                struct search_set dead;
                search_set_decode(hits.v[i].dead, &dead);
                for (size_t k = 0; k < SEARCH_SEGMENT / 64; k++)
                        hits.v[i].hits.w[k] = ~dead.w[k];
                search_segment_count(&hits, i);
                hits.sealed_seq = hits.v[i].last_seq;
        }
        *ret_hits = hits;
        return RES_OK;
}

void search_sets_clear(struct search_hits *hits)
{
        memset(hits->sets, 0, hits->n * sizeof(*hits->sets));
        memset(hits->has_set, 0, hits->n * sizeof(*hits->has_set));
}

res search_sets_add(struct query *begun, struct search_hits *hits)
{
        CLEAN(query_done) struct query q = *begun;
        size_t i = 0;
        bool row = true;

        for (;;) {
                TRY(query_step(&q, &row));
                if (!row)
                        return RES_OK;
                while (i < hits->n && hits->v[i].segment < query_get_int(&q, 0))
                        i++;
                if (i == hits->n || hits->v[i].segment != query_get_int(&q, 0))
                        continue;
                struct search_set set;
                search_set_decode(query_get_bytes(&q, 1), &set);
                for (size_t k = 0; k < SEARCH_SEGMENT / 64; k++)
                        hits->sets[i].w[k] |= set.w[k];
                hits->has_set[i] = true;
        }
}

void search_sets_keep(struct search_hits *hits, bool is_negated)
{
        for (size_t i = 0; i < hits->n; i++) {
                if (hits->v[i].hit_count > 0)
                        segment_keep(hits, i, &hits->sets[i], is_negated);
        }
}

/* -- text ------------------------------------------------------------------------------------------ */

struct needle_gram {
        uint64_t gram;
        size_t segments; /* where it is common */
        bool *is_common;
};

bool search_is_exact(struct str needle)
{
        return needle.n <= SEARCH_GRAM_BYTES;
}

/* Evenly spread over the needle. */
static size_t needle_grams(struct str needle, struct needle_gram ret_grams[SEARCH_GRAMS_MAX])
{
        const size_t bytes = needle.n < SEARCH_GRAM_BYTES ? needle.n : SEARCH_GRAM_BYTES;
        size_t all = needle.n - bytes + 1, n = all < SEARCH_GRAMS_MAX ? all : SEARCH_GRAMS_MAX;

        for (size_t i = 0; i < n; i++)
                ret_grams[i].gram = search_gram(needle.p + (n == 1 ? 0 : i * (all - 1) / (n - 1)), bytes);
        return n;
}

/* Where the gram is common its sets are read now, elsewhere its few members are looked up later, if still of interest. */
static res keep_common(struct store_conn *c, int64_t account_id, struct search_hits *hits, struct needle_gram *gram)
{
        struct query q = query_of(c, &sql_search_find, COMMON);

        search_sets_clear(hits);
        query_int(&q, account_id);
        query_int(&q, (int64_t)gram->gram);
        TRY(search_sets_add(&q, hits));
        for (size_t i = 0; i < hits->n; i++) {
                gram->is_common[i] = hits->has_set[i];
                gram->segments += hits->has_set[i];
                if (hits->has_set[i] && hits->v[i].hit_count > 0)
                        segment_keep(hits, i, &hits->sets[i], false);
        }
        return RES_OK;
}

static res keep_rare(struct store_conn *c, int64_t account_id, struct search_hits *hits, size_t i, uint64_t gram)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_search_find, RARE);
        struct search_set set;
        bool row = false;

        query_int(&q, account_id);
        query_int(&q, hits->v[i].segment);
        query_int(&q, (int64_t)gram);
        TRY(query_step(&q, &row));
        search_set_decode(row ? query_get_bytes(&q, 0) : (struct bytes){0}, &set);
        segment_keep(hits, i, &set, false);
        return RES_OK;
}

static int compare_segments(const void *a, const void *b)
{
        const struct needle_gram *x = a, *y = b;

        return (x->segments > y->segments) - (x->segments < y->segments);
}

res search_keep(struct store_conn *c, int64_t account_id, struct str needle, struct search_hits *hits)
{
        struct needle_gram grams[SEARCH_GRAMS_MAX] = {0};
        size_t n = needle_grams(needle, grams);

        for (size_t k = 0; k < n; k++) {
                grams[k].is_common = hits->is_common + k * hits->n;
                TRY(keep_common(c, account_id, hits, &grams[k]));
        }
        qsort(grams, n, sizeof(*grams), compare_segments); /* the rarest first: most segments are done with after one look */
        for (size_t i = 0; i < hits->n; i++) {
                for (size_t k = 0; k < n && hits->v[i].hit_count > 0; k++) {
                        if (!grams[k].is_common[i])
                                TRY(keep_rare(c, account_id, hits, i, grams[k].gram));
                }
        }
        return RES_OK;
}

/* -- seqs ------------------------------------------------------------------------------------------ */

res search_seqs(struct store_conn *c, int64_t account_id, int64_t segment, uint8_t ret_seqs[SEARCH_SEGMENT * 8])
{
        CLEAN(query_done) struct query q = query_of(c, &sql_search_find, SEQS);
        bool row = false;

        query_int(&q, account_id);
        query_int(&q, segment);
        TRY(query_step(&q, &row));
        struct bytes seqs = row ? query_get_bytes(&q, 0) : (struct bytes){0};
        ENSURE(seqs.n == SEARCH_SEGMENT * 8, ERR_STORE);
        memcpy(ret_seqs, seqs.p, seqs.n);
        return RES_OK;
}
