/* Downloading what an ACME order brought (RFC 8555 §7.4.2). */
#include "core/acme_order.h"
#include "core/core.h"
#include "core/issuers.h"
#include "pki/pem.h"
#include "store/issued.h"

res acme_certificate_pem(struct act *act, const struct acme_account *account, struct str certificate_id, int chain, struct buf *pem)
{
        struct store_conn *reader = NULL;
        struct acme_order_row order = {0};
        struct certificate_row row = {0};
        struct issued_row issued = {0};

        TRY(store_read(act->core->store, &reader));
        res found = certificate_id.n > 0
                            ? store_acme_order_get_by_certificate(reader, act->arena, account->account_id, certificate_id, &order)
                            : FAIL(ERR_NOT_FOUND);

        if (res_is_ok(found) && order.acme_id != account->acme_id)
                found = FAIL(ERR_NOT_FOUND);
        if (res_is_ok(found))
                found = store_certificate_get(reader, act->arena, account->account_id, certificate_id, &row);
        if (res_is_ok(found) && row.issued_id == 0)
                found = FAIL(ERR_NOT_FOUND);
        if (res_is_ok(found))
                found = store_issued_get(reader, act->arena, account->account_id, row.issued_id, &issued);
        ENSURE(found.err != ERR_NOT_FOUND && chain >= 0 && chain < ACME_CHAINS, ERR_ACME_ABSENT);
        TRY(found);
        const struct issuer *issuer = issuers_find(act->core->issuers, issued.issuer);
        const struct issuer *root = issuer && chain == 1 ? issuers_root_of(act->core->issuers, issuer) : NULL;

        ENSURE(issuer, ERR_CONFIG);
        pki_pem_write(PKI_PEM_CERTIFICATE, issued.der, pem);
        issuers_add_chain_pem(act->core->issuers, issuer, pem);
        if (root)
                buf_add_text(pem, root->pem);
        return buf_check(pem);
}
