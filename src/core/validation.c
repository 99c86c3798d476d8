/*
 * Looking at what a certificate has to show, and what follows from it.
 *
 * A look has three steps: read what is still to be proved, ask the prober about all of it at once, and store what was
 * seen.  The last step is one transaction that reads the certificate again, because meanwhile it may have been
 * cancelled, have passed its deadline, or have been looked at by somebody else: whatever is no longer pending stays as it is.
 */
#include "core/validation.h"

#include "base/conf.h"
#include "base/log.h"
#include "core/core.h"
#include "core/failure.h"
#include "core/failure_cause.h"
#include "core/job.h"
#include "core/look.h"
#include "core/log.h"
#include "core/quota.h"
#include "core/revoke_request.h"
#include "store/certificate.h"
#include "store/evidence.h"

/* ---- what a look found, stored ------------------------------------------------------------------- */

struct look_store {
        struct act *act;
        struct look *look;
        bool all_passed;
};

static const enum msg_method look_methods[] = {
        [MSG_PROBE_TXT] = MSG_METHOD_DNS_TXT, [MSG_PROBE_CNAME] = MSG_METHOD_DNS_CNAME, [MSG_PROBE_FILE] = MSG_METHOD_FILE,
};

static res look_store_evidence(struct look_store *store, struct store_tx *tx, struct look_item *item)
{
        struct act *act = store->act;
        struct evidence_row row = {
                .account_id = act->account_id,
                .name = item->row.name,
                .method = look_methods[item->kind],
                .value = item->row.value,
                .detail = item->seen.detail,
                .proved_at = act->now_sec,
                .expires_at = act->now_sec + LIMIT_EVIDENCE_AGE_SEC,
        };

        TRY(store_evidence_insert(tx, &row));
        item->row.evidence_id = row.evidence_id;
        item->row.state = STR("passed");
        return RES_OK;
}

static res look_store_item(struct look_store *store, struct store_tx *tx, struct look_item *item)
{
        if (!item->asked && (item->row.evidence_id == 0 || str_equals(item->row.state, "passed")))
                return RES_OK;
        if (!item->asked) {
                item->row.state = STR("passed");
                item->row.checked_at = store->act->now_sec;
                item->row.verdict = MSG_VERDICT_PASS;
                return store_validation_update(tx, &item->row);
        }
        item->row.checked_at = store->act->now_sec;
        item->row.verdict = item->seen.verdict;
        item->row.detail = item->seen.detail;
        item->row.found = item->seen.found;
        if (item->seen.verdict == MSG_VERDICT_PASS)
                TRY(look_store_evidence(store, tx, item));
        return store_validation_update(tx, &item->row);
}

/* The state of each row as it is now: another look may have passed it since ours began. */
static res look_refresh(struct look_store *store, struct store_tx *tx)
{
        struct look *look = store->look;
        const struct validation_row *now = NULL;
        size_t count = 0;

        TRY(store_validation_list_of(store_tx_conn(tx), store->act->arena, store->act->account_id,
                                     look->certificate.certificate_id, look_purpose(&look->certificate), &now, &count));
        for (size_t i = 0; i < look->count; i++)
                for (size_t k = 0; k < count; k++)
                        if (now[k].validation_id == look->items[i].row.validation_id && str_equals(now[k].state, "passed")) {
                                look->items[i].row = now[k];
                                look->items[i].asked = false;
                        }
        return RES_OK;
}

/* Is there something to be shown: for the certificate, or for its revocation (RVK-16)? */
static bool look_waits(const struct certificate_row *row)
{
        return (row->status == CERT_PENDING && row->validated_at == 0) ||
               (row->status == CERT_REVOKING && str_equals(row->status_msg, "PENDING-DCV"));
}

