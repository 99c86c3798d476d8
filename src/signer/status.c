/*
 * What relying parties ask: revocation lists and OCSP answers.  Both are built here from the server's facts, within
 * limits of this program's own: no list or answer for longer than the rules allow, none from the future, no "good" for
 * a serial that this program never signed (DigiNotar, 2011).
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "signer/signer.h"

#define STATUS_LIFE_MAX (10 * 86400)       /* BR 4.9.7, 4.9.10: nextUpdate at most 10 days on */
#define STATUS_LIFE_ROOT_MAX (366 * 86400) /* BR 4.9.7: 12 months for lists of CA certificates */
#define CRL_CEILING (LIMIT_CRL_SHARD * PKI_CRL_ENTRY_MAX + 4096)

void signer_crl_forget(struct signer *signer)
{
        pki_crl_free(signer->crl.crl);
        signer->crl = (struct signer_crl){.crl = NULL};
}

static bool times_are_good(int64_t this_update, int64_t next_update, int64_t life_max)
{
        int64_t now = clock_now_sec();

        return this_update <= now + SIGNER_FUTURE_SEC && this_update >= now - 86400 && next_update > this_update &&
               next_update - this_update <= life_max;
}

static res begin_list(struct signer *signer, const struct msg_signer_crl_begin *head, const struct authority_issuer *issuer)
{
        char url[sizeof(issuer->url[2]) + 16];

        if (!signer->crl.crl)
                TRY(pki_crl_new(CRL_CEILING, &signer->crl.crl));
        pki_crl_clear(signer->crl.crl);
        snprintf(url, sizeof(url), "%s%u.crl", issuer->url[2], head->shard);
        /* A root's list is complete: it is about CA certificates, and programs look the root itself up in it too. */
        struct pki_crl_head crl = {.issuer = &issuer->issuer,
                                   .number = head->number,
                                   .this_update = head->this_update,
                                   .next_update = head->next_update,
                                   .shard_url = *issuer->parent ? str_of(url) : (struct str){NULL, 0}};
        TRY(pki_crl_set_head(signer->crl.crl, &crl));
        TRY(pki_crl_expect(signer->crl.crl, head->entry_count));
        signer->crl.issuer = issuer;
        signer->crl.announced = head->entry_count;
        return RES_OK;
}

MUST res signer_crl_begin(struct signer *signer, const struct frame *frame, struct answer *answer)
{
        const struct msg_signer_crl_begin *head = FRAME_BODY(frame, struct msg_signer_crl_begin);

        ENSURE(head && frame->head.tail == 0 && frame_text_is_good(head->issuer, sizeof(head->issuer)), ERR_IPC_FRAME);
        signer->crl.issuer = NULL;
        const struct authority_issuer *issuer = authority_find(signer->authority, head->issuer);
        if (!issuer)
                return answer_fail(answer, ERR_NOT_FOUND, "The signer has no issuer of this name.");
        if (!times_are_good(head->this_update, head->next_update,
                            *issuer->parent ? STATUS_LIFE_MAX : STATUS_LIFE_ROOT_MAX))
                return answer_fail(answer, ERR_ISSUE_REFUSED, "The list's dates are not allowed.");
        if (head->entry_count > LIMIT_CRL_SHARD)
                return answer_fail(answer, ERR_TOO_LARGE, "A shard has at most %d entries.", LIMIT_CRL_SHARD);
        return begin_list(signer, head, issuer);
}

MUST res signer_crl_add(struct signer *signer, const struct frame *frame, struct answer *answer)
{
        const struct msg_signer_crl_add *head = FRAME_BODY(frame, struct msg_signer_crl_add);

        ENSURE(head && (uint64_t)head->entry_count * sizeof(struct msg_crl_entry) == frame->head.tail, ERR_IPC_FRAME);
        if (!signer->crl.issuer)
                return answer_fail(answer, ERR_IPC_FRAME, "No list was begun.");
        if (pki_crl_count(signer->crl.crl) + head->entry_count > signer->crl.announced)
                return answer_fail(answer, ERR_IPC_FRAME, "More entries than were announced.");
        for (uint32_t i = 0; i < head->entry_count; i++) {
                struct msg_crl_entry entry;
                memcpy(&entry, frame->tail + i * sizeof(entry), sizeof(entry));
                TRY(pki_crl_add(signer->crl.crl, bytes_of(entry.serial, sizeof(entry.serial)), entry.revoked_at,
                                entry.reason));
        }
        return RES_OK;
}

