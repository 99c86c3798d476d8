/*
 * The walk: the signer's log page by page, each record beside its row; the database's rows; the signer's log on from where
 * it ended, for what was signed meanwhile; the entries of the revocation lists; the operation log, on a thread of its own meanwhile.
 *
 * One thread asks for pages and follows the chain, which has an order; the records of a page are judged by audit_crew.
 */
#include "core/audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/audit_inner.h"
#include "core/core.h"
#include "ipc/channel.h"
#include "store/log.h"

#define PAGE_ARENA (64 * 1024 * 1024)
#define ROWS_PAGE 2000

struct walk {
        struct audit audit;
        struct audit_crew *crew;
        uint64_t offset;  /* in the signer's log */
        bool log_is_whole;
};

static void walk_done(struct walk *walk)
{
        audit_crew_free(walk->crew); /* its threads use the rest */
        audit_done(&walk->audit);
}

static res go_on(const struct act *act)
{
        ENSURE(!atomic_load(&act->core->stopping), ERR_STORE_BUSY);
        return RES_OK;
}

/* ---- the signer's log ------------------------------------------------------------------------------------- */

static res take_chain(struct walk *walk, const struct msg_signer_log_reply *head, struct bytes rest)
{
        for (uint32_t i = 0; i < head->entry_count; i++) {
                struct msg_log_item item;
                struct bytes der;

                TRY(audit_page_cut(&rest, &item, &der));
                TRY(audit_take_chain(&walk->audit, &item, der));
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
        TRY(take_chain(walk, &head, reply.tail));
        TRY(audit_crew_give(walk->crew, &reply, head.entry_count));
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
                        char place[32];

                        snprintf(place, sizeof place, "byte %" PRIu64, walk->offset);
                        audit_find(&walk->audit, "signer_log_unreadable", place, "%s", why);
                        return audit_crew_finish(walk->crew);
                }
                if (!res_is_ok(asked) && why[0]) {
                        (void)audit_crew_finish(walk->crew).err;
                        return act_fail(walk->audit.act, asked.err, "The signer's log cannot be had: %s", why);
                }
                TRY(asked);
        }
        walk->log_is_whole = true;
        return audit_crew_finish(walk->crew);
}

/* ---- the database ------------------------------------------------------------------------------------------ */

static res walk_rows_page(struct walk *walk, int64_t *after_id, size_t *ret_n)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(PAGE_ARENA);
        struct store_conn *conn = NULL;
        const struct issued_row *rows = NULL;

        TRY(store_read(walk->audit.act->core->store, &conn));
        TRY(store_issued_list_serials(conn, arena, *after_id, ROWS_PAGE, &rows, ret_n));
        for (size_t i = 0; i < *ret_n; i++) {
                audit_take_row(&walk->audit, &rows[i]);
                TRY(audit_note_revoked(&walk->audit, &rows[i]));
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

struct chain {
        struct act *act;
        struct log_verdict verdict;
        res result;
};

static void *prove_operation_log(void *arg)
{
        struct chain *chain = arg;
        struct store_conn *conn = NULL;

        chain->result = store_read(chain->act->core->store, &conn);
        if (res_is_ok(chain->result))
                chain->result = store_log_verify(conn, /* progress= */ NULL, NULL, &chain->verdict);
        return NULL;
}

static res take_operation_log(struct walk *walk, const struct chain *chain)
{
        TRY(chain->result);
        walk->audit.report->log_count = chain->verdict.checked;
        if (chain->verdict.bad_seq)
                audit_find(&walk->audit, "log_changed", arena_printf(walk->audit.act->arena, "log entry %lld", (long long)chain->verdict.bad_seq),
                           "Entry %lld of the operation log was changed, taken out or put in: the chain breaks here.", (long long)chain->verdict.bad_seq);
        return RES_OK;
}

static res walk_certificates(struct walk *walk)
{
        TRY(walk_signer_log(walk));
        if (!walk->log_is_whole) /* every certificate behind the hole would seem unsigned */
                return RES_OK;
        TRY(walk_rows(walk));
        TRY(walk_signer_log(walk));
        audit_take_missing(&walk->audit);
        return audit_take_listed(&walk->audit);
}

res audit_run(struct act *act, bool every_signature, struct audit_report *ret_report)
{
        CLEAN(walk_done) struct walk walk = {.offset = 0};
        struct chain chain = {.act = act, .result = RES_OK};
        pthread_t thread;

        *ret_report = (struct audit_report){0};
        TRY(audit_begin(&walk.audit, act, act->core->issuers, ret_report));
        walk.audit.every_signature = every_signature;
        TRY(audit_crew_new(&walk.audit, &walk.crew));
        ENSURE(pthread_create(&thread, NULL, prove_operation_log, &chain) == 0, ERR_MEMORY);
        res walked = walk_certificates(&walk);

        pthread_join(thread, NULL);
        TRY(walked);
        return take_operation_log(&walk, &chain);
}
