/*
 * Lists against a plain model: some thousand certificates in two accounts, changed and deleted at random, and many
 * random filters whose pages, by offset and by marker, must be those that a loop over the model gives.
 */
#include "store_open.h"

#include <sqlite3.h>

#include "store/count.h"
#include "store/tag.h"

#define ROWS 5000
#define OTHER_EVERY 7 /* every seventh belongs to the other account */

struct model_row {
        struct certificate_row row;
        char id[12], names[120], alias[40], tag[8], team[8]; /* tags "stage" and "team"; "" = none */
};

struct world {
        struct place *p;
        struct model_row *rows;
        size_t n;
        uint64_t seed;
};

static uint64_t next_random(struct world *w) /* xorshift64 */
{
        w->seed ^= w->seed << 13;
        w->seed ^= w->seed >> 7;
        w->seed ^= w->seed << 17;
        return w->seed;
}

static size_t below(struct world *w, size_t n)
{
        return (size_t)(next_random(w) % n);
}

static const char *const words[] = {"shop", "mail", "www", "api", "blog", "xn--bcher-kva", "intranet", "example", "test", "Dev"};
static const int64_t statuses[] = {0, 1, 1, 1, 3, 7, 10};

static const char *word(struct world *w)
{
        return words[below(w, sizeof(words) / sizeof(words[0]))];
}

static void make_row(struct world *w, size_t i)
{
        static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        struct model_row *m = &w->rows[i];

        for (size_t k = 0; k < 5; k++)
                m->id[k] = letters[below(w, 62)];
        snprintf(m->id + 5, 4, "%03zx", i % 4096);
        m->id[4] = letters[i / 4096];
        snprintf(m->names, sizeof(m->names), "%s.%s-%zu.com%s%s.org", word(w), word(w), i % 500, i % 3 ? "" : "\n*.", word(w));
        m->row = certificate_of(i % OTHER_EVERY == 0 ? 2 : 1, m->id, m->names);
        snprintf(m->alias, sizeof(m->alias), "%s", below(w, 4) ? "" : word(w));
        m->row.alias = str_of(m->alias);
        m->row.status = statuses[below(w, sizeof(statuses) / sizeof(statuses[0]))];
        m->row.project_id = below(w, 10) ? 0 : (int64_t)below(w, 3);
        m->row.source = below(w, 9) ? STR("trustasia") : STR("upload");
        m->row.certificate_type = below(w, 30) ? STR("SVR") : STR("CA");
        m->row.key_type = below(w, 40) ? STR("RSA 2048") : STR("SM2");
        m->row.end_at = m->row.status == 0 ? 0 : 1000000 + (int64_t)below(w, 5000);
        if (below(w, 50) == 0)
                m->row.end_at += INT64_C(250000000000); /* some thousand years ahead */
        snprintf(m->tag, sizeof(m->tag), "%s", below(w, 20) ? "" : below(w, 2) ? "prod" : "test");
        snprintf(m->team, sizeof(m->team), "%s", below(w, 3) ? "" : below(w, 2) ? "red" : "blue");
}

static res put_tag(struct store_tx *tx, const struct model_row *m, const char *key, const char *value)
{
        struct tag_row tag = {m->row.account_id, m->row.certificate_id, str_of(key), str_of(value)};

        return value[0] ? store_tag_put(tx, &tag) : RES_OK;
}

static res insert_all(struct store_tx *tx, void *arg)
{
        struct world *w = arg;

        for (size_t i = 0; i < w->n; i++) {
                struct model_row *m = &w->rows[i];
                m->row.seq = 0;
                TRY(store_certificate_insert(tx, &m->row));
                TRY(put_tag(tx, m, "stage", m->tag));
                TRY(put_tag(tx, m, "team", m->team));
        }
        return RES_OK;
}

/* Some more, one by one, as applications come: they are what makes the segments. */
static void insert_rest(struct world *w, size_t from)
{
        for (size_t i = from; i < ROWS; i++)
                OK(store_run(w->p->store, insert_certificate_fn, &w->rows[i].row));
        w->n = ROWS;
}

struct change {
        struct model_row *m;
        int what;
        int64_t to;
        const char *text;
};

