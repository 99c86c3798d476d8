/* Orders as their owner sees them, and the sweep that closes those that nobody paid. */
#include "core/order_inner.h"

#include "base/log.h"
#include "core/core.h"
#include "core/job.h"

#define ORDER_EXPIRE_BATCH 200

static bool order_is_refundable(const struct order_view *view)
{
        bool all = str_equals(view->row.state, order_state_name(ORDER_PAID)) && view->row.term_start_at == 0;

        for (size_t i = 0; i < view->certificate_count; i++) {
                int64_t status = view->certificates[i].status;
                all &= view->certificates[i].issued_id == 0 &&
                       (status == CERT_PAID || status == CERT_REVIEW_FAILED || status == CERT_CANCELLED);
        }
        return all;
}

static MUST res order_view(struct act *act, struct store_conn *c, const struct order_row *row, struct order_view *ret_view)
{
        struct order_view view = {.row = *row};

        TRY(order_product(act, row, &view.product));
        TRY(store_certificate_list_order(c, act->arena, act->account_id, row->order_id, &view.certificates,
                                         &view.certificate_count));
        view.is_refundable = order_is_refundable(&view);
        *ret_view = view;
        return RES_OK;
}

/* The order of one certificate, as a list of one. */
static MUST res order_list_one(struct act *act, struct store_conn *c, struct str certificate_id,
                               const struct order_row **ret_rows, size_t *ret_n)
{
        struct certificate_row certificate = {0};
        struct order_row *row = arena_new_of(act->arena, struct order_row);

        *ret_rows = row;
        *ret_n = 0;
        res found = certificate_own(act, c, certificate_id, &certificate);

        if (res_is_ok(found))
                found = order_find(act, c, certificate.order_id, row);
        *ret_n = res_is_ok(found);
        return found.err == ERR_ORDER || found.err == ERR_CERT_NOT_FOUND ? RES_OK : found;
}

static MUST res order_list_rows(struct act *act, struct store_conn *c, const struct order_query *query, int64_t limit,
                                const struct order_row **ret_rows, size_t *ret_n, int64_t *ret_total)
{
        const struct store_order_filter filter = {
                .account_id = act->account_id,
                .state = query->state.n ? query->state : STR(""),
                .package_type = query->package_type.n ? query->package_type : STR(""),
                .marker = query->marker,
                .offset = query->offset,
                .limit = limit,
        };

        if (query->certificate_id.n == 0)
                return store_order_search(c, act->arena, &filter, ret_rows, ret_n, ret_total);
        TRY(order_list_one(act, c, query->certificate_id, ret_rows, ret_n));
        *ret_total = (int64_t)*ret_n;
        return RES_OK;
}

res order_list(struct act *act, const struct order_query *query, struct order_page *ret_page)
{
        struct store_conn *c = NULL;
        struct order_page page = {0};
        const struct order_row *rows = NULL;
        enum order_state state;
        int64_t limit = query->limit > 0 ? query->limit : LIMIT_LIST_DEFAULT;

        limit = limit > LIMIT_LIST_MAX ? LIMIT_LIST_MAX : limit;
        if (query->state.n && (!res_is_ok(order_state_of(query->state, &state)) || state == ORDER_FREE || state == ORDER_ACME))
                return act_fail(act, ERR_PARAM_VALUE, "State is one of unpaid, paid, refunded and closed.");
        TRY(store_read(act->core->store, &c));
        TRY(order_list_rows(act, c, query, limit, &rows, &page.n, &page.total));
        struct order_view *views = arena_array_of(act->arena, page.n + 1, struct order_view);
        for (size_t i = 0; i < page.n; i++)
                TRY(order_view(act, c, &rows[i], &views[i]));
        page.v = views;
        page.next_marker = (int64_t)page.n == limit ? rows[page.n - 1].order_id : 0;
        *ret_page = page;
        return RES_OK;
}

/* ---- unpaid ones whose time is over ---- */

static MUST res order_expire_batch(struct act *act, size_t *ret_count)
{
        struct store_conn *c = NULL;
        const struct order_row *rows = NULL;

        TRY(store_read(act->core->store, &c));
        TRY(store_order_list_overdue(c, act->arena, act->now_sec, ORDER_EXPIRE_BATCH, &rows, ret_count));
        for (size_t i = 0; i < *ret_count; i++) {
                act->account_id = rows[i].account_id;
                res closed = order_close(act, rows[i].order_id);
                if (closed.err != ERR_ORDER_STATE) /* paid meanwhile */
                        TRY(closed);
        }
        act->account_id = 0;
        return RES_OK;
}

void order_expire_job(struct act *act, const struct job_row *job, void *context)
{
        size_t count = 0;
        (void)context;
        res r = order_expire_batch(act, &count);

        if (!res_is_ok(r))
                log_line(LOG_WARNING, "order-expire", "err=%s", err_name(r.err));
        job_postpone(act, job, act->now_sec + (count == ORDER_EXPIRE_BATCH ? 0 : LIMIT_ORDER_SWEEP_SEC));
}
