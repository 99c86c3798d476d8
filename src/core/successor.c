/*
 * A successor is the running certificate over again: names, key, request, method, alias, project, tags (PUR-17; CON-16
 * allows the key, because it is the same order).  What was proved and is still fresh counts; the rest is to be proved
 * anew: a kept CNAME stands already and passes at the first look, other records are shown and waited for until the
 * term ends.  The job comes back after the successor was made, to tell the owner if it waits for somebody.
 */
#include "core/successor.h"

#include "base/log.h"
#include "base/random.h"
#include "core/apply.h"
#include "core/core.h"
#include "core/issuers.h"
#include "core/job.h"
#include "core/log.h"
#include "core/order.h"
#include "core/quota.h"
#include "core/term.h"
#include "pki/profile.h"
#include "store/account.h"
#include "store/evidence.h"
#include "store/notice.h"
#include "store/tag.h"
#include "store/validation.h"

#define SUCCESSOR_TELL_SEC 900           /* records that stand are seen by then */
#define SUCCESSOR_AGAIN_SEC 86400LL      /* a balance that did not cover the renewal may do tomorrow */
#define SUCCESSOR_MARGIN_SEC 86400LL     /* a proof that grows too old while the CA is asked is not taken */

struct successor {
        struct act *act;
        const struct job_row *job;
        struct certificate_row old, row;
        struct order_row order;
        struct validation_row *validations;
        size_t validation_count;
        bool all_proved;
        bool is_bought;     /* `row` is there already, paid and waiting for its information */
        bool wants_renewal; /* the term is over and another is to be bought */
};

/* ---- what has to be shown --------------------------------------------------------------------------- */

static bool proof_is_of(int64_t method, struct str row_method)
{
        if (str_equals(row_method, "FILE"))
                return method == MSG_METHOD_FILE || method == MSG_METHOD_APPROVED;
        return method == MSG_METHOD_APPROVED || method == MSG_METHOD_DNS_TXT || method == MSG_METHOD_DNS_CNAME;
}

/* The freshest proof of the row's name that the profile takes on this day; 0 = none. */
static res successor_proof(struct successor *successor, struct store_conn *conn, const struct validation_row *row, int64_t *ret_evidence_id)
{
        struct act *act = successor->act;
        const struct pki_profile *profile = issuers_profile(act->core->issuers, successor->old.profile);
        const struct evidence_row *rows = NULL;
        size_t n = 0;
        int64_t newest = 0;

        if (profile == NULL)
                return act_fail(act, ERR_PARAM_VALUE, "Certificates of its kind (profile %.*s) are issued here no more.",
                                (int)successor->old.profile.n, successor->old.profile.p);
        int64_t since = act->now_sec - pki_profile_evidence_days(profile, act->now_sec) * 86400 + SUCCESSOR_MARGIN_SEC;

        *ret_evidence_id = 0;
        TRY(store_evidence_list(conn, act->arena, act->account_id, row->name, act->now_sec, &rows, &n));
        for (size_t i = 0; i < n; i++)
                if (rows[i].proved_at >= since && rows[i].proved_at > newest && proof_is_of(rows[i].method, row->method)) {
                        newest = rows[i].proved_at;
                        *ret_evidence_id = rows[i].evidence_id;
                }
        return RES_OK;
}

/* The old rows with fresh values where they must be shown again. */
static res successor_validations(struct successor *successor, struct store_conn *conn)
{
        struct act *act = successor->act;
        const struct validation_row *old = NULL;
        size_t n = 0;

        TRY(store_validation_list(conn, act->arena, act->account_id, successor->old.certificate_id, &old, &n));
        ENSURE(n > 0, ERR_NOT_FOUND);
        successor->validations = arena_array_of(act->arena, n, struct validation_row);
        successor->validation_count = n;
        successor->all_proved = true;
        const char *file_value = apply_token_value(act);

        for (size_t i = 0; i < n; i++) {
                struct validation_row *row = &successor->validations[i];

                *row = (struct validation_row){
                        .account_id = act->account_id,
                        .certificate_id = successor->row.certificate_id,
                        .position = old[i].position,
                        .name = old[i].name,
                        .zone = old[i].zone,
                        .method = old[i].method,
                        .state = STR("pending"),
                        .detail = STR(""),
                        .found = STR(""),
                };
                apply_token_fill(act, file_value, row);
                TRY(successor_proof(successor, conn, row, &row->evidence_id));
                if (row->evidence_id != 0)
                        row->state = STR("passed");
                successor->all_proved &= row->evidence_id != 0;
        }
        return RES_OK;
}