static res change_one(struct store_tx *tx, void *arg)
{
        const struct change *change = arg;
        struct certificate_row *row = &change->m->row;
        struct certificate_row all = *row;

        switch (change->what) {
        case 0:
                return store_certificate_delete(tx, row->account_id, row->certificate_id, 5000);
        case 1:
                return store_certificate_set_status(tx, row->account_id, row->certificate_id, row->status, change->to, STR("moved"));
        case 2:
                return store_certificate_set_alias(tx, row->account_id, row->certificate_id, str_of(change->text));
        case 3:
                return store_certificate_set_project(tx, row->account_id, row->certificate_id, change->to);
        case 4:
                TRY(store_tag_delete(tx, row->account_id, row->certificate_id, STR("stage")));
                return put_tag(tx, change->m, "team", change->to ? "blue" : "red");
        default:
                all.key_type = change->to ? STR("SM2") : STR("RSA 2048");
                all.source = change->to == 1 ? STR("upload") : STR("trustasia");
                all.certificate_type = change->to == 1 ? STR("CA") : STR("SVR");
                all.names = str_of(change->text);
                all.status = change->to;
                all.end_at = 1000000 + change->to;
                return store_certificate_update(tx, &all);
        }
}

static void change_model(const struct change *change)
{
        struct model_row *m = change->m;

        switch (change->what) {
        case 0:
                m->row.deleted_at = 5000;
                break;
        case 1:
                m->row.status = change->to;
                break;
        case 2:
                snprintf(m->alias, sizeof(m->alias), "%s", change->text);
                m->row.alias = str_of(m->alias);
                break;
        case 3:
                m->row.project_id = change->to;
                break;
        case 4:
                m->tag[0] = 0;
                snprintf(m->team, sizeof(m->team), "%s", change->to ? "blue" : "red");
                break;
        default:
                m->row.key_type = change->to ? STR("SM2") : STR("RSA 2048");
                m->row.source = change->to == 1 ? STR("upload") : STR("trustasia");
                m->row.certificate_type = change->to == 1 ? STR("CA") : STR("SVR");
                snprintf(m->names, sizeof(m->names), "%s", change->text);
                m->row.names = str_of(m->names);
                m->row.status = change->to;
                m->row.end_at = 1000000 + change->to;
                break;
        }
}

static void change_some(struct world *w, int times)
{
        for (int i = 0; i < times; i++) {
                struct change change = {&w->rows[below(w, w->n)], (int)below(w, 6), (int64_t)below(w, 3), word(w)};
                if (change.what == 4 && change.m->row.deleted_at)
                        continue;
                res r = store_run(w->p->store, change_one, &change);
                FAILS(r, change.m->row.deleted_at ? ERR_NOT_FOUND : ERR_NONE);
                if (res_is_ok(r))
                        change_model(&change);
        }
}

