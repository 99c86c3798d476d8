/*
 * Taking a bought certificate's information.  Everything is checked, and the key made, before the transaction; in it the
 * certificate is looked at again, because meanwhile it may have been committed, cancelled or refunded.
 */
#include "core/bind.h"
#include "core/apply.h"
#include "core/core.h"
#include "core/csr_paste.h"
#include "core/issuers.h"
#include "core/key_gate.h"
#include "core/key_import.h"
#include "core/key_make.h"
#include "core/log.h"
#include "core/order.h"
#include "core/submit_inner.h"
#include "store/csr.h"

struct submit_prepared {
        struct act *act;
        const struct submit_info *in;
        struct submit_target target;
        struct bind bind;
        const struct key_kind *kind;
        struct cert_key_row key; /* to be stored, or one that is there */
        bool key_is_new;
        struct csr_row entry;    /* of the library, when it was picked; csr_id 0 = none */
        struct submission_row submission;
        struct submit_form form;
};

static res info_state(struct act *act, const struct certificate_row *row, enum err code)
{
        if (row->status == CERT_PAID)
                return RES_OK;
        return act_fail(act, code, "The certificate's status is %s; information is taken in Pending submission only.%s",
                        certificate_status_name(row->status),
                        row->status == CERT_REVIEW_FAILED || row->status == CERT_CANCELLED ? " Call ModifyCertificateResubmit first." : "");
}

/* ---- names ------------------------------------------------------------------------------------------------ */

static res info_domain_failed(struct submit_prepared *info, res failed)
{
        if (failed.err == ERR_DOMAIN)
                return FAIL(info->in->domain_error); /* the sentence stands */
        return failed;
}

static res info_names(struct submit_prepared *info, struct str common_name, struct strs others)
{
        struct act *act = info->act;
        const struct order_row *order = &info->target.order;

        TRY(info_domain_failed(info, bind_names(act, info->target.product, common_name, others, order->domain_count, &info->bind)));
        if (order->fixed_domain.n > 0 && !str_equals(order->fixed_domain, info->bind.name.ascii)) /* UPG-03 */
                return act_fail(act, info->in->domain_error, "This order is an upgrade bound to %.*s; buy a new certificate for another name.",
                                (int)order->fixed_domain.n, order->fixed_domain.p);
        if (info->in->method.n == 0)
                return RES_OK;
        enum msg_method method;
        const struct bind_method chosen = {"VerifyType", info->in->method, order->term_months};

        return bind_method(act, info->target.product, &info->bind, &chosen, &method);
}

/* ---- the key -------------------------------------------------------------------------------------------------- */

static res info_key_online(struct submit_prepared *info)
{
        struct act *act = info->act;
        const struct submit_info *in = info->in;
        const struct key_choice choice = {"CsrEncryptAlgo", "CsrKeyParameter", in->key_algo, in->key_parameter};

        TRY(key_check_password(act, "The key password", in->key_password));
        TRY(info_names(info, in->common_name, in->names));
        TRY(key_kind_choose(act, info->target.product, &choice, &info->kind));
        info->key_is_new = true;
        return key_make(act, &(struct key_make){info->kind->type, in->key_password, str_of(info->bind.name.ascii), {0}}, &info->key);
}

/* CSR-33, DOM-21, DOM-22, RVW-23: the common name is one of the bound names. */
static res info_check_common_name(struct submit_prepared *info, struct str common_name)
{
        struct act *act = info->act;
        struct domain_name name = {0};

        if (common_name.n == 0)
                return act_fail(act, ERR_CSR_NAME, "The CSR has no common name; make one whose common name is %s, or have it generated online.",
                                info->bind.name.ascii);
        TRY(info_domain_failed(info, domain_parse(act, common_name, &name)));
        for (size_t i = 0; i < info->bind.names.n; i++)
                if (str_equals(info->bind.names.v[i], name.ascii))
                        return RES_OK;
        return act_fail(act, ERR_CSR_NAME,
                        "The CSR's common name %s is not one of the bound names; bind it, make a CSR for %s, or have it generated online.",
                        name.ascii, info->bind.name.ascii);
}

/* What the CSR says where the form says nothing (APP-20). */
static res info_names_of_csr(struct submit_prepared *info, struct str common_name, struct strs names)
{
        const struct submit_info *in = info->in;
        struct str first = in->common_name.n ? in->common_name : common_name;

        if (first.n == 0 && names.n > 0)
                first = names.v[0];
        TRY(info_names(info, first, in->names.n || in->common_name.n ? in->names : names));
        return info_check_common_name(info, common_name);
}

