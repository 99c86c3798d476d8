/*
 * Facets.  A set's name is a facet and a value, both text: ("status", "1"), ("tag", "stage") for whatever has that key,
 * ("tag:stage", "production").  All segments' sets of a name lie side by side, so that one of a million is some forty pages.
 */
#include "store/facet.h"

#include <stdlib.h>

#include "store/group.h"

#define LOW_BYTES 4 /* of an end: they suffice until 2106, and a fifth is only kept where one does not */
#define HIGH_BYTES 1
#define END_MAX ((INT64_C(1) << (8 * (LOW_BYTES + HIGH_BYTES))) - 1) /* the year 36812 */

struct tag_of_member {
        int64_t seq;
        struct str tag_key, tag_value;
};
static const struct column tag_columns[] = {
        COLUMN(struct tag_of_member, seq), COLUMN(struct tag_of_member, tag_key), COLUMN(struct tag_of_member, tag_value), COLUMNS_END
};

enum { GET, PUT, SCAN, TAGS, ENDS_GET, ENDS_PUT };
static const struct sql statements[] = {
        [GET] = SQL("facet_get",
                "SELECT members FROM certificate_facet WHERE account_id = $1 AND segment = $2 AND facet = $3 AND value = $4"),
        [PUT] = SQL("facet_put",
                "INSERT INTO certificate_facet (account_id, segment, facet, value, members) VALUES ($1, $2, $3, $4, $5)"
                " ON CONFLICT (account_id, facet, value, segment) DO UPDATE SET members = excluded.members"),
        [SCAN] = SQL("facet_scan",
                "SELECT segment, members FROM certificate_facet WHERE account_id = $1 AND facet = $2 AND value = $3 ORDER BY segment"),
        [TAGS] = SQL_ROW("facet_tags", tag_columns,
                "SELECT c.seq, t.tag_key, t.tag_value FROM certificate c JOIN tag t ON t.account_id = c.account_id"
                " AND t.certificate_id = c.certificate_id WHERE c.account_id = $1 AND c.deleted_at = 0 AND c.seq >= $2 AND c.seq <= $3"
                " ORDER BY c.seq"),
        [ENDS_GET] = SQL("facet_ends_get", "SELECT ends FROM certificate_ends WHERE account_id = $1 AND segment = $2"),
        [ENDS_PUT] = SQL("facet_ends_put",
                "INSERT INTO certificate_ends (account_id, segment, ends) VALUES ($1, $2, $3)"
                " ON CONFLICT (account_id, segment) DO UPDATE SET ends = excluded.ends"),
};
const struct sql_set sql_facet = SQL_SET(SQL_SET_FACET, statements);

/* -- names of sets --------------------------------------------------------------------------------- */

struct name {
        struct str facet, value;
};

struct str facet_key_family(struct str key_type)
{
        return str_cut(&key_type, ' ');
}

static struct name number_name(struct arena *a, const char *facet, int64_t value)
{
        return (struct name){str_of(facet), str_of(arena_printf(a, "%lld", (long long)value))};
}

static struct name tag_key_name(struct str key)
{
        return (struct name){STR("tag"), key};
}

static struct name tag_name(struct arena *a, struct str key, struct str value)
{
        static const char prefix[] = "tag:";
        const size_t n = sizeof(prefix) - 1;
        char *facet = arena_alloc(a, n + key.n);

        memcpy(facet, prefix, n);
        if (key.n > 0)
                memcpy(facet + n, key.p, key.n);
        return (struct name){{facet, n + key.n}, value};
}

static struct name type_name(struct str certificate_type)
{
        return (struct name){STR("type"), certificate_type};
}

static struct name family_name(struct str key_type)
{
        return (struct name){STR("key"), facet_key_family(key_type)};
}

static struct name upload_name(void)
{
        return (struct name){STR("source"), STR("upload")};
}

/* -- ends ------------------------------------------------------------------------------------------ */

#define ENDS_BYTES (SEARCH_SEGMENT * (LOW_BYTES + HIGH_BYTES))

/* n: of the encoded, which has the high bytes from the first end on that needs one. */
static void end_encode(uint8_t out[ENDS_BYTES], size_t *n, size_t member, int64_t end_at)
{
        int64_t end = end_at < 0 ? 0 : end_at > END_MAX ? END_MAX : end_at;
        uint32_t low = htole32((uint32_t)end);

        memcpy(out + member * LOW_BYTES, &low, LOW_BYTES);
        out[SEARCH_SEGMENT * LOW_BYTES + member] = (uint8_t)(end >> (8 * LOW_BYTES));
        if (end >> (8 * LOW_BYTES) != 0)
                *n = ENDS_BYTES;
}

