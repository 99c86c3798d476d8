/* See compromise.h.  One transaction blocks the key and revokes all that was issued for it. */
#include "core/compromise.h"

#include "base/digest.h"
#include "base/log.h"
#include "core/certificate.h"
#include "core/core.h"
#include "core/failure.h"
#include "core/failure_cause.h"
#include "core/revoke_request.h"
#include "pki/csr.h"
#include "pki/kit.h"
#include "store/blocked_key.h"
#include "store/key.h"

#define COMPROMISE_WHY "Its key was compromised"

struct compromise {
        struct act *act;
        struct bytes spki_hash;
        const char *source;
        bool is_known;                        /* there is a key or certificate of it here */
        int64_t revoked;
        const struct certificate_row *pending; /* to be failed after the commit */
        size_t pending_count;
};

/* What was asked for and waits for a proof or a reviewer is settled by this. */
static res close_request(struct act *act, struct store_tx *tx, const struct certificate_row *row)
{
        struct revocation_row request = {0};
        enum revocation_state next = REVOCATION_NONE;
        res found = store_revocation_get(store_tx_conn(tx), act->arena, row->account_id, row->certificate_id, &request);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        if (!revocation_next(revocation_state_find(request.state), REVOCATION_COMPROMISED, &next))
                return RES_OK;
        request.state = str_of(revocation_state_name(next));
        request.decided_at = act->now_sec;
        request.note = STR(COMPROMISE_WHY);
        return store_revocation_update(tx, &request);
}

static bool is_revocable(const struct certificate_row *row)
{
        return row->issued_id != 0 && row->status != CERT_REVOKED && row->status != CERT_EXPIRED && !str_equals(row->source, "upload");
}

static bool is_pending(const struct certificate_row *row)
{
        return row->issued_id == 0 && (row->status == CERT_PENDING || row->status == CERT_DNS_AUTO || row->status == CERT_LETTER);
}

static res raise_one(struct compromise *compromise, struct store_tx *tx, const struct certificate_row *row)
{
        bool raised = false;

        TRY(revoke_raise(compromise->act, tx, row, COMPROMISE_WHY, &raised));
        compromise->revoked += raised;
        return RES_OK;
}

static res report_one(struct compromise *compromise, struct store_tx *tx, const struct certificate_row *row)
{
        struct act *act = compromise->act;

        if (row->status == CERT_REVOKED)
                return raise_one(compromise, tx, row);
        if (!is_revocable(row))
                return RES_OK;
        TRY(close_request(act, tx, row));
        TRY(revoke_certificate(act, tx, row, REVOKE_KEY_COMPROMISE, COMPROMISE_WHY));
        compromise->revoked++;
        return RES_OK;
}

static res report_tx(struct store_tx *tx, void *arg)
{
        struct compromise *compromise = arg;
        struct act *act = compromise->act;
        const struct certificate_row *rows = NULL;
        size_t n = 0;

        compromise->revoked = 0; /* it may run again */
        compromise->pending_count = 0;
        TRY(store_blocked_key_put(tx, &(struct blocked_key_row){
                                              .spki_hash = compromise->spki_hash,
                                              .account_id = act->account_id,
                                              .user_id = act->user_id,
                                              .source = str_of(compromise->source),
                                              .created_at = act->now_sec,
                                      }));
        TRY(store_certificate_list_key(store_tx_conn(tx), act->arena, compromise->spki_hash, &rows, &n));
        struct certificate_row *pending = arena_array_of(act->arena, n + 1, struct certificate_row);

        for (size_t i = 0; i < n; i++) {
                struct certificate_row now = {0}; /* a reissue may have followed its original meanwhile */

                TRY(store_certificate_get(store_tx_conn(tx), act->arena, rows[i].account_id, rows[i].certificate_id, &now));
                TRY(report_one(compromise, tx, &now));
                if (is_pending(&now))
                        pending[compromise->pending_count++] = now;
        }
        compromise->pending = pending;
        return RES_OK;
}

res compromise_report(struct act *act, struct bytes spki_hash, const char *source, int64_t *ret_count)
{
        struct compromise compromise = {.act = act, .spki_hash = spki_hash, .source = source};

        TRY(store_run(act->core->store, report_tx, &compromise));
        for (size_t i = 0; i < compromise.pending_count; i++) {
                struct act owner = *act;

                owner.account_id = compromise.pending[i].account_id;
                const struct failure failure = {
                        .cause = failure_refused(&owner, &compromise.pending[i], ERR_KEY_BLOCKED, "The key was reported as compromised.")};

                TRY(certificate_fail(&owner, compromise.pending[i].certificate_id, &failure));
        }
        log_line(LOG_WARNING, "compromise", "source=%s revoked=%lld", source, (long long)compromise.revoked);
        *ret_count = compromise.revoked;
        return RES_OK;
}

/* ---- by possession ---- */

static res prove_read(struct act *act, struct str csr_pem, struct buf *der, struct pki_csr *ret_csr)
{
        CLEAN(pki_kit_free_ptr) struct pki_kit *kit = NULL;
        struct str common_name = STR("");

        if (!res_is_ok(pki_csr_from_pem(csr_pem, der)) || !res_is_ok(pki_csr_parse(buf_bytes(der), ret_csr)))
                return act_fail(act, ERR_CERT_INVALID, "CertificateRequest must be one certificate request in PEM.");
        TRY(pki_kit_new(&kit));
        TRY(pki_csr_verify(kit, ret_csr));
        if (!res_is_ok(pki_csr_common_name(ret_csr, &common_name)) || !str_equals(common_name, COMPROMISE_COMMON_NAME))
                return act_fail(act, ERR_CERT_INVALID,
                                "The request's common name must be \"" COMPROMISE_COMMON_NAME "\", so that no request made for another "
                                "purpose can end certificates.");
        return RES_OK;
}

res compromise_prove(struct act *act, struct str csr_pem, int64_t *ret_count)
{
        CLEAN(buf_done) struct buf der = {0};
        struct pki_csr csr = {0};
        struct store_conn *conn = NULL;
        uint8_t *hash = arena_alloc(act->arena, DIGEST_SHA256_SIZE);
        bool is_known = false;

        buf_init(&der, LIMIT_CSR_BYTES);
        TRY(prove_read(act, csr_pem, &der, &csr));
        digest_sha256(csr.spki.der, hash);
        TRY(store_read(act->core->store, &conn));
        TRY(store_key_is_known(conn, bytes_of(hash, DIGEST_SHA256_SIZE), &is_known));
        if (!is_known)
                return act_fail(act, ERR_CERT_NOT_FOUND, "No certificate was ever made here for this key.");
        return compromise_report(act, bytes_of(hash, DIGEST_SHA256_SIZE), "proof", ret_count);
}

res compromise_check_hash(struct store_conn *conn, struct bytes spki_hash)
{
        bool is_blocked = false;

        TRY(store_blocked_key_has(conn, spki_hash, &is_blocked));
        ENSURE(!is_blocked, ERR_KEY_BLOCKED);
        return RES_OK;
}

res compromise_check(struct act *act, struct bytes spki)
{
        struct store_conn *conn = NULL;
        uint8_t hash[DIGEST_SHA256_SIZE];

        digest_sha256(spki, hash);
        TRY(store_read(act->core->store, &conn));
        return compromise_check_hash(conn, bytes_of(hash, sizeof hash));
}
