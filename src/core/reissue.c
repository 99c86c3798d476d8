/*
 * Filing a reissue.  What takes long or is random – the key, the values to show – is made first; then everything that a
 * guard looks at is read again in the transaction that stores certificate, key, proofs, links, jobs and the record.
 */
#include "core/reissue_inner.h"

#include "core/bind.h"
#include "core/catalogue.h"
#include "core/certificate.h"
#include "core/core.h"
#include "core/job.h"
#include "core/key_gate.h"
#include "core/label.h"
#include "core/log.h"
#include "core/order.h"
#include "store/evidence.h"
#include "store/key.h"
#include "store/order.h"
#include "store/reissue.h"
#include "store/tag.h"

static bool method_is_automatic(struct str verify_type)
{
        return str_equals(verify_type, "DNS_AUTO") || str_equals(verify_type, "DNS_PROXY") || str_equals(verify_type, "FILE_PROXY");
}

/* The proofs of the original, if each holds still: then they may serve again (SIL-06). */
static res facts_evidence(struct act *act, struct store_conn *conn, const struct certificate_row *origin, bool *ret_holds)
{
        const struct validation_row *rows = NULL;
        size_t n = 0;

        TRY(store_validation_list(conn, act->arena, origin->account_id, origin->certificate_id, &rows, &n));
        *ret_holds = n > 0;
        for (size_t i = 0; i < n && *ret_holds; i++) {
                struct evidence_row evidence = {0};
                res found = store_evidence_get(conn, act->arena, origin->account_id, rows[i].evidence_id, &evidence);

                if (found.err != ERR_NOT_FOUND)
                        TRY(found);
                *ret_holds = res_is_ok(found) && evidence.expires_at > act->now_sec;
        }
        return RES_OK;
}

static res reissue_facts_read(struct reissuing *reissuing, struct store_conn *conn, const struct certificate_row *origin,
                              struct reissue_facts *ret_facts)
{
        struct act *act = reissuing->act;
        struct reissue_facts facts = {
                .status = origin->status,
                .end_at = origin->end_at,
                .issued_at = origin->begin_at,
                .now = act->now_sec,
                .is_uploaded = str_equals(origin->source, "upload"),
                .is_free = reissuing->product && reissuing->product->is_free,
                .is_wotrus = str_equals(origin->source, "wosign"),
                .is_sm2 = str_starts_with(origin->key_type, STR("SM2")),
                .is_same_key = reissuing->csr == REISSUE_CSR_ORIGINAL,
                .level = str_copy(act->arena, origin->level),
                .brand = reissuing->product ? reissuing->product->brand : "",
                .domain_type = origin->domain_type,
        };

        if (!res_is_ok(str_to_int64(origin->validity_months, &facts.validity_months)))
                facts.validity_months = 0;
        TRY(facts_evidence(act, conn, origin, &facts.has_evidence));
        facts.is_automatic = facts.has_evidence && method_is_automatic(origin->verify_type);
        TRY(store_reissue_count_running(conn, act->account_id, origin->primary_domain, &facts.running_count));
        TRY(store_reissue_count_done(conn, act->account_id, origin->order_id, &facts.done_count));
        *ret_facts = facts;
        return RES_OK;
}

/* *ret_way: what has to be done.  The guard's sentence goes into reissuing->why. */
static res reissue_judge(struct reissuing *reissuing, struct store_conn *conn, const struct certificate_row *origin,
                         enum reissue_way *ret_way)
{
        struct reissue_facts facts = {0};

        TRY(reissue_facts_read(reissuing, conn, origin, &facts));
        enum err refused = reissue_guard(&facts, &reissuing->why);

        ENSURE(refused == ERR_NONE, refused);
        *ret_way = reissue_decide(&facts);
        return RES_OK;
}

/* ---- storing ---- */

static res store_proofs(struct reissuing *reissuing, struct store_tx *tx, const struct certificate_row *origin, enum reissue_way way)
{
        struct act *act = reissuing->act;
        const struct validation_row *rows = reissuing->proofs;
        size_t n = reissuing->proof_count;

        if (way == REISSUE_ISSUE) /* those of the original serve again */
                TRY(store_validation_list(store_tx_conn(tx), act->arena, act->account_id, origin->certificate_id, &rows, &n));
        for (size_t i = 0; i < n; i++) {
                struct validation_row row = rows[i];

                row.validation_id = 0;
                row.certificate_id = reissuing->certificate.certificate_id;
                TRY(store_validation_insert(tx, &row));
        }
        return RES_OK;
}

