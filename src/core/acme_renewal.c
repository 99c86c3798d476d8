/* See acme_renewal.h. */
#include "core/acme_renewal.h"

#include "base/b64.h"
#include "core/acme_order_inner.h"
#include "core/core.h"
#include "core/issuers.h"
#include "ipc/msg.h"
#include "pki/cert.h"
#include "store/replacement.h"

#define IDENTIFIER_BYTES 64

/* "AKI.serial" as RFC 9773 §4.1 writes it: the serial's INTEGER octets. */
static MUST res identifier_read(struct act *act, struct str text, struct bytes *ret_key_id, struct bytes *ret_serial)
{
        struct str rest = text, key_id = str_cut(&rest, '.');
        CLEAN(buf_done) struct buf key = {0}, serial = {0};

        buf_init(&key, IDENTIFIER_BYTES);
        buf_init(&serial, IDENTIFIER_BYTES);
        res key_read = b64url_decode(key_id, &key), serial_read = b64url_decode(rest, &serial);

        ENSURE(key_read.err != ERR_MEMORY && serial_read.err != ERR_MEMORY, ERR_MEMORY); /* ours, not the request's */
        if (!res_is_ok(key_read) || !res_is_ok(serial_read) || key.n == 0 || serial.n == 0)
                return act_fail(act, ERR_ACME_MALFORMED, "A certificate identifier is base64url(AKI) \".\" base64url(serial).");
        *ret_key_id = bytes_of(arena_copy(act->arena, key.p, key.n), key.n);
        *ret_serial = bytes_of(arena_copy(act->arena, serial.p, serial.n), serial.n);
        return RES_OK;
}

static bool is_of_issuer(const struct issuer *issuer, struct bytes key_id)
{
        struct pki_cert cert;

        return issuer && res_is_ok(pki_cert_parse(issuer->der, &cert)) && bytes_equal(cert.key_id, key_id);
}

res acme_renewal_find(struct act *act, struct store_conn *conn, struct str text, struct issued_row *ret_row)
{
        struct bytes key_id = {0}, serial = {0};

        TRY(identifier_read(act, text, &key_id, &serial));
        res found = store_issued_get_by_serial(conn, act->arena, serial, ret_row);

        ENSURE(found.err != ERR_NOT_FOUND, ERR_ACME_ABSENT);
        TRY(found);
        ENSURE(str_equals(ret_row->state, "issued") && is_of_issuer(issuers_find(act->core->issuers, ret_row->issuer), key_id), ERR_ACME_ABSENT);
        return RES_OK;
}

/* Two thirds through its life, a window of two hundredths; at once when it is revoked. */
res acme_renewal_info(struct act *act, struct str certificate_identifier, struct acme_renewal *ret_renewal)
{
        struct store_conn *reader = NULL;
        struct issued_row row = {0};

        TRY(store_read(act->core->store, &reader));
        TRY(acme_renewal_find(act, reader, certificate_identifier, &row));
        const int64_t life = row.not_after + 1 - row.not_before;

        int64_t since = row.revoked_at;

        if (since == 0)
                TRY(store_replacement_opened_at(reader, row.issued_id, &since)); /* an operator has it made anew (core/replacement) */
        if (since > 0)
                *ret_renewal = (struct acme_renewal){since - 3600, since};
        else
                *ret_renewal = (struct acme_renewal){row.not_before + life * 2 / 3 - life / 100, row.not_before + life * 2 / 3 + life / 100};
        return RES_OK;
}

static bool names_meet(struct str names, const struct acme_identifier *identifiers, size_t count)
{
        for (struct str rest = names; rest.n > 0;) {
                struct str name = str_cut(&rest, '\n');

                for (size_t i = 0; i < count; i++)
                        if (str_equals(name, identifiers[i].name))
                                return true;
        }
        return false;
}

static MUST res not_replaced_yet(struct act *act, struct store_conn *conn, const struct acme_account *account, struct str replaces)
{
        const struct acme_order_row *rows = NULL;
        size_t n = 0;

        TRY(store_acme_order_list_replacing(conn, act->arena, account->account_id, replaces, &rows, &n));
        for (size_t i = 0; i < n; i++) {
                struct acme_order order = {.row = rows[i]};

                TRY(acme_order_fill(act, conn, &order));
                if (order.status != ACME_ORDER_INVALID)
                        return act_fail(act, ERR_ACME_REPLACED, "Another order replaces this certificate already.");
        }
        return RES_OK;
}

res acme_renewal_check_replaces(struct act *act, struct store_conn *conn, const struct acme_account *account, struct str replaces,
                                const struct acme_identifier *identifiers, size_t count)
{
        struct issued_row row = {0};
        struct certificate_row certificate = {0};
        res found = acme_renewal_find(act, conn, replaces, &row);

        if (res_is_ok(found) && row.account_id != account->account_id)
                found = FAIL(ERR_ACME_ABSENT);
        if (res_is_ok(found)) /* or it was deleted in the console */
                found = store_certificate_get(conn, act->arena, account->account_id, row.certificate_id, &certificate);
        if (found.err == ERR_ACME_ABSENT || found.err == ERR_NOT_FOUND)
                return act_fail(act, ERR_ACME_MALFORMED, "The certificate to be replaced is none of this account.");
        TRY(found);
        if (!names_meet(certificate.names, identifiers, count))
                return act_fail(act, ERR_ACME_MALFORMED, "The certificate to be replaced has none of the order's names.");
        return not_replaced_yet(act, conn, account, replaces);
}
