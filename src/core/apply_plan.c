/*
 * Checking an application.  Nothing is made or stored here: the checks run in the order in which a person fills in
 * the form, and the first one that fails says what to change.
 */
#include "core/apply.h"

#include "base/conf.h"
#include "core/core.h"
#include "core/key_make.h"
#include "core/label.h"
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

static res plan_method(struct act *act, struct apply_plan *plan)
{
        const struct product *product = plan->product;
        struct str method = plan->in->method;

        if (str_equals(method, "DNS") && product->allows_dns) {
                plan->method = str_equals(str_of(product->dns_record), "CNAME") ? MSG_METHOD_DNS_CNAME
                                                                                : MSG_METHOD_DNS_TXT;
                return RES_OK;
        }
        if (str_equals(method, "FILE") && product->allows_file) {
                if (!act->core->conf->validation_file) /* SIL-40 */
                        return act_fail(act, ERR_PARAM_VALUE,
                                        "File validation is switched off here; use DvAuthMethod DNS.");
                plan->method = MSG_METHOD_FILE;
                return RES_OK;
        }
        if (str_equals(method, "DNS_AUTO")) /* FREE-10: needs a DNS host that we can write to */
                return act_fail(
                        act, ERR_PARAM_VALUE,
                        "Automatic DNS needs the name at a DNS host that this service can write to, and none is connected; use DNS or FILE.");
        return act_fail(act, ERR_PARAM_VALUE, "DvAuthMethod must be DNS or FILE.");
}

static res plan_names(struct act *act, struct apply_plan *plan)
{
        TRY(domain_parse(act, plan->in->domain, &plan->name));
        TRY(domain_check(act, &plan->name, plan->product));
        TRY(domain_expand(act, &plan->name, plan->product, &plan->names));
        if (plan->in->dns_names.n == 0)
                return RES_OK;
        for (size_t i = 0; i < plan->in->dns_names.n;
             i++) { /* FREE-05: other names than those it gets anyway */
                struct domain_name extra = {0};
                bool known = false;

                TRY(domain_parse(act, plan->in->dns_names.v[i], &extra));
                for (size_t k = 0; k < plan->names.n; k++)
                        known |= str_equals(plan->names.v[k], extra.ascii);
                if (!known)
                        return act_fail(
                                act, ERR_PARAM_VALUE,
                                "A free certificate is bound to exactly one domain; leave %s out of DnsNames or buy a multi-domain product.",
                                extra.ascii);
        }
        return RES_OK;
}

static res plan_key(struct act *act, struct apply_plan *plan)
{
        struct str algo = plan->in->key_algo.n ? plan->in->key_algo : STR("RSA");
        struct str parameter = plan->in->key_parameter;

        if (str_equal_nocase(algo, STR("RSA"))) {
                if (parameter.n > 0 && !str_equals(parameter, "2048"))
                        return act_fail(act, ERR_PARAM_VALUE, "CsrKeyParameter for RSA must be 2048.");
                plan->key_type = MSG_KEY_RSA_2048;
                plan->issuer = plan->product->issuer_rsa;
                return RES_OK;
        }
        if (str_equal_nocase(algo, STR("ECC"))) {
                if (parameter.n > 0 && !str_equal_nocase(parameter, STR("prime256v1")))
                        return act_fail(act, ERR_PARAM_VALUE, "CsrKeyParameter for ECC must be prime256v1.");
                plan->key_type = MSG_KEY_EC_P256;
                plan->issuer = plan->product->issuer_ecc;
                return RES_OK;
        }
        return act_fail(act, ERR_PARAM_VALUE, "CsrEncryptAlgo must be RSA or ECC.");
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
        if (old.renew_certificate_id.n > 0)
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
        TRY(plan_method(act, &plan));
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
