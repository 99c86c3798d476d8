/* See notice.h. */
#include "core/notice.h"

#include "core/certificate.h"
#include "core/core.h"
#include "core/log.h"

struct switching {
        struct act *act;
        struct strs ids;
        bool ignore;
};

static res switch_one(const struct switching *switching, struct store_tx *tx, struct str id)
{
        struct act *act = switching->act;
        struct certificate_row row = {0};
        res found = store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, id, &row);

        if (found.err == ERR_NOT_FOUND)
                return act_fail(act, ERR_CERT_NOT_FOUND, "There is no certificate %.*s in this account.",
                                (int)(id.n < LIMIT_CERTIFICATE_ID_TEXT ? id.n : LIMIT_CERTIFICATE_ID_TEXT), id.p);
        TRY(found);
        bool is_expiring = row.status == CERT_ISSUED && row.end_at > act->now_sec &&
                           row.end_at - act->now_sec <= CERT_RENEW_WINDOW_SEC;

        if (switching->ignore && !is_expiring)
                return act_fail(act, ERR_CERT_STATE,
                                "Messages of %.*s cannot be ignored now: only those of an issued certificate in its last 30 days.",
                                (int)row.certificate_id.n, row.certificate_id.p);
        if ((row.ignore_notices != 0) == switching->ignore)
                return RES_OK;
        TRY(store_certificate_set_ignore(tx, act->account_id, row.certificate_id, switching->ignore));
        return act_log(act, tx, row.certificate_id, "updateNotice",
                       switching->ignore ? "Expiry messages ignored" : "Expiry messages wanted again");
}

static res switch_tx(struct store_tx *tx, void *arg)
{
        const struct switching *switching = arg;

        for (size_t i = 0; i < switching->ids.n; i++)
                TRY(switch_one(switching, tx, switching->ids.v[i]));
        return RES_OK;
}

res notice_switch(struct act *act, struct strs ids, bool ignore)
{
        struct switching switching = {act, ids, ignore};

        if (ids.n == 0)
                return act_fail(act, ERR_PARAM, "CertificateIds is empty.");
        if (ids.n > NOTICE_SWITCH_MAX)
                return act_fail(act, ERR_CERT_MANY, "At most %d certificates at once.", NOTICE_SWITCH_MAX);
        return store_run(act->core->store, switch_tx, &switching);
}
