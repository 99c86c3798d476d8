/*
 * Checking an application.  Nothing is made or stored here: the checks run in the order in which a person fills in
 * the form, and the first one that fails says what to change.
 */
#include "core/apply.h"

#include "core/bind.h"
#include "core/core.h"
#include "core/key_kind.h"
#include "core/key_make.h"
#include "core/label.h"
#include "core/renew.h"
#include "store/certificate.h"

static res plan_product(struct act *act, struct apply_plan *plan)
{
        const struct catalogue *catalogue = act_catalogue(act);
        struct str package = plan->in->package_type, validity = plan->in->validity_months;

        if (package.n == 0)
                plan->product =
                        catalogue_free_product(catalogue, validity);
        else
                plan->product = catalogue_product(catalogue, package);
        if (plan->product == NULL)
                return act_fail(
                        act, ERR_PARAM_VALUE,
                        "There is no such free product; use PackageType 83 with ValidityPeriod \"3\", or 2 with \"12\".");
        if (plan->product->is_acme)
                return act_fail(act, ERR_PARAM_VALUE, "PackageType %s is ordered by ACME clients only; see docs/acme.md.",
                                plan->product->package_type);
        if (!plan->product->is_free)
                return act_fail(act, ERR_PARAM_VALUE,
                                "PackageType %s is a paid product; buy it with CreateCertificate.",
                                plan->product->package_type);
        int64_t months = plan->product->validity_months;
        int64_t asked = months;

        if (validity.n > 0 && (!res_is_ok(str_to_int64(validity, &asked)) || asked != months))
                return act_fail(
                        act, ERR_PARAM_VALUE,
                        "PackageType %s is valid for %lld months; send ValidityPeriod \"%lld\" or leave it out.",
                        plan->product->package_type, (long long)months, (long long)months);
        return RES_OK;
}

static res plan_names(struct act *act, struct apply_plan *plan)
{
        const struct bind_method method = {"DvAuthMethod", plan->in->method, plan->product->validity_months};
        struct bind bind = {0};

        TRY(bind_names(act, plan->product, plan->in->domain, plan->in->dns_names, 1, &bind));
        plan->name = bind.name;
        plan->names = bind.names;
        return bind_method(act, plan->product, &bind, &method, &plan->method);
}

static res plan_key(struct act *act, struct apply_plan *plan)
{
        const struct key_choice choice = {"CsrEncryptAlgo", "CsrKeyParameter", plan->in->key_algo, plan->in->key_parameter};
        const struct key_kind *kind = NULL;

        TRY(key_kind_choose(act, plan->product, &choice, &kind));
        plan->key_type = kind->type;
        plan->issuer = key_kind_issuer(plan->product, kind);
        return RES_OK;
}

static res plan_texts(struct act *act, struct apply_plan *plan)
{
        const struct certificate_apply *in = plan->in;

        TRY(label_check_alias(act, in->alias));
        if (in->email.n > 0 && !domain_email_is_valid(in->email))
                return act_fail(act, ERR_EMAIL, "ContactEmail is not an email address.");
        if (in->phone.n > 32 || label_has_control_chars(in->phone))
                return act_fail(act, ERR_PARAM_VALUE, "ContactPhone may have at most 32 characters.");
        TRY(key_check_password(act, "CsrKeyPassword", in->key_password));
        plan->alias = in->alias.n ? str_copy(act->arena, in->alias) : "";
        plan->email = in->email.n ? str_copy(act->arena, in->email) : "";
        plan->phone = in->phone.n ? str_copy(act->arena, in->phone) : "";
        return RES_OK;
}

/* FREE-21: a new one may follow an old one in its last 30 days; the two are linked. */
static res plan_origin(struct act *act, struct apply_plan *plan)
{
        struct store_conn *reader = NULL;
        struct certificate_row old = {0};

        plan->origin_id = "";
        if (plan->in->old_certificate_id.n == 0)
                return RES_OK;
        TRY(store_read(act->core->store, &reader));
        res found = store_certificate_get(reader, act->arena, act->account_id, plan->in->old_certificate_id,
                                          &old);

        if (found.err == ERR_NOT_FOUND)
                return act_fail(act, ERR_CERT_NOT_FOUND,
                                "OldCertificateId names no certificate of this account.");
        TRY(found);
        if (old.status != CERT_ISSUED && old.status != CERT_EXPIRED)
                return act_fail(act, ERR_CERT_STATE, "OldCertificateId must be an issued certificate.");
        if (old.end_at - act->now_sec > CERT_RENEW_WINDOW_SEC)
                return act_fail(act, ERR_CERT_STATE, "A certificate can be renewed in its last 30 days.");
        if (!str_equals(old.domain, plan->name.ascii))
                return act_fail(act, ERR_PARAM_VALUE, "DomainName differs from that of OldCertificateId.");
        bool taken = false;

        TRY(renew_is_taken(act, reader, &old, &taken));
        if (taken)
                return act_fail(act, ERR_CERT_STATE, "OldCertificateId was renewed already.");
        plan->origin_id = str_copy(act->arena, old.certificate_id);
        return RES_OK;
}

res apply_plan_make(struct act *act, const struct certificate_apply *in, struct apply_plan *ret_plan)
{
        struct apply_plan plan = {.in = in};

        if (!act->verified) /* ACC-02 */
                return act_fail(act, ERR_IDENTITY,
                                "The account's identity is not verified yet; ask the operator to verify it.");
        TRY(plan_product(act, &plan));
        TRY(plan_names(act, &plan));
        TRY(plan_key(act, &plan));
        TRY(plan_texts(act, &plan));
        TRY(label_check_tags(act, in->tags.v, in->tags.n));
        plan.project_id = in->project_id.set ? in->project_id.v : 0; /* ACC-11: 0 = the default project */
        TRY(label_check_project(act, plan.project_id));
        TRY(plan_origin(act, &plan));
        *ret_plan = plan;
        return RES_OK;
}
