/* See order.h: what people do with orders, each act one transaction. */
#include "base/random.h"
#include "core/benefit.h"
#include "core/core.h"
#include "core/log.h"
#include "core/money.h"
#include "core/order_inner.h"

res order_find(struct act *act, struct store_conn *c, int64_t order_id, struct order_row *ret_row)
{
        res found = store_order_get(c, act->arena, act->account_id, order_id, ret_row);

        if (found.err == ERR_NOT_FOUND || (res_is_ok(found) && !order_is_bought(ret_row)))
                return FAIL(ERR_ORDER);
        return found;
}

res order_get(struct act *act, int64_t order_id, struct order_row *ret_row)
{
        struct store_conn *c = NULL;

        TRY(store_read(act->core->store, &c));
        return order_find(act, c, order_id, ret_row);
}

res order_product(struct act *act, const struct order_row *row, const struct product **ret_product)
{
        return catalogue_product_of_text(act_catalogue(act), act->arena, row->package_type, row->product, ret_product);
}

res order_buy(struct act *act, const struct order_buy *in, struct order_made *ret_made)
{
        struct order_plan plan;

        TRY(order_plan_make(act, in, &plan));
        plan.pays = true;
        return order_plan_run(&plan, ret_made);
}

res order_create(struct act *act, const struct order_buy *in, struct order_made *ret_made)
{
        struct order_plan plan;

        TRY(order_plan_make(act, in, &plan));
        return order_plan_run(&plan, ret_made);
}

/* ---- paying an order that waits ---- */

struct order_change {
        struct act *act;
        int64_t order_id;
        struct order_plan plan; /* of paying */
        struct order_row row;   /* as it is afterwards */
        struct order_made made; /* what the answer tells */
        bool auto_renew;
};

static MUST res order_refuse_state(struct act *act, const struct order_row *row, enum err err, const char *wanted)
{
        return act_fail(act, err, "Order %lld is %.*s; %s.", (long long)row->order_id, (int)row->state.n,
                        row->state.p, wanted);
}

static res order_pay_tx(struct store_tx *tx, void *arg)
{
        struct order_change *change = arg;
        struct order_plan *plan = &change->plan;
        struct act *act = change->act;

        TRY(order_find(act, store_tx_conn(tx), change->order_id, &plan->row));
        if (!str_equals(plan->row.state, order_state_name(ORDER_UNPAID)))
                return order_refuse_state(act, &plan->row, ERR_ORDER_PAY, "only an unpaid order can be paid");
        if (plan->row.expires_at > 0 && plan->row.expires_at <= act->now_sec)
                return act_fail(act, ERR_ORDER_PAY, "The time to pay order %lld is over; order anew.",
                                (long long)change->order_id);
        TRY(order_product(act, &plan->row, &plan->product)); /* as it was ordered, at the price of then */
        plan->log_type = plan->row.renews_order_id ? "renewVIP" : "applyVIP";
        TRY(order_settle(plan, tx));
        return order_made_of(act, store_tx_conn(tx), &plan->row, &change->made);
}

res order_pay(struct act *act, int64_t order_id, struct order_made *ret_made)
{
        struct order_change change = {.act = act, .order_id = order_id, .plan.act = act};
        char *id = arena_alloc(act->arena, 9);

        random_text(id, 8, RANDOM_ALNUM);
        change.plan.certificate_id = str_of(id);
        TRY(store_run(act->core->store, order_pay_tx, &change));
        *ret_made = change.made;
        return RES_OK;
}

/* ---- closing ---- */

static MUST res order_end(struct order_change *change, struct store_tx *tx, enum order_event event, const char *wanted)
{
        struct act *act = change->act;
        enum order_state state, next;

        TRY(order_find(act, store_tx_conn(tx), change->order_id, &change->row));
        TRY(order_state_of(change->row.state, &state));
        if (!res_is_ok(order_state_next(state, event, &next)))
                return order_refuse_state(act, &change->row, ERR_ORDER_STATE, wanted);
        change->row.state = str_of(order_state_name(next));
        change->row.ended_at = act->now_sec;
        change->row.expires_at = 0;
        return store_order_update(tx, &change->row);
}

static res order_close_tx(struct store_tx *tx, void *arg)
{
        struct order_change *change = arg;
        struct act *act = change->act;

        TRY(order_end(change, tx, ORDER_CLOSE, "only an unpaid order can be closed; a paid one is refunded"));
        return act_log(act, tx, STR(""), "cancel",
                       arena_printf(act->arena, "Order %lld closed unpaid", (long long)change->order_id));
}

res order_close(struct act *act, int64_t order_id)
{
        struct order_change change = {.act = act, .order_id = order_id};

        return store_run(act->core->store, order_close_tx, &change);
}

