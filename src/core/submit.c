/*
 * Committing what was given, taking a failed or cancelled one up again.  Each is one transaction that looks at the
 * certificate again.
 */
#include "core/apply.h"
#include "core/bind.h"
#include "core/core.h"
#include "core/issue.h"
#include "core/job.h"
#include "core/log.h"
#include "core/order.h"
#include "core/submit_inner.h"
#include "store/issued.h"
#include "store/validation.h"

/* ---- what all begin with -------------------------------------------------------------------------------- */

static res target_origin(struct act *act, struct store_conn *conn, struct submit_target *target)
{
        struct certificate_row origin = {0};

        if (target->row.origin_certificate_id.n == 0)
                return RES_OK;
        res found = store_certificate_get(conn, act->arena, act->account_id, target->row.origin_certificate_id, &origin);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        target->origin_order_id = origin.order_id;
        return found;
}

res submit_target(struct act *act, struct str certificate_id, struct submit_target *ret_target)
{
        struct store_conn *conn = NULL;

        TRY(store_read(act->core->store, &conn));
        TRY(certificate_own(act, conn, certificate_id, &ret_target->row));
        if (ret_target->row.order_id == 0)
                return act_fail(act, ERR_CERT_STATE, "An uploaded certificate has nothing to submit.");
        TRY(store_order_get(conn, act->arena, act->account_id, ret_target->row.order_id, &ret_target->order));
        if (!order_is_bought(&ret_target->order))
                return act_fail(act, ERR_CERT_STATE, "A free certificate is applied for with ApplyCertificate, or by ACME; there is nothing to submit.");
        TRY(order_product(act, &ret_target->order, &ret_target->product));
        return target_origin(act, conn, ret_target);
}

/* ---- commit ------------------------------------------------------------------------------------------------- */

struct commit {
        struct act *act;
        const struct submit_commit *in;
        struct submit_target target;
        struct str method; /* the wire's */
        struct validation_row *validations;
        size_t validation_count;
};

static res commit_check(struct commit *commit)
{
        struct act *act = commit->act;
        const struct certificate_row *row = &commit->target.row;

        if (row->status == CERT_PENDING && commit->in->state_error == ERR_SUBMIT_STATE)
                return act_fail(act, ERR_SUBMIT_PROCESSING, "The order was submitted already and is being validated.");
        if (row->status != CERT_PAID)
                return act_fail(act, commit->in->state_error, "The certificate's status is %s; only one in Pending submission is committed.%s",
                                certificate_status_name(row->status),
                                row->status == CERT_REVIEW_FAILED || row->status == CERT_CANCELLED ? " Call ModifyCertificateResubmit first." : "");
        if (row->key_id == 0 || row->names.n == 0)
                return act_fail(act, commit->in->state_error, "There is no information yet; call CertificateInfoSubmit first.");
        if (strcmp(commit->target.product->level, "DV") != 0)
                return act_fail(act, ERR_UNSUPPORTED, "The review of %s certificates is not offered here yet; the information is kept.",
                                commit->target.product->level);
        return RES_OK;
}

static struct bind names_bound(struct act *act, struct str text)
{
        struct str *v = arena_array_of(act->arena, LIMIT_NAMES_PER_CERT * 2, struct str);
        struct bind bind = {0};

        for (struct str rest = text; rest.n > 0 && bind.names.n < LIMIT_NAMES_PER_CERT * 2; bind.names.n++) {
                struct domain_name name = {0};

                v[bind.names.n] = str_cut(&rest, '\n');
                bind.has_wildcard |= str_starts_with(v[bind.names.n], STR("*."));
                bind.has_ip |= res_is_ok(domain_parse(act, v[bind.names.n], &name)) && name.is_ip;
        }
        bind.names.v = v;
        return bind;
}

static res commit_prepare(struct commit *commit)
{
        struct act *act = commit->act;
        const struct certificate_row *row = &commit->target.row;
        struct bind bind = names_bound(act, row->names);
        enum msg_method method;

        commit->method = commit->in->method.n ? commit->in->method : row->verify_type;
        if (commit->method.n == 0)
                commit->method = bind.has_ip ? STR("FILE") : STR("DNS");
        const struct bind_method chosen = {"VerifyType", commit->method, commit->target.order.term_months};

        TRY(bind_method(act, commit->target.product, &bind, &chosen, &method));
        return apply_validations(act, &bind.names, method, str_copy(act->arena, row->certificate_id), &commit->validations,
                                 &commit->validation_count);
}