/* The private key that came beside the CSR: of that very CSR, and kept in the vault so that packages hold it. */
static res info_private_key(struct submit_prepared *info)
{
        struct act *act = info->act;
        const struct submit_info *in = info->in;
        const struct key_import key = {in->private_key, in->key_password, in->key_field, in->password_field};
        struct key_imported imported = {0};

        if (in->private_key.n == 0)
                return RES_OK;
        TRY(key_import(act, &key, &imported));
        if (memcmp(imported.key.spki_hash.p, info->key.spki_hash.p, info->key.spki_hash.n) != 0)
                return act_fail(act, ERR_CERT_MATCH, "%s does not belong to the CSR; send the one that the CSR was made with, or leave it out.",
                                in->key_field);
        if (in->key_password.n > 0 && !imported.key.password_set)
                return act_fail(act, ERR_PARAM_VALUE, "%s is open, so there is nothing that %s opens; leave the password out, or encrypt "
                                                      "the key under it first (`openssl pkcs8 -topk8 -v2 aes256`).",
                                in->key_field, in->password_field);
        info->key.key_id = imported.key.key_id; /* its ciphertext is bound to it */
        info->key.sealed = imported.key.sealed;
        info->key.password_set = imported.key.password_set;
        return RES_OK;
}

static res info_key_pasted(struct submit_prepared *info)
{
        struct act *act = info->act;
        struct store_conn *conn = NULL;
        struct csr_pasted pasted;
        struct cert_key_row known = {0};

        TRY(csr_paste(act, info->in->csr, &info->target.product->csr_keys, &pasted));
        TRY(info_names_of_csr(info, pasted.common_name, pasted.names));
        info->kind = pasted.kind;
        info->key = pasted.key;
        info->key_is_new = true;
        /* The text of a request in the library is as good as its number: its key is known then (SIL-46). */
        TRY(store_read(act->core->store, &conn));
        res found = store_key_find(conn, act->arena, act->account_id, pasted.key.spki_hash, &known);

        if (res_is_ok(found))
                found = store_csr_get_by_key(conn, act->arena, act->account_id, known.key_id, &info->entry);
        if (found.err == ERR_NOT_FOUND)
                return info_private_key(info);
        TRY(found);
        info->key = known;
        info->key_is_new = false;
        return RES_OK;
}

static res info_key_picked(struct submit_prepared *info)
{
        struct act *act = info->act;
        struct store_conn *conn = NULL;
        const struct product *product = info->target.product;

        TRY(store_read(act->core->store, &conn));
        res found = store_csr_get(conn, act->arena, act->account_id, info->in->csr_id.v, &info->entry);

        if (found.err == ERR_NOT_FOUND)
                return act_fail(act, ERR_CSR_NOT_FOUND, "There is no CSR %lld in this account's library.", (long long)info->in->csr_id.v);
        TRY(found);
        if (info->entry.key_id == 0)
                return act_fail(act, ERR_CSR_STATE, "CSR %lld is a draft; generate it with ModifyCSR first.", (long long)info->in->csr_id.v);
        TRY(store_key_get(conn, act->arena, act->account_id, info->entry.key_id, &info->key));
        info->kind = key_kind_of((enum msg_key_type)info->key.key_type);
        if (!info->kind || !product_has(&product->keys, info->kind->word))
                return act_fail(act, ERR_KEY_TYPE, "%s does not certify keys of %s; pick another CSR, or have one generated online.", product->name,
                                info->kind ? info->kind->text : "this kind");
        return info_names_of_csr(info, info->entry.domain, (struct strs){0});
}

/* PUR-17, CON-39: the key of the certificate that this one renews, as it is, password and all. */
static res info_key_original(struct submit_prepared *info)
{
        struct act *act = info->act;
        struct store_conn *conn = NULL;
        struct certificate_row origin = {0};
        struct str id = info->target.row.origin_certificate_id;

        if (id.n == 0)
                return act_fail(act, ERR_PARAM_VALUE, "This certificate renews none, so there is no configuration to reuse; use online or parse.");
        TRY(store_read(act->core->store, &conn));
        TRY(store_certificate_get(conn, act->arena, act->account_id, id, &origin));
        if (origin.key_id == 0)
                return act_fail(act, ERR_PARAM_VALUE, "The certificate that this one renews has no CSR here; use online or parse.");
        TRY(store_key_get(conn, act->arena, act->account_id, origin.key_id, &info->key));
        info->kind = key_kind_of((enum msg_key_type)info->key.key_type);
        if (!info->kind || !product_has(&info->target.product->keys, info->kind->word))
                return act_fail(act, ERR_KEY_TYPE, "The old certificate's key is not of a kind that %s certifies; use online or parse.",
                                info->target.product->name);
        return info_names(info, info->in->common_name.n ? info->in->common_name : origin.domain, info->in->names);
}