/* ---- made ---------------------------------------------------------------------------------------------- */

static void successor_fill_new(struct successor *successor)
{
        struct act *act = successor->act;
        struct certificate_row *row = &successor->row;
        char id[9];

        random_text(id, 8, RANDOM_ALNUM);
        *row = successor->old;
        row->seq = 0;
        row->certificate_id = str_of(arena_strdup(act->arena, id));
        row->created_at = act->now_sec;
        row->deadline_at = successor->order.term_end_at;
        row->validated_at = row->issued_id = row->begin_at = row->end_at = row->revoked_at = row->verified_ask_at = 0;
        row->origin_certificate_id = successor->old.certificate_id;
        row->renew_certificate_id = row->replaced_by = row->replaced_for = STR("");
}

/* One that was bought brings its product, term and order; the rest is taken over (PUR-17, PUR-18). */
static void successor_fill_bought(struct successor *successor)
{
        struct certificate_row *row = &successor->row;
        const struct certificate_row *old = &successor->old;

        row->domain = old->domain;
        row->names = old->names;
        row->primary_domain = old->primary_domain;
        row->domain_type = old->domain_type;
        row->verify_type = old->verify_type;
        row->email = old->email;
        row->phone = old->phone;
        row->key_type = old->key_type;
        row->key_id = old->key_id;
        row->key_password_set = old->key_password_set;
        row->issuer = old->issuer;
        row->profile = old->profile;
        row->alias = row->alias.n ? row->alias : old->alias;
        row->deadline_at = old->end_at + order_term_sec(&successor->order); /* as long as what was paid for would run */
}

static void successor_fill(struct successor *successor)
{
        if (successor->is_bought)
                successor_fill_bought(successor);
        else
                successor_fill_new(successor);
        successor->row.status = CERT_PENDING;
        successor->row.submitted_at = successor->act->now_sec;
}

static res successor_store_tags(struct successor *successor, struct store_tx *tx)
{
        const struct tag_row *tags = NULL;
        size_t n = 0;

        TRY(store_tag_list(store_tx_conn(tx), successor->act->arena, successor->act->account_id, successor->old.certificate_id, &tags, &n));
        for (size_t i = 0; i < n; i++) {
                struct tag_row tag = tags[i];

                tag.certificate_id = successor->row.certificate_id;
                TRY(store_tag_put(tx, &tag));
        }
        return RES_OK;
}

static res successor_store_jobs(struct successor *successor, struct store_tx *tx)
{
        struct act *act = successor->act;
        const struct certificate_row *row = &successor->row;

        TRY(job_put(tx, JOB_DEADLINE, act->account_id, row->certificate_id, row->deadline_at + 1, act->now_sec));
        if (successor->all_proved)
                return job_put(tx, JOB_ISSUE, act->account_id, row->certificate_id, act->now_sec, act->now_sec);
        return job_put(tx, JOB_VALIDATE, act->account_id, row->certificate_id, act->now_sec, act->now_sec);
}

static res successor_store_row(struct successor *successor, struct store_tx *tx)
{
        if (successor->is_bought)
                return store_certificate_update(tx, &successor->row);
        TRY(store_certificate_insert(tx, &successor->row));
        TRY(successor_store_tags(successor, tx));
        successor->old.renew_certificate_id = successor->row.certificate_id;
        return store_certificate_update(tx, &successor->old);
}

static res successor_store_all(struct successor *successor, struct store_tx *tx)
{
        struct act *act = successor->act;
        struct certificate_row *row = &successor->row;

        TRY(successor_validations(successor, store_tx_conn(tx)));
        row->validated_at = successor->all_proved ? act->now_sec : 0;
        row->status_msg = successor->all_proved ? STR("WAIT-ISSUE") : STR("PENDING-DCV");
        TRY(successor_store_row(successor, tx));
        for (size_t i = 0; i < successor->validation_count; i++)
                TRY(store_validation_insert(tx, &successor->validations[i]));
        TRY(successor_store_jobs(successor, tx));
        return act_log(act, tx, row->certificate_id, "apply", "Applied for the order's next certificate by itself");
}

