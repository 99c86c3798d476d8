/*
 * Segments and grams.  All of a segment's grams lie side by side in the table, so that making one writes few pages.
 */
#include "store/search.h"

#include <stdlib.h>

#include "store/group.h"

#define SEAL_ARENA (256 * 1024 * 1024) /* 2,048 rows with 100 names of 64 bytes are 13 M grams of 8 bytes at the very worst */
#define SEQ_BYTES 8

static const struct column segment_columns[] = {
        COLUMN(struct search_segment, segment), COLUMN(struct search_segment, first_seq),
        COLUMN(struct search_segment, last_seq), COLUMN(struct search_segment, dead),
        COLUMNS_END
};
struct member_row {
        int64_t seq;
        struct str certificate_id, alias, names;
};
static const struct column member_columns[] = {
        COLUMN(struct member_row, seq), COLUMN(struct member_row, certificate_id),
        COLUMN(struct member_row, alias), COLUMN(struct member_row, names),
        COLUMNS_END
};

enum { LAST, LIST, OF_SEQ, SEQS, SEGMENT_INSERT, SET_DEAD, UNSEALED, GRAM_GET, GRAM_PUT };
static const struct sql statements[] = {
        [LAST] = SQL("search_last",
                "SELECT segment, last_seq FROM search_segment WHERE account_id = $1 ORDER BY segment DESC LIMIT 1"),
        [LIST] = SQL_ROW("search_list", segment_columns,
                "SELECT segment, first_seq, last_seq, dead FROM search_segment WHERE account_id = $1 ORDER BY segment"),
        [OF_SEQ] = SQL("search_of_seq",
                "SELECT segment, dead, seqs FROM search_segment WHERE account_id = $1 AND last_seq >= $2 ORDER BY last_seq LIMIT 1"),
        [SEQS] = SQL("search_seqs", "SELECT seqs FROM search_segment WHERE account_id = $1 AND segment = $2"),
        [SEGMENT_INSERT] = SQL("search_segment_insert",
                "INSERT INTO search_segment (account_id, segment, first_seq, last_seq, dead, seqs) VALUES ($1, $2, $3, $4, $5, $6)"),
        [SET_DEAD] = SQL("search_set_dead", "UPDATE search_segment SET dead = $3 WHERE account_id = $1 AND segment = $2"),
        [UNSEALED] = SQL_ROW("search_unsealed", member_columns,
                "SELECT seq, certificate_id, alias, names FROM certificate"
                " WHERE account_id = $1 AND seq > $2 AND deleted_at = 0 ORDER BY seq LIMIT $3"),
        [GRAM_GET] = SQL("search_gram_get",
                "SELECT members FROM certificate_gram WHERE account_id = $1 AND segment = $2 AND gram = $3"),
        [GRAM_PUT] = SQL("search_gram_put",
                "INSERT INTO certificate_gram (account_id, segment, gram, members) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (account_id, segment, gram) DO UPDATE SET members = excluded.members"),
};
const struct sql_set sql_search = SQL_SET(SQL_SET_SEARCH, statements);

/* -- text ------------------------------------------------------------------------------------- */

