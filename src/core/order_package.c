/*
 * Certificates for the points of benefit packages: as many orders as certificates, each paid from the packages named, all
 * in one transaction.  An order keeps which package gave how much, so that a refund goes back there.
 */
#include "core/benefit.h"
#include "core/core.h"
#include "core/order_inner.h"
#include "core/submit_inner.h"
#include "base/random.h"

#define ORDER_PACKAGE_COUNT 100 /* certificates bought at once */

struct package_buy {
        struct act *act;
        const struct order_package_buy *in;
        struct order_plan *plans;
        int64_t count, points; /* points of each */
        struct submit_prepared *information; /* of a renewal; NULL = given later */
};

/* The public API's own codes for what can be wrong with this request. */
static MUST res package_check(struct act *act, const struct order_package_buy *in, const struct product *product)
{
        bool is_many;

        if (!product || product->points == 0)
                return act_fail(act, ERR_PRODUCT_PID,
                                "There is no product for points with ProductPid %lld; DescribeCatalogue shows those there are.",
                                (long long)in->pid);
        is_many = product->domain_type == 2 || product->domain_type == 4;
        if (!product_has_term(product, in->months))
                return act_fail(act, ERR_PERIOD, "Product %s is not sold for %lld year(s).", product->package_type,
                                (long long)in->months / 12);
        if (is_many ? in->names < 2 || in->names > product->domain_max : in->names != 1)
                return act_fail(act, ERR_DOMAIN_COUNT, "Product %s binds %s; send a DomainCount that fits.",
                                product->package_type, is_many ? "two names or more" : "exactly one name");
        if (in->count < 1 || in->count > ORDER_PACKAGE_COUNT)
                return act_fail(act, ERR_PARAM_VALUE, "CertificateCount is from 1 to %d.", ORDER_PACKAGE_COUNT);
        if (in->old_certificate_id.n > 0 && in->count != 1)
                return act_fail(act, ERR_PARAM_VALUE, "A renewal makes one certificate; leave CertificateCount out.");
        return RES_OK;
}

static int64_t package_points(const struct product *product, const struct order_package_buy *in)
{
        int64_t further = in->names > product->names_included ? in->names - product->names_included : 0;

        return in->months / 12 * product->points * (1 + further);
}

static MUST res package_plan(struct package_buy *buy, const struct product *product)
{
        const struct order_package_buy *in = buy->in;
        const struct order_buy order = {
                .product = str_of(product->package_type),
                .names = in->names,
                .months = in->months,
                .project_id = in->project_id,
                .tags = in->tags,
        };

        for (int64_t i = 0; i < buy->count; i++) {
                struct order_plan *plan = buy->plans + i;
                TRY(order_plan_make(buy->act, &order, plan));
                plan->row.currency = STR("points");
                plan->row.price_minor = plan->row.full_minor = buy->points;
                plan->row.state = str_of(order_state_name(ORDER_PAID));
                plan->row.paid_by = STR("package");
                plan->row.paid_at = buy->act->now_sec;
                plan->row.expires_at = 0;
                if (in->old_certificate_id.n > 0) {
                        plan->row.origin_certificate_id = in->old_certificate_id;
                        plan->log_type = "renewVIP";
                }
        }
        return RES_OK;
}

static res package_tx(struct store_tx *tx, void *arg)
{
        struct package_buy *buy = arg;

        for (int64_t i = 0; i < buy->count; i++) {
                struct order_plan *plan = buy->plans + i;
                plan->row.order_id = 0;
                TRY(benefit_spend(buy->act, tx, &buy->in->package_ids, buy->points, &plan->row.package_id));
                TRY(store_order_insert(tx, &plan->row));
                TRY(order_make_certificate(plan, tx));
        }
        return buy->information ? submit_info_store(buy->information, tx) : RES_OK;
}

static MUST res package_information(struct package_buy *buy, const struct certificate_row *origin, const struct product *product)
{
        const struct submit_ahead_of of = {origin, buy->plans[0].certificate_id, &buy->plans[0].row, product};

        if (buy->in->old_certificate_id.n == 0 || buy->in->ahead.csr_method.n == 0)
                return RES_OK;
        return submit_ahead(buy->act, &buy->in->ahead, &of, &buy->information);
}

res order_buy_by_package(struct act *act, const struct order_package_buy *in, struct strs *ret_certificate_ids)
{
        const struct product *product = catalogue_product_of_pid(act_catalogue(act), in->pid);
        struct package_buy buy = {.act = act, .in = in, .count = in->count};
        struct certificate_row origin = {0};
        struct store_conn *c = NULL;

        TRY(package_check(act, in, product));
        buy.points = package_points(product, in);
        buy.plans = arena_array_of(act->arena, (size_t)in->count, struct order_plan);
        if (in->old_certificate_id.n > 0) {
                TRY(store_read(act->core->store, &c));
                TRY(certificate_own(act, c, in->old_certificate_id, &origin));
        }
        TRY(package_plan(&buy, product));
        TRY(package_information(&buy, &origin, product));
        TRY(store_run(act->core->store, package_tx, &buy));
        struct str *ids = arena_array_of(act->arena, (size_t)in->count, struct str);
        for (int64_t i = 0; i < in->count; i++)
                ids[i] = buy.plans[i].certificate_id;
        *ret_certificate_ids = (struct strs){ids, (size_t)in->count};
        return RES_OK;
}