/* Else the searches below would all read the newest rows directly. */
static void check_segments_are_made(struct world *w)
{
        sqlite3 *db = NULL;
        sqlite3_stmt *stmt = NULL;

        assert_int_equal(sqlite3_open_v2(w->p->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, "SELECT COUNT(*) FROM search_segment WHERE account_id = 1", -1, &stmt, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        assert_true(sqlite3_column_int(stmt, 0) >= 2);
        sqlite3_finalize(stmt);
        sqlite3_close(db);
}

/* -- the model's answer --------------------------------------------------------------------------- */

static bool has_text(struct str hay, struct str needle)
{
        char lower_hay[200], lower_needle[64];

        snprintf(lower_hay, sizeof(lower_hay), "%.*s", (int)hay.n, hay.p ? hay.p : "");
        snprintf(lower_needle, sizeof(lower_needle), "%.*s", (int)needle.n, needle.p);
        if (strchr(lower_needle, '\n')) /* parts the names, is in none */
                return false;
        str_lower_ascii(lower_hay, strlen(lower_hay));
        str_lower_ascii(lower_needle, strlen(lower_needle));
        return strstr(lower_hay, lower_needle) != NULL;
}

static bool one_of(const int64_t *v, size_t n, int64_t x)
{
        for (size_t i = 0; i < n; i++) {
                if (v[i] == x)
                        return true;
        }
        return n == 0;
}

static bool id_fits(const struct strs *ids, struct str id)
{
        for (size_t i = 0; i < ids->n; i++) {
                if (str_equal(ids->v[i], id))
                        return true;
        }
        return ids->n == 0;
}

static bool tag_value_fits(const struct store_certificate_filter *f, const struct model_row *m)
{
        for (size_t i = 0; i < f->tag_count; i++) {
                const struct store_tag_filter *tag = &f->tags[i];
                const char *value = str_equals(tag->key, "stage") ? m->tag : str_equals(tag->key, "team") ? m->team : "";
                if (!value[0] || (tag->value.p && !str_equals(tag->value, value)))
                        return false;
        }
        return true;
}

static bool model_fits(const struct store_certificate_filter *f, const struct model_row *m)
{
        const struct certificate_row *row = &m->row;
        bool uploaded = str_equals(row->source, "upload");

        return row->account_id == f->account_id && row->deleted_at == 0 && one_of(f->statuses, f->status_count, row->status) &&
               (f->project_id < 0 || f->project_id == row->project_id) &&
               (f->source == STORE_SOURCE_ANY || (f->source == STORE_SOURCE_UPLOAD) == uploaded) &&
               (f->certificate_type.n == 0 || str_equal(f->certificate_type, row->certificate_type)) &&
               (f->ending_after == 0 || row->end_at > f->ending_after) && (f->ending_before == 0 || row->end_at <= f->ending_before) &&
               (f->key_family.n == 0 || str_starts_with(row->key_type, f->key_family)) &&
               (f->search.n == 0 || has_text(row->names, f->search) || has_text(row->alias, f->search) ||
                has_text(row->certificate_id, f->search)) &&
               id_fits(&f->ids, row->certificate_id) && tag_value_fits(f, m);
}

static enum store_certificate_sort model_sort;

static int compare_rows(const void *a, const void *b)
{
        const struct certificate_row *x = *(const struct certificate_row *const *)a, *y = *(const struct certificate_row *const *)b;
        int by_seq = (x->seq > y->seq) - (x->seq < y->seq), by_end = (x->end_at > y->end_at) - (x->end_at < y->end_at);

        if (model_sort == STORE_SORT_NEWEST)
                return -by_seq;
        by_end = by_end ? by_end : by_seq;
        return model_sort == STORE_SORT_END_ASC ? by_end : -by_end;
}

static size_t model_list(struct world *w, const struct store_certificate_filter *f, const struct certificate_row **ret_rows)
{
        size_t n = 0;

        for (size_t i = 0; i < w->n; i++) {
                if (model_fits(f, &w->rows[i]))
                        ret_rows[n++] = &w->rows[i].row;
        }
        model_sort = f->sort;
        qsort(ret_rows, n, sizeof(*ret_rows), compare_rows);
        return n;
}

/* -- comparing -------------------------------------------------------------------------------------- */

static void check_page(const struct store_certificate_page *page, const struct certificate_row *const *wanted, size_t n,
                       const char *what)
{
        if (page->n != n)
                fail_msg("%s: %zu rows instead of %zu", what, page->n, n);
        for (size_t i = 0; i < n; i++) {
                if (!str_equal(page->v[i].certificate_id, wanted[i]->certificate_id))
                        fail_msg("%s: row %zu is %s instead of %s", what, i, page->v[i].certificate_id.p, wanted[i]->certificate_id.p);
                assert_true(str_equal(page->v[i].names, wanted[i]->names));
                assert_int_equal(page->v[i].status, wanted[i]->status);
        }
}

static size_t min_size(size_t a, size_t b)
{
        return a < b ? a : b;
}

static void check_filter(struct world *w, struct store_certificate_filter f, bool total_is_bound, const char *what)
{
        const struct certificate_row **wanted = calloc(w->n + 1, sizeof(*wanted));
        size_t n = model_list(w, &f, wanted), offsets[] = {0, 3, n / 2, n ? n - 1 : 0, n + 5};
        struct store_certificate_page page;

        f.limit = 20;
        for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
                struct arena *a = arena_new(64 * 1024 * 1024);
                size_t from = min_size(offsets[i], n);
                f.offset = (int64_t)offsets[i];
                OK(store_certificate_list(reader(w->p), a, &f, &page));
                if (total_is_bound)
                        assert_true(page.total >= (int64_t)n);
                else if (page.total != (int64_t)n)
                        fail_msg("%s: total %ld instead of %zu", what, (long)page.total, n);
                check_page(&page, wanted + from, min_size(20, n - from), what);
                assert_int_equal(page.has_more, from + 20 < n);
                arena_free(a);
        }
        f.offset = 0;
        f.marker = 0;
        for (size_t from = 0; from < min_size(n, 100); from += 20) { /* page by page, by marker */
                struct arena *a = arena_new(64 * 1024 * 1024);
                OK(store_certificate_list(reader(w->p), a, &f, &page));
                check_page(&page, wanted + from, min_size(20, n - from), what);
                f.marker = page.v[page.n - 1].seq;
                f.marker_end = page.v[page.n - 1].end_at;
                arena_free(a);
        }
        free(wanted);
}

/* Kept for the filter that it is for. */
struct wanted {
        int64_t statuses[3];
        struct store_tag_filter tags[3];
};

static size_t random_tags(struct world *w, struct store_tag_filter *ret_tags)
{
        const struct store_tag_filter all[] = {
                {STR("stage"), STR("prod")}, {STR("stage"), {0}}, {STR("team"), STR("red")}, {STR("team"), STR("blue")}, {STR("team"), {0}}};
        size_t n = below(w, 3);

        for (size_t i = 0; i < n; i++)
                ret_tags[i] = all[below(w, 5)];
        return n;
}

static struct store_certificate_filter random_filter(struct world *w, struct wanted *ret_wanted)
{
        struct store_certificate_filter f = {.account_id = 1 + (int64_t)below(w, 2), .project_id = -1};

        f.sort = (enum store_certificate_sort)below(w, STORE_SORT_COUNT);
        if (below(w, 3) == 0) {
                f.statuses = ret_wanted->statuses;
                f.status_count = 1 + below(w, 3);
                for (size_t i = 0; i < f.status_count; i++)
                        ret_wanted->statuses[i] = statuses[below(w, sizeof(statuses) / sizeof(statuses[0]))];
        }
        if (below(w, 5) == 0)
                f.project_id = (int64_t)below(w, 4);
        if (below(w, 5) == 0)
                f.source = below(w, 2) ? STORE_SOURCE_UPLOAD : STORE_SOURCE_BUY;
        if (below(w, 6) == 0)
                f.certificate_type = below(w, 2) ? STR("CA") : STR("SVR");
        if (below(w, 8) == 0)
                f.key_family = below(w, 2) ? STR("SM2") : STR("RSA");
        if (below(w, 6) == 0) {
                f.ending_after = 1000000 + (int64_t)below(w, 4000);
                f.ending_before = below(w, 4) ? f.ending_after + (int64_t)below(w, 500) : INT64_C(300000000000);
        }
        if (below(w, 2) == 0) {
                f.tags = ret_wanted->tags;
                f.tag_count = random_tags(w, ret_wanted->tags);
        }
        if (below(w, 3) == 0)
                f.search = str_of(below(w, 3) ? word(w) : &word(w)[1 + below(w, 2)]);
        return f;
}

static void check_random_filters(struct world *w, int times)
{
        struct wanted wanted;

        for (int i = 0; i < times; i++)
                check_filter(w, random_filter(w, &wanted), false, "random");
}

static void check_searches(struct world *w)
{
        static const char *const texts[] = {"shop", "SHOP.", "-77.com", "w.api-1", "example", "com", "kva", "nothing-has-this",
                                            "om\n*", "t", "ev", "xn--bcher-kva.org", "*.blog", "abc"};
        char part[6];

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                for (int64_t account = 1; account <= 2; account++) {
                        struct store_certificate_filter f = {.account_id = account, .project_id = -1, .search = str_of(texts[i])};
                        check_filter(w, f, false, texts[i]);
                        f.sort = STORE_SORT_END_DESC;
                        check_filter(w, f, false, texts[i]);
                        f.sort = STORE_SORT_NEWEST;
                        f.statuses = &statuses[1];
                        f.status_count = 1;
                        check_filter(w, f, true, texts[i]);
                        f.certificate_type = STR("CA");
                        check_filter(w, f, false, texts[i]); /* few enough to be exact */
                }
        }
        for (int i = 0; i < 20; i++) { /* a part of some id */
                struct model_row *m = &w->rows[below(w, w->n)];
                snprintf(part, sizeof(part), "%.5s", m->id + below(w, 4));
                check_filter(w, (struct store_certificate_filter){.account_id = 1, .project_id = -1, .search = str_of(part)}, false, part);
        }
}