static uint8_t lower(char c)
{
        return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool str_has(struct str hay, struct str needle)
{
        for (size_t i = 0; i + needle.n <= hay.n; i++) {
                size_t k = 0;
                while (k < needle.n && lower(hay.p[i + k]) == (uint8_t)needle.p[k])
                        k++;
                if (k == needle.n)
                        return true;
        }
        return false;
}

bool search_text_has(const struct search_text *text, struct str needle)
{
        if (memchr(needle.p ? needle.p : "", '\n', needle.n)) /* parts the names, is in none */
                return false;
        return str_has(text->names, needle) || str_has(text->alias, needle) || str_has(text->id, needle);
}

/* -- grams: (gram << 16) | member, sorted ------------------------------------------------------ */

struct grams {
        uint64_t *v;
        size_t n, capacity;
};

static void grams_reserve(struct grams *grams, struct arena *a, size_t more)
{
        uint64_t *grown;

        if (grams->n + more <= grams->capacity)
                return;
        while (grams->n + more > grams->capacity)
                grams->capacity = grams->capacity ? grams->capacity * 2 : 4096;
        grown = arena_array_of(a, grams->capacity, uint64_t);
        if (grams->n)
                memcpy(grown, grams->v, grams->n * sizeof(*grown));
        grams->v = grown;
}

static void grams_add(struct grams *grams, struct arena *a, struct str s, uint64_t member)
{
        grams_reserve(grams, a, s.n);
        for (size_t i = 0; i + 3 <= s.n; i++) {
                uint64_t x = lower(s.p[i]), y = lower(s.p[i + 1]), z = lower(s.p[i + 2]);
                if (x != '\n' && y != '\n' && z != '\n')
                        grams->v[grams->n++] = (x << 16 | y << 8 | z) << 16 | member;
        }
}

static int compare_u64(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static void grams_finish(struct grams *grams)
{
        size_t n = 0;

        if (grams->n > 1)
                qsort(grams->v, grams->n, sizeof(*grams->v), compare_u64);
        for (size_t i = 0; i < grams->n; i++) {
                if (n == 0 || grams->v[n - 1] != grams->v[i])
                        grams->v[n++] = grams->v[i];
        }
        grams->n = n;
}

static struct grams grams_of_text(struct arena *a, const struct search_text *text, uint64_t member)
{
        struct grams grams = {0};

        grams_add(&grams, a, text->id, member);
        grams_add(&grams, a, text->alias, member);
        grams_add(&grams, a, text->names, member);
        grams_finish(&grams);
        return grams;
}

/* -- making a segment --------------------------------------------------------------------------- */

static res gram_put(struct store_conn *c, int64_t account_id, int64_t segment, uint64_t gram, const struct search_set *set)
{
        uint8_t encoded[SEARCH_SET_BYTES];
        struct query q = query_of(c, &sql_search, GRAM_PUT);

        query_int(&q, account_id);
        query_int(&q, segment);
        query_int(&q, (int64_t)gram);
        query_bytes(&q, search_set_encode(set, encoded));
        return query_run(&q);
}

static res grams_store(struct store_conn *c, int64_t account_id, int64_t segment, const struct grams *grams)
{
        struct search_set set = {0};

        for (size_t i = 0; i < grams->n; i++) {
                search_set_put(&set, grams->v[i] & 0xffff, true);
                if (i + 1 < grams->n && grams->v[i + 1] >> 16 == grams->v[i] >> 16)
                        continue;
                TRY(gram_put(c, account_id, segment, grams->v[i] >> 16, &set));
                set = (struct search_set){0};
        }
        return RES_OK;
}

static res segment_store(struct store_conn *c, int64_t account_id, int64_t segment, const struct member_row *rows)
{
        uint8_t seqs[SEARCH_SEGMENT * SEQ_BYTES];
        struct query q = query_of(c, &sql_search, SEGMENT_INSERT);

        for (size_t i = 0; i < SEARCH_SEGMENT; i++) {
                for (size_t k = 0; k < SEQ_BYTES; k++)
                        seqs[i * SEQ_BYTES + k] = (uint8_t)((uint64_t)rows[i].seq >> (56 - 8 * k));
        }
        query_int(&q, account_id);
        query_int(&q, segment);
        query_int(&q, rows[0].seq);
        query_int(&q, rows[SEARCH_SEGMENT - 1].seq);
        query_bytes(&q, (struct bytes){0});
        query_bytes(&q, bytes_of(seqs, sizeof(seqs)));
        return query_run(&q);
}

static res last_segment(struct store_conn *c, int64_t account_id, int64_t *ret_segment, int64_t *ret_seq)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_search, LAST);
        bool row = false;

        query_int(&q, account_id);
        TRY(query_step(&q, &row));
        *ret_segment = row ? query_get_int(&q, 0) : 0;
        *ret_seq = row ? query_get_int(&q, 1) : 0;
        return RES_OK;
}

struct seal {
        int64_t account_id;
        bool done; /* a segment was made: there may be more to make */
};

static res seal_one(struct store_tx *tx, void *arg)
{
        struct seal *seal = arg;
        CLEAN(arena_free_ptr) struct arena *a = arena_new(SEAL_ARENA);
        struct store_conn *c = store_tx_conn(tx);
        const struct member_row *rows = NULL;
        struct grams grams = {0};
        int64_t segment = 0, seq = 0;
        size_t n = 0;

        seal->done = false;
        TRY(last_segment(c, seal->account_id, &segment, &seq));
        struct query q = query_of(c, &sql_search, UNSEALED);
        query_int(&q, seal->account_id);
        query_int(&q, seq);
        query_int(&q, SEARCH_SEGMENT);
        TRY(QUERY_LIST(&q, a, member_columns, &rows, &n));
        if (n < SEARCH_SEGMENT)
                return RES_OK;
        for (size_t i = 0; i < n; i++) {
                grams_add(&grams, a, rows[i].certificate_id, i);
                grams_add(&grams, a, rows[i].alias, i);
                grams_add(&grams, a, rows[i].names, i);
        }
        grams_finish(&grams);
        TRY(segment_store(c, seal->account_id, segment + 1, rows));
        seal->done = true;
        return grams_store(c, seal->account_id, segment + 1, &grams);
}

