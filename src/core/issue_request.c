/*
 * What the signer is asked: names, key, dates, and the proof of each name.  It is put together once, stored, and sent as it was
 * stored, so that a crash cannot make two certificates of one serial.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "core/issue_inner.h"
#include "core/key_gate.h"
#include "ipc/msg.h"
#include "store/evidence.h"
#include "store/key.h"
#include "store/validation.h"

static void request_add_names(struct buf *tail, struct msg_signer_issue *body, struct str names)
{
        for (struct str rest = names; rest.n > 0; body->name_count++) {
                struct str name = str_cut(&rest, '\n');

                buf_add_byte(tail, (uint8_t)name.n);
                buf_add_str(tail, name);
                body->names_len += (uint32_t)(1 + name.n);
        }
}

static void request_add_evidence(struct buf *tail, struct msg_signer_issue *body, const struct evidence_row *rows, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                const struct msg_evidence one = {
                        .id = rows[i].evidence_id,
                        .proved_at = rows[i].proved_at,
                        .method = (uint32_t)rows[i].method,
                        .name_len = (uint32_t)rows[i].name.n,
                };

                buf_add(tail, &one, sizeof one);
                buf_add_str(tail, rows[i].name);
                body->evidence_len += (uint32_t)(sizeof one + rows[i].name.n);
                body->evidence_count++;
        }
}

/* What each of the certificate's validations left as proof. */
static res issue_evidence(struct act *act, struct store_conn *conn, const struct certificate_row *row, const struct evidence_row **ret_rows,
                          size_t *ret_count)
{
        const struct validation_row *validations = NULL;
        size_t n = 0;

        TRY(store_validation_list(conn, act->arena, row->account_id, row->certificate_id, &validations, &n));
        struct evidence_row *rows = arena_array_of(act->arena, n + 1, struct evidence_row);

        for (size_t i = 0; i < n; i++)
                TRY(store_evidence_get(conn, act->arena, row->account_id, validations[i].evidence_id, &rows[i]));
        *ret_rows = rows;
        *ret_count = n;
        return RES_OK;
}

res issue_request(struct act *act, struct store_conn *conn, const struct issue_item *item, const struct issue_known *known,
                  struct bytes *ret_request)
{
        const struct certificate_row *row = &item->certificate;
        const struct evidence_row *evidence = NULL;
        size_t evidence_count = 0;
        struct cert_key_row key = {0};
        struct msg_signer_issue body = {
                .not_before = item->issued.not_before,
                .not_after = item->issued.not_after,
                .caa_checked_at = item->issued.caa_checked_at,
                .crl_shard = (uint32_t)item->issued.crl_shard,
        };
        CLEAN(buf_done) struct buf request = {0};

        if (known) {
                key = *known->key;
                evidence = known->evidence;
                evidence_count = known->evidence_count;
        } else {
                TRY(store_key_get(conn, act->arena, row->account_id, row->key_id, &key));
                TRY(key_gate_again(act, conn, &key));
                TRY(issue_evidence(act, conn, row, &evidence, &evidence_count));
        }
        memcpy(body.serial, item->issued.serial.p, sizeof body.serial);
        memcpy(body.profile_hash, item->issued.profile_hash.p, sizeof body.profile_hash);
        snprintf(body.issuer, sizeof body.issuer, "%.*s", (int)row->issuer.n, row->issuer.p);
        snprintf(body.profile, sizeof body.profile, "%.*s", (int)row->profile.n, row->profile.p);
        body.spki_len = (uint32_t)key.spki.n;
        body.common_name_len = (uint32_t)row->domain.n;

        buf_init(&request, LIMIT_IPC_FRAME);
        buf_add(&request, &body, sizeof body); /* its place; filled in below, when the lengths are known */
        buf_add(&request, key.spki.p, key.spki.n);
        buf_add_str(&request, row->domain);
        request_add_names(&request, &body, row->names);
        request_add_evidence(&request, &body, evidence, evidence_count);
        TRY(buf_check(&request));
        memcpy(request.p, &body, sizeof body);
        *ret_request = bytes_of(arena_copy(act->arena, request.p, request.n), request.n);
        return RES_OK;
}
