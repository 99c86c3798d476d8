/* How an application ends badly: at once and completely, in one transaction. */
#include "core/failure.h"

#include "core/certificate.h"
#include "core/certificate_end.h"
#include "core/core.h"
#include "core/issue.h"
#include "core/job.h"
#include "core/log.h"
#include "core/quota.h"
#include "core/reissue.h"
#include "store/certificate.h"
#include "store/issued.h"
#include "store/notice.h"

#define FAILURE_AGAIN_SEC 10 /* being issued right at the deadline: look again when that is settled */

struct failing {
        struct act *act;
        struct str certificate_id;
        const struct failure *failure;
};

static res failure_store(struct failing *failing, struct store_tx *tx, const struct certificate_row *row)
{
        struct act *act = failing->act;
        struct str cause = str_of(failing->failure->cause);

        TRY(store_certificate_set_status(tx, act->account_id, row->certificate_id, row->status, CERT_REVIEW_FAILED, cause));
        TRY(quota_release(act, tx, row->certificate_id));
        TRY(reissue_forget(act, tx, row));
        TRY(certificate_end_jobs(act, tx, row->certificate_id));
        TRY(store_notice_insert(tx, &(struct notice_row){
                                            .account_id = act->account_id,
                                            .certificate_id = row->certificate_id,
                                            .kind = STR("failed"),
                                            .text = cause,
                                            .created_at = act->now_sec,
                                    }));
        return act_log(act, tx, row->certificate_id, "reviewFailed", failing->failure->cause);
}

/* At the deadline: a certificate that is proved and not held back is about to be issued, and is left alone. */
static res failure_is_due(struct failing *failing, struct store_tx *tx, const struct certificate_row *row, bool *ret_due)
{
        struct act *act = failing->act;
        struct issued_row issued = {0};
        bool signing = false;

        *ret_due = true;
        if (failing->failure->deadline_job == NULL)
                return RES_OK;
        TRY(issue_signing(act, store_tx_conn(tx), row, &issued, &signing));
        bool waits = str_equals(row->status_msg, "WAIT-ISSUE") || str_starts_with(row->status_msg, STR(ISSUE_OFF_STATUS));
        bool on_its_way = signing || (row->validated_at > 0 && waits);

        if (act->now_sec > row->deadline_at && !on_its_way) /* SIL-08: at the deadline still counts */
                return RES_OK;
        *ret_due = false;
        int64_t next = act->now_sec > row->deadline_at ? act->now_sec + FAILURE_AGAIN_SEC : row->deadline_at + 1;

        return job_again(tx, act->core, failing->failure->deadline_job->job_id, next, "");
}

static res failure_tx(struct store_tx *tx, void *arg)
{
        struct failing *failing = arg;
        struct act *act = failing->act;
        struct certificate_row row = {0};
        bool due = false;
        res found = store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, failing->certificate_id, &row);

        if (found.err == ERR_NOT_FOUND || (res_is_ok(found) && row.status != CERT_PENDING))
                return job_end(tx, JOB_DEADLINE, failing->certificate_id);
        TRY(found);
        TRY(failure_is_due(failing, tx, &row, &due));
        return due ? failure_store(failing, tx, &row) : RES_OK;
}

res certificate_fail(struct act *act, struct str certificate_id, const struct failure *failure)
{
        struct failing failing = {act, certificate_id, failure};

        return store_run(act->core->store, failure_tx, &failing);
}