res search_after_commit(struct store *store, int64_t account_id)
{
        struct seal seal = {.account_id = account_id, .done = true};

        while (seal.done)
                TRY(store_run(store, seal_one, &seal));
        return RES_OK;
}

/* Draw about one insert in SEARCH_DUE_EVERY for a look; a plain counter could always fall on the same of two accounts. */
void search_inserted(struct store_tx *tx, int64_t account_id)
{
        atomic_uint *slot = &tx->store->search_due[(uint64_t)account_id % SEARCH_DUE_SLOTS];
        unsigned n = atomic_fetch_add(slot, 1);

        if ((n * 2654435761u) >> 24 == 0)
                tx->search_account = account_id;
}

/* -- changes to members of a segment ------------------------------------------------------------ */

struct place {
        int64_t segment; /* 0 = in none */
        size_t member;
        struct search_set dead;
};

static int64_t seq_at(struct bytes seqs, size_t i)
{
        uint64_t seq = 0;

        for (size_t k = 0; k < SEQ_BYTES; k++)
                seq = seq << 8 | seqs.p[i * SEQ_BYTES + k];
        return (int64_t)seq;
}

static bool find_member(struct bytes seqs, int64_t seq, size_t *ret_member)
{
        size_t low = 0, high = seqs.n / SEQ_BYTES;

        while (low < high) {
                size_t middle = (low + high) / 2;
                if (seq_at(seqs, middle) < seq)
                        low = middle + 1;
                else
                        high = middle;
        }
        *ret_member = low;
        return low < seqs.n / SEQ_BYTES && low < SEARCH_SEGMENT && seq_at(seqs, low) == seq;
}

static res find_place(struct store_conn *c, int64_t account_id, int64_t seq, struct place *ret_place)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_search, OF_SEQ);
        bool row = false;

        *ret_place = (struct place){0};
        query_int(&q, account_id);
        query_int(&q, seq);
        TRY(query_step(&q, &row));
        if (!row || !find_member(query_get_bytes(&q, 2), seq, &ret_place->member))
                return RES_OK;
        ret_place->segment = query_get_int(&q, 0);
        search_set_decode(query_get_bytes(&q, 1), &ret_place->dead);
        return RES_OK;
}

static res gram_get(struct store_conn *c, int64_t account_id, int64_t segment, uint64_t gram, struct search_set *ret_set)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_search, GRAM_GET);
        bool row = false;

        query_int(&q, account_id);
        query_int(&q, segment);
        query_int(&q, (int64_t)gram);
        TRY(query_step(&q, &row));
        search_set_decode(row ? query_get_bytes(&q, 0) : (struct bytes){0}, ret_set);
        return RES_OK;
}

/* Put the member into, or take it out of, the sets of all grams of `grams` that are not in `others`. */
static res members_move(struct store_conn *c, int64_t account_id, const struct place *place, const struct grams *grams,
                        const struct grams *others, bool in)
{
        struct search_set set;

        for (size_t i = 0; i < grams->n; i++) {
                if (others->n && bsearch(&grams->v[i], others->v, others->n, sizeof(*others->v), compare_u64))
                        continue;
                TRY(gram_get(c, account_id, place->segment, grams->v[i] >> 16, &set));
                search_set_put(&set, place->member, in);
                TRY(gram_put(c, account_id, place->segment, grams->v[i] >> 16, &set));
        }
        return RES_OK;
}

res search_changed(struct store_tx *tx, int64_t account_id, int64_t seq, const struct search_text *before,
                   const struct search_text *after)
{
        CLEAN(arena_free_ptr) struct arena *a = NULL;
        struct store_conn *c = store_tx_conn(tx);
        struct place place;

        TRY(find_place(c, account_id, seq, &place));
        if (place.segment == 0)
                return RES_OK;
        a = arena_new(SEAL_ARENA);
        struct grams old = grams_of_text(a, before, place.member), new = grams_of_text(a, after, place.member);
        TRY(members_move(c, account_id, &place, &old, &new, false));
        return members_move(c, account_id, &place, &new, &old, true);
}