static res look_store_tx(struct store_tx *tx, void *arg)
{
        struct look_store *store = arg;
        struct act *act = store->act;
        struct look *look = store->look;
        struct certificate_row row = {0};

        TRY(store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, look->certificate.certificate_id, &row));
        store->all_passed = false;
        if (!look_waits(&row) || row.status != look->certificate.status || look->count == 0)
                return RES_OK;
        TRY(look_refresh(store, tx));
        store->all_passed = true;
        for (size_t i = 0; i < look->count; i++) {
                TRY(look_store_item(store, tx, &look->items[i]));
                store->all_passed &= str_equals(look->items[i].row.state, "passed");
        }
        if (!store->all_passed)
                return RES_OK;
        if (row.status == CERT_REVOKING)
                return revocation_proved(act, tx, &row);
        TRY(store_certificate_set_validated(tx, act->account_id, row.certificate_id, act->now_sec));
        TRY(store_certificate_set_status(tx, act->account_id, row.certificate_id, CERT_PENDING, CERT_PENDING, STR("WAIT-ISSUE")));
        TRY(job_put(tx, JOB_ISSUE, act->account_id, row.certificate_id, act->now_sec, act->now_sec));
        TRY(job_end(tx, JOB_VALIDATE, row.certificate_id));
        return act_log(act, tx, row.certificate_id, "domainValidationPassed", "Domain validation passed");
}

/* What an operator vouched for needs no look: the names of closed networks cannot be looked at. */
static res look_approved(struct act *act, struct look *look)
{
        struct store_conn *reader = NULL;

        TRY(store_read(act->core->store, &reader));
        for (size_t i = 0; look->certificate.status == CERT_PENDING && i < look->count; i++) {
                struct validation_row *row = &look->items[i].row;
                const struct evidence_row *rows = NULL;
                size_t n = 0;

                if (str_equals(row->state, "passed"))
                        continue;
                TRY(store_evidence_list(reader, act->arena, act->account_id, row->name, act->now_sec, &rows, &n));
                for (size_t k = 0; k < n; k++)
                        if (rows[k].method == MSG_METHOD_APPROVED)
                                row->evidence_id = rows[k].evidence_id;
        }
        return RES_OK;
}

/* Look and store; *ret_passed: everything is proved now. */
static res validation_look(struct act *act, struct look *look, bool *ret_passed)
{
        struct look_store store = {.act = act, .look = look};

        TRY(look_approved(act, look));
        look_ask(act, look);
        TRY(store_run(act->core->store, look_store_tx, &store));
        if (store.all_passed)
                job_runner_wake(act->core->jobs);
        *ret_passed = store.all_passed;
        return RES_OK;
}

/* ---- the periodic look (DCV-09, SIL-10) ------------------------------------------------------------ */

static bool validation_was_away(const struct look *look)
{
        for (size_t i = 0; i < look->count; i++)
                if (look->items[i].asked && look->items[i].seen.away)
                        return true;
        return false;
}

static int64_t validation_next_due(const struct act *act, const struct job_row *job, const struct look *look)
{
        const struct certificate_row *row = &look->certificate;
        int64_t since = row->status == CERT_REVOKING ? job->created_at : row->submitted_at; /* a request makes its own job */
        bool fast = act->now_sec - since < LIMIT_POLL_FAST_FOR_SEC;

        if (validation_was_away(look))
                return act->now_sec + LOOK_AWAY_SEC;
        return act->now_sec + (fast ? LIMIT_POLL_FAST_SEC : LIMIT_POLL_SLOW_SEC);
}

static res validation_end_tx(struct store_tx *tx, void *arg)
{
        const struct job_row *job = arg;

        return job_end(tx, JOB_VALIDATE, job->subject);
}

void validation_job(struct act *act, const struct job_row *job, void *context)
{
        struct look look = {0};
        bool passed = false;
        (void)context;
        res r = look_load(act, job->subject, &look);
        bool waits = res_is_ok(r) && look_waits(&look.certificate);

        if (waits)
                r = validation_look(act, &look, &passed);
        if (passed)
                return; /* the look ended the job */
        if (!waits && (res_is_ok(r) || r.err == ERR_CERT_NOT_FOUND))
                r = store_run(act->core->store, validation_end_tx, &(struct job_row){.subject = job->subject});
        else
                job_postpone(act, job, res_is_ok(r) ? validation_next_due(act, job, &look) : act->now_sec + LOOK_AWAY_SEC);
        if (!res_is_ok(r))
                log_line(LOG_WARNING, "validation", "certificate=%s err=%s", log_quote(job->subject), err_name(r.err));
}