static res commit_store_validations(struct commit *commit, struct store_tx *tx)
{
        TRY(store_validation_delete_all(tx, commit->act->account_id, commit->target.row.certificate_id));
        for (size_t i = 0; i < commit->validation_count; i++)
                TRY(store_validation_insert(tx, &commit->validations[i]));
        return RES_OK;
}

static res commit_tx(struct store_tx *tx, void *arg)
{
        struct commit *commit = arg;
        struct act *act = commit->act;
        struct certificate_row row = {0};

        TRY(certificate_own(act, store_tx_conn(tx), commit->in->certificate_id, &row));
        if (row.status != CERT_PAID || row.key_id != commit->target.row.key_id || !str_equal(row.names, commit->target.row.names))
                return act_fail(act, commit->in->state_error, "The certificate changed meanwhile; look at it and submit again.");
        TRY(commit_store_validations(commit, tx));
        row.status = CERT_PENDING;
        row.status_msg = STR("PENDING-DCV");
        row.verify_type = commit->method;
        row.submitted_at = act->now_sec;
        row.deadline_at = act->now_sec + commit->target.product->deadline_days * 86400; /* CON-01, SIL-08; a new one each time: RVW-18 */
        row.validated_at = row.verified_ask_at = 0;
        TRY(store_certificate_update(tx, &row));
        TRY(job_put(tx, JOB_VALIDATE, act->account_id, row.certificate_id, act->now_sec + LIMIT_POLL_FAST_SEC, act->now_sec));
        TRY(job_put(tx, JOB_DEADLINE, act->account_id, row.certificate_id, row.deadline_at + 1, act->now_sec));
        return act_log(act, tx, row.certificate_id, "apply", "Submitted for validation");
}

res submit_commit(struct act *act, const struct submit_commit *in, struct submit_committed *ret_committed)
{
        struct commit commit = {.act = act, .in = in};

        TRY(submit_target(act, in->certificate_id, &commit.target));
        TRY(commit_check(&commit));
        TRY(commit_prepare(&commit));
        TRY(store_run(act->core->store, commit_tx, &commit));
        *ret_committed = (struct submit_committed){commit.target.order.order_id, CERT_PENDING};
        return RES_OK;
}

/* ---- once more -------------------------------------------------------------------------------------------------- */

struct again {
        struct act *act;
        struct str certificate_id;
};

static res again_check(struct act *act, struct store_conn *conn, const struct certificate_row *row)
{
        struct order_row order = {0};
        res found = store_order_get(conn, act->arena, act->account_id, row->order_id, &order);

        if (found.err == ERR_NOT_FOUND || (res_is_ok(found) && !order_is_bought(&order)))
                return act_fail(act, ERR_CERT_RESUBMIT_STATE, "Only a bought certificate is submitted again; apply for a free one anew with "
                                                              "ApplyCertificate.");
        TRY(found);
        if (!str_equals(order.state, order_state_name(ORDER_PAID)))
                return act_fail(act, ERR_CERT_RESUBMIT_STATE, "The order is not paid, or was refunded; buy a new one.");
        if (row->status != CERT_REVIEW_FAILED && row->status != CERT_CANCELLED)
                return act_fail(act, ERR_CERT_RESUBMIT_STATE, "The certificate's status is %s; only a failed or cancelled one is submitted again.",
                                certificate_status_name(row->status));
        return RES_OK;
}

static res again_tx(struct store_tx *tx, void *arg)
{
        struct again *again = arg;
        struct act *act = again->act;
        struct certificate_row row = {0};

        TRY(certificate_own(act, store_tx_conn(tx), again->certificate_id, &row));
        TRY(again_check(act, store_tx_conn(tx), &row));
        TRY(issue_drop_signing(act, tx, row.certificate_id)); /* it must not become the new request's */
        TRY(store_validation_delete_all(tx, act->account_id, row.certificate_id));
        row.status = CERT_PAID; /* a cause of failure stays in status_msg until new information comes (RVW-09) */
        row.deadline_at = row.validated_at = row.verified_ask_at = 0;
        TRY(store_certificate_update(tx, &row));
        return act_log(act, tx, row.certificate_id, "Resubmit", "Opened again to be submitted");
}

res submit_again(struct act *act, struct str certificate_id)
{
        struct again again = {act, certificate_id};

        return store_run(act->core->store, again_tx, &again);
}
