/*
 * How certificates end: cancelled before issue (LIFE-07, LIFE-13, SIL-11), deleted by state (DEL), expired (LIFE-09).
 * Which state allows what is the table below; the test walks every cell.
 */
#include "core/certificate_end.h"

#include "base/log.h"
#include "core/core.h"
#include "core/issue.h"
#include "core/job.h"
#include "core/log.h"
#include "core/quota.h"
#include "core/reissue.h"
#include "store/certificate.h"
#include "store/notice.h"

#define EXPIRE_BATCH 200
#define EXPIRE_EVERY_SEC 60

static const struct end_rule {
        bool may_cancel, may_cancel_order;
        bool may_delete;
        enum err delete_refused;
} end_rules[CERT_STATUS_COUNT] = {
        [CERT_PENDING] = {.may_cancel = true, .may_cancel_order = true, .delete_refused = ERR_CERT_DELETE_REVIEW},        /* DEL-07 */
        [CERT_ISSUED] = {.delete_refused = ERR_CERT_DELETE_ISSUED},                             /* DEL-06 */
        [CERT_REVIEW_FAILED] = {.may_delete = true, .may_cancel_order = true},                                            /* CON-18 */
        [CERT_EXPIRED] = {.may_delete = true},                                                  /* DEL-02 */
        [CERT_DNS_AUTO] = {.may_cancel = true, .may_cancel_order = true, .delete_refused = ERR_CERT_DELETE_REVIEW},
        [CERT_PAID] = {.may_cancel_order = true, .delete_refused = ERR_CERT_DELETE_REVIEW},
        [CERT_CANCELLING] = {.delete_refused = ERR_CERT_DELETE_REVIEW},
        [CERT_CANCELLED] = {.may_delete = true, .may_cancel_order = true},                                                /* DEL-04 */
        [CERT_LETTER] = {.may_cancel = true, .may_cancel_order = true, .delete_refused = ERR_CERT_DELETE_REVIEW},
        [CERT_REVOKING] = {.delete_refused = ERR_CERT_DELETE_ISSUED},
        [CERT_REVOKED] = {.may_delete = true},                                                  /* DEL-03 */
        [CERT_REISSUING] = {.delete_refused = ERR_CERT_DELETE_ISSUED},
        [CERT_REVOKE_LETTER] = {.delete_refused = ERR_CERT_DELETE_ISSUED},
        [CERT_FREE_UNSUBMITTED] = {.delete_refused = ERR_CERT_DELETE_REVIEW},
        [CERT_REFUNDED] = {.may_delete = true},
        [CERT_MOVING] = {.delete_refused = ERR_CERT_STATE},
};

bool certificate_may_cancel(int64_t status)
{
        return status >= 0 && status < CERT_STATUS_COUNT && end_rules[status].may_cancel;
}

bool certificate_may_cancel_order(int64_t status)
{
        return status >= 0 && status < CERT_STATUS_COUNT && end_rules[status].may_cancel_order;
}

enum err certificate_may_delete(int64_t status)
{
        if (status < 0 || status >= CERT_STATUS_COUNT)
                return ERR_CERT_STATE;
        return end_rules[status].may_delete ? ERR_NONE : end_rules[status].delete_refused;
}

struct ending {
        struct act *act;
        struct str id;
};

res certificate_end_jobs(struct act *act, struct store_tx *tx, struct str id)
{
        TRY(issue_drop_signing(act, tx, id)); /* nobody asks the signer again: what it may have made is nobody's */
        TRY(job_end(tx, JOB_VALIDATE, id));
        TRY(job_end(tx, JOB_ISSUE, id));
        return job_end(tx, JOB_DEADLINE, id);
}

res certificate_cancel_in(struct act *act, struct store_tx *tx, const struct certificate_row *row, const char *why)
{
        TRY(store_certificate_set_status(tx, act->account_id, row->certificate_id, row->status, CERT_CANCELLED, STR("")));
        TRY(quota_release(act, tx, row->certificate_id));
        TRY(certificate_end_jobs(act, tx, row->certificate_id));
        TRY(reissue_forget(act, tx, row));
        return act_log(act, tx, row->certificate_id, "cancel", why);
}