static res ends_put(struct store_conn *c, int64_t account_id, int64_t segment, struct bytes encoded)
{
        struct query q = query_of(c, &sql_facet, ENDS_PUT);

        query_int(&q, account_id);
        query_int(&q, segment);
        query_bytes(&q, encoded);
        return query_run(&q);
}

res facet_ends(struct store_conn *c, int64_t account_id, int64_t segment, struct facet_ends *ret_ends)
{
        CLEAN(query_done) struct query q = query_of(c, &sql_facet, ENDS_GET);
        bool row = false;

        query_int(&q, account_id);
        query_int(&q, segment);
        TRY(query_step(&q, &row));
        struct bytes ends = row ? query_get_bytes(&q, 0) : (struct bytes){0};
        const bool has_high = ends.n == SEARCH_SEGMENT * (LOW_BYTES + HIGH_BYTES);
        ENSURE(has_high || ends.n == SEARCH_SEGMENT * LOW_BYTES, ERR_STORE);
        *ret_ends = (struct facet_ends){.q = q, .low = ends.p, .high = has_high ? ends.p + SEARCH_SEGMENT * LOW_BYTES : NULL};
        q.stmt = NULL; /* it is the caller's now */
        return RES_OK;
}

void facet_ends_done(struct facet_ends *ends)
{
        query_done(&ends->q);
}

/* -- making a segment's ---------------------------------------------------------------------------- */

struct entry {
        struct name name;
        size_t member;
};
struct entries {
        struct entry *v;
        size_t n;
};
#define MEMBER_FACETS 5 /* of a member, tags aside */

static int compare_text(struct str a, struct str b)
{
        int by_bytes = memcmp(a.p ? a.p : "", b.p ? b.p : "", a.n < b.n ? a.n : b.n);

        return by_bytes ? by_bytes : (a.n > b.n) - (a.n < b.n);
}

static int compare_entries(const void *a, const void *b)
{
        const struct entry *x = a, *y = b;
        int by_facet = compare_text(x->name.facet, y->name.facet);

        return by_facet ? by_facet : compare_text(x->name.value, y->name.value);
}

static void entries_add(struct entries *entries, struct name name, size_t member)
{
        entries->v[entries->n++] = (struct entry){name, member};
}

static res set_put(struct store_conn *c, int64_t account_id, int64_t segment, const struct name *name, const struct search_set *set)
{
        uint8_t encoded[SEARCH_SET_BYTES];
        struct query q = query_of(c, &sql_facet, PUT);

        query_int(&q, account_id);
        query_int(&q, segment);
        query_str(&q, name->facet);
        query_str(&q, name->value);
        query_bytes(&q, search_set_encode(set, encoded));
        return query_run(&q);
}

static res entries_store(struct store_conn *c, int64_t account_id, int64_t segment, struct entries *entries)
{
        struct search_set set = {0};

        qsort(entries->v, entries->n, sizeof(*entries->v), compare_entries);
        for (size_t i = 0; i < entries->n; i++) {
                search_set_put(&set, entries->v[i].member, true);
                if (i + 1 < entries->n && compare_entries(&entries->v[i], &entries->v[i + 1]) == 0)
                        continue;
                TRY(set_put(c, account_id, segment, &entries->v[i].name, &set));
                set = (struct search_set){0};
        }
        return RES_OK;
}

static res tags_of(struct store_conn *c, struct arena *a, int64_t account_id, const struct facet_member *rows,
                   const struct tag_of_member **ret_tags, size_t *ret_n)
{
        struct query q = query_of(c, &sql_facet, TAGS);

        query_int(&q, account_id);
        query_int(&q, rows[0].seq);
        query_int(&q, rows[SEARCH_SEGMENT - 1].seq);
        return QUERY_LIST(&q, a, tag_columns, ret_tags, ret_n);
}

