/*
 * Storing and paying: one transaction in which the order appears, the money moves and the certificate is made, or
 * none of it.  The single writer of the store makes two orders of one account one after the other, so the balance that is
 * looked at here is the one that is spent.
 */
#include "core/order_inner.h"

#include "core/core.h"
#include "core/log.h"
#include "core/money.h"
#include "core/renew.h"
#include "store/notice.h"
#include "store/tag.h"

static MUST res order_notice(struct act *act, struct store_tx *tx, struct str certificate_id, const char *kind, const char *text)
{
        return store_notice_insert(tx, &(struct notice_row){
                                               .account_id = act->account_id,
                                               .certificate_id = certificate_id,
                                               .kind = str_of(kind),
                                               .text = str_of(text),
                                               .created_at = act->now_sec,
                                       });
}

/* A successor that was paid back stands in nobody's way; a cancelled one does, for it can be submitted again. */
static MUST res order_check_successor(struct act *act, struct store_conn *c, const struct certificate_row *origin)
{
        struct certificate_row next;

        TRY(renew_next(act, c, origin, &next));
        if (next.certificate_id.n == 0 || next.status == CERT_REFUNDED)
                return RES_OK;
        return act_fail(act, ERR_CERT_STATE, "Certificate %.*s takes the place of this one already.%s", (int)next.certificate_id.n,
                        next.certificate_id.p,
                        renew_came_to_nothing(&next) ? " It is paid for: submit it again (ModifyCertificateResubmit), or have it refunded (RefundOrder)." : "");
}

/* Link the old certificate to the new one; ERR_CERT_STATE when it has a successor already. */
static MUST res order_link_origin(struct act *act, struct store_tx *tx, const struct order_row *row, struct str certificate_id)
{
        struct certificate_row origin = {0};

        if (row->origin_certificate_id.n == 0)
                return RES_OK;
        res found = certificate_own(act, store_tx_conn(tx), row->origin_certificate_id, &origin);

        if (found.err == ERR_CERT_NOT_FOUND)
                return RES_OK; /* deleted since the order was made: the new one stands by itself */
        TRY(found);
        TRY(order_check_successor(act, store_tx_conn(tx), &origin));
        origin.renew_certificate_id = certificate_id;
        return store_certificate_update(tx, &origin);
}

res order_unlink_origin(struct act *act, struct store_tx *tx, const struct order_row *row)
{
        struct certificate_row origin = {0};

        if (row->origin_certificate_id.n == 0)
                return RES_OK;
        res found = certificate_own(act, store_tx_conn(tx), row->origin_certificate_id, &origin);

        if (found.err == ERR_CERT_NOT_FOUND)
                return RES_OK;
        TRY(found);
        origin.renew_certificate_id = STR("");
        return store_certificate_update(tx, &origin);
}

static MUST res order_store_tags(struct order_plan *plan, struct store_tx *tx)
{
        for (struct str rest = plan->row.tags; rest.n > 0;) {
                struct str line = str_cut(&rest, '\n'), key = str_cut(&line, '\x1f');
                TRY(store_tag_put(tx, &(struct tag_row){
                                              .account_id = plan->row.account_id,
                                              .certificate_id = plan->certificate_id,
                                              .tag_key = key,
                                              .tag_value = line.p ? line : STR(""),
                                      }));
        }
        return RES_OK;
}

static struct certificate_row order_certificate(const struct order_plan *plan)
{
        const struct order_row *order = &plan->row;
        const struct product *product = plan->product;
        struct arena *arena = plan->act->arena;

        return (struct certificate_row){
                .certificate_id = plan->certificate_id,
                .account_id = order->account_id,
                .order_id = order->order_id,
                .source = str_of(product->source),
                .certificate_type = STR("SVR"),
                .package_type = order->package_type,
                .product_name = str_of(product->name),
                .level = str_of(product->level),
                .domain_type = product->domain_type,
                .status = CERT_PAID,
                .status_msg = STR(""),
                .alias = STR(""),
                .project_id = order->project_id,
                .domain = order->fixed_domain,
                .names = order->fixed_domain,
                .primary_domain = STR(""),
                .validity_months = str_of(arena_printf(arena, "%lld", (long long)order->term_months)),
                .life_days = product->life_days,
                .verify_type = STR(""),
                .email = STR(""),
                .phone = STR(""),
                .key_type = STR(""),
                .issuer = STR(""),
                .profile = str_of(product->profile),
                .created_at = plan->act->now_sec,
                .origin_certificate_id = order->origin_certificate_id,
                .renew_certificate_id = STR(""),
                .replaced_by = STR(""),
                .replaced_for = STR(""),
        };
}