static res cancel_tx(struct store_tx *tx, void *arg)
{
        struct ending *ending = arg;
        struct act *act = ending->act;
        struct certificate_row row = {0};
        res found = certificate_own(act, store_tx_conn(tx), ending->id, &row);

        if (found.err == ERR_CERT_NOT_FOUND || (res_is_ok(found) && !certificate_may_cancel(row.status)))
                return FAIL(ERR_CERT_CANCEL_STATE);
        TRY(found);
        return certificate_cancel_in(act, tx, &row, row.replaced_by.n ? "Reissue cancelled" : "Application cancelled");
}

res certificate_cancel(struct act *act, struct str id)
{
        struct ending ending = {act, id};

        return store_run(act->core->store, cancel_tx, &ending);
}

/* Also before anything was submitted; one that is cancelled already stays so. */
static res cancel_order_tx(struct store_tx *tx, void *arg)
{
        struct ending *ending = arg;
        struct act *act = ending->act;
        struct certificate_row row = {0};

        TRY(certificate_own(act, store_tx_conn(tx), ending->id, &row));
        if (!certificate_may_cancel_order(row.status))
                return act_fail(act, ERR_CANCEL_ORDER, "The certificate's status is %s; an order is cancelled before its certificate is issued.",
                                certificate_status_name(row.status));
        if (row.status == CERT_CANCELLED)
                return RES_OK;
        return certificate_cancel_in(act, tx, &row, "Order cancelled");
}

res certificate_cancel_order(struct act *act, struct str id)
{
        struct ending ending = {act, id};

        return store_run(act->core->store, cancel_order_tx, &ending);
}

/* ---- expiry ----------------------------------------------------------------------------------------- */

struct expiring {
        struct act *act;
        const struct certificate_row *row;
};

static res expire_tx(struct store_tx *tx, void *arg)
{
        struct expiring *expiring = arg;
        struct act *act = expiring->act;
        const struct certificate_row *row = expiring->row;
        const char *text = arena_printf(act->arena, "The certificate for %.*s has expired.", (int)row->domain.n, row->domain.p);
        res moved = store_certificate_set_status(tx, row->account_id, row->certificate_id, CERT_ISSUED, CERT_EXPIRED, STR(""));

        if (moved.err == ERR_NOT_FOUND)
                return RES_OK; /* revoked or deleted meanwhile */
        TRY(moved);
        TRY(quota_return_all(act, tx, row->certificate_id)); /* QTA-05, QTA-06 */
        if (row->ignore_notices == 0) /* SIL-24 */
                TRY(store_notice_insert(tx, &(struct notice_row){
                                                    .account_id = row->account_id,
                                                    .certificate_id = row->certificate_id,
                                                    .kind = STR("expired"),
                                                    .text = str_of(text),
                                                    .created_at = act->now_sec,
                                            }));
        return act_log(act, tx, row->certificate_id, "expired", "Certificate expired");
}

static res expire_batch(struct act *act, size_t *ret_count)
{
        struct store_conn *conn = NULL;
        const struct certificate_row *rows = NULL;

        TRY(store_read(act->core->store, &conn));
        TRY(store_certificate_list_ending(conn, act->arena, act->now_sec, EXPIRE_BATCH, &rows, ret_count));
        for (size_t i = 0; i < *ret_count; i++) {
                struct expiring expiring = {act, &rows[i]};

                act->account_id = rows[i].account_id;
                TRY(store_run(act->core->store, expire_tx, &expiring));
        }
        return RES_OK;
}

void certificate_expire_job(struct act *act, const struct job_row *job, void *context)
{
        size_t count = 0;
        (void)context;
        res r = expire_batch(act, &count);

        if (!res_is_ok(r))
                log_line(LOG_WARNING, "expire", "err=%s", err_name(r.err));
        job_postpone(act, job, act->now_sec + (count == EXPIRE_BATCH ? 0 : EXPIRE_EVERY_SEC));
}
