/*
 * Segments and grams: making them, and following what changes later.  search_find.c reads them.
 */
#include "store/search.h"

#include <stdlib.h>

#include "store/facet.h"
#include "store/group.h"

#define SEAL_ARENA (512 * 1024 * 1024) /* 2,048 rows with 100 names of 64 bytes are 16 M grams of 8 bytes at the very worst */
#define SEQ_BYTES 8
#define MEMBER_BITS 16
#define GRAM_BITS 27 /* 8 * SEARCH_GRAM_BYTES, and which of the three lengths */
#define SORT_BITS 9
#define SORT_MASK ((1U << SORT_BITS) - 1)
#define GRAMS_LONG 1000

static const struct column member_columns[] = {
        COLUMN(struct facet_member, seq), COLUMN(struct facet_member, status), COLUMN(struct facet_member, project_id),
        COLUMN(struct facet_member, end_at), COLUMN(struct facet_member, certificate_id),
        COLUMN(struct facet_member, certificate_type), COLUMN(struct facet_member, source),
        COLUMN(struct facet_member, key_type), COLUMN(struct facet_member, alias), COLUMN(struct facet_member, names),
        COLUMNS_END
};

enum { LAST, OF_SEQ, SEGMENT_INSERT, SET_DEAD, UNSEALED, GRAM_GET, GRAM_PUT, COMMON_GET, COMMON_PUT };
static const struct sql statements[] = {
        [LAST] = SQL("search_last",
                "SELECT segment, last_seq FROM search_segment WHERE account_id = $1 ORDER BY segment DESC LIMIT 1"),
        [OF_SEQ] = SQL("search_of_seq",
                "SELECT segment, dead, seqs FROM search_segment WHERE account_id = $1 AND last_seq >= $2 ORDER BY last_seq LIMIT 1"),
        [SEGMENT_INSERT] = SQL("search_segment_insert",
                "INSERT INTO search_segment (account_id, segment, first_seq, last_seq, dead, seqs) VALUES ($1, $2, $3, $4, $5, $6)"),
        [SET_DEAD] = SQL("search_set_dead", "UPDATE search_segment SET dead = $3 WHERE account_id = $1 AND segment = $2"),
        [UNSEALED] = SQL_ROW("search_unsealed", member_columns,
                "SELECT seq, status, project_id, end_at, certificate_id, certificate_type, source, key_type, alias, names FROM certificate"
                " WHERE account_id = $1 AND seq > $2 AND deleted_at = 0 ORDER BY seq LIMIT $3"),
        [GRAM_GET] = SQL("search_gram_get",
                "SELECT members FROM certificate_gram WHERE account_id = $1 AND segment = $2 AND gram = $3"),
        [GRAM_PUT] = SQL("search_gram_put",
                "INSERT INTO certificate_gram (account_id, segment, gram, members) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (account_id, segment, gram) DO UPDATE SET members = excluded.members"),
        [COMMON_GET] = SQL("search_common_get",
                "SELECT members FROM certificate_gram_common WHERE account_id = $1 AND segment = $2 AND gram = $3"),
        [COMMON_PUT] = SQL("search_common_put",
                "INSERT INTO certificate_gram_common (account_id, segment, gram, members) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (account_id, gram, segment) DO UPDATE SET members = excluded.members"),
};
const struct sql_set sql_search = SQL_SET(SQL_SET_SEARCH, statements);

/* -- text ------------------------------------------------------------------------------------- */

