/* What ties a reissue to its original: the same end, the same fate, and the links that both show. */
#include "core/certificate.h"
#include "core/certificate_end.h"
#include "core/core.h"
#include "core/reissue.h"
#include "store/reissue.h"

static res follow_one(struct act *act, struct store_tx *tx, struct str certificate_id, enum revoke_reason reason)
{
        struct certificate_row row = {0};
        res found = store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, certificate_id, &row);

        if (found.err == ERR_NOT_FOUND) /* deleted meanwhile */
                return RES_OK;
        TRY(found);
        if (row.issued_id == 0)
                return certificate_may_cancel(row.status) ? certificate_cancel_in(act, tx, &row, "Cancelled: the original certificate is revoked")
                                                          : RES_OK;
        if (row.status == CERT_EXPIRED)
                return RES_OK;
        return revoke_certificate(act, tx, &row, reason, "with the original certificate that it was reissued for");
}

res reissue_follow(struct act *act, struct store_tx *tx, const struct certificate_row *origin, enum revoke_reason reason)
{
        const struct reissue_row *rows = NULL;
        size_t n = 0;

        TRY(store_reissue_list(store_tx_conn(tx), act->arena, origin->account_id, origin->order_id, origin->certificate_id, &rows, &n));
        for (size_t i = 0; i < n; i++)
                TRY(follow_one(act, tx, rows[i].certificate_id, reason));
        return RES_OK;
}

res reissue_forget(struct act *act, struct store_tx *tx, const struct certificate_row *row)
{
        struct certificate_row origin = {0};

        if (row->replaced_by.n == 0)
                return RES_OK;
        res found = store_certificate_get(store_tx_conn(tx), act->arena, row->account_id, row->replaced_by, &origin);

        if (found.err == ERR_NOT_FOUND || (res_is_ok(found) && !str_equal(origin.replaced_for, row->certificate_id)))
                return RES_OK;
        TRY(found);
        origin.replaced_for = STR("");
        return store_certificate_update(tx, &origin);
}

res reissue_end_at(struct act *act, struct store_conn *conn, const struct certificate_row *row, int64_t *ret_end_at)
{
        struct reissue_row reissue = {0};

        *ret_end_at = 0;
        if (row->replaced_by.n == 0)
                return RES_OK;
        res found = store_reissue_get(conn, act->arena, row->account_id, row->certificate_id, &reissue);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        *ret_end_at = reissue.end_at;
        return RES_OK;
}
