/*
 * A free application from the form to the stored order (FREE, A5).  The key is made first, because it takes long and
 * touches nothing; then order, certificate, key, validations, quota slot, tags, log and jobs are stored in one
 * transaction, or nothing is.
 */
#include "core/apply.h"

#include "base/random.h"
#include "core/bind.h"
#include "core/core.h"
#include "core/job.h"
#include "core/key_kind.h"
#include "core/key_make.h"
#include "core/log.h"
#include "core/quota.h"
#include "core/renew.h"
#include "store/certificate.h"
#include "store/key.h"
#include "store/order.h"
#include "store/tag.h"

struct apply {
        struct act *act;
        const struct apply_plan *plan;
        struct order_row order;
        struct certificate_row certificate;
        struct cert_key_row key;
        struct validation_row *validations;
        size_t validation_count;
};

struct str apply_names_text(struct act *act, const struct strs *names)
{
        const char *text = "";

        for (size_t i = 0; i < names->n; i++)
                text = arena_printf(act->arena, "%s%s%.*s", text, i ? "\n" : "", (int)names->v[i].n, names->v[i].p);
        return str_of(text);
}

static void apply_fill_order(struct apply *apply)
{
        const struct product *product = apply->plan->product;

        apply->order = (struct order_row){
                .account_id = apply->act->account_id,
                .package_type = str_of(product->package_type),
                .product = str_of(product->text),
                .term_months = product->validity_months,
                .domain_count = 1,
                .currency = STR(""),
                .state = STR("free"),
                .created_at = apply->act->now_sec,
        };
}

static void apply_fill_certificate(struct apply *apply)
{
        struct act *act = apply->act;
        const struct apply_plan *plan = apply->plan;
        const struct product *product = plan->product;
        char id[9];

        random_text(id, 8, RANDOM_ALNUM);
        apply->certificate = (struct certificate_row){
                .certificate_id = str_of(arena_strdup(act->arena, id)),
                .account_id = act->account_id,
                .source = str_of(product->source),
                .certificate_type = STR("SVR"),
                .package_type = str_of(product->package_type),
                .product_name = str_of(product->name),
                .level = str_of(product->level),
                .domain_type = product->domain_type,
                .status = CERT_PENDING,
                .status_msg = STR("PENDING-DCV"),
                .alias = str_of(plan->alias),
                .project_id = plan->project_id,
                .domain = str_of(plan->name.ascii),
                .names = apply_names_text(act, &plan->names),
                .primary_domain = str_of(plan->name.registrable),
                .validity_months = str_of(arena_printf(act->arena, "%lld", (long long)product->validity_months)),
                .life_days = product->life_days,
                .verify_type = bind_verify_type(plan->method, plan->in->method),
                .email = str_of(plan->email),
                .phone = str_of(plan->phone),
                .key_type = str_of(key_kind_of(plan->key_type)->text),
                .key_id = apply->key.key_id,
                .key_password_set = apply->key.password_set,
                .issuer = str_of(plan->issuer),
                .profile = str_of(product->profile),
                .created_at = act->now_sec,
                .submitted_at = act->now_sec,
                .deadline_at = act->now_sec + product->deadline_days * 86400, /* CON-01, SIL-08 */
                .origin_certificate_id = str_of(plan->origin_id),
                .renew_certificate_id = STR(""),
                .replaced_by = STR(""),
                .replaced_for = STR(""),
        };
}

static res apply_store_tags(struct apply *apply, struct store_tx *tx)
{
        const struct tag_pair *tags = apply->plan->in->tags.v;

        for (size_t i = 0; i < apply->plan->in->tags.n; i++)
                TRY(store_tag_put(tx, &(struct tag_row){
                                              .account_id = apply->act->account_id,
                                              .certificate_id = apply->certificate.certificate_id,
                                              .tag_key = tags[i].key,
                                              .tag_value = tags[i].value.p ? tags[i].value : STR(""),
                                      }));
        return RES_OK;
}

static res apply_store(struct store_tx *tx, void *arg)
{
        struct apply *apply = arg;
        struct act *act = apply->act;
        struct certificate_row *row = &apply->certificate;

        TRY(quota_reserve(act, tx, row->certificate_id, row->primary_domain));
        TRY(store_order_insert(tx, &apply->order));
        row->order_id = apply->key.used_order = apply->order.order_id;
        TRY(store_key_insert(tx, &apply->key));
        TRY(store_certificate_insert(tx, row));
        for (size_t i = 0; i < apply->validation_count; i++)
                TRY(store_validation_insert(tx, &apply->validations[i]));
        TRY(apply_store_tags(apply, tx));
        TRY(renew_link(act, tx, row));
        TRY(job_put(tx, JOB_VALIDATE, act->account_id, row->certificate_id, act->now_sec + LIMIT_POLL_FAST_SEC, act->now_sec));
        TRY(job_put(tx, JOB_DEADLINE, act->account_id, row->certificate_id, row->deadline_at + 1, act->now_sec));
        return act_log(act, tx, row->certificate_id, "apply", "Applied for a free certificate");
}

res certificate_apply(struct act *act, const struct certificate_apply *asked, const char **ret_certificate_id)
{
        struct certificate_apply filled = *asked;
        const struct certificate_apply *in = &filled;
        struct apply_plan plan = {0};
        struct apply apply = {.act = act, .plan = &plan};

        TRY(renew_carry_over(act, &filled));
        TRY(apply_plan_make(act, in, &plan));
        TRY(key_make(act, &(struct key_make){plan.key_type, in->key_password, str_of(plan.name.ascii), {0}}, &apply.key));
        apply_fill_order(&apply);
        apply_fill_certificate(&apply);
        TRY(apply_plan_validations(act, &plan, apply.certificate.certificate_id.p, &apply.validations, &apply.validation_count));
        TRY(store_run(act->core->store, apply_store, &apply));
        *ret_certificate_id = apply.certificate.certificate_id.p;
        return RES_OK;
}