/* ---- on demand -------------------------------------------------------------------------------------- */

static res validation_report(struct act *act, const struct look *look, bool too_often, struct validation_results *ret_results)
{
        struct validation_result *v = arena_array_of(act->arena, look->count + 1, struct validation_result);

        for (size_t i = 0; i < look->count; i++) {
                look_describe(act, &look->items[i], too_often, &v[i]);
                v[i].issued = look->certificate.status == CERT_ISSUED;
        }
        *ret_results = (struct validation_results){v, look->count};
        return RES_OK;
}

struct validation_ask {
        struct act *act;
        struct str certificate_id;
};

static res validation_mark_tx(struct store_tx *tx, void *arg)
{
        struct validation_ask *ask = arg;

        return store_certificate_set_asked(tx, ask->act->account_id, ask->certificate_id, ask->act->now_sec);
}

res validation_check(struct act *act, struct str certificate_id, struct validation_results *ret_results)
{
        struct look look = {0};
        bool passed = false;

        TRY(look_load(act, certificate_id, &look));
        bool waits = look_waits(&look.certificate);

        if (look.certificate.status == CERT_ISSUED || (look.certificate.validated_at > 0 && !waits))
                return validation_report(act, &look, false, ret_results);
        if (!waits && look.certificate.status != CERT_PENDING)
                return act_fail(act, ERR_CERT_VERIFY_STATE, "The certificate is not waiting for validation; its status is %s.",
                                certificate_status_name(look.certificate.status));
        if (act->now_sec - look.certificate.verified_ask_at < LIMIT_VERIFY_BUTTON_SEC || !outside_enter(&act->core->outside, act->account_id))
                return validation_report(act, &look, true, ret_results);
        struct validation_ask ask = {act, certificate_id};
        res r = store_run(act->core->store, validation_mark_tx, &ask);

        if (res_is_ok(r))
                r = validation_look(act, &look, &passed);
        outside_leave(&act->core->outside, act->account_id);
        TRY(r);
        return validation_report(act, &look, false, ret_results);
}

static res validation_complete_tx(struct store_tx *tx, void *arg)
{
        struct validation_ask *ask = arg;
        struct act *act = ask->act;
        struct certificate_row row = {0};
        res found = store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, ask->certificate_id, &row);

        if (found.err == ERR_NOT_FOUND || (res_is_ok(found) && row.status != CERT_PENDING && !look_waits(&row)))
                return FAIL(ERR_CERT_COMPLETE_STATE);
        TRY(found);
        if (!look_waits(&row))
                return RES_OK; /* proved already: issuing is under way */
        int64_t earliest = row.verified_ask_at + LIMIT_VERIFY_BUTTON_SEC;

        TRY(store_certificate_set_asked(tx, act->account_id, row.certificate_id, act->now_sec));
        return job_put(tx, JOB_VALIDATE, act->account_id, row.certificate_id, earliest > act->now_sec ? earliest : act->now_sec, act->now_sec);
}

res validation_complete(struct act *act, struct str certificate_id)
{
        struct validation_ask ask = {act, certificate_id};

        TRY(store_run(act->core->store, validation_complete_tx, &ask));
        job_runner_wake(act->core->jobs);
        return RES_OK;
}

/* ---- the deadline (LIFE-14, RVW-17) ------------------------------------------------------------------- */

void validation_deadline_job(struct act *act, const struct job_row *job, void *context)
{
        (void)context;
        res r = certificate_fail(act, job->subject, &(struct failure){
                                                            .deadline_job = job,
                                                            .cause = failure_timeout(act, job->subject),
                                                    });

        if (!res_is_ok(r))
                log_line(LOG_WARNING, "deadline", "certificate=%s err=%s", log_quote(job->subject), err_name(r.err));
}
