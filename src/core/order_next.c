/*
 * Orders that continue a certificate: the upgrade of a free one, whose name stays fixed (UPG), and the renewal of a paid
 * one for another term (REN).  Both buy like anybody, and link the old certificate to the new one when they are paid.
 */
#include "core/order_inner.h"

#include "core/core.h"

/* Of what is asked, the fixed part: the certificate's own name, below an asterisk for a wildcard product. */
static MUST res upgrade_name(struct act *act, const struct certificate_row *origin, const struct product *product,
                             struct str *ret_name)
{
        bool is_single = product->domain_type == 1, is_wildcard = product->domain_type == 3;

        if (strcmp(product->level, "DV") != 0 || (!is_single && !is_wildcard))
                return act_fail(act, ERR_PARAM_VALUE,
                                "A free certificate is upgraded to a DV product for one name or a wildcard; product %s "
                                "is neither. Buy it as a new one instead.",
                                product->package_type);
        *ret_name = is_single ? origin->domain
                              : str_of(arena_printf(act->arena, "*.%.*s", (int)origin->domain.n, origin->domain.p));
        return RES_OK;
}

static MUST res upgrade_check(struct act *act, const struct certificate_row *origin)
{
        const struct product *product = catalogue_product(act_catalogue(act), origin->package_type);

        if (origin->order_id == 0 || !product || !product->is_free)
                return act_fail(act, ERR_CERT_STATE,
                                "Only a free certificate can be upgraded; a paid one is renewed or bought anew.");
        if (origin->status != CERT_ISSUED)
                return act_fail(act, ERR_CERT_STATE, "Only an issued certificate can be upgraded.");
        return RES_OK;
}

res order_upgrade(struct act *act, struct str certificate_id, struct str product, int64_t months,
                  struct order_made *ret_made)
{
        struct store_conn *c = NULL;
        struct certificate_row origin = {0};
        struct order_buy in = {.product = product, .names = 1, .months = months ? months : 12,
                               .wish = {.level = STR("DV"), .domain_type = 1}}; /* UPG-04: without a number the recommended one */
        struct order_plan plan;

        TRY(store_read(act->core->store, &c));
        TRY(certificate_own(act, c, certificate_id, &origin));
        TRY(upgrade_check(act, &origin));
        in.project_id = origin.project_id;
        TRY(order_plan_make(act, &in, &plan));
        TRY(upgrade_name(act, &origin, plan.product, &plan.row.fixed_domain));
        plan.row.upgraded = 1;
        plan.row.origin_certificate_id = origin.certificate_id;
        plan.pays = true;
        return order_plan_run(&plan, ret_made);
}

/* ---- renewal ---- */

struct renewal {
        struct certificate_row origin;
        struct order_row order; /* the one that it continues */
};

static MUST res renewal_check(struct act *act, const struct renewal *renewal)
{
        const struct certificate_row *origin = &renewal->origin;
        int64_t end_at = renewal->order.term_end_at > origin->end_at ? renewal->order.term_end_at : origin->end_at;

        if (origin->status != CERT_ISSUED)
                return act_fail(act, ERR_CERT_STATE,
                                "Only an issued certificate can be renewed; one that has ended is bought anew.");
        if (end_at - act->now_sec > CERT_RENEW_WINDOW_SEC)
                return act_fail(act, ERR_CERT_STATE,
                                "What was bought runs on for more than 30 days; it can be renewed in its last 30 days.");
        return RES_OK;
}

static MUST res renewal_find(struct act *act, struct str certificate_id, struct renewal *ret_renewal)
{
        struct store_conn *c = NULL;

        TRY(store_read(act->core->store, &c));
        TRY(certificate_own(act, c, certificate_id, &ret_renewal->origin));
        res found = order_find(act, c, ret_renewal->origin.order_id, &ret_renewal->order);

        if (found.err == ERR_ORDER)
                return act_fail(act, ERR_CERT_STATE,
                                "A free or uploaded certificate is not renewed; apply for a new one, or upgrade it.");
        TRY(found);
        return renewal_check(act, ret_renewal);
}

/* One that waits unpaid from before is tried again, without another notice. */
static MUST res renewal_again(struct act *act, struct order_made *made)
{
        struct order_made paid;

        if (!str_equals(made->order.state, order_state_name(ORDER_UNPAID)))
                return RES_OK;
        res r = order_pay(act, made->order.order_id, &paid);

        if (r.err == ERR_TRADE)
                return RES_OK;
        TRY(r);
        *made = paid;
        return RES_OK;
}

res order_renew(struct act *act, const struct order_renew *in, struct order_made *ret_made)
{
        struct renewal renewal = {0};
        struct order_plan plan;
        struct order_made made;

        TRY(renewal_find(act, in->certificate_id, &renewal));
        const struct order_buy buy = {
                .product = renewal.order.package_type,
                .names = renewal.order.domain_count,
                .months = in->months ? in->months : renewal.order.term_months,
                .project_id = renewal.origin.project_id,
                .auto_renew = renewal.order.auto_renew != 0,
                .client_token = in->may_stay_unpaid ? str_of(arena_printf(act->arena, "renew-%.*s",
                                                                          (int)in->certificate_id.n, in->certificate_id.p))
                                                    : STR(""),
        };

        TRY(order_plan_make(act, &buy, &plan));
        plan.row.origin_certificate_id = renewal.origin.certificate_id;
        plan.row.renews_order_id = renewal.order.order_id;
        plan.log_type = "renewVIP";
        plan.pays = true;
        plan.may_stay_unpaid = in->may_stay_unpaid;
        if (in->may_stay_unpaid)
                plan.row.expires_at = renewal.origin.end_at;
        TRY(order_plan_run(&plan, &made));
        if (plan.is_found)
                TRY(renewal_again(act, &made));
        *ret_made = made;
        return RES_OK;
}