static res store_tags(struct reissuing *reissuing, struct store_tx *tx, const struct certificate_row *origin)
{
        struct act *act = reissuing->act;
        const struct tag_row *rows = NULL;
        size_t n = 0;

        TRY(store_tag_list(store_tx_conn(tx), act->arena, act->account_id, origin->certificate_id, &rows, &n));
        for (size_t i = 0; i < n; i++) {
                struct tag_row row = rows[i];

                row.certificate_id = reissuing->certificate.certificate_id;
                TRY(store_tag_put(tx, &row));
        }
        return RES_OK;
}

static res store_links(struct reissuing *reissuing, struct store_tx *tx, const struct certificate_row *origin)
{
        struct act *act = reissuing->act;
        const struct certificate_row *row = &reissuing->certificate;
        struct certificate_row linked = *origin;

        linked.replaced_for = row->certificate_id;
        TRY(store_certificate_update(tx, &linked));
        return store_reissue_insert(tx, &(struct reissue_row){
                                                .certificate_id = row->certificate_id,
                                                .account_id = act->account_id,
                                                .order_id = origin->order_id,
                                                .origin_id = origin->certificate_id,
                                                .primary_domain = origin->primary_domain,
                                                .end_at = origin->end_at,
                                                .csr_type = str_of(reissue_csr_word(reissuing->csr)),
                                                .reason = reissuing->in->reason.p ? reissuing->in->reason : STR(""),
                                                .created_at = act->now_sec,
                                        });
}

static res store_jobs(struct reissuing *reissuing, struct store_tx *tx, enum reissue_way way)
{
        struct act *act = reissuing->act;
        const struct certificate_row *row = &reissuing->certificate;

        if (way == REISSUE_ISSUE)
                TRY(job_put(tx, JOB_ISSUE, act->account_id, row->certificate_id, act->now_sec, act->now_sec));
        else
                TRY(job_put(tx, JOB_VALIDATE, act->account_id, row->certificate_id, act->now_sec + LIMIT_POLL_FAST_SEC, act->now_sec));
        return job_put(tx, JOB_DEADLINE, act->account_id, row->certificate_id, row->deadline_at + 1, act->now_sec);
}

static res store_record(struct reissuing *reissuing, struct store_tx *tx, const struct certificate_row *origin)
{
        struct act *act = reissuing->act;
        struct str id = reissuing->certificate.certificate_id, reason = reissuing->in->reason;

        TRY(act_log(act, tx, origin->certificate_id, "replace",
                    arena_printf(act->arena, "Reissue requested: %.*s%s%.*s", (int)id.n, id.p, reason.n ? "; " : "", (int)reason.n, reason.p)));
        return act_log(act, tx, id, "replace",
                       arena_printf(act->arena, "Reissue of %.*s", (int)origin->certificate_id.n, origin->certificate_id.p));
}

static res store_key(struct reissuing *reissuing, struct store_tx *tx)
{
        struct act *act = reissuing->act;

        if (reissuing->csr == REISSUE_CSR_ORIGINAL)
                return key_gate_again(act, store_tx_conn(tx), &reissuing->key);
        if (reissuing->csr == REISSUE_CSR_UPLOAD)
                TRY(reissue_check_pasted_key(act, store_tx_conn(tx), &reissuing->key));
        return store_key_insert(tx, &reissuing->key);
}

static res reissue_tx(struct store_tx *tx, void *arg)
{
        struct reissuing *reissuing = arg;
        struct act *act = reissuing->act;
        struct certificate_row origin = {0};
        enum reissue_way way = REISSUE_VALIDATE;

        TRY(certificate_own(act, store_tx_conn(tx), reissuing->in->certificate_id, &origin));
        TRY(reissue_judge(reissuing, store_tx_conn(tx), &origin, &way));
        ENSURE(way != REISSUE_REVIEW, ERR_UNSUPPORTED);
        reissuing->certificate.validated_at = way == REISSUE_ISSUE ? act->now_sec : 0;
        reissuing->certificate.status_msg = way == REISSUE_ISSUE ? STR("WAIT-ISSUE") : STR("PENDING-DCV");
        TRY(store_key(reissuing, tx));
        reissuing->certificate.seq = 0; /* it may run again */
        TRY(store_certificate_insert(tx, &reissuing->certificate));
        TRY(store_proofs(reissuing, tx, &origin, way));
        TRY(store_tags(reissuing, tx, &origin));
        TRY(store_links(reissuing, tx, &origin));
        TRY(store_jobs(reissuing, tx, way));
        return store_record(reissuing, tx, &origin);
}