static res info_key_take(struct submit_prepared *info)
{
        static const struct {
                const char *word;
                res (*take)(struct submit_prepared *info);
        } ways[] = {{"online", info_key_online}, {"parse", info_key_pasted}, {"upload", info_key_pasted}, {"original", info_key_original}};
        struct str type = info->in->csr_type;

        bool is_picked = info->in->csr_id.set && info->in->csr_id.v != 0;

        if (info->in->private_key.n > 0 && (is_picked || info->in->csr.n == 0))
                return act_fail(info->act, ERR_PARAM_VALUE, "%s goes with a pasted CSR only; otherwise the key is here already.", info->in->key_field);
        if (is_picked)
                return info_key_picked(info);
        if (type.n == 0)
                type = info->in->csr.n > 0 ? STR("parse") : STR("online");
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
                if (str_equal_nocase(type, str_of(ways[i].word)))
                        return ways[i].take(info);
        return act_fail(info->act, ERR_PARAM_VALUE, "The CSR's type must be online (generated here) or parse (pasted).");
}

/* One that was here already may have come into other hands: said now, and not when its names are proved. */
static res info_key(struct submit_prepared *info)
{
        struct store_conn *conn = NULL;

        TRY(info_key_take(info));
        if (info->key_is_new)
                return RES_OK;
        TRY(store_read(info->act->core->store, &conn));
        return key_gate_again(info->act, conn, &info->key);
}

/* ---- the signature's hash (APP-08) -------------------------------------------------------------------------- */

static res info_profile(struct submit_prepared *info, const char **ret_profile)
{
        struct act *act = info->act;
        const struct product *product = info->target.product;
        struct str hash = info->in->hash;

        *ret_profile = product->profile;
        if (hash.n == 0 || str_equal_nocase(hash, STR("SHA256")) || str_equal_nocase(hash, STR("SHA-256")))
                return RES_OK;
        if (!(str_equal_nocase(hash, STR("SHA384")) || str_equal_nocase(hash, STR("SHA-384"))) || !product_has(&product->hashes, "SHA384"))
                return act_fail(act, ERR_PARAM_VALUE, "SignAlgo must be SHA256%s for this product.",
                                product_has(&product->hashes, "SHA384") ? " or SHA384" : "");
        if (strcmp(info->kind->algo, "RSA") != 0)
                return act_fail(act, ERR_PARAM_VALUE, "SHA384 goes with RSA; the issuer of ECC certificates signs with SHA256.");
        *ret_profile = arena_printf(act->arena, "%s-sha384", product->profile);
        if (issuers_profile(act->core->issuers, str_of(*ret_profile)) == NULL)
                return act_fail(act, ERR_PARAM_VALUE, "SHA384 is not offered for this product here; use SHA256.");
        return RES_OK;
}

/* ---- storing --------------------------------------------------------------------------------------------------- */

/* A key that was prepared before and never committed is let go: a picked entry is free again, an own one forgotten. */
static res info_release_key(struct submit_prepared *info, struct store_tx *tx, const struct certificate_row *row)
{
        struct act *act = info->act;
        struct csr_row entry = {0};
        struct cert_key_row key = {0};

        if (row->key_id == 0 || row->key_id == info->key.key_id || row->submitted_at > 0)
                return RES_OK;
        TRY(store_key_get(store_tx_conn(tx), act->arena, act->account_id, row->key_id, &key));
        if (key.used_order != row->order_id) /* reused from the old certificate: not ours to let go */
                return RES_OK;
        TRY(store_key_set_used(tx, act->account_id, row->key_id, 0));
        res found = store_csr_get_by_key(store_tx_conn(tx), act->arena, act->account_id, row->key_id, &entry);

        if (found.err == ERR_NOT_FOUND)
                return store_key_erase(tx, act->account_id, row->key_id);
        TRY(found);
        entry.status = CSR_CREATED;
        entry.certificate_id = STR("");
        return store_csr_update(tx, &entry);
}

