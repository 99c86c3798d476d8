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
#include "core/term.h"
#include "pki/profile.h"
#include "store/evidence.h"
#include "store/notice.h"
#include "store/tag.h"
#include "store/validation.h"

#define SUCCESSOR_TELL_SEC 900           /* records that stand are seen by then */
#define SUCCESSOR_MARGIN_SEC 86400LL     /* a proof that grows too old while the CA is asked is not taken */

struct successor {
        struct act *act;
        const struct job_row *job;
        struct certificate_row old, row;
        struct order_row order;
        struct validation_row *validations;
        size_t validation_count;
        bool all_proved;
};

/* ---- what has to be shown --------------------------------------------------------------------------- */

static bool proof_is_of(int64_t method, struct str row_method)
{
        if (str_equals(row_method, "FILE"))
                return method == MSG_METHOD_FILE;
        return method == MSG_METHOD_DNS_TXT || method == MSG_METHOD_DNS_CNAME;
}

/* The freshest proof of the row's name that the profile takes on this day; 0 = none. */
static res successor_proof(struct successor *successor, struct store_conn *conn, const struct validation_row *row, int64_t *ret_evidence_id)
{
        struct act *act = successor->act;
        const struct pki_profile *profile = issuers_profile(act->core->issuers, successor->old.profile);
        const struct evidence_row *rows = NULL;
        size_t n = 0;
        int64_t newest = 0;

        ENSURE(profile != NULL, ERR_CONFIG);
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

static void successor_fill(struct successor *successor)
{
        struct act *act = successor->act;
        struct certificate_row *row = &successor->row;
        char id[9];

        random_text(id, 8, RANDOM_ALNUM);
        *row = successor->old;
        row->seq = 0;
        row->certificate_id = str_of(arena_strdup(act->arena, id));
        row->order_id = successor->order.order_id;
        row->status = CERT_PENDING;
        row->created_at = row->submitted_at = act->now_sec;
        row->deadline_at = successor->order.term_end_at;
        row->validated_at = row->issued_id = row->begin_at = row->end_at = row->revoked_at = row->verified_ask_at = 0;
        row->origin_certificate_id = successor->old.certificate_id;
        row->renew_certificate_id = row->replaced_by = row->replaced_for = STR("");
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

static res successor_store(struct successor *successor, struct store_tx *tx)
{
        struct act *act = successor->act;
        struct certificate_row *row = &successor->row;

        successor_fill(successor);
        TRY(successor_validations(successor, store_tx_conn(tx)));
        row->validated_at = successor->all_proved ? act->now_sec : 0;
        row->status_msg = successor->all_proved ? STR("WAIT-ISSUE") : STR("PENDING-DCV");
        TRY(store_certificate_insert(tx, row));
        for (size_t i = 0; i < successor->validation_count; i++)
                TRY(store_validation_insert(tx, &successor->validations[i]));
        TRY(successor_store_tags(successor, tx));
        successor->old.renew_certificate_id = row->certificate_id;
        TRY(store_certificate_update(tx, &successor->old));
        TRY(successor_store_jobs(successor, tx));
        TRY(act_log(act, tx, row->certificate_id, "apply", "Applied for the order's next certificate by itself"));
        return job_again(tx, act->core, successor->job->job_id, act->now_sec + SUCCESSOR_TELL_SEC, "");
}

/* ---- told ------------------------------------------------------------------------------------------------ */

static res successor_tell(struct successor *successor, struct store_tx *tx)
{
        struct act *act = successor->act;
        struct certificate_row next = {0};
        res found = store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, successor->old.renew_certificate_id, &next);

        TRY(job_end(tx, JOB_SUCCESSOR, successor->old.certificate_id));
        if (found.err == ERR_NOT_FOUND || (res_is_ok(found) && (next.status != CERT_PENDING || next.validated_at > 0)))
                return RES_OK;
        TRY(found);
        const char *text = arena_printf(act->arena,
                                        "The next certificate for %.*s waits for you to show that the name is yours: see what %.*s asks for. "
                                        "The running one ends by itself.",
                                        (int)next.domain.n, next.domain.p, (int)next.certificate_id.n, next.certificate_id.p);

        return store_notice_insert(tx, &(struct notice_row){.account_id = act->account_id,
                                                            .certificate_id = next.certificate_id,
                                                            .kind = STR("successor"),
                                                            .text = str_of(text),
                                                            .created_at = act->now_sec});
}

/* ---- the job ----------------------------------------------------------------------------------------------- */

static res successor_tx(struct store_tx *tx, void *arg)
{
        struct successor *successor = arg;
        struct act *act = successor->act;
        struct str id = successor->job->subject;
        res found = store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, id, &successor->old);

        if (found.err == ERR_NOT_FOUND)
                return job_end(tx, JOB_SUCCESSOR, id);
        TRY(found);
        if (successor->old.renew_certificate_id.n > 0)
                return successor_tell(successor, tx);
        if (successor->old.status != CERT_ISSUED && successor->old.status != CERT_EXPIRED) /* revoked, replaced, cancelled */
                return job_end(tx, JOB_SUCCESSOR, id);
        TRY(store_order_get(store_tx_conn(tx), act->arena, act->account_id, successor->old.order_id, &successor->order));
        if (!str_equals(successor->order.state, "paid") || successor->order.term_end_at <= successor->old.end_at + 1 ||
            successor->order.term_end_at <= act->now_sec)
                return job_end(tx, JOB_SUCCESSOR, id);
        return successor_store(successor, tx);
}

void successor_job(struct act *act, const struct job_row *job, void *context)
{
        struct successor successor = {.act = act, .job = job};
        (void)context;
        res r = store_run(act->core->store, successor_tx, &successor);

        if (!res_is_ok(r)) {
                log_line(LOG_WARNING, "successor", "certificate=%s err=%s", log_quote(job->subject), err_name(r.err));
                return;
        }
        job_runner_wake(act->core->jobs);
}
