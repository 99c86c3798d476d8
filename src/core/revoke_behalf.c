/*
 * The operator revokes on an owner's behalf.  There is no proof and no review to wait for, so request and decision are one
 * row and one transaction; what the owner had asked for and waits still is settled by it.
 */
#include "core/revoke_request.h"

#include "base/random.h"
#include "core/account_keep.h"
#include "core/binding.h"
#include "core/certificate.h"
#include "core/compromise.h"
#include "core/core.h"
#include "core/log.h"
#include "store/binding.h"
#include "store/key.h"

struct behalf {
        struct act *act; /* its account is the owner's */
        struct str certificate_id, reason;
        enum revoke_reason code;
        int64_t revocation_id;
        struct cert_key_row key;
};

static res behalf_find(struct behalf *behalf, struct store_conn *conn, struct certificate_row *ret_row)
{
        struct act *act = behalf->act;

        TRY(certificate_own(act, conn, behalf->certificate_id, ret_row));
        if (str_equals(ret_row->source, "upload")) /* RVK-06 */
                return act_fail(act, ERR_CERT_SOURCE, "It was issued elsewhere; only its own CA can revoke it.");
        bool is_good = ret_row->status == CERT_ISSUED || ret_row->status == CERT_REVOKING || ret_row->status == CERT_REVOKE_LETTER;

        if (!is_good || ret_row->end_at <= act->now_sec)
                return act_fail(act, ERR_CERT_STATE, "Only an issued certificate that has neither ended nor been revoked can be revoked.");
        return store_key_get(conn, act->arena, act->account_id, ret_row->key_id, &behalf->key);
}

/* The row that says who decided what: the owner's, if one waits, else a new one. */
static res behalf_decide(struct behalf *behalf, struct store_tx *tx, const struct certificate_row *row)
{
        struct act *act = behalf->act;
        struct revocation_row request = {.state = STR("none")};
        enum revocation_state next = REVOCATION_NONE;
        res found = store_revocation_get(store_tx_conn(tx), act->arena, act->account_id, row->certificate_id, &request);

        if (found.err != ERR_NOT_FOUND)
                TRY(found);
        ENSURE(revocation_next(revocation_state_find(request.state), REVOCATION_OPERATED, &next), ERR_CERT_STATE);
        bool waits = row->status != CERT_ISSUED;

        if (!waits)
                request = (struct revocation_row){
                        .revocation_id = behalf->revocation_id,
                        .account_id = act->account_id,
                        .certificate_id = row->certificate_id,
                        .reason = behalf->code,
                        .reason_text = behalf->reason,
                        .filed_by = act->user_id,
                        .filed_at = act->now_sec,
                };
        request.state = str_of(revocation_state_name(next));
        request.decided_by = act->user_id;
        request.decided_at = act->now_sec;
        request.note = behalf->reason;
        return waits ? store_revocation_update(tx, &request) : store_revocation_insert(tx, &request);
}

static res behalf_log(struct behalf *behalf, struct store_tx *tx, const struct certificate_row *row)
{
        struct act *act = behalf->act;
        const struct binding_row *bindings = NULL;
        size_t n = 0;

        TRY(store_binding_list(store_tx_conn(tx), act->arena, act->account_id, row->certificate_id, &bindings, &n));
        return act_log(act, tx, row->certificate_id, "operator",
                       arena_printf(act->arena, "Revocation on the owner's behalf (%s): %.*s%s%s", revoke_reason_name(behalf->code),
                                    (int)behalf->reason.n, behalf->reason.p, n > 0 ? "; it was bound to " : "",
                                    n > 0 ? binding_text(act->arena, bindings, n) : ""));
}

static res behalf_tx(struct store_tx *tx, void *arg)
{
        struct behalf *behalf = arg;
        struct act *act = behalf->act;
        struct certificate_row row = {0};

        TRY(behalf_find(behalf, store_tx_conn(tx), &row));
        TRY(behalf_log(behalf, tx, &row));
        if (behalf->code == REVOKE_KEY_COMPROMISE) /* with all others of the key, in the next transaction */
                return RES_OK;
        TRY(behalf_decide(behalf, tx, &row));
        return revoke_certificate(act, tx, &row, behalf->code,
                                  arena_printf(act->arena, "by the operator on the owner's behalf: %.*s", (int)behalf->reason.n, behalf->reason.p));
}

static res behalf_run(struct behalf *behalf)
{
        struct act *act = behalf->act;
        int64_t count = 0;

        TRY(store_run(act->core->store, behalf_tx, behalf));
        return behalf->code == REVOKE_KEY_COMPROMISE ? compromise_report(act, behalf->key.spki_hash, "operator", &count) : RES_OK;
}

res revocation_on_behalf(struct act *act, struct str uin, struct str certificate_id, struct str reason, struct str reason_code)
{
        struct behalf behalf = {
                .act = act, .certificate_id = certificate_id, .reason = reason, .revocation_id = random_row_id(act->now_ms)};
        struct account_view view;
        const int64_t own = act->account_id;

        if (reason.n == 0)
                return act_fail(act, ERR_PARAM_MISSING, "Reason is missing: the owner has to know why.");
        TRY(revocation_check_reason(act, reason, reason_code, &behalf.code));
        TRY(account_describe(act, uin, &view));
        act->account_id = view.row.account_id;
        res done = behalf_run(&behalf);

        act->account_id = own;
        return done;
}