static res info_claim_key(struct submit_prepared *info, struct store_tx *tx, const struct certificate_row *row)
{
        struct act *act = info->act;

        TRY(csr_check_unused(act, store_tx_conn(tx), info->key.spki_hash, row->order_id, info->target.origin_order_id));
        if (info->key_is_new) {
                info->key.used_order = row->order_id;
                return store_key_insert(tx, &info->key);
        }
        if (info->entry.csr_id == 0)
                return RES_OK; /* reused */
        TRY(store_csr_get(store_tx_conn(tx), act->arena, act->account_id, info->entry.csr_id, &info->entry)); /* deleted meanwhile? */
        info->entry.status = CSR_USED;
        info->entry.certificate_id = row->certificate_id;
        TRY(store_csr_update(tx, &info->entry));
        return store_key_set_used(tx, act->account_id, info->key.key_id, row->order_id);
}

static res info_fill_row(struct submit_prepared *info, struct certificate_row *row)
{
        const char *profile = NULL;

        TRY(info_profile(info, &profile));
        row->domain = str_of(info->bind.name.ascii);
        row->names = apply_names_text(info->act, &info->bind.names);
        row->primary_domain = str_of(info->bind.name.registrable);
        row->verify_type = info->in->method;
        row->email = info->form.contact_email;
        row->phone = info->form.contact_phone.p ? info->form.contact_phone : STR("");
        row->key_type = str_of(info->kind->text);
        row->key_id = info->key.key_id;
        row->key_password_set = info->key.password_set;
        row->issuer = str_of(key_kind_issuer(info->target.product, info->kind));
        row->profile = str_of(profile);
        return RES_OK;
}

static res info_tx(struct store_tx *tx, void *arg)
{
        struct submit_prepared *info = arg;
        struct act *act = info->act;
        struct certificate_row row = {0};

        TRY(certificate_own(act, store_tx_conn(tx), info->in->certificate_id, &row));
        TRY(info_state(act, &row, info->in->state_error));
        TRY(info_release_key(info, tx, &row));
        TRY(info_claim_key(info, tx, &row));
        TRY(info_fill_row(info, &row));
        row.status_msg = STR("");
        TRY(store_certificate_update(tx, &row));
        TRY(store_submission_put(tx, &info->submission));
        if (info->in->auto_renew.set) {
                struct order_row order = info->target.order;

                TRY(store_order_get(store_tx_conn(tx), act->arena, act->account_id, row.order_id, &order));
                order.auto_renew = info->in->auto_renew.v != 0;
                TRY(store_order_update(tx, &order));
        }
        return act_log(act, tx, row.certificate_id, "submitInfo",
                       arena_printf(act->arena, "Information submitted for %s", info->bind.name.ascii));
}

static struct str info_csr_type(const struct submit_prepared *info)
{
        return info->in->csr.n > 0 || (info->in->csr_id.set && info->in->csr_id.v != 0) ? STR("parse") : STR("online");
}

res submit_info_prepare(struct act *act, const struct submit_info *in, const struct submit_target *target, struct submit_prepared **ret_prepared)
{
        struct submit_prepared *info = arena_alloc(act->arena, sizeof *info);
        const char *profile = NULL;

        *info = (struct submit_prepared){.act = act, .in = arena_copy(act->arena, in, sizeof *in), .form = in->form, .target = *target};
        TRY(submit_form_check(act, in->company_type, info->target.product->level, &info->form));
        TRY(info_key(info));
        TRY(info_profile(info, &profile));
        info->submission = (struct submission_row){
                .certificate_id = info->target.row.certificate_id,
                .account_id = act->account_id,
                .csr_type = info_csr_type(info),
                .company_type = in->company_type,
                .body = submit_form_text(act, &info->form),
                .updated_at = act->now_sec,
        };
        *ret_prepared = info;
        return RES_OK;
}

res submit_info_store(struct submit_prepared *prepared, struct store_tx *tx)
{
        return info_tx(tx, prepared);
}

res submit_info(struct act *act, const struct submit_info *in)
{
        struct submit_target target = {0};
        struct submit_prepared *prepared = NULL;

        TRY(submit_target(act, in->certificate_id, &target));
        TRY(info_state(act, &target.row, in->state_error));
        TRY(submit_info_prepare(act, in, &target, &prepared));
        return store_run(act->core->store, info_tx, prepared);
}
