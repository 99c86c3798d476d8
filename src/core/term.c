/* Terms of orders and lives of certificates: arithmetic, and two rows. */
#include "core/term.h"

#include "base/conf.h"
#include "core/catalogue.h"
#include "core/certificate.h"
#include "core/core.h"
#include "core/issuers.h"
#include "core/job.h"
#include "core/order.h"
#include "core/reissue.h"
#include "pki/profile.h"

int64_t term_successor_due(int64_t begin_at, int64_t end_at)
{
        int64_t thirds = begin_at + (end_at + 1 - begin_at) * 2 / 3, ahead = end_at + 1 - CERT_RENEW_WINDOW_SEC;

        return thirds > ahead ? thirds : ahead;
}

/* Free ones have no term beyond their life (FREE-20), and are spared the look at their order. */
static bool term_is_bought(struct act *act, const struct certificate_row *row)
{
        const struct product *product = catalogue_product(act_catalogue(act), row->package_type);

        return row->order_id != 0 && !(product && product->is_free);
}

static res term_order(struct act *act, struct store_conn *conn, const struct certificate_row *row, struct order_row *ret_order,
                      bool *ret_is_bought)
{
        *ret_is_bought = term_is_bought(act, row);
        if (!*ret_is_bought)
                return RES_OK;
        TRY(store_order_get(conn, act->arena, row->account_id, row->order_id, ret_order));
        *ret_is_bought = str_equals(ret_order->state, "paid");
        return RES_OK;
}

res term_latest(const struct act *act, struct str profile_name, int64_t life_days, int64_t *ret_not_after)
{
        const struct pki_profile *profile = issuers_profile(act->core->issuers, profile_name);
        int64_t days = life_days;

        ENSURE(profile != NULL, ERR_CONFIG);
        days = days < act->core->conf->ca_max_days ? days : act->core->conf->ca_max_days;
        days = days < pki_profile_max_days(profile, act->now_sec) ? days : pki_profile_max_days(profile, act->now_sec);
        *ret_not_after = act->now_sec + days * DAY_SEC - 1; /* both ends count (RFC 5280 §4.1.2.5) */
        return RES_OK;
}

res term_not_after_of(const struct act *act, const struct certificate_row *row, int64_t term_end_at, int64_t *ret_not_after)
{
        int64_t latest = 0;

        TRY(term_latest(act, row->profile, row->life_days, &latest));
        *ret_not_after = term_end_at > 0 && term_end_at - 1 < latest ? term_end_at - 1 : latest;
        return RES_OK;
}

res term_not_after(struct act *act, struct store_conn *conn, const struct certificate_row *row, int64_t *ret_not_after)
{
        struct order_row order = {0};
        int64_t end_at = 0, original_end_at = 0;
        bool is_bought = false;

        TRY(term_latest(act, row->profile, row->life_days, &end_at));
        end_at++;
        TRY(term_order(act, conn, row, &order, &is_bought));
        if (is_bought && order.term_end_at == 0)
                TRY(order_term_end(act, conn, &order, act->now_sec, &order.term_end_at));
        if (order.term_end_at > 0 && order.term_end_at < end_at) /* bought, or asked by an ACME order */
                end_at = order.term_end_at;
        TRY(reissue_end_at(act, conn, row, &original_end_at));
        if (original_end_at > 0 && original_end_at < end_at - 1) { /* RIS-06 */
                *ret_not_after = original_end_at;
                return RES_OK;
        }
        *ret_not_after = end_at - 1;
        return RES_OK;
}

res term_issued(struct act *act, struct store_tx *tx, const struct certificate_row *row, int64_t not_before, int64_t not_after)
{
        struct order_row order = {0};
        bool is_bought = false;

        TRY(term_order(act, store_tx_conn(tx), row, &order, &is_bought));
        if (!is_bought)
                return RES_OK;
        TRY(order_begin_term(act, tx, &order, not_before));
        return job_put(tx, JOB_SUCCESSOR, row->account_id, row->certificate_id, term_successor_due(not_before, not_after), act->now_sec);
}
