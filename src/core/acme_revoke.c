/* See acme_revoke.h. */
#include "core/acme_revoke.h"

#include "base/digest.h"
#include "core/authorization.h"
#include "core/certificate.h"
#include "core/compromise.h"
#include "core/core.h"
#include "core/revoke.h"
#include "pki/cert.h"
#include "store/acme_order.h"
#include "store/certificate.h"
#include "store/issued.h"

struct revoking {
        struct act *act;
        const struct acme_revoke *in;
        struct issued_row issued;
        struct certificate_row certificate;
        int64_t reason;
};

/* RFC 5280 §5.3.1 as BR 4.9.1.1 leaves it to subscribers; 0 is written as none. */
static MUST res revoke_reason(struct act *act, const struct acme_revoke *in, int64_t *ret_reason)
{
        const int64_t reason = in->has_reason ? in->reason : 0;
        const bool allowed = reason == 0 || reason == 1 || reason == 3 || reason == 4 || reason == 5;

        if (!allowed)
                return act_fail(act, ERR_ACME_REASON,
                                "The reason must be 0 (unspecified), 1 (key compromise), 3 (affiliation changed), 4 (superseded) or 5 "
                                "(cessation of operation).");
        *ret_reason = reason;
        return RES_OK;
}

/* One answer for another's certificate and for none, so that nobody learns what was issued to others. */
static MUST res revoke_denied(struct act *act)
{
        return act_fail(act, ERR_ACME_DENIED,
                        "Nothing was issued here that this signature may revoke. Sign with the account that ordered the certificate, one that is "
                        "authorized for all its names, or its own key.");
}

static MUST res revoke_find(struct act *act, struct bytes der, struct issued_row *ret_row, struct pki_cert *ret_cert)
{
        struct store_conn *reader = NULL;

        if (!res_is_ok(pki_cert_parse(der, ret_cert)))
                return act_fail(act, ERR_ACME_MALFORMED, "The certificate is not X.509 in DER.");
        TRY(store_read(act->core->store, &reader));
        res found = store_issued_get_by_serial(reader, act->arena, ret_cert->serial, ret_row);

        if (found.err == ERR_NOT_FOUND || (res_is_ok(found) && !bytes_equal(ret_row->der, der)))
                return revoke_denied(act);
        return found;
}

/* ---- who may -------------------------------------------------------------------------------------------------- */

static MUST res is_orderer(struct act *act, struct store_conn *reader, const struct acme_account *account, const struct issued_row *row,
                           bool *ret_is)
{
        struct acme_order_row order = {0};
        res found = account->account_id == row->account_id
                            ? store_acme_order_get_by_certificate(reader, act->arena, row->account_id, row->certificate_id, &order)
                            : FAIL(ERR_NOT_FOUND);

        ENSURE(res_is_ok(found) || found.err == ERR_NOT_FOUND, found.err);
        *ret_is = res_is_ok(found) && order.acme_id == account->acme_id;
        return RES_OK;
}

static MUST res may_have(struct act *act, struct store_conn *reader, const struct acme_account *account, struct str name, bool *ret_may)
{
        const bool wildcard = str_starts_with(name, STR("*."));
        const struct str base = wildcard ? (struct str){name.p + 2, name.n - 2} : name;
        const struct acme_authorization_row *rows = NULL;
        size_t n = 0;

        *ret_may = false;
        TRY(store_acme_authorization_find(reader, act->arena, account->account_id, account->acme_id, base, wildcard, 8, &rows, &n));
        for (size_t i = 0; i < n; i++)
                *ret_may |= authorization_status(&rows[i], act->now_sec) == AUTHORIZATION_VALID;
        return RES_OK;
}

static MUST res may_have_all(struct act *act, struct store_conn *reader, const struct acme_account *account, const struct pki_cert *cert,
                             bool *ret_may)
{
        struct strs names = {0};

        TRY(pki_cert_names(cert, act->arena, &names));
        *ret_may = names.n > 0;
        for (size_t i = 0; i < names.n && *ret_may; i++)
                TRY(may_have(act, reader, account, names.v[i], ret_may));
        return RES_OK;
}

static MUST res revoke_allowed(struct act *act, const struct acme_revoke *in, const struct issued_row *row, const struct pki_cert *cert)
{
        struct store_conn *reader = NULL;
        bool may = false;

        TRY(store_read(act->core->store, &reader));
        if (in->account == NULL) {
                may = bytes_equal(in->key->spki, cert->spki.der);
        } else {
                TRY(is_orderer(act, reader, in->account, row, &may));
                if (!may)
                        TRY(may_have_all(act, reader, in->account, cert, &may));
        }
        return may ? RES_OK : revoke_denied(act);
}

/* ---- doing it --------------------------------------------------------------------------------------------------- */

static res revoke_tx(struct store_tx *tx, void *arg)
{
        struct revoking *r = arg;
        struct act *act = r->act;
        struct certificate_row row = {0};
        struct issued_row now = {0};

        TRY(store_issued_get(store_tx_conn(tx), act->arena, r->issued.account_id, r->issued.issued_id, &now));
        ENSURE(now.revoked_at == 0, ERR_ACME_REVOKED);
        res found = store_certificate_get(store_tx_conn(tx), act->arena, now.account_id, now.certificate_id, &row);

        if (found.err == ERR_NOT_FOUND)
                return revoke_issued(act, tx, &now, (enum revoke_reason)r->reason);
        TRY(found);
        return revoke_certificate(act, tx, &row, (enum revoke_reason)r->reason,
                                  arena_printf(act->arena, "Revoked by ACME (%s)", revoke_reason_name(r->reason)));
}

/* A compromised key ends whatever was made for it, and never comes back. */
static MUST res revoke_key(struct act *act, const struct acme_revoke *in, const struct pki_cert *cert)
{
        uint8_t hash[DIGEST_SHA256_SIZE];
        int64_t count = 0;

        digest_sha256(cert->spki.der, hash);
        return compromise_report(act, bytes_of(hash, sizeof hash), in->account ? "owner" : "proof", &count);
}

/* Revoked, but it was not known yet that the key is out (BR 7.2.2). */
static bool is_raised(const struct revoking *revoking)
{
        return revoking->reason == REVOKE_KEY_COMPROMISE && revoking->issued.revoke_reason != REVOKE_KEY_COMPROMISE;
}

res acme_revoke_certificate(struct act *act, const struct acme_revoke *in)
{
        struct revoking revoking = {.act = act, .in = in};
        struct pki_cert cert;

        TRY(revoke_reason(act, in, &revoking.reason));
        TRY(revoke_find(act, in->der, &revoking.issued, &cert));
        TRY(revoke_allowed(act, in, &revoking.issued, &cert));
        if (in->account == NULL && !in->has_reason)
                revoking.reason = REVOKE_KEY_COMPROMISE; /* whoever holds the key and is not the account tells that it is out */
        if (revoking.issued.revoked_at > 0 && !is_raised(&revoking))
                return act_fail(act, ERR_ACME_REVOKED, "The certificate is revoked already.");
        act->account_id = revoking.issued.account_id;
        if (revoking.reason == REVOKE_KEY_COMPROMISE)
                return revoke_key(act, in, &cert);
        return store_run(act->core->store, revoke_tx, &revoking);
}