/* Each of what the tags' index tells besides, alone and together. */
static void check_tag_and_more(struct world *w, const struct store_tag_filter *tag)
{
        const int64_t asked[] = {w->rows[3].row.status, w->rows[9].row.status};

        for (unsigned which = 0; which < 64; which++) {
                struct store_certificate_filter f = {.account_id = 1, .project_id = -1, .tags = tag, .tag_count = 1};

                f.project_id = which & 1 ? 0 : -1;
                f.statuses = asked;
                f.status_count = which & 2 ? which & 4 ? 2 : 1 : 0;
                f.source = which & 8 ? which & 16 ? STORE_SOURCE_UPLOAD : STORE_SOURCE_BUY : STORE_SOURCE_ANY;
                f.ending_before = which & 32 ? w->rows[5].row.end_at : 0;
                check_filter(w, f, false, "a tag and more");
        }
}

static void check_ids_and_tags(struct world *w)
{
        struct str ids[] = {str_of(w->rows[1].id), str_of(w->rows[7].id), str_of(w->rows[5].id), str_of(w->rows[5].id), STR("nosuchid")};
        const struct store_tag_filter tags[] = {
                {STR("stage"), STR("prod")}, {STR("stage"), {0}}, {STR("stage"), STR("none")}, {STR("other"), {0}}};
        struct store_certificate_filter f = {.account_id = 1, .project_id = -1, .ids = {ids, 5}};

        check_filter(w, f, false, "ids");
        f.ids.n = 0;
        for (size_t i = 0; i < 4; i++) {
                f.tags = &tags[i];
                f.tag_count = 1;
                check_filter(w, f, false, "tag");
        }
        check_tag_and_more(w, &tags[0]);
        f.tags = tags;
        f.tag_count = 2;
        f.search = STR("shop");
        check_filter(w, f, false, "tags and search");
}

