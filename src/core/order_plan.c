/*
 * Checking a purchase.  Nothing is made or stored here: the checks go from the product to its number of names, its term and
 * who may have it, and the first one that fails says what to change.
 */
#include "core/order_inner.h"

#include "base/random.h"
#include "core/core.h"
#include "core/label.h"
#include "core/money.h"
#include "store/account.h"

#define ORDER_TAG_BETWEEN '\x1f' /* between key and value */

static res plan_product(struct act *act, const struct order_buy *in, const struct product **ret_product)
{
        const struct product *product;

        if (in->product.n == 0) { /* PUR-05..08, PUR-22: type, brand and kind of domain instead of a number */
                *ret_product = in->wish.level.n ? catalogue_choose(act_catalogue(act), &in->wish) : NULL;
                return *ret_product ? RES_OK
                                    : act_fail(act, ERR_PARAM_VALUE,
                                               "No product of this brand, type, standard and kind of domain can be bought "
                                               "here; DescribeCatalogue lists those that can.");
        }
        product = catalogue_product(act_catalogue(act), in->product);
        if (!product)
                return act_fail(act, ERR_PARAM_VALUE,
                                "There is no product %.*s; DescribeCatalogue lists those there are.", (int)in->product.n,
                                in->product.p ? in->product.p : "");
        if (product->is_free)
                return act_fail(act, ERR_PARAM_VALUE, "Product %s is free; apply for it with ApplyCertificate.",
                                product->package_type);
        if (!product->is_orderable)
                return act_fail(act, ERR_PARAM_VALUE,
                                "Product %s (%s) is no longer sold under this number; DescribeCatalogue shows its other one.",
                                product->package_type, product->name);
        *ret_product = product;
        return RES_OK;
}

static const char *plan_terms_text(struct act *act, const struct product *product)
{
        const char *text = "";

        for (size_t i = 0; i < product->terms.n; i++)
                text = arena_printf(act->arena, "%s%s%lld", text, i ? ", " : "", (long long)product->terms.v[i] / 12);
        return text;
}

/* CAT-17..20, PUR-15: one name, or from two to the product's maximum. */
static res plan_names(struct act *act, const struct product *product, int64_t names)
{
        bool is_many = product->domain_type == 2 || product->domain_type == 4;

        if (!is_many && names != 1)
                return act_fail(act, ERR_PARAM_VALUE,
                                "Product %s binds exactly one name; send DomainNum 1, or choose a multi-domain product.",
                                product->package_type);
        if (is_many && (names < 2 || names > product->domain_max))
                return act_fail(act, ERR_PARAM_VALUE, "Product %s binds from 2 to %lld names; DomainNum says how many.",
                                product->package_type, (long long)product->domain_max);
        return RES_OK;
}

/* ACC-02, ACC-15. */
static res plan_account(struct act *act, const struct product *product)
{
        struct store_conn *c = NULL;
        struct account_row account;

        if (!act->verified)
                return act_fail(act, ERR_IDENTITY,
                                "The account's identity is not verified yet; ask the operator to verify it.");
        TRY(store_read(act->core->store, &c));
        TRY(store_account_get(c, act->arena, act->account_id, &account));
        if (str_equals(account.identity, "individual") && strcmp(product->level, "DV") != 0)
                return act_fail(act, ERR_PARAM_VALUE,
                                "An individual can buy DV products only; product %s is %s. An operator changes the "
                                "account's identity to enterprise.",
                                product->package_type, product->level);
        if (!product_can_be_bought(product))
                return act_fail(act, ERR_PARAM_VALUE,
                                "Product %s (%s) cannot be issued by this installation yet; DescribeCatalogue shows "
                                "which ones can.",
                                product->package_type, product->name);
        return RES_OK;
}

/* One line a tag, so that the certificate gets them when the order is paid. */
static res plan_tags(struct act *act, const struct objs *tags, struct str *ret_text)
{
        const struct tag_pair *pairs = tags->v;
        const char *text = "";

        TRY(label_check_tags(act, pairs, tags->n));
        for (size_t i = 0; i < tags->n; i++) {
                if (label_has_control_chars(pairs[i].key) || label_has_control_chars(pairs[i].value))
                        return act_fail(act, ERR_PARAM_VALUE, "TagKey and TagValue may hold no control characters.");
                text = arena_printf(act->arena, "%s%.*s%c%.*s\n", text, (int)pairs[i].key.n, pairs[i].key.p,
                                    ORDER_TAG_BETWEEN, (int)pairs[i].value.n, pairs[i].value.p ? pairs[i].value.p : "");
        }
        *ret_text = str_of(text);
        return RES_OK;
}

static void plan_fill(struct act *act, const struct order_buy *in, struct order_plan *plan)
{
        const struct product *product = plan->product;
        struct order_price price = order_price(product, in->names, in->months);
        char *id = arena_alloc(act->arena, 9);

        random_text(id, 8, RANDOM_ALNUM);
        plan->certificate_id = str_of(id);
        plan->row = (struct order_row){
                .account_id = act->account_id,
                .package_type = str_of(product->package_type),
                .product = str_of(product->text),
                .term_months = in->months,
                .domain_count = in->names,
                .price_minor = price.price_minor,
                .full_minor = price.full_minor,
                .currency = MONEY_CURRENCY,
                .state = str_of(order_state_name(ORDER_UNPAID)),
                .created_at = act->now_sec,
                .expires_at = act->now_sec + LIMIT_ORDER_UNPAID_SEC,
                .paid_by = STR(""),
                .package_id = STR(""),
                .auto_renew = in->auto_renew,
                .origin_certificate_id = STR(""),
                .fixed_domain = STR(""),
                .project_id = in->project_id,
                .tags = plan->row.tags,
                .client_token = in->client_token.n ? in->client_token : STR(""),
        };
}

res order_plan_make(struct act *act, const struct order_buy *in, struct order_plan *ret_plan)
{
        struct order_plan plan = {.act = act, .log_type = "applyVIP"};

        TRY(plan_product(act, in, &plan.product));
        TRY(plan_names(act, plan.product, in->names));
        if (!product_has_term(plan.product, in->months))
                return act_fail(act, ERR_PARAM_VALUE, "Product %s is sold for %s year(s); choose one of these.",
                                plan.product->package_type, plan_terms_text(act, plan.product));
        TRY(plan_account(act, plan.product));
        if (in->client_token.n > LIMIT_CLIENT_TOKEN_BYTES || label_has_control_chars(in->client_token))
                return act_fail(act, ERR_PARAM_VALUE, "ClientToken may have at most %d printable characters.",
                                LIMIT_CLIENT_TOKEN_BYTES);
        TRY(label_check_project(act, in->project_id));
        TRY(plan_tags(act, &in->tags, &plan.row.tags));
        plan_fill(act, in, &plan);
        *ret_plan = plan;
        return RES_OK;
}