res facet_seal(struct store_conn *c, struct arena *a, int64_t account_id, int64_t segment, const struct facet_member *rows)
{
        const struct tag_of_member *tags = NULL;
        uint8_t ends[ENDS_BYTES] = {0};
        struct entries entries = {0};
        size_t n = 0, member = 0, ends_n = SEARCH_SEGMENT * LOW_BYTES;

        TRY(tags_of(c, a, account_id, rows, &tags, &n));
        entries.v = arena_array_of(a, SEARCH_SEGMENT * MEMBER_FACETS + 2 * n, struct entry);
        for (size_t i = 0; i < SEARCH_SEGMENT; i++) {
                end_encode(ends, &ends_n, i, rows[i].end_at);
                entries_add(&entries, number_name(a, "status", rows[i].status), i);
                entries_add(&entries, number_name(a, "project", rows[i].project_id), i);
                entries_add(&entries, type_name(rows[i].certificate_type), i);
                entries_add(&entries, family_name(rows[i].key_type), i);
                if (str_equals(rows[i].source, "upload"))
                        entries_add(&entries, upload_name(), i);
        }
        for (size_t i = 0; i < n; i++) {
                while (rows[member].seq < tags[i].seq)
                        member++;
                entries_add(&entries, tag_key_name(tags[i].tag_key), member);
                entries_add(&entries, tag_name(a, tags[i].tag_key, tags[i].tag_value), member);
        }
        TRY(ends_put(c, account_id, segment, bytes_of(ends, ends_n)));
        return entries_store(c, account_id, segment, &entries);
}

/* -- changes --------------------------------------------------------------------------------------- */

#define NAMES_ARENA (64 * 1024)

struct move {
        struct store_conn *c;
        int64_t account_id;
        struct search_place place;
};

static res move_set(const struct move *move, struct name name, bool in)
{
        struct query q = query_of(move->c, &sql_facet, GET);
        struct search_set set;
        bool row = false;

        query_int(&q, move->account_id);
        query_int(&q, move->place.segment);
        query_str(&q, name.facet);
        query_str(&q, name.value);
        res r = query_step(&q, &row);
        search_set_decode(row ? query_get_bytes(&q, 0) : (struct bytes){0}, &set);
        query_done(&q);
        TRY(r);
        search_set_put(&set, move->place.member, in);
        return set_put(move->c, move->account_id, move->place.segment, &name, &set);
}

static res move_between(const struct move *move, struct name from, struct name to)
{
        if (str_equal(from.value, to.value))
                return RES_OK;
        TRY(move_set(move, from, false));
        return move_set(move, to, true);
}

static res move_number(const struct move *move, struct arena *a, const char *facet, int64_t from, int64_t to)
{
        return from == to ? RES_OK : move_between(move, number_name(a, facet, from), number_name(a, facet, to));
}

static res move_end(const struct move *move, int64_t end_at)
{
        uint8_t encoded[ENDS_BYTES] = {0};
        struct facet_ends ends;
        size_t n = SEARCH_SEGMENT * LOW_BYTES;

        TRY(facet_ends(move->c, move->account_id, move->place.segment, &ends));
        if (ends.high)
                n = ENDS_BYTES;
        memcpy(encoded, ends.low, n);
        facet_ends_done(&ends);
        end_encode(encoded, &n, move->place.member, end_at);
        return ends_put(move->c, move->account_id, move->place.segment, bytes_of(encoded, n));
}

res facet_changed(struct store_tx *tx, const struct certificate_row *old, const struct certificate_row *new)
{
        CLEAN(arena_free_ptr) struct arena *a = NULL;
        struct move move = {.c = store_tx_conn(tx), .account_id = old->account_id};
        bool was_upload = str_equals(old->source, "upload"), is_upload = str_equals(new->source, "upload");

        TRY(search_place(move.c, old->account_id, old->seq, &move.place));
        if (move.place.segment == 0)
                return RES_OK;
        a = arena_new(NAMES_ARENA);
        TRY(move_number(&move, a, "status", old->status, new->status));
        TRY(move_number(&move, a, "project", old->project_id, new->project_id));
        TRY(move_between(&move, type_name(old->certificate_type), type_name(new->certificate_type)));
        TRY(move_between(&move, family_name(old->key_type), family_name(new->key_type)));
        if (was_upload != is_upload)
                TRY(move_set(&move, upload_name(), is_upload));
        return old->end_at != new->end_at ? move_end(&move, new->end_at) : RES_OK;
}

res facet_tag_changed(struct store_tx *tx, int64_t account_id, int64_t seq, struct str tag_key, const struct str *old_value,
                      const struct str *new_value)
{
        CLEAN(arena_free_ptr) struct arena *a = NULL;
        struct move move = {.c = store_tx_conn(tx), .account_id = account_id};

        if (old_value && new_value && str_equal(*old_value, *new_value))
                return RES_OK;
        TRY(search_place(move.c, account_id, seq, &move.place));
        if (move.place.segment == 0)
                return RES_OK;
        a = arena_new(NAMES_ARENA);
        if (old_value)
                TRY(move_set(&move, tag_name(a, tag_key, *old_value), false));
        if (new_value)
                TRY(move_set(&move, tag_name(a, tag_key, *new_value), true));
        return !old_value || !new_value ? move_set(&move, tag_key_name(tag_key), new_value != NULL) : RES_OK;
}