static res successor_store(struct successor *successor, struct store_tx *tx)
{
        struct act *act = successor->act;

        successor_fill(successor);
        TRY(successor_store_all(successor, tx));
        return job_again(tx, act->core, successor->job->job_id, act->now_sec + SUCCESSOR_TELL_SEC, "");
}

/* ---- at an operator's word ---- */

/* A free one gets no longer life by it (FREE-20); what was bought has the order's term (core/term.h). */
static void successor_fill_replacement(struct successor *successor)
{
        struct certificate_row *row = &successor->row;
        const int64_t end_at = successor->old.end_at, days = (end_at + 1 - successor->act->now_sec) / DAY_SEC;

        successor_fill(successor);
        row->deadline_at = end_at;
        if (successor->order.term_end_at <= end_at + 1 && days < row->life_days)
                row->life_days = days > 0 ? days : 1;
}

res successor_replace(struct act *act, struct store_tx *tx, const struct certificate_row *old, struct str *ret_id)
{
        struct successor successor = {.act = act, .old = *old};
        struct certificate_row next = {0};
        res found = old->renew_certificate_id.n == 0 ? FAIL(ERR_NOT_FOUND)
                                                     : store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, old->renew_certificate_id, &next);

        if (res_is_ok(found) && (next.status == CERT_PENDING || next.status == CERT_ISSUED || next.status == CERT_PAID)) {
                *ret_id = next.certificate_id;
                return RES_OK;
        }
        if (!res_is_ok(found) && found.err != ERR_NOT_FOUND)
                return found;
        TRY(store_order_get(store_tx_conn(tx), act->arena, act->account_id, old->order_id, &successor.order));
        successor_fill_replacement(&successor);
        TRY(successor_store_all(&successor, tx));
        TRY(quota_move(act, tx, old->certificate_id, successor.row.certificate_id));
        *ret_id = successor.row.certificate_id;
        return RES_OK;
}

/* ---- told ------------------------------------------------------------------------------------------------ */

static res successor_tell(struct successor *successor, struct store_tx *tx)
{
        struct act *act = successor->act;
        const struct certificate_row *next = &successor->row;

        TRY(job_end(tx, JOB_SUCCESSOR, successor->old.certificate_id));
        if (next->status != CERT_PENDING || next->validated_at > 0)
                return RES_OK;
        const char *text = arena_printf(act->arena,
                                        "The next certificate for %.*s, %.*s, waits until you show that the name is yours; the running one ends "
                                        "on its day.",
                                        (int)next->domain.n, next->domain.p, (int)next->certificate_id.n, next->certificate_id.p);

        return store_notice_insert(tx, &(struct notice_row){.account_id = act->account_id,
                                                            .certificate_id = next->certificate_id,
                                                            .kind = STR("successor"),
                                                            .text = str_of(text),
                                                            .created_at = act->now_sec});
}

/* There is a next one: made by this job before, or bought. */
static res successor_next(struct successor *successor, struct store_tx *tx)
{
        struct act *act = successor->act;
        res found = store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, successor->old.renew_certificate_id, &successor->row);

        if (found.err == ERR_NOT_FOUND)
                return job_end(tx, JOB_SUCCESSOR, successor->old.certificate_id);
        TRY(found);
        if (successor->row.status != CERT_PAID || !successor->order.auto_renew)
                return successor_tell(successor, tx);
        successor->is_bought = true;
        return successor_store(successor, tx);
}

/* ---- the job ----------------------------------------------------------------------------------------------- */

static res successor_of_order(struct successor *successor, struct store_tx *tx)
{
        struct act *act = successor->act;
        const struct order_row *order = &successor->order;

        if (successor->old.renew_certificate_id.n > 0)
                return successor_next(successor, tx);
        if (str_equals(order->state, "paid") && order->term_end_at > successor->old.end_at + 1 && order->term_end_at > act->now_sec)
                return successor_store(successor, tx);
        successor->wants_renewal = order->auto_renew && successor->old.status == CERT_ISSUED;
        return successor->wants_renewal ? RES_OK : job_end(tx, JOB_SUCCESSOR, successor->old.certificate_id);
}

