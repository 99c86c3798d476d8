/* See benefit.h. */
#include "core/benefit.h"

#include <stdlib.h>

#include "base/random.h"
#include "core/catalogue.h"
#include "core/core.h"
#include "core/log.h"

#define BENEFIT_DAYS 1096
#define BENEFIT_ID_CHARS 12
#define BENEFIT_LIST_DEFAULT 20

static const struct {
        const char *kind;
        int64_t points;
} benefit_kinds[] = {{"ssl_100", 100}, {"ssl_500", 500}, {"ssl_2000", 2000}};
#define BENEFIT_KINDS (sizeof benefit_kinds / sizeof *benefit_kinds)

static int64_t benefit_points_of(struct str kind)
{
        for (size_t i = 0; i < BENEFIT_KINDS; i++)
                if (str_equals(kind, benefit_kinds[i].kind))
                        return benefit_kinds[i].points;
        return 0;
}

struct str benefit_state(const struct benefit_row *row, int64_t now_sec)
{
        if (str_equals(row->state, "refund"))
                return row->state;
        if (row->expires_at <= now_sec)
                return STR("expired");
        return row->balance > 0 ? STR("usable") : STR("used");
}

/* ---- granting ---- */

struct benefit_new {
        struct act *act;
        struct benefit_row row;
};

static res benefit_grant_tx(struct store_tx *tx, void *arg)
{
        struct benefit_new *new = arg;
        struct act *act = new->act;

        new->row.package_seq = 0;
        TRY(store_benefit_insert(tx, &new->row));
        return act_log(act, tx, STR(""), "grant",
                       arena_printf(act->arena, "Benefit package %.*s of %lld points granted", (int)new->row.package_id.n,
                                    new->row.package_id.p, (long long)new->row.total));
}

res benefit_grant(struct act *act, const struct benefit_grant *in, struct benefit_row *ret_row)
{
        struct benefit_new new = {.act = act};
        int64_t points = benefit_points_of(in->kind);
        char *id = arena_alloc(act->arena, BENEFIT_ID_CHARS + 1);

        if (points == 0)
                return act_fail(act, ERR_PARAM_VALUE, "A package is one of ssl_100, ssl_500 and ssl_2000.");
        if (in->days < 0 || in->days > 3653)
                return act_fail(act, ERR_PARAM_VALUE, "A package lasts from 1 to 3653 days.");
        random_text(id, BENEFIT_ID_CHARS, RANDOM_LOWER36);
        new.row = (struct benefit_row){
                .package_id = str_of(id),
                .account_id = act->account_id,
                .kind = in->kind,
                .total = points,
                .balance = points,
                .state = STR("usable"),
                .created_at = act->now_sec,
                .updated_at = act->now_sec,
                .expires_at = act->now_sec + (in->days ? in->days : BENEFIT_DAYS) * 86400,
        };
        TRY(store_run(act->core->store, benefit_grant_tx, &new));
        *ret_row = new.row;
        return RES_OK;
}

/* ---- looking ---- */

static int benefit_compare(const void *a, const void *b)
{
        const struct benefit_row *x = a, *y = b;

        if (x->expires_at != y->expires_at)
                return x->expires_at < y->expires_at ? -1 : 1;
        return (x->package_seq > y->package_seq) - (x->package_seq < y->package_seq);
}

static bool benefit_fits(const struct benefit_row *row, const struct benefit_query *query, int64_t now_sec)
{
        return (query->state.n == 0 || str_equal(benefit_state(row, now_sec), query->state)) &&
               (query->kind.n == 0 || str_equal(row->kind, query->kind)) &&
               (query->package_id.n == 0 || str_equal(row->package_id, query->package_id));
}

static void benefit_reverse(struct benefit_row *rows, size_t n)
{
        for (size_t i = 0; i < n / 2; i++) {
                struct benefit_row row = rows[i];
                rows[i] = rows[n - 1 - i];
                rows[n - 1 - i] = row;
        }
}

static MUST res benefit_rows(struct act *act, struct store_conn *c, struct benefit_row **ret_rows, size_t *ret_n)
{
        const struct benefit_row *rows = NULL;

        TRY(store_benefit_list(c, act->arena, act->account_id, &rows, ret_n));
        *ret_rows = arena_copy(act->arena, rows, *ret_n * sizeof *rows);
        return RES_OK;
}

