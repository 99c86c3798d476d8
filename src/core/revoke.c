/* See revoke.h. */
#include "core/revoke.h"

#include "core/certificate.h"
#include "core/core.h"
#include "core/job.h"
#include "core/log.h"
#include "core/quota.h"
#include "core/reissue.h"
#include "store/notice.h"

static const struct {
        const char *name;
        enum revoke_reason reason;
} reasons[] = {
        {"unspecified", REVOKE_UNSPECIFIED},
        {"keyCompromise", REVOKE_KEY_COMPROMISE},
        {"affiliationChanged", REVOKE_AFFILIATION_CHANGED},
        {"superseded", REVOKE_SUPERSEDED},
        {"cessationOfOperation", REVOKE_CESSATION},
        {"privilegeWithdrawn", REVOKE_PRIVILEGE_WITHDRAWN},
};

bool revoke_reason_find(struct str word, enum revoke_reason *ret_reason)
{
        for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
                if (!str_equal_nocase(word, str_of(reasons[i].name)))
                        continue;
                *ret_reason = reasons[i].reason;
                return true;
        }
        return false;
}

const char *revoke_reason_name(int64_t reason)
{
        for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
                if (reasons[i].reason == reason)
                        return reasons[i].name;
        return reasons[0].name;
}

res revoke_issued(struct act *act, struct store_tx *tx, const struct issued_row *row, enum revoke_reason reason)
{
        return store_issued_revoke(tx, row->account_id, row->issued_id, act->now_sec, reason); /* lists and answers follow by themselves */
}

static res revoke_all_issued(struct act *act, struct store_tx *tx, const struct certificate_row *row, enum revoke_reason reason)
{
        const struct issued_row *rows = NULL;
        size_t n = 0;

        TRY(store_issued_list(store_tx_conn(tx), act->arena, row->account_id, row->certificate_id, &rows, &n));
        for (size_t i = 0; i < n; i++)
                if (str_equals(rows[i].state, "issued") && rows[i].revoked_at == 0)
                        TRY(revoke_issued(act, tx, &rows[i], reason));
        return RES_OK;
}

static res revoke_tell(struct act *act, struct store_tx *tx, const struct certificate_row *row, const char *why)
{
        const char *text = arena_printf(act->arena, "The certificate for %.*s was revoked: %s", (int)row->domain.n, row->domain.p, why);

        TRY(store_notice_insert(tx, &(struct notice_row){
                                            .account_id = row->account_id,
                                            .certificate_id = row->certificate_id,
                                            .kind = STR("revoked"),
                                            .text = str_of(text),
                                            .created_at = act->now_sec,
                                    }));
        return act_log(act, tx, row->certificate_id, "revoked", why);
}

res revoke_raise(struct act *act, struct store_tx *tx, const struct certificate_row *row, const char *why, bool *ret_raised)
{
        const struct issued_row *rows = NULL;
        struct act owner = *act;
        size_t n = 0;

        owner.account_id = row->account_id;
        *ret_raised = false;
        TRY(store_issued_list(store_tx_conn(tx), act->arena, row->account_id, row->certificate_id, &rows, &n));
        for (size_t i = 0; i < n; i++) {
                if (rows[i].revoked_at == 0 || rows[i].revoke_reason == REVOKE_KEY_COMPROMISE || rows[i].not_after < act->now_sec)
                        continue;
                TRY(store_issued_raise(tx, row->account_id, rows[i].issued_id, REVOKE_KEY_COMPROMISE));
                *ret_raised = true;
        }
        return *ret_raised ? revoke_tell(&owner, tx, row, why) : RES_OK;
}

res revoke_certificate(struct act *act, struct store_tx *tx, const struct certificate_row *row, enum revoke_reason reason,
                       const char *why)
{
        struct act owner = *act; /* whoever acts, what is touched is the owner's */
        struct certificate_row revoked = *row;

        if (row->status == CERT_REVOKED)
                return RES_OK;
        owner.account_id = row->account_id;
        revoked.status = CERT_REVOKED;
        revoked.status_msg = STR("");
        revoked.revoked_at = act->now_sec;
        TRY(revoke_all_issued(&owner, tx, row, reason));
        TRY(store_certificate_update(tx, &revoked));
        TRY(quota_return_account(&owner, tx, row->certificate_id)); /* RVK-27: the primary domain's stays */
        TRY(job_end(tx, JOB_VALIDATE, row->certificate_id));
        TRY(job_end(tx, JOB_REVOKE, row->certificate_id));
        TRY(revoke_tell(&owner, tx, row, why));
        return reissue_follow(&owner, tx, row, reason); /* RVK-08 */
}
