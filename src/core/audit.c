/*
 * The walk: the signer's log page by page, each record beside its row; the database's rows; the signer's log on from where
 * it ended, for what was signed meanwhile; the operation log.
 */
#include "core/audit.h"

#include <inttypes.h>

#include "core/audit_inner.h"
#include "core/core.h"
#include "ipc/channel.h"
#include "store/log.h"

#define PAGE_ARENA (64 * 1024 * 1024)
#define ROWS_PAGE 200

struct walk {
        struct audit audit;
        uint64_t offset;  /* in the signer's log */
        bool log_is_whole;
};

static void walk_done(struct walk *walk)
{
        audit_done(&walk->audit);
}

static res go_on(const struct act *act)
{
        ENSURE(!atomic_load(&act->core->stopping), ERR_STORE_BUSY);
        return RES_OK;
}

/* ---- the signer's log ------------------------------------------------------------------------------------- */

static res take_record(struct walk *walk, struct store_conn *conn, struct arena *arena, const struct msg_log_item *item, struct bytes der)
{
        struct issued_row row = {0};
        res found = store_issued_get_by_serial(conn, arena, bytes_of(item->entry.serial, MSG_SERIAL_SIZE), &row);

        ENSURE(res_is_ok(found) || found.err == ERR_NOT_FOUND, found.err);
        return audit_take_record(&walk->audit, item, der, res_is_ok(found) ? &row : NULL);
}

static res take_page(struct walk *walk, const struct msg_signer_log_reply *head, struct bytes rest)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(PAGE_ARENA);
        struct store_conn *conn = NULL;

        TRY(store_read(walk->audit.act->core->store, &conn));
        for (uint32_t i = 0; i < head->entry_count; i++) {
                struct msg_log_item item;

                ENSURE(rest.n >= sizeof item, ERR_IPC_FRAME);
                memcpy(&item, rest.p, sizeof item);
                rest = bytes_of(rest.p + sizeof item, rest.n - sizeof item);
                ENSURE(rest.n >= item.entry.cert_len, ERR_IPC_FRAME);
                TRY(take_record(walk, conn, arena, &item, bytes_of(rest.p, item.entry.cert_len)));
                rest = bytes_of(rest.p + item.entry.cert_len, rest.n - item.entry.cert_len);
        }
        ENSURE(rest.n == 0, ERR_IPC_FRAME);
        return RES_OK;
}

static res ask_page(struct walk *walk, char why[LIMIT_ERR_DETAIL + 1], bool *ret_more)
{
        const struct msg_signer_log body = {.offset = walk->offset};
        const struct channel_request request = {MSG_SIGNER_LOG, bytes_of(&body, sizeof body), {0}};
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        struct msg_signer_log_reply head;

        TRY(channel_ask(walk->audit.act->core->signer, &request, LIMIT_IPC_SIGN_MS, sizeof head, &reply, why));
        memcpy(&head, reply.body.p, sizeof head);
        ENSURE(head.next_offset >= walk->offset, ERR_IPC_FRAME);
        TRY(take_page(walk, &head, reply.tail));
        *ret_more = head.next_offset > walk->offset;
        walk->offset = head.next_offset;
        return RES_OK;
}

static res walk_signer_log(struct walk *walk)
{
        char why[LIMIT_ERR_DETAIL + 1] = "";
        bool more = true;

        while (more) {
                TRY(go_on(walk->audit.act));
                res asked = ask_page(walk, why, &more);

                if (asked.err == ERR_IO) { /* the signer's own word: it cannot read on */
                        audit_find(&walk->audit, "signer_log_unreadable",
                                   arena_printf(walk->audit.act->arena, "byte %" PRIu64, walk->offset), "%s", why);
                        return RES_OK;
                }
                if (!res_is_ok(asked) && why[0])
                        return act_fail(walk->audit.act, asked.err, "The signer's log cannot be had: %s", why);
                TRY(asked);
        }
        walk->log_is_whole = true;
        return RES_OK;
}

/* ---- the database ------------------------------------------------------------------------------------------ */

static res walk_rows_page(struct walk *walk, int64_t *after_id, size_t *ret_n)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(PAGE_ARENA);
        struct store_conn *conn = NULL;
        const struct issued_row *rows = NULL;

        TRY(store_read(walk->audit.act->core->store, &conn));
        TRY(store_issued_list_all(conn, arena, *after_id, ROWS_PAGE, &rows, ret_n));
        for (size_t i = 0; i < *ret_n; i++) {
                audit_take_row(&walk->audit, &rows[i]);
                *after_id = rows[i].issued_id;
        }
        return RES_OK;
}

static res walk_rows(struct walk *walk)
{
        int64_t after_id = INT64_MIN;
        size_t n = 0;

        do {
                TRY(go_on(walk->audit.act));
                TRY(walk_rows_page(walk, &after_id, &n));
        } while (n > 0);
        return RES_OK;
}

static res walk_operation_log(struct walk *walk)
{
        struct store_conn *conn = NULL;
        struct log_verdict verdict = {0};

        TRY(go_on(walk->audit.act));
        TRY(store_read(walk->audit.act->core->store, &conn));
        TRY(store_log_verify(conn, /* progress= */ NULL, NULL, &verdict));
        walk->audit.report->log_count = verdict.checked;
        if (verdict.bad_seq)
                audit_find(&walk->audit, "log_changed", arena_printf(walk->audit.act->arena, "log entry %lld", (long long)verdict.bad_seq),
                           "Entry %lld of the operation log was changed, taken out or put in: the chain breaks here.", (long long)verdict.bad_seq);
        return RES_OK;
}

res audit_run(struct act *act, struct audit_report *ret_report)
{
        CLEAN(walk_done) struct walk walk = {.offset = 0};

        *ret_report = (struct audit_report){0};
        TRY(audit_begin(&walk.audit, act, act->core->issuers, ret_report));
        TRY(walk_signer_log(&walk));
        if (walk.log_is_whole) { /* else every certificate behind the hole would seem unsigned */
                TRY(walk_rows(&walk));
                TRY(walk_signer_log(&walk));
                audit_take_missing(&walk.audit);
        }
        return walk_operation_log(&walk);
}