/* ---- before it ---- */

static res reissue_find(struct reissuing *reissuing)
{
        struct act *act = reissuing->act;
        struct store_conn *conn = NULL;
        struct order_row order = {0};
        enum reissue_way way = REISSUE_VALIDATE;

        TRY(store_read(act->core->store, &conn));
        TRY(certificate_own(act, conn, reissuing->in->certificate_id, &reissuing->origin));
        if (reissuing->origin.order_id != 0) {
                TRY(store_order_get(conn, act->arena, act->account_id, reissuing->origin.order_id, &order));
                TRY(order_product(act, &order, &reissuing->product));
        }
        return reissue_judge(reissuing, conn, &reissuing->origin, &way); /* before a key is made for nothing */
}

static res reissue_method(struct reissuing *reissuing, enum msg_method *ret_method)
{
        struct act *act = reissuing->act;
        const struct certificate_row *origin = &reissuing->origin;
        struct str asked = reissuing->in->method;
        struct bind bind = {.names = certificate_names(act->arena, origin->names)};
        const struct bind_method method = {"ValidType", asked, 12};

        for (size_t i = 0; i < bind.names.n; i++)
                bind.has_wildcard |= str_starts_with(bind.names.v[i], STR("*."));
        if (!reissuing->product->is_free)
                return bind_method(act, reissuing->product, &bind, &method, ret_method);
        *ret_method = certificate_method(origin, reissuing->product);
        bool is_file = *ret_method == MSG_METHOD_FILE;

        if (str_equals(asked, is_file ? "FILE" : "DNS") || str_equal(asked, origin->verify_type) ||
            (!is_file && str_equals(asked, "DNS_AUTO"))) /* RIS-21, SIL-39 */
                return RES_OK;
        return act_fail(act, ERR_PARAM_VALUE, "A free certificate is reissued by the method of its application; send ValidType %s.",
                        is_file ? "FILE" : "DNS");
}

static res reissue_prepare(struct reissuing *reissuing)
{
        struct act *act = reissuing->act;
        enum msg_method method = MSG_METHOD_DNS_TXT;
        struct strs names = certificate_names(act->arena, reissuing->origin.names);

        if (!label_text_is_short(reissuing->in->reason, LIMIT_REASON_CHARS)) /* RIS-11, SIL-22 */
                return act_fail(act, ERR_PARAM_VALUE, "Reason may have at most %d printable characters.", LIMIT_REASON_CHARS);
        TRY(reissue_method(reissuing, &method));
        TRY(reissue_make_key(reissuing));
        reissue_fill(reissuing, method);
        return apply_validations(act, &names, method, reissuing->certificate.certificate_id.p, &reissuing->proofs, &reissuing->proof_count);
}

static res reissue_explain(const struct reissuing *reissuing, res r)
{
        struct act *act = reissuing->act;

        if (r.err == ERR_UNSUPPORTED) /* RIS-17 */
                return act_fail(act, r.err, "An OV or EV certificate of this brand is reissued after a review, which is not offered here yet.");
        if (!res_is_ok(r) && reissuing->why && reissuing->why[0])
                return act_fail(act, r.err, "%s", reissuing->why);
        return r;
}

res reissue_file(struct act *act, const struct reissue_new *in, const char **ret_id)
{
        struct reissuing reissuing = {.act = act, .in = in};

        TRY(reissue_explain(&reissuing, reissue_find(&reissuing)));
        TRY(reissue_prepare(&reissuing));
        TRY(reissue_explain(&reissuing, store_run(act->core->store, reissue_tx, &reissuing)));
        job_runner_wake(act->core->jobs);
        *ret_id = reissuing.certificate.certificate_id.p;
        return RES_OK;
}