static uint8_t lower(char c)
{
        return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

uint64_t search_gram(const char *p, size_t n)
{
        uint64_t gram = n < SEARCH_GRAM_BYTES ? n << (8 * SEARCH_GRAM_BYTES) : 0; /* "b" is not "\0\0b" */

        for (size_t i = 0; i < n; i++)
                gram |= (uint64_t)lower(p[i]) << (8 * (n - 1 - i));
        return gram;
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

/* -- grams: (gram << MEMBER_BITS) | member, sorted ------------------------------------------------ */

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

static int compare_u64(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static void grams_unique(struct grams *grams, size_t from)
{
        size_t n = from;

        for (size_t i = from; i < grams->n; i++) {
                if (n == from || grams->v[n - 1] != grams->v[i])
                        grams->v[n++] = grams->v[i];
        }
        grams->n = n;
}

/* By the bits from `shift` on; what is equal there keeps its order. */
static void sort_pass(const uint64_t *from, uint64_t *to, size_t n, unsigned shift)
{
        size_t starts[1U << SORT_BITS] = {0}, at = 0;

        for (size_t i = 0; i < n; i++)
                starts[from[i] >> shift & SORT_MASK]++;
        for (size_t k = 0; k <= SORT_MASK; k++) {
                size_t count = starts[k];
                starts[k] = at;
                at += count;
        }
        for (size_t i = 0; i < n; i++)
                to[starts[from[i] >> shift & SORT_MASK]++] = from[i];
}

/* Of a segment: by gram, since the members came in order.  A fifth of what qsort takes. */
static void grams_sort(struct grams *grams, struct arena *a)
{
        uint64_t *other = arena_array_of(a, grams->n + 1, uint64_t);

        for (unsigned shift = MEMBER_BITS; shift < MEMBER_BITS + GRAM_BITS; shift += SORT_BITS) {
                sort_pass(grams->v, other, grams->n, shift);
                uint64_t *sorted = other;
                other = grams->v;
                grams->v = sorted;
        }
        grams_unique(grams, 0);
}

static void grams_add(struct grams *grams, struct arena *a, struct str s, uint64_t member)
{
        grams_reserve(grams, a, s.n * SEARCH_GRAM_BYTES);
        for (size_t i = 0; i < s.n; i++) {
                for (size_t n = 1; n <= SEARCH_GRAM_BYTES && i + n <= s.n && s.p[i + n - 1] != '\n'; n++)
                        grams->v[grams->n++] = search_gram(s.p + i, n) << MEMBER_BITS | member;
        }
}

/* Of a long text each once: short grams come again and again, and would take more room than all the others. */
static void grams_add_text(struct grams *grams, struct arena *a, const struct search_text *text, uint64_t member)
{
        size_t from = grams->n;

        grams_add(grams, a, text->id, member);
        grams_add(grams, a, text->alias, member);
        grams_add(grams, a, text->names, member);
        if (grams->n - from < GRAMS_LONG)
                return;
        qsort(grams->v + from, grams->n - from, sizeof(*grams->v), compare_u64);
        grams_unique(grams, from);
}

static struct grams grams_of_text(struct arena *a, const struct search_text *text, uint64_t member)
{
        struct grams grams = {0};

        grams_add_text(&grams, a, text, member);
        if (grams.n > 0)
                qsort(grams.v, grams.n, sizeof(*grams.v), compare_u64);
        grams_unique(&grams, 0);
        return grams;
}

/* -- making a segment --------------------------------------------------------------------------- */

static res gram_put(struct store_conn *c, size_t statement, int64_t account_id, int64_t segment, uint64_t gram,
                    const struct search_set *set)
{
        uint8_t encoded[SEARCH_SET_BYTES];
        struct query q = query_of(c, &sql_search, statement);

        query_int(&q, account_id);
        query_int(&q, segment);
        query_int(&q, (int64_t)gram);
        query_bytes(&q, search_set_encode(set, encoded));
        return query_run(&q);
}

static res grams_store(struct store_conn *c, int64_t account_id, int64_t segment, const struct grams *grams)
{
        struct search_set set = {0};
        size_t members = 0;

        for (size_t i = 0; i < grams->n; i++) {
                const uint64_t gram = grams->v[i] >> MEMBER_BITS;
                search_set_put(&set, grams->v[i] & ((1U << MEMBER_BITS) - 1), true);
                members++;
                if (i + 1 < grams->n && grams->v[i + 1] >> MEMBER_BITS == gram)
                        continue;
                TRY(gram_put(c, members >= SEARCH_COMMON_MIN ? COMMON_PUT : GRAM_PUT, account_id, segment, gram, &set));
                set = (struct search_set){0};
                members = 0;
        }
        return RES_OK;
}

static res segment_store(struct store_conn *c, int64_t account_id, int64_t segment, const struct facet_member *rows)
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
        const struct facet_member *rows = NULL;
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
                struct search_text text = {rows[i].certificate_id, rows[i].alias, rows[i].names};
                grams_add_text(&grams, a, &text, i);
        }
        grams_sort(&grams, a);
        TRY(segment_store(c, seal->account_id, segment + 1, rows));
        TRY(facet_seal(c, a, seal->account_id, segment + 1, rows));
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

int64_t search_seq_at(const uint8_t *seqs, size_t member)
{
        uint64_t seq = 0;

        for (size_t k = 0; k < SEQ_BYTES; k++)
                seq = seq << 8 | seqs[member * SEQ_BYTES + k];
        return (int64_t)seq;
}

size_t search_member_of(const uint8_t *seqs, int64_t seq)
{
        size_t low = 0, high = SEARCH_SEGMENT;

        while (low < high) {
                size_t middle = (low + high) / 2;
                if (search_seq_at(seqs, middle) < seq)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

res search_place(struct store_conn *c, int64_t account_id, int64_t seq, struct search_place *ret_place)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_search, OF_SEQ);
        bool row = false;

        *ret_place = (struct search_place){0};
        query_int(&q, account_id);
        query_int(&q, seq);
        TRY(query_step(&q, &row));
        if (!row)
                return RES_OK;
        struct bytes seqs = query_get_bytes(&q, 2);
        ENSURE(seqs.n == SEARCH_SEGMENT * SEQ_BYTES, ERR_STORE);
        ret_place->member = search_member_of(seqs.p, seq);
        if (ret_place->member == SEARCH_SEGMENT || search_seq_at(seqs.p, ret_place->member) != seq)
                return RES_OK;
        ret_place->segment = query_get_int(&q, 0);
        search_set_decode(query_get_bytes(&q, 1), &ret_place->dead);
        return RES_OK;
}

static res gram_get(struct store_conn *c, size_t statement, int64_t account_id, int64_t segment, uint64_t gram,
                    struct search_set *ret_set, bool *ret_has)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_search, statement);

        query_int(&q, account_id);
        query_int(&q, segment);
        query_int(&q, (int64_t)gram);
        TRY(query_step(&q, ret_has));
        search_set_decode(*ret_has ? query_get_bytes(&q, 0) : (struct bytes){0}, ret_set);
        return RES_OK;
}