static res successor_tx(struct store_tx *tx, void *arg)
{
        struct successor *successor = arg;
        struct act *act = successor->act;
        struct str id = successor->job->subject;
        res found = store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, id, &successor->old);

        successor->wants_renewal = successor->is_bought = false; /* it may run again */
        if (found.err == ERR_NOT_FOUND)
                return job_end(tx, JOB_SUCCESSOR, id);
        TRY(found);
        if (successor->old.status != CERT_ISSUED && successor->old.status != CERT_EXPIRED) /* revoked, reissued */
                return job_end(tx, JOB_SUCCESSOR, id);
        TRY(store_order_get(store_tx_conn(tx), act->arena, act->account_id, successor->old.order_id, &successor->order));
        return successor_of_order(successor, tx);
}

/* Another term (PUR-10); false: the balance does not cover it, and the owner has been told (SIL-33). */
static res successor_renew(struct successor *successor, bool *ret_paid)
{
        struct act *act = successor->act;
        struct store_conn *conn = NULL;
        struct account_row account = {0};
        struct order_made made = {0};

        TRY(store_read(act->core->store, &conn));
        TRY(store_account_get(conn, act->arena, act->account_id, &account));
        act->verified = account.verified != 0;
        TRY(order_renew(act, &(struct order_renew){.certificate_id = successor->job->subject, .may_stay_unpaid = true}, &made));
        *ret_paid = str_equals(made.order.state, order_state_name(ORDER_PAID));
        return RES_OK;
}

static res successor_run(struct successor *successor)
{
        struct store *store = successor->act->core->store;
        bool paid = false;

        TRY(store_run(store, successor_tx, successor));
        if (!successor->wants_renewal)
                return RES_OK;
        res renewed = successor_renew(successor, &paid);

        TRY(renewed);
        if (paid)
                return store_run(store, successor_tx, successor);
        job_postpone(successor->act, successor->job, successor->act->now_sec + SUCCESSOR_AGAIN_SEC);
        return RES_OK;
}

/* ---- refused ---- */

struct refusal {
        struct successor *successor;
        const char *why; /* the sentence, or the kind of mistake */
};

/* Product gone, identity withdrawn, …: nobody but people can mend it, so its owner hears of it, once a cause (SIL-33). */
static res refusal_tx(struct store_tx *tx, void *arg)
{
        const struct refusal *refusal = arg;
        const struct successor *successor = refusal->successor;
        const struct certificate_row *old = &successor->old;
        struct act *act = successor->act;
        const char *text = arena_printf(act->arena,
                                        "%s of certificate %.*s for %.*s was refused: %s It is tried again every day until the certificate "
                                        "ends; mend this, or buy another certificate.",
                                        successor->wants_renewal ? "The automatic renewal" : "The successor", (int)old->certificate_id.n,
                                        old->certificate_id.p, (int)old->domain.n, old->domain.p, refusal->why);

        if (!str_equals(successor->job->last_error, refusal->why))
                TRY(store_notice_insert(tx, &(struct notice_row){.account_id = act->account_id,
                                                                 .certificate_id = old->certificate_id,
                                                                 .kind = STR("renewal-refused"),
                                                                 .text = str_of(text),
                                                                 .created_at = act->now_sec}));
        return job_again(tx, act->core, successor->job->job_id, act->now_sec + SUCCESSOR_AGAIN_SEC, refusal->why);
}

/* What is ours to mend (a full disk, a program that starts again) is only logged: the job's lease ends, and it comes back. */
static res successor_refused(struct successor *successor, enum err err)
{
        struct act *act = successor->act;
        struct refusal refusal = {successor, arena_strdup(act->arena, act->detail[0] ? act->detail : err_sentence(err))};

        if (err_http_status(err) >= 500 || successor->old.certificate_id.n == 0)
                return RES_OK;
        return store_run(act->core->store, refusal_tx, &refusal);
}

void successor_job(struct act *act, const struct job_row *job, void *context)
{
        struct successor successor = {.act = act, .job = job};
        (void)context;
        res r = successor_run(&successor);

        if (res_is_ok(r)) {
                job_runner_wake(act->core->jobs);
                return;
        }
        log_line(LOG_WARNING, "successor", "certificate=%s err=%s why=%s", log_quote(job->subject), err_name(r.err),
                 log_quote(str_of(act->detail)));
        r = successor_refused(&successor, r.err);
        if (!res_is_ok(r))
                log_line(LOG_WARNING, "successor", "certificate=%s err=%s", log_quote(job->subject), err_name(r.err));
}