MUST res signer_crl_end(struct signer *signer, const struct frame *frame, struct answer *answer)
{
        struct signer_crl *crl = &signer->crl;
        struct pki_crl_frame around;

        ENSURE(frame->head.body == 0 && frame->head.tail == 0, ERR_IPC_FRAME);
        if (!crl->issuer || pki_crl_count(crl->crl) != crl->announced)
                return answer_fail(answer, ERR_IPC_FRAME, "No list was begun, or not all of its entries came.");
        TRY(pki_crl_sign(crl->crl, crl->issuer->key, &around));
        struct msg_signer_crl_end_reply body = {.fields_len = (uint32_t)around.fields.n,
                                                .extensions_len = (uint32_t)around.extensions.n,
                                                .signature_len = (uint32_t)around.signature.n};
        buf_add(&answer->body, &body, sizeof(body));
        buf_add(&answer->tail, around.fields.p, around.fields.n);
        buf_add(&answer->tail, around.extensions.p, around.extensions.n);
        buf_add(&answer->tail, around.signature.p, around.signature.n);
        crl->issuer = NULL;
        return RES_OK;
}

/* ---- OCSP ------------------------------------------------------------------------------------------- */

/* The CertID of RFC 6960 §4.1.1, from this program's own hashes. */
static void write_id(const struct authority_issuer *issuer, const struct msg_signer_ocsp *head, struct buf *id)
{
        size_t sha256 = head->hash_alg == 256, size = sha256 ? 32 : 20;

        pki_ocsp_id_write(sha256 ? PKI_SHA256 : PKI_SHA1, bytes_of(issuer->name_hash[sha256], size),
                          bytes_of(issuer->key_hash[sha256], size),
                          bytes_of(head->serial + sizeof(head->serial) - head->serial_len, head->serial_len), id);
}

static bool was_signed_here(struct signer *signer, const struct authority_issuer *issuer,
                            const struct msg_signer_ocsp *head)
{
        uint8_t serial[MSG_SERIAL_SIZE] = {0};

        if (head->serial_len > MSG_SERIAL_SIZE)
                return false;
        memcpy(serial + MSG_SERIAL_SIZE - head->serial_len, head->serial + sizeof(head->serial) - head->serial_len,
               head->serial_len);
        return journal_has(signer->journal, serial, issuer->name);
}

static res check_ocsp(struct signer *signer, const struct msg_signer_ocsp *head, const struct authority_issuer *issuer,
                      struct answer *answer)
{
        if (!issuer || !*issuer->parent)
                return answer_fail(answer, ERR_NOT_FOUND,
                                   "The signer has no issuer of this name that answers by OCSP.");
        if (!times_are_good(head->this_update, head->next_update, STATUS_LIFE_MAX))
                return answer_fail(answer, ERR_ISSUE_REFUSED, "The answer's dates are not allowed.");
        if (head->status == MSG_OCSP_GOOD && !was_signed_here(signer, issuer, head))
                return answer_fail(answer, ERR_ISSUE_REFUSED, "This serial was never signed here: it cannot be good.");
        return RES_OK;
}

static const enum pki_ocsp_status statuses[] = {
        [MSG_OCSP_GOOD] = PKI_OCSP_GOOD, [MSG_OCSP_REVOKED] = PKI_OCSP_REVOKED, [MSG_OCSP_UNKNOWN] = PKI_OCSP_UNKNOWN};

MUST res signer_ocsp(struct signer *signer, const struct frame *frame, struct answer *answer)
{
        const struct msg_signer_ocsp *head = FRAME_BODY(frame, struct msg_signer_ocsp);
        CLEAN(buf_done) struct buf id = {0};

        buf_init(&id, 256);
        ENSURE(head && head->nonce_len == frame->head.tail && head->nonce_len <= PKI_OCSP_NONCE_MAX, ERR_IPC_FRAME);
        ENSURE(frame_text_is_good(head->issuer, sizeof(head->issuer)), ERR_IPC_FRAME);
        ENSURE(head->serial_len > 0 && head->serial_len <= sizeof(head->serial) && head->status <= MSG_OCSP_UNKNOWN,
               ERR_IPC_FRAME);
        ENSURE(head->hash_alg == 1 || head->hash_alg == 256, ERR_IPC_FRAME);
        const struct authority_issuer *issuer = authority_find(signer->authority, head->issuer);
        TRY(check_ocsp(signer, head, issuer, answer));
        TRY(signer_responder(signer, issuer));
        write_id(issuer, head, &id);
        struct pki_ocsp_single single = {.id = buf_bytes(&id),
                                         .status = statuses[head->status],
                                         .revoked_at = head->revoked_at,
                                         .reason = head->reason,
                                         .this_update = head->this_update,
                                         .next_update = head->next_update};
        struct pki_ocsp_answer facts = {.v = &single,
                                        .n = 1,
                                        .produced_at = clock_now_sec(),
                                        .nonce = bytes_of(frame->tail, head->nonce_len),
                                        .responder_key_id = bytes_of(issuer->responder_key_id, 20),
                                        .responder_cert = buf_bytes(&issuer->responder_der)};
        TRY(pki_ocsp_build(issuer->responder_key, pki_key_alg(issuer->responder_key), &facts, &answer->tail));
        struct msg_signer_ocsp_reply body = {.response_len = (uint32_t)answer->tail.n};
        buf_add(&answer->body, &body, sizeof(body));
        return RES_OK;
}