static void check_all(struct world *w, int filters)
{
        OK(store_count_check(reader(w->p), 1));
        OK(store_count_check(reader(w->p), 2));
        check_random_filters(w, filters);
        check_searches(w);
        check_ids_and_tags(w);
}

static void test_lists_are_those_of_the_model(void **state)
{
        struct world w = {.p = *state, .rows = calloc(ROWS, sizeof(*w.rows)), .n = 2500, .seed = 88172645463325252ULL};

        make_account(w.p, 1, "100000000001");
        make_account(w.p, 2, "100000000002");
        for (size_t i = 0; i < ROWS; i++)
                make_row(&w, i);
        OK(store_run(w.p->store, insert_all, &w));
        check_all(&w, 40);
        change_some(&w, 300);
        check_all(&w, 40);
        for (size_t i = w.n; i < ROWS; i++)
                w.rows[i].tag[0] = w.rows[i].team[0] = 0;
        insert_rest(&w, w.n);
        check_segments_are_made(&w);
        change_some(&w, 600);
        check_all(&w, 120);
        free(w.rows);
}

/* Ranges too wide to be gathered are walked. */
static void test_wide_ranges(void **state)
{
        struct world w = {.p = *state, .rows = calloc(24000, sizeof(*w.rows)), .n = 24000, .seed = 0x2545f4914f6cdd1dULL};
        struct store_certificate_filter f = {.account_id = 1, .project_id = -1, .ending_after = 1000001, .ending_before = 1498000};

        make_account(w.p, 1, "100000000001");
        make_account(w.p, 2, "100000000002");
        for (size_t i = 0; i < w.n; i++) {
                make_row(&w, i);
                w.rows[i].row.account_id = 1;
                w.rows[i].row.end_at = 1000000 + (int64_t)below(&w, 500000); /* six days */
        }
        OK(store_run(w.p->store, insert_all, &w));
        check_filter(&w, f, false, "wide, newest");
        f.sort = STORE_SORT_END_ASC;
        check_filter(&w, f, false, "wide, by end");
        f.sort = STORE_SORT_END_DESC;
        check_filter(&w, f, false, "wide, by end, the last first");
        f.statuses = &statuses[1];
        f.status_count = 3;
        check_filter(&w, f, false, "narrower");
        f.ending_after = 1100000;
        f.ending_before = 1390000;
        check_filter(&w, f, false, "narrower, three whole days");
        f.project_id = 0;
        check_filter(&w, f, false, "and of a project, by end");
        f.sort = STORE_SORT_NEWEST;
        check_filter(&w, f, false, "and of a project, newest");
        f.source = STORE_SOURCE_BUY;
        check_filter(&w, f, false, "and bought");
        f.project_id = -1;
        f.source = STORE_SOURCE_ANY;
        f.search = STR("com");
        check_filter(&w, f, false, "a common text in it");
        f.ending_after = f.ending_before = 0;
        check_filter(&w, f, false, "a common text of a status");
        f.search = STR("");
        f.sort = STORE_SORT_END_DESC;
        f.ending_after = f.ending_before = 0;
        check_filter(&w, f, false, "a status by end");
        free(w.rows);
}

