/* What the server may know: the issuers' certificates, the log page by page, and whether it has a serial number. */
#include <assert.h>
#include <stdio.h>

#include "base/limits.h"
#include "signer/signer.h"

#define LOG_PAGE_BYTES (96 * 1024) /* with one more record still within a frame */

static_assert(LOG_PAGE_BYTES <= FRAME_BODY_MAX - LIMIT_CERT_BYTES + 1024, "a page and one record fit a frame");

MUST res signer_info(struct signer *signer, const struct frame *frame, struct answer *answer)
{
        const struct authority *authority = signer->authority;
        struct msg_signer_info_reply body = {.issuer_count = (uint32_t)authority->count};

        ENSURE(frame->head.body == 0 && frame->head.tail == 0, ERR_IPC_FRAME);
        buf_add(&answer->body, &body, sizeof(body));
        for (size_t i = 0; i < authority->count; i++) {
                const struct authority_issuer *issuer = &authority->issuer[i];
                struct msg_issuer head = {.key_type = (uint32_t)pki_key_type(issuer->key),
                                          .cert_len = (uint32_t)issuer->der.n,
                                          .not_after = issuer->cert.not_after};
                snprintf(head.name, sizeof(head.name), "%s", issuer->name);
                snprintf(head.parent, sizeof(head.parent), "%s", issuer->parent);
                buf_add(&answer->tail, &head, sizeof(head));
                buf_add(&answer->tail, issuer->der.p, issuer->der.n);
        }
        return RES_OK;
}

MUST res signer_log(struct signer *signer, const struct frame *frame, struct answer *answer)
{
        const struct msg_signer_log *head = FRAME_BODY(frame, struct msg_signer_log);
        struct journal_entry entry;

        ENSURE(head && frame->head.tail == 0, ERR_IPC_FRAME);
        struct msg_signer_log_reply body = {.next_offset = head->offset};
        while (answer->tail.n < LOG_PAGE_BYTES - LIMIT_CERT_BYTES) {
                uint64_t next;
                res got = journal_read(signer->journal, body.next_offset, &entry, &next);
                if (got.err == ERR_NOT_FOUND)
                        break;
                if (!res_is_ok(got))
                        return answer_fail(answer, got.err, "The log is unreadable at byte %llu.",
                                           (unsigned long long)body.next_offset);
                buf_add(&answer->tail, &entry.item, sizeof(entry.item));
                buf_add(&answer->tail, entry.der.p, entry.der.n);
                body.entry_count++;
                body.next_offset = next;
        }
        buf_add(&answer->body, &body, sizeof(body));
        return RES_OK;
}

MUST res signer_has(struct signer *signer, const struct frame *frame, struct answer *answer)
{
        const struct msg_signer_has *head = FRAME_BODY(frame, struct msg_signer_has);
        struct journal_entry entry;

        ENSURE(head && frame->head.tail == (size_t)head->count * MSG_SERIAL_SIZE, ERR_IPC_FRAME);
        for (uint32_t i = 0; i < head->count; i++) {
                res found = journal_find(signer->journal, frame->tail + (size_t)i * MSG_SERIAL_SIZE, &entry);

                if (!res_is_ok(found) && found.err != ERR_NOT_FOUND)
                        return answer_fail(answer, found.err, "The log is unreadable.");
                buf_add_byte(&answer->tail, res_is_ok(found));
        }
        buf_add(&answer->body, head, sizeof *head);
        return RES_OK;
}
