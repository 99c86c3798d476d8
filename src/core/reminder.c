/* See reminder.h. */
#include "core/reminder.h"

#include "base/timetext.h"
#include "core/catalogue.h"
#include "core/certificate.h"
#include "core/core.h"
#include "core/job.h"
#include "core/log.h"
#include "core/order.h"
#include "store/order.h"

#define REMINDER_DV_SEC 86400 /* RMD-05 */

struct reminder {
        struct act *act;
        struct str certificate_id;
};

static MUST res reminder_check(struct act *act, struct store_conn *conn, const struct certificate_row *row)
{
        const struct product *product = NULL;
        struct order_row order = {0};
        char from[TIMETEXT_SIZE];

        if (row->status != CERT_PENDING)
                return act_fail(act, ERR_CERT_STATE, "Only an application under review can be reminded of; this one is in status %lld.",
                                (long long)row->status);
        ENSURE(row->order_id != 0, ERR_CERT_SOURCE);
        TRY(store_order_get(conn, act->arena, act->account_id, row->order_id, &order));
        TRY(order_product(act, &order, &product));
        if (!product->has_reminder)
                return act_fail(act, ERR_CERT_SOURCE, "%s takes no reminders; wait for the review.", product->name);
        if (act->now_sec >= row->submitted_at + REMINDER_DV_SEC)
                return RES_OK;
        timetext_api(row->submitted_at + REMINDER_DV_SEC, from);
        return act_fail(act, ERR_CERT_STATE, "A reminder can be sent 24 hours after the submission, from %s (GMT+8) on.", from);
}

static res reminder_tx(struct store_tx *tx, void *arg)
{
        const struct reminder *reminder = arg;
        struct act *act = reminder->act;
        struct certificate_row row = {0};

        TRY(certificate_own(act, store_tx_conn(tx), reminder->certificate_id, &row));
        TRY(reminder_check(act, store_tx_conn(tx), &row));
        if (row.validated_at == 0) /* else the CA has it already, and is asked again by itself */
                TRY(job_put(tx, JOB_VALIDATE, act->account_id, row.certificate_id, act->now_sec, act->now_sec));
        return act_log(act, tx, row.certificate_id, "remind", "Reviewers reminded");
}

res reminder_send(struct act *act, struct str certificate_id)
{
        struct reminder reminder = {act, certificate_id};

        TRY(store_run(act->core->store, reminder_tx, &reminder));
        job_runner_wake(act->core->jobs);
        return RES_OK;
}