/* All have the text's grams, one in a thousand has the text: the page goes on until it is full. */
static void test_grams_are_no_proof(void **state)
{
        struct world w = {.p = *state, .rows = calloc(7000, sizeof(*w.rows)), .n = 7000, .seed = 0x9e3779b97f4a7c15ULL};
        const struct certificate_row *wanted[10];
        struct store_certificate_page page;

        make_account(w.p, 1, "100000000001");
        make_account(w.p, 2, "100000000002");
        for (size_t i = 0; i < w.n; i++) {
                make_row(&w, i);
                w.rows[i].row.account_id = 1;
                snprintf(w.rows[i].names, sizeof(w.rows[i].names), "%s-%zu.test", i % 1000 == 7 ? "wxyz" : "wxy-xyz", i);
                w.rows[i].row.names = str_of(w.rows[i].names);
        }
        OK(store_run(w.p->store, insert_all, &w));
        check_segments_are_made(&w);
        for (enum store_certificate_sort sort = STORE_SORT_NEWEST; sort < STORE_SORT_COUNT; sort++) {
                struct store_certificate_filter f = {.account_id = 1, .project_id = -1, .search = STR("wxyz"), .sort = sort, .limit = 20};
                assert_int_equal(model_list(&w, &f, wanted), 7);
                OK(store_certificate_list(reader(w.p), w.p->arena, &f, &page));
                check_page(&page, wanted, 7, "look alike");
                assert_true(page.total > 2000 && !page.has_more); /* at most so many */
                f.limit = 3;
                OK(store_certificate_list(reader(w.p), w.p->arena, &f, &page));
                check_page(&page, wanted, 3, "look alike, a short page");
                assert_true(page.has_more);
                f.marker = page.v[2].seq;
                f.marker_end = page.v[2].end_at;
                OK(store_certificate_list(reader(w.p), w.p->arena, &f, &page));
                check_page(&page, wanted + 3, 3, "look alike, the next page");
        }
        free(w.rows);
}

static void test_an_empty_account_lists_nothing(void **state)
{
        struct place *p = *state;
        struct store_certificate_filter f = {.account_id = 9, .project_id = -1, .limit = 20};
        struct store_certificate_page page;

        OK(store_certificate_list(reader(p), p->arena, &f, &page));
        assert_int_equal(page.n + (size_t)page.total, 0);
        f.search = STR("abc");
        OK(store_certificate_list(reader(p), p->arena, &f, &page));
        assert_int_equal(page.n + (size_t)page.total, 0);
}

static void test_bad_pages_are_refused(void **state)
{
        struct place *p = *state;
        static const struct {
                int64_t offset, limit;
                enum store_certificate_sort sort;
        } cases[] = {{-1, 10, 0}, {0, -1, 0}, {0, 1001, 0}, {0, 10, STORE_SORT_COUNT}, {INT64_MAX, 10, 0}};
        struct store_certificate_page page;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct store_certificate_filter f = {.account_id = 1, .project_id = -1, .offset = cases[i].offset,
                                                     .limit = cases[i].limit, .sort = cases[i].sort};
                FAILS(store_certificate_list(reader(p), p->arena, &f, &page), ERR_PARAM_VALUE);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_bad_pages_are_refused, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_an_empty_account_lists_nothing, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_grams_are_no_proof, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_wide_ranges, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_lists_are_those_of_the_model, place_setup, place_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