/* A gram stays among the common or the rare ones, whatever it becomes. */
static res member_move(struct store_conn *c, int64_t account_id, const struct search_place *place, uint64_t gram, bool in)
{
        struct search_set set;
        bool is_common = false, is_there = false;

        TRY(gram_get(c, COMMON_GET, account_id, place->segment, gram, &set, &is_common));
        if (!is_common)
                TRY(gram_get(c, GRAM_GET, account_id, place->segment, gram, &set, &is_there));
        search_set_put(&set, place->member, in);
        return gram_put(c, is_common ? COMMON_PUT : GRAM_PUT, account_id, place->segment, gram, &set);
}

/* Put the member into, or take it out of, the sets of all grams of `grams` that are not in `others`. */
static res members_move(struct store_conn *c, int64_t account_id, const struct search_place *place, const struct grams *grams,
                        const struct grams *others, bool in)
{
        for (size_t i = 0; i < grams->n; i++) {
                if (others->n && bsearch(&grams->v[i], others->v, others->n, sizeof(*others->v), compare_u64))
                        continue;
                TRY(member_move(c, account_id, place, grams->v[i] >> MEMBER_BITS, in));
        }
        return RES_OK;
}

res search_changed(struct store_tx *tx, int64_t account_id, int64_t seq, const struct search_text *before,
                   const struct search_text *after)
{
        CLEAN(arena_free_ptr) struct arena *a = NULL;
        struct store_conn *c = store_tx_conn(tx);
        struct search_place place;

        TRY(search_place(c, account_id, seq, &place));
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
        struct search_place place;

        TRY(search_place(c, account_id, seq, &place));
        if (place.segment == 0)
                return RES_OK;
        search_set_put(&place.dead, place.member, true);
        struct query q = query_of(c, &sql_search, SET_DEAD);
        query_int(&q, account_id);
        query_int(&q, place.segment);
        query_bytes(&q, search_set_encode(&place.dead, encoded));
        return query_run_one(&q);
}