/* -- filtering ------------------------------------------------------------------------------------- */

static res add_set(struct store_conn *c, int64_t account_id, struct name name, struct search_hits *hits)
{
        struct query q = query_of(c, &sql_facet, SCAN);

        query_int(&q, account_id);
        query_str(&q, name.facet);
        query_str(&q, name.value);
        return search_sets_add(&q, hits);
}

static res keep(struct store_conn *c, int64_t account_id, struct name name, struct search_hits *hits, bool is_negated)
{
        if (hits->count == 0)
                return RES_OK;
        search_sets_clear(hits);
        TRY(add_set(c, account_id, name, hits));
        search_sets_keep(hits, is_negated);
        return RES_OK;
}

static res keep_statuses(struct store_conn *c, struct arena *a, const struct store_certificate_filter *f, struct search_hits *hits)
{
        search_sets_clear(hits);
        for (size_t i = 0; i < f->status_count; i++)
                TRY(add_set(c, f->account_id, number_name(a, "status", f->statuses[i]), hits));
        search_sets_keep(hits, false);
        return RES_OK;
}

res facet_keep(struct store_conn *c, struct arena *a, const struct store_certificate_filter *f, struct search_hits *hits)
{
        for (size_t i = 0; i < f->tag_count; i++) {
                const struct store_tag_filter *tag = &f->tags[i];
                TRY(keep(c, f->account_id, tag->value.p ? tag_name(a, tag->key, tag->value) : tag_key_name(tag->key), hits, false));
        }
        if (f->project_id >= 0)
                TRY(keep(c, f->account_id, number_name(a, "project", f->project_id), hits, false));
        if (f->source != STORE_SOURCE_ANY)
                TRY(keep(c, f->account_id, upload_name(), hits, f->source != STORE_SOURCE_UPLOAD));
        if (f->certificate_type.n > 0)
                TRY(keep(c, f->account_id, type_name(f->certificate_type), hits, false));
        if (f->key_family.n > 0)
                TRY(keep(c, f->account_id, family_name(f->key_family), hits, false));
        return f->status_count > 0 && hits->count > 0 ? keep_statuses(c, a, f, hits) : RES_OK;
}

/* The same number is taken from all, so that one comparison tells: 0.5 ns a member. */
static uint64_t low_fit(const uint8_t *low, uint32_t from, uint32_t width)
{
        uint64_t fit = 0;

        for (size_t k = 0; k < 64; k++) {
                uint32_t end;
                memcpy(&end, low + k * LOW_BYTES, LOW_BYTES);
                fit |= (uint64_t)(le32toh(end) - from <= width) << k;
        }
        return fit;
}

static uint64_t fit_of(const struct facet_ends *ends, size_t word, int64_t after, int64_t until)
{
        uint64_t fit = 0;

        if (!ends->high && after >= 0 && after < until && after < UINT32_MAX) {
                const int64_t last = until < UINT32_MAX ? until : UINT32_MAX;
                return low_fit(ends->low + word * 64 * LOW_BYTES, (uint32_t)(after + 1), (uint32_t)(last - after - 1));
        }
        for (size_t k = 0; k < 64; k++) {
                int64_t end = facet_end_at(ends, word * 64 + k);
                fit |= (uint64_t)(end > after && end <= until) << k;
        }
        return fit;
}

void facet_keep_ending(const struct facet_ends *ends, int64_t after, int64_t until, struct search_hits *hits, size_t i)
{
        for (size_t word = 0; word < SEARCH_SEGMENT / 64; word++) {
                if (hits->v[i].hits.w[word] != 0)
                        hits->v[i].hits.w[word] &= fit_of(ends, word, after, until);
        }
        search_segment_count(hits, i);
}

res facet_keep_ends(struct store_conn *c, int64_t account_id, int64_t after, int64_t until, struct search_hits *hits)
{
        for (size_t i = 0; i < hits->n; i++) {
                struct facet_ends ends;
                if (hits->v[i].hit_count == 0)
                        continue;
                TRY(facet_ends(c, account_id, hits->v[i].segment, &ends));
                facet_keep_ending(&ends, after, until, hits, i);
                facet_ends_done(&ends);
        }
        return RES_OK;
}