res benefit_list(struct act *act, const struct benefit_query *query, struct benefit_page *ret_page)
{
        struct store_conn *c = NULL;
        struct benefit_page page = {0};
        struct benefit_row *rows = NULL;
        const struct product *product = catalogue_product_of_pid(act_catalogue(act), query->pid);
        size_t count = 0, fit = 0;

        TRY(store_read(act->core->store, &c));
        TRY(benefit_rows(act, c, &rows, &count));
        if (query->pid != 0 && (!product || product->points == 0))
                count = 0;
        for (size_t i = 0; i < count; i++)
                if (benefit_fits(&rows[i], query, act->now_sec))
                        rows[fit++] = rows[i];
        if (query->expire_sort.n > 0)
                qsort(rows, fit, sizeof *rows, benefit_compare);
        if (query->expire_sort.n == 0 || str_equal_nocase(query->expire_sort, STR("desc")))
                benefit_reverse(rows, fit); /* newest first */
        for (size_t i = 0; i < fit; i++)
                if (str_equals(benefit_state(&rows[i], act->now_sec), "usable"))
                        page.total_balance += rows[i].balance;
        size_t first = query->offset < (int64_t)fit ? (size_t)query->offset : fit;
        int64_t limit = query->limit > 0 ? query->limit : BENEFIT_LIST_DEFAULT;

        page.v = rows + first;
        page.n = (int64_t)(fit - first) > limit ? (size_t)limit : fit - first;
        page.total = (int64_t)fit;
        *ret_page = page;
        return RES_OK;
}

/* ---- spending ---- */

static bool benefit_is_named(const struct benefit_row *row, const struct strs *ids)
{
        for (size_t i = 0; i < ids->n; i++)
                if (str_equal(row->package_id, ids->v[i]))
                        return true;
        return false;
}

/* The packages named that can be spent now, those that expire first in front. */
static MUST res benefit_usable(struct act *act, struct store_conn *c, const struct strs *ids, struct benefit_row **ret_rows,
                               size_t *ret_n, int64_t *ret_points)
{
        struct benefit_row *rows = NULL;
        size_t count = 0, named = 0;

        TRY(benefit_rows(act, c, &rows, &count));
        *ret_points = 0;
        for (size_t i = 0; i < count; i++) {
                if (!benefit_is_named(&rows[i], ids))
                        continue;
                struct str state = benefit_state(&rows[i], act->now_sec);
                if (!str_equals(state, "usable") && !str_equals(state, "used")) /* used: the certificate before this one did it */
                        return act_fail(act, ERR_PACKAGE_IDS, "Package %.*s has expired or was refunded.",
                                        (int)rows[i].package_id.n, rows[i].package_id.p);
                *ret_points += rows[i].balance;
                rows[named++] = rows[i];
        }
        if (named == 0 || named != ids->n)
                return act_fail(act, ERR_PACKAGE_IDS, "PackageIds names a package that this account does not have, or one twice.");
        qsort(rows, named, sizeof *rows, benefit_compare);
        *ret_rows = rows;
        *ret_n = named;
        return RES_OK;
}

res benefit_spend(struct act *act, struct store_tx *tx, const struct strs *package_ids, int64_t points, struct str *ret_spent)
{
        struct benefit_row *rows = NULL;
        size_t n = 0;
        int64_t have = 0;
        const char *spent = "";

        TRY(benefit_usable(act, store_tx_conn(tx), package_ids, &rows, &n, &have));
        if (have < points)
                return act_fail(act, ERR_TRADE, "This costs %lld points and the packages have %lld.", (long long)points,
                                (long long)have);
        for (size_t i = 0; i < n && points > 0; i++) {
                int64_t part = rows[i].balance < points ? rows[i].balance : points;
                rows[i].balance -= part;
                rows[i].updated_at = act->now_sec;
                points -= part;
                TRY(store_benefit_update(tx, &rows[i]));
                spent = arena_printf(act->arena, "%s%s%.*s=%lld", spent, *spent ? " " : "", (int)rows[i].package_id.n,
                                     rows[i].package_id.p, (long long)part);
        }
        *ret_spent = str_of(spent);
        return RES_OK;
}

res benefit_return(struct act *act, struct store_tx *tx, struct str spent)
{
        while (spent.n > 0) {
                struct str points = str_cut(&spent, ' '), id = str_cut(&points, '=');
                struct benefit_row row;
                int64_t amount = 0;
                TRY(str_to_int64(points, &amount));
                TRY(store_benefit_get(store_tx_conn(tx), act->arena, act->account_id, id, &row));
                row.balance += amount;
                row.updated_at = act->now_sec;
                TRY(store_benefit_update(tx, &row));
        }
        return RES_OK;
}