res search_deleted(struct store_tx *tx, int64_t account_id, int64_t seq)
{
        struct store_conn *c = store_tx_conn(tx);
        uint8_t encoded[SEARCH_SET_BYTES];
        struct place place;

        TRY(find_place(c, account_id, seq, &place));
        if (place.segment == 0)
                return RES_OK;
        search_set_put(&place.dead, place.member, true);
        struct query q = query_of(c, &sql_search, SET_DEAD);
        query_int(&q, account_id);
        query_int(&q, place.segment);
        query_bytes(&q, search_set_encode(&place.dead, encoded));
        return query_run_one(&q);
}

/* -- finding ------------------------------------------------------------------------------------ */

struct needle_gram {
        uint64_t gram;
        int64_t members; /* of the newest segment: how rare it is */
};

/* Evenly spread over the needle. */
static size_t needle_grams(struct str needle, struct needle_gram ret_grams[SEARCH_GRAMS_MAX])
{
        size_t all = needle.n - 2, n = all < SEARCH_GRAMS_MAX ? all : SEARCH_GRAMS_MAX;

        for (size_t i = 0; i < n; i++) {
                const char *p = needle.p + (n == 1 ? 0 : i * (all - 1) / (n - 1));
                ret_grams[i].gram = (uint64_t)lower(p[0]) << 16 | (uint64_t)lower(p[1]) << 8 | lower(p[2]);
        }
        return n;
}

static int compare_rarity(const void *a, const void *b)
{
        const struct needle_gram *x = a, *y = b;

        return (x->members > y->members) - (x->members < y->members);
}

/* The rarest first: most segments are done with after one look. */
static res grams_order(struct store_conn *c, int64_t account_id, int64_t segment, struct needle_gram *grams, size_t n)
{
        struct search_set having;

        for (size_t i = 0; i < n; i++) {
                TRY(gram_get(c, account_id, segment, grams[i].gram, &having));
                grams[i].members = search_set_count(&having);
        }
        qsort(grams, n, sizeof(*grams), compare_rarity);
        return RES_OK;
}

static res segment_find(struct store_conn *c, int64_t account_id, struct search_segment *segment,
                        const struct needle_gram *grams, size_t n)
{
        struct search_set dead, having;

        search_set_decode(segment->dead, &dead);
        for (size_t i = 0; i < SEARCH_SEGMENT / 64; i++)
                segment->hits.w[i] = ~dead.w[i];
        segment->hit_count = SEARCH_SEGMENT;
        for (size_t k = 0; k < n && segment->hit_count > 0; k++) {
                TRY(gram_get(c, account_id, segment->segment, grams[k].gram, &having));
                for (size_t i = 0; i < SEARCH_SEGMENT / 64; i++)
                        segment->hits.w[i] &= having.w[i];
                segment->hit_count = search_set_count(&segment->hits);
        }
        return RES_OK;
}

res search_find(struct store_conn *c, struct arena *a, int64_t account_id, struct str needle, struct search_hits *ret_hits)
{
        struct needle_gram grams[SEARCH_GRAMS_MAX];
        size_t gram_count = needle_grams(needle, grams);
        const struct search_segment *rows = NULL;
        struct search_hits hits = {.is_exact = needle.n == 3};
        struct query q = query_of(c, &sql_search, LIST);

        query_int(&q, account_id);
        TRY(QUERY_LIST(&q, a, segment_columns, &rows, &hits.n));
        hits.v = arena_copy(a, rows, hits.n * sizeof(*rows));
        if (hits.n > 0)
                TRY(grams_order(c, account_id, hits.v[hits.n - 1].segment, grams, gram_count));
        for (size_t i = 0; i < hits.n; i++) {
                TRY(segment_find(c, account_id, &hits.v[i], grams, gram_count));
                hits.count += hits.v[i].hit_count;
                hits.sealed_seq = hits.v[i].last_seq;
        }
        *ret_hits = hits;
        return RES_OK;
}

res search_hit_seqs(struct store_conn *c, int64_t account_id, const struct search_segment *segment, int64_t *ret_seqs,
                    size_t *ret_n)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_search, SEQS);
        struct bytes seqs;
        bool row = false;

        *ret_n = 0;
        query_int(&q, account_id);
        query_int(&q, segment->segment);
        TRY(query_step(&q, &row));
        if (!row)
                return RES_OK;
        seqs = query_get_bytes(&q, 0);
        for (size_t i = seqs.n / SEQ_BYTES; i-- > 0;) {
                if (i < SEARCH_SEGMENT && search_set_has(&segment->hits, i))
                        ret_seqs[(*ret_n)++] = seq_at(seqs, i);
        }
        return RES_OK;
}
