/* How a request to revoke ends: shown, lapsed, passed or refused by a reviewer.  One function moves it, by the table. */
#include <string.h>

#include "base/log.h"
#include "core/certificate.h"
#include "core/core.h"
#include "core/job.h"
#include "core/label.h"
#include "core/log.h"
#include "core/revoke_request.h"
#include "store/account.h"
#include "store/notice.h"

/* Back to issued: downloads open again, and it may be filed again (SIL-44). */
static res end_failed(struct act *act, struct store_tx *tx, const struct certificate_row *row, const char *why)
{
        TRY(store_certificate_set_status(tx, act->account_id, row->certificate_id, row->status, CERT_ISSUED, STR("")));
        TRY(job_end(tx, JOB_VALIDATE, row->certificate_id));
        TRY(job_end(tx, JOB_REVOKE, row->certificate_id));
        TRY(store_notice_insert(tx, &(struct notice_row){
                                            .account_id = act->account_id,
                                            .certificate_id = row->certificate_id,
                                            .kind = STR("revocation_failed"),
                                            .text = str_of(why),
                                            .created_at = act->now_sec,
                                    }));
        return act_log(act, tx, row->certificate_id, "cancelRevoke", why);
}

/* `act` has the certificate's account.  ERR_CERT_STATE: the event cannot happen now. */
static res end_by(struct act *act, struct store_tx *tx, const struct certificate_row *row, enum revocation_event event, const char *why)
{
        struct revocation_row request = {0};
        enum revocation_state next = REVOCATION_NONE;

        TRY(store_revocation_get(store_tx_conn(tx), act->arena, row->account_id, row->certificate_id, &request));
        ENSURE(revocation_next(revocation_state_find(request.state), event, &next), ERR_CERT_STATE);
        request.state = str_of(revocation_state_name(next));
        request.decided_at = act->now_sec;
        request.decided_by = event == REVOCATION_PASSED || event == REVOCATION_REFUSED ? act->user_id : 0;
        request.note = str_of(why);
        TRY(store_revocation_update(tx, &request));
        return next == REVOCATION_REVOKED ? revoke_certificate(act, tx, row, (enum revoke_reason)request.reason, why)
                                          : end_failed(act, tx, row, why);
}

res revocation_proved(struct act *act, struct store_tx *tx, const struct certificate_row *row)
{
        return end_by(act, tx, row, REVOCATION_PROVED, "Control of the names was shown");
}

/* ---- the three days ---- */

struct lapse {
        struct act *act;
        const struct job_row *job;
};

static res lapse_tx(struct store_tx *tx, void *arg)
{
        struct lapse *lapse = arg;
        struct act *act = lapse->act;
        struct certificate_row row = {0};
        struct revocation_row request = {0};
        struct store_conn *conn = store_tx_conn(tx);
        res found = store_certificate_get(conn, act->arena, act->account_id, lapse->job->subject, &row);

        if (res_is_ok(found))
                found = store_revocation_get(conn, act->arena, act->account_id, lapse->job->subject, &request);
        if (found.err == ERR_NOT_FOUND || (res_is_ok(found) && !str_equals(request.state, "proving")))
                return job_end(tx, JOB_REVOKE, lapse->job->subject);
        TRY(found);
        if (act->now_sec <= request.deadline_at) /* SIL-08: at the deadline still counts */
                return job_again(tx, act->core, lapse->job->job_id, request.deadline_at + 1, "");
        return end_by(act, tx, &row, REVOCATION_LAPSED,
                      "Control of the names was not shown within three days: the certificate is not revoked and may be used again; "
                      "ask again if it shall be.");
}

void revocation_deadline_job(struct act *act, const struct job_row *job, void *context)
{
        struct lapse lapse = {act, job};
        (void)context;
        res r = store_run(act->core->store, lapse_tx, &lapse);

        if (!res_is_ok(r))
                log_line(LOG_WARNING, "revocation", "certificate=%s err=%s", log_quote(job->subject), err_name(r.err));
}

/* ---- reviewers ---- */

static res check_reviewer(struct act *act)
{
        if (act->role == NULL || strcmp(act->role, "reviewer") != 0)
                return act_fail(act, ERR_FORBIDDEN, "Only a reviewer of this installation may do that.");
        return RES_OK;
}

static res queue_fill(struct act *act, struct store_conn *conn, const struct revocation_row *row, struct revocation_item *ret_item)
{
        struct certificate_row certificate = {0};
        struct account_row account = {0};

        TRY(store_certificate_get(conn, act->arena, row->account_id, row->certificate_id, &certificate));
        TRY(store_account_get(conn, act->arena, row->account_id, &account));
        *ret_item = (struct revocation_item){*row, certificate.domain, certificate.product_name, certificate.level, account.uin};
        return RES_OK;
}

res revocation_queue(struct act *act, int64_t after_id, int64_t limit, const struct revocation_item **ret_items, size_t *ret_n)
{
        struct store_conn *conn = NULL;
        const struct revocation_row *rows = NULL;
        size_t n = 0;

        TRY(check_reviewer(act));
        TRY(store_read(act->core->store, &conn));
        TRY(store_revocation_queue(conn, act->arena, after_id, limit, &rows, &n));
        struct revocation_item *items = arena_array_of(act->arena, n + 1, struct revocation_item);

        for (size_t i = 0; i < n; i++)
                TRY(queue_fill(act, conn, &rows[i], &items[i]));
        *ret_items = items;
        *ret_n = n;
        return RES_OK;
}

struct review {
        struct act *act;
        int64_t revocation_id;
        bool pass;
        const char *why;
};

static res review_tx(struct store_tx *tx, void *arg)
{
        struct review *review = arg;
        struct act owner = *review->act; /* the reviewer acts, in the owner's account */
        struct revocation_row request = {0};
        struct certificate_row row = {0};
        struct store_conn *conn = store_tx_conn(tx);

        TRY(store_revocation_find(conn, owner.arena, review->revocation_id, &request));
        ENSURE(str_equals(request.state, "reviewing"), ERR_NOT_FOUND);
        ENSURE(request.filed_by != owner.user_id, ERR_FORBIDDEN); /* four eyes */
        owner.account_id = request.account_id;
        TRY(store_certificate_get(conn, owner.arena, request.account_id, request.certificate_id, &row));
        return end_by(&owner, tx, &row, review->pass ? REVOCATION_PASSED : REVOCATION_REFUSED, review->why);
}

res revocation_review(struct act *act, int64_t revocation_id, bool pass, struct str note)
{
        struct review review = {.act = act, .revocation_id = revocation_id, .pass = pass};

        TRY(check_reviewer(act));
        if (!label_text_is_short(note, LIMIT_REASON_CHARS))
                return act_fail(act, ERR_PARAM_VALUE, "Note may have at most %d printable characters.", LIMIT_REASON_CHARS);
        if (!pass && note.n == 0)
                return act_fail(act, ERR_PARAM_MISSING, "Note is missing: the owner has to know why it is refused.");
        review.why = arena_printf(act->arena, "%s by a reviewer%s%.*s", pass ? "Revocation passed" : "Revocation refused", note.n ? ": " : "",
                                  (int)note.n, note.p);
        res r = store_run(act->core->store, review_tx, &review);

        if (r.err == ERR_NOT_FOUND)
                return act_fail(act, r.err, "There is no request with this id that waits for a reviewer.");
        if (r.err == ERR_FORBIDDEN)
                return act_fail(act, r.err, "Whoever files a request cannot decide about it; another reviewer has to.");
        return r;
}