const char *order_price_text(struct arena *arena, const struct order_row *row)
{
        if (str_equals(row->currency, "points"))
                return arena_printf(arena, "%lld points", (long long)row->price_minor);
        return money_text(arena, row->price_minor);
}

res order_make_certificate(struct order_plan *plan, struct store_tx *tx)
{
        struct act *act = plan->act;
        struct certificate_row row = order_certificate(plan);
        const char *action = arena_printf(act->arena, "Bought %s for %lld months: order %lld, %s", plan->product->name,
                                          (long long)plan->row.term_months, (long long)plan->row.order_id,
                                          order_price_text(act->arena, &plan->row));

        TRY(store_certificate_insert(tx, &row));
        TRY(order_store_tags(plan, tx));
        TRY(order_link_origin(act, tx, &plan->row, plan->certificate_id));
        return act_log(act, tx, plan->certificate_id, plan->log_type, action);
}

static MUST res order_set_paid(struct order_plan *plan, struct store_tx *tx)
{
        enum order_state state, next;

        TRY(order_state_of(plan->row.state, &state));
        TRY(order_state_next(state, ORDER_PAY, &next));
        plan->row.state = str_of(order_state_name(next));
        plan->row.paid_at = plan->act->now_sec;
        plan->row.expires_at = 0;
        plan->row.paid_by = STR("balance");
        return store_order_update(tx, &plan->row);
}

res order_settle(struct order_plan *plan, struct store_tx *tx)
{
        TRY(money_spend(plan->act, tx, plan->row.order_id, plan->row.price_minor));
        TRY(order_set_paid(plan, tx));
        return order_make_certificate(plan, tx);
}

/* The same token again: the first order, if it asked for the same. */
static MUST res order_find_token(struct order_plan *plan, struct store_conn *c)
{
        const struct order_row *new = &plan->row;
        struct order_row old;

        if (new->client_token.n == 0)
                return RES_OK;
        res found = store_order_get_by_token(c, plan->act->arena, new->account_id, new->client_token, &old);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        if (!str_equal(old.package_type, new->package_type) || old.term_months != new->term_months ||
            old.domain_count != new->domain_count)
                return act_fail(plan->act, ERR_PARAM_VALUE,
                                "ClientToken belongs to order %lld, which asked for something else; send a new one.",
                                (long long)old.order_id);
        plan->found = old;
        plan->is_found = true;
        return RES_OK;
}

/* Renewals of old: the order stays, and its owner is told (SIL-33). */
static MUST res order_stay_unpaid(struct order_plan *plan, struct store_tx *tx)
{
        struct act *act = plan->act;
        const char *text = arena_printf(act->arena,
                                        "The automatic renewal of certificate %.*s waits for money: %s Order %lld is "
                                        "tried again every day until the certificate ends.",
                                        (int)plan->row.origin_certificate_id.n, plan->row.origin_certificate_id.p,
                                        act->detail, (long long)plan->row.order_id);

        return order_notice(act, tx, plan->row.origin_certificate_id, "renewal-unpaid", text);
}

static res order_plan_store(struct order_plan *plan, struct store_tx *tx)
{
        const struct order_row before = plan->row;

        plan->is_found = false; /* a second run begins anew */
        plan->row.order_id = 0;
        plan->row.state = str_of(order_state_name(ORDER_UNPAID));
        TRY(order_find_token(plan, store_tx_conn(tx)));
        if (plan->is_found)
                return RES_OK;
        TRY(store_order_insert(tx, &plan->row));
        if (!plan->pays)
                return RES_OK;
        res settled = order_settle(plan, tx);

        if (settled.err != ERR_TRADE || !plan->may_stay_unpaid)
                return settled;
        plan->row.state = before.state;
        return order_stay_unpaid(plan, tx);
}

res order_made_of(struct act *act, struct store_conn *c, const struct order_row *row, struct order_made *ret_made)
{
        const struct certificate_row *rows = NULL;
        size_t n = 0;

        TRY(store_certificate_list_order(c, act->arena, act->account_id, row->order_id, &rows, &n));
        struct str *ids = arena_array_of(act->arena, n + 1, struct str);
        for (size_t i = 0; i < n; i++)
                ids[i] = rows[i].certificate_id;
        *ret_made = (struct order_made){*row, {ids, n}};
        return RES_OK;
}

static res order_plan_tx(struct store_tx *tx, void *arg)
{
        struct order_plan *plan = arg;

        TRY(order_plan_store(plan, tx));
        return order_made_of(plan->act, store_tx_conn(tx), plan->is_found ? &plan->found : &plan->row, &plan->made);
}

res order_plan_run(struct order_plan *plan, struct order_made *ret_made)
{
        TRY(store_run(plan->act->core->store, order_plan_tx, plan));
        *ret_made = plan->made;
        return RES_OK;
}