/* ---- refund ---- */

/* SIL-12: nothing was issued, and nothing is on its way to be. */
static bool order_status_refundable(int64_t status)
{
        return status == CERT_PAID || status == CERT_REVIEW_FAILED || status == CERT_CANCELLED;
}

static MUST res order_check_refund(struct act *act, const struct order_row *row, const struct certificate_row *rows, size_t n)
{
        if (row->term_start_at != 0)
                return act_fail(act, ERR_ORDER_STATE,
                                "A certificate of order %lld has been issued; there is no refund after that, nor for "
                                "single years.",
                                (long long)row->order_id);
        for (size_t i = 0; i < n; i++)
                if (rows[i].issued_id != 0 || !order_status_refundable(rows[i].status))
                        return act_fail(act, ERR_ORDER_STATE,
                                        "Certificate %.*s of order %lld is being applied for; cancel the application first.",
                                        (int)rows[i].certificate_id.n, rows[i].certificate_id.p, (long long)row->order_id);
        return RES_OK;
}

/* To where it came from: points to their packages, even ones that have expired since; money to the balance. */
static MUST res order_give_back(struct order_change *change, struct store_tx *tx)
{
        const struct order_row *row = &change->row;

        if (str_equals(row->paid_by, "package"))
                return benefit_return(change->act, tx, row->package_id);
        return money_return(change->act, tx, row->order_id, row->price_minor);
}

static res order_refund_tx(struct store_tx *tx, void *arg)
{
        struct order_change *change = arg;
        struct act *act = change->act;
        const struct certificate_row *rows = NULL;
        size_t n = 0;

        TRY(order_end(change, tx, ORDER_REFUND, "only a paid order can be refunded"));
        TRY(store_certificate_list_order(store_tx_conn(tx), act->arena, act->account_id, change->order_id, &rows, &n));
        TRY(order_check_refund(act, &change->row, rows, n));
        for (size_t i = 0; i < n; i++)
                TRY(store_certificate_set_status(tx, act->account_id, rows[i].certificate_id, rows[i].status, CERT_REFUNDED,
                                                 STR("")));
        TRY(order_give_back(change, tx));
        TRY(order_unlink_origin(act, tx, &change->row));
        const char *action = arena_printf(act->arena, "Order %lld refunded: %s", (long long)change->order_id,
                                          order_price_text(act->arena, &change->row));
        TRY(act_log(act, tx, n ? rows[0].certificate_id : STR(""), "refund", action));
        return order_made_of(act, store_tx_conn(tx), &change->row, &change->made);
}

res order_refund(struct act *act, int64_t order_id, struct order_made *ret_made)
{
        struct order_change change = {.act = act, .order_id = order_id};

        TRY(store_run(act->core->store, order_refund_tx, &change));
        *ret_made = change.made;
        return RES_OK;
}

/* ---- auto-renewal on and off ---- */

static res order_auto_renew_tx(struct store_tx *tx, void *arg)
{
        struct order_change *change = arg;
        struct act *act = change->act;

        TRY(order_find(act, store_tx_conn(tx), change->order_id, &change->row));
        if (!str_equals(change->row.state, order_state_name(ORDER_PAID)) &&
            !str_equals(change->row.state, order_state_name(ORDER_UNPAID)))
                return order_refuse_state(act, &change->row, ERR_ORDER_STATE, "there is nothing to renew");
        change->row.auto_renew = change->auto_renew;
        return store_order_update(tx, &change->row);
}

res order_set_auto_renew(struct act *act, int64_t order_id, bool on)
{
        struct order_change change = {.act = act, .order_id = order_id, .auto_renew = on};

        return store_run(act->core->store, order_auto_renew_tx, &change);
}

/* ---- the term ---- */

/* A renewal bought early loses nothing: its term begins where the old one ends. */
res order_term_end(struct act *act, struct store_conn *conn, const struct order_row *row, int64_t begin_at, int64_t *ret_end_at)
{
        struct order_row old = {0};

        if (row->renews_order_id != 0)
                TRY(store_order_get(conn, act->arena, row->account_id, row->renews_order_id, &old));
        *ret_end_at = (old.term_end_at > begin_at ? old.term_end_at : begin_at) + order_term_sec(row);
        return RES_OK;
}

res order_begin_term(struct act *act, struct store_tx *tx, const struct order_row *order, int64_t begin_at)
{
        struct order_row row = *order;

        if (row.term_start_at != 0)
                return RES_OK;
        row.term_start_at = begin_at;
        TRY(order_term_end(act, store_tx_conn(tx), &row, begin_at, &row.term_end_at));
        return store_order_update(tx, &row);
}
