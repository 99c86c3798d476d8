/*
 * Rounds of issue.  A ticket goes through three hands:
 *
 *   begin   in a transaction: choose serial and dates, put the signer's request together, store it as 'signing'
 *           (or take up the one that a crash left behind: same serial, same request); whoever makes a certificate that is
 *           proved already does this in its own transaction (issue_begin_with)
 *   sign    one batch of messages; the signer's log is synced before it answers
 *   finish  in a transaction: store the certificate, hold the quota, write the record, end the jobs
 *
 * A ticket that fails is left with its job, which comes back; only what can never succeed fails the application.
 */
#include "core/issue_inner.h"

#include "base/conf.h"
#include "base/log.h"
#include "base/random.h"
#include "core/bell.h"
#include "core/certificate.h"
#include "core/core.h"
#include "core/failure.h"
#include "core/failure_cause.h"
#include "core/issuers.h"
#include "core/key_gate.h"
#include "core/log.h"
#include "core/quota.h"
#include "core/reissue.h"
#include "core/revoke.h"
#include "core/term.h"
#include "ipc/channel.h"
#include "pki/cert.h"
#include "store/crl_shard.h"
#include "store/notice.h"

#define ISSUE_ARENA (32 * 1024 * 1024)
#define BEGUN_ARENA (512 * 1024) /* the longest request fits a frame */
#define ISSUE_RETRY_SEC 5
#define ISSUE_OFF_RETRY_SEC 2 /* costs one look at the signer, no CAA look */

/* ---- begin ----------------------------------------------------------------------------------------- */

static res issue_begin_new(struct act *act, struct store_tx *tx, struct issue_item *item, const struct issue_known *known)
{
        const struct certificate_row *row = &item->certificate;
        const struct pki_profile *profile = issuers_profile(act->core->issuers, row->profile);
        uint8_t *serial = arena_alloc(act->arena, MSG_SERIAL_SIZE);
        int64_t shard = 0, not_after = 0;

        ENSURE(profile != NULL && issuers_find(act->core->issuers, row->issuer) != NULL, ERR_CONFIG);
        random_bytes(serial, MSG_SERIAL_SIZE);
        pki_serial_fix(serial);
        TRY(known ? term_not_after_of(act, row, known->term_end_at, &not_after) : term_not_after(act, store_tx_conn(tx), row, &not_after));
        TRY(store_crl_shard_assign(tx, row->issuer, &shard));
        item->issued = (struct issued_row){
                .account_id = row->account_id,
                .certificate_id = row->certificate_id,
                .serial = bytes_of(serial, MSG_SERIAL_SIZE),
                .state = STR("signing"),
                .issuer = row->issuer,
                .profile = row->profile,
                .profile_hash = bytes_of(profile->hash, sizeof profile->hash),
                .crl_shard = shard,
                .not_before = act->now_sec,
                .not_after = not_after,
                .caa_checked_at = item->ticket->caa_checked_at,
                .created_at = act->now_sec,
        };
        TRY(issue_request(act, store_tx_conn(tx), item, known, &item->issued.request));
        return store_issued_insert(tx, &item->issued);
}

res issue_begin_with(struct act *act, struct store_tx *tx, const struct issue_known *known, struct issued_row *ret_issued)
{
        const struct issue_ticket ticket = {.caa_checked_at = known->caa_checked_at};
        struct issue_item item = {.ticket = &ticket, .certificate = *known->certificate};

        TRY(issue_begin_new(act, tx, &item, known));
        *ret_issued = item.issued;
        return RES_OK;
}

struct issue_begun {
        struct arena *arena; /* that it lives in */
        struct certificate_row certificate;
        struct issued_row issued;
};

struct issue_begun *issue_begun_new(const struct certificate_row *certificate, const struct issued_row *issued)
{
        struct arena *arena = arena_new(BEGUN_ARENA);
        struct issue_begun *begun = arena_new_of(arena, struct issue_begun);

        *begun = (struct issue_begun){arena, *certificate, *issued};
        store_certificate_keep(arena, &begun->certificate);
        store_issued_keep(arena, &begun->issued);
        return begun;
}

void issue_begun_free(struct issue_begun *begun)
{
        if (begun)
                arena_free(begun->arena);
}

static res issue_begin_one(struct act *act, struct store_tx *tx, struct issue_item *item)
{
        struct store_conn *conn = store_tx_conn(tx);

        TRY(store_certificate_get(conn, act->arena, item->ticket->account_id, str_of(item->ticket->certificate_id), &item->certificate));
        ENSURE(item->certificate.status == CERT_PENDING && item->certificate.validated_at > 0, ERR_CERT_STATE);
        bool left_behind = false;

        TRY(issue_signing(act, conn, &item->certificate, &item->issued, &left_behind));
        return left_behind ? RES_OK : issue_begin_new(act, tx, item, /* known= */ NULL); /* the same serial again */
}

res issue_signing(struct act *act, struct store_conn *conn, const struct certificate_row *row, struct issued_row *ret_issued,
                  bool *ret_is_signing)
{
        const struct issued_row *rows = NULL;
        size_t n = 0;

        *ret_is_signing = false;
        TRY(store_issued_list(conn, act->arena, row->account_id, row->certificate_id, &rows, &n));
        for (size_t i = 0; i < n; i++) {
                if (!str_equals(rows[i].state, "signing") || rows[i].request.n <= sizeof(struct msg_signer_issue))
                        continue;
                *ret_issued = rows[i];
                *ret_is_signing = true;
        }
        return RES_OK;
}

res issue_drop_signing(struct act *act, struct store_tx *tx, struct str certificate_id)
{
        const struct certificate_row of = {.account_id = act->account_id, .certificate_id = certificate_id};
        struct issued_row issued = {0};
        bool signing = false;

        TRY(issue_signing(act, store_tx_conn(tx), &of, &issued, &signing));
        return signing ? store_issued_set_dead(tx, act->account_id, issued.issued_id, act->now_sec, REVOKE_CESSATION) : RES_OK;
}

static res issue_begin(struct store_tx *tx, void *arg)
{
        struct issue_round *round = arg;

        for (size_t i = 0; i < round->count; i++) {
                struct issue_item *item = &round->items[i];

                if (item->is_begun)
                        continue;
                res r = issue_begin_one(&round->act, tx, item);

                if (err_is_of_store(r.err))
                        return r; /* the whole round comes back */
                item->err = r.err;
        }
        return RES_OK;
}

/* Begun in the transaction that made the certificate: where all are, the round writes nothing before it signs. */
static void issue_take_up_one(struct act *act, struct store_conn *conn, struct issue_item *item)
{
        struct certificate_row *row = &item->certificate;
        res found = store_certificate_get(conn, act->arena, item->ticket->account_id, str_of(item->ticket->certificate_id), row);

        if (res_is_ok(found) && row->status == CERT_PENDING && row->validated_at > 0)
                found = issue_signing(act, conn, row, &item->issued, &item->is_begun);
        item->is_begun &= res_is_ok(found);
}

/* From memory.  What became of them meanwhile is judged when they are finished. */
static bool issue_take_begun(struct issue_round *round)
{
        bool all = true;

        for (size_t i = 0; i < round->count; i++) {
                struct issue_item *item = &round->items[i];
                const struct issue_begun *begun = item->ticket->begun;

                item->is_begun = begun != NULL;
                all &= item->is_begun;
                if (begun == NULL)
                        continue;
                item->certificate = begun->certificate;
                item->issued = begun->issued;
        }
        return all;
}

/* false: some are left for issue_begin, which judges them. */
static bool issue_take_up(struct issue_round *round)
{
        struct store_conn *conn = NULL;
        bool all = true;

        if (issue_take_begun(round))
                return true;
        if (!res_is_ok(store_read(round->act.core->store, &conn)) || !res_is_ok(store_snapshot_begin(conn)))
                return false;
        for (size_t i = 0; i < round->count; i++) {
                if (round->items[i].ticket->is_begun && !round->items[i].is_begun)
                        issue_take_up_one(&round->act, conn, &round->items[i]);
                all &= round->items[i].is_begun;
        }
        store_snapshot_end(conn);
        return all;
}

/* ---- sign ------------------------------------------------------------------------------------------ */

static void issue_take_reply(struct act *act, struct issue_item *item, res way, const struct channel_reply *reply)
{
        struct msg_signer_issue_reply head;

        item->err = res_is_ok(way) ? reply->err : way.err;
        if (item->err != ERR_NONE) {
                struct str why = {(const char *)reply->tail.p, reply->tail.n < LIMIT_ERR_DETAIL ? reply->tail.n : LIMIT_ERR_DETAIL};

                item->why = why.n ? str_copy(act->arena, why) : err_sentence(item->err);
                return;
        }
        memcpy(&head, reply->body.p, reply->body.n < sizeof head ? reply->body.n : sizeof head);
        if (reply->body.n != sizeof head || head.cert_len != reply->tail.n || reply->tail.n > LIMIT_CERT_BYTES) {
                item->err = ERR_IPC_FRAME;
                return;
        }
        item->der = bytes_of(arena_copy(act->arena, reply->tail.p, reply->tail.n), reply->tail.n);
}

static void issue_sign(struct issue_round *round)
{
        struct channel_request requests[LIMIT_ISSUE_BATCH];
        struct channel_reply replies[LIMIT_ISSUE_BATCH] = {0};
        struct issue_item *asked[LIMIT_ISSUE_BATCH];
        res results[LIMIT_ISSUE_BATCH];
        size_t n = 0;

        for (size_t i = 0; i < round->count; i++) {
                struct bytes request = round->items[i].issued.request;

                if (round->items[i].err != ERR_NONE)
                        continue;
                requests[n] = (struct channel_request){
                        MSG_SIGNER_ISSUE, bytes_of(request.p, sizeof(struct msg_signer_issue)),
                        bytes_of(request.p + sizeof(struct msg_signer_issue), request.n - sizeof(struct msg_signer_issue))};
                asked[n++] = &round->items[i];
        }
        if (n == 0)
                return;
        channel_call_batch(round->act.core->signer, requests, n, LIMIT_IPC_SIGN_MS, replies, results);
        for (size_t i = 0; i < n; i++) {
                issue_take_reply(&round->act, asked[i], results[i], &replies[i]);
                channel_reply_done(&replies[i]);
        }
}

/* ---- finish ---------------------------------------------------------------------------------------- */

/* Not done: its job comes back then. */
static res issue_again(struct act *act, struct store_tx *tx, const struct issue_item *item, int64_t due_at)
{
        const struct issue_ticket *ticket = item->ticket;

        if (ticket->job_id == 0)
                return job_put(tx, JOB_ISSUE, ticket->account_id, str_of(ticket->certificate_id), due_at, act->now_sec);
        return job_again(tx, act->core, ticket->job_id, due_at, err_name(item->err));
}

/* Cancelled while it was being signed: the certificate exists, so it is revoked (cessation of operation). */
static res issue_finish_unwanted(struct act *act, struct store_tx *tx, struct issue_item *item)
{
        TRY(revoke_issued(act, tx, &item->issued, REVOKE_CESSATION));
        return job_end(tx, JOB_ISSUE, item->certificate.certificate_id);
}

static res issue_notice(struct act *act, struct store_tx *tx, const struct certificate_row *row)
{
        return store_notice_insert(tx, &(struct notice_row){
                                               .account_id = row->account_id,
                                               .certificate_id = row->certificate_id,
                                               .kind = STR("issued"),
                                               .text = str_of(arena_printf(act->arena, "The certificate for %.*s was issued.",
                                                                           (int)row->domain.n, row->domain.p)),
                                               .created_at = act->now_sec,
                                       });
}

/*
 * Its request is not being signed any more.  Either it was given up while the signer had it: cancelled, and perhaps submitted
 * again with other names; it is revoked should it have been signed, and its job, if there is one now, is another request's.
 * Or a round before this one finished it.
 */
static res issue_finish_late(struct act *act, struct store_tx *tx, const struct issue_item *item)
{
        struct issued_row now = {0};

        TRY(store_issued_get(store_tx_conn(tx), act->arena, item->issued.account_id, item->issued.issued_id, &now));
        return str_equals(now.state, "dead") ? RES_OK : job_end(tx, JOB_ISSUE, item->certificate.certificate_id);
}

/* What those hear who wait for it. */
static void issue_note_issued(struct issue_item *item)
{
        item->certificate.status = CERT_ISSUED;
        item->certificate.issued_id = item->issued.issued_id;
        item->certificate.begin_at = item->issued.not_before;
        item->certificate.end_at = item->issued.not_after;
        item->is_issued = true;
}

static res issue_finish_work(struct act *act, struct store_tx *tx, const struct certificate_row *row, const struct issued_row *issued)
{
        TRY(job_end(tx, JOB_ISSUE, row->certificate_id));
        TRY(job_end(tx, JOB_DEADLINE, row->certificate_id));
        return term_issued(act, tx, row, issued->not_before, issued->not_after);
}

static res issue_finish_one(struct act *act, struct store_tx *tx, struct issue_item *item)
{
        const struct certificate_row *row = &item->certificate;
        const struct issued_row *issued = &item->issued;
        const struct store_certificate_issue issue = {
                .account_id = row->account_id,
                .certificate_id = row->certificate_id,
                .from_status = CERT_PENDING,
                .to_status = CERT_ISSUED,
                .issued_id = issued->issued_id,
                .begin_at = issued->not_before,
                .end_at = issued->not_after,
                .issuer = issued->issuer,
                .profile = issued->profile,
        };

        act->account_id = row->account_id;
        item->is_issued = false;
        res finished = store_issued_finish(tx, row->account_id, issued->issued_id, item->der);

        if (finished.err == ERR_NOT_FOUND)
                return issue_finish_late(act, tx, item);
        TRY(finished);
        res moved = store_certificate_set_issued(tx, &issue);

        if (moved.err == ERR_NOT_FOUND) /* cancelled, or cancelled and deleted */
                return issue_finish_unwanted(act, tx, item);
        TRY(moved);
        TRY(quota_hold(act, tx, row->certificate_id, issued->not_after + 1));
        if (!item->ticket->is_begun) /* else there is none of it: it came proved, from its own transaction, and nobody bought it */
                TRY(issue_finish_work(act, tx, row, issued));
        TRY(issue_notice(act, tx, row));
        TRY(act_log(act, tx, row->certificate_id, "issued", "Certificate issued"));
        issue_note_issued(item);
        return RES_OK;
}

/*
 * Switched off: the signer made nothing.  The request waits as it is; one that has waited for long is given up for a new
 * one, because the CAA verdict and the dates in it grow too old for the signer (BR 4.2.2.1).
 */
static res issue_hold_off(struct act *act, struct store_tx *tx, struct issue_item *item)
{
        const struct certificate_row *row = &item->certificate;
        const char *message = arena_printf(act->arena, ISSUE_OFF_STATUS " (%s)", item->why);

        item->is_told = str_equals(row->status_msg, message);
        if (item->issued.caa_checked_at < act->now_sec - ISSUE_FRESH_SEC)
                TRY(store_issued_set_dead(tx, row->account_id, item->issued.issued_id, 0, 0));
        if (!item->is_told) {
                res told = store_certificate_set_status(tx, row->account_id, row->certificate_id, CERT_PENDING, CERT_PENDING, str_of(message));

                if (told.err == ERR_NOT_FOUND) /* cancelled meanwhile: the next look ends the job */
                        return issue_again(act, tx, item, act->now_sec);
                TRY(told);
        }
        return issue_again(act, tx, item, act->now_sec + ISSUE_OFF_RETRY_SEC);
}

/* A request left from long ago is refused for its age alone: then a new one is made. */
static bool item_is_late(const struct act *act, const struct issue_item *item)
{
        return item->err == ERR_ISSUE_REFUSED && item->issued.caa_checked_at < act->now_sec - ISSUE_FRESH_SEC;
}

static bool item_is_final(const struct act *act, const struct issue_item *item)
{
        return key_gate_refuses(item->err) ||
               ((item->err == ERR_LINT || item->err == ERR_ISSUE_REFUSED || item->err == ERR_FORMAT) && !item_is_late(act, item));
}

/* The signer signs this never: nothing with this serial exists. */
static res issue_give_up(struct act *act, struct store_tx *tx, const struct issue_item *item)
{
        if (key_gate_refuses(item->err)) /* the signer was not asked */
                return RES_OK;
        TRY(store_issued_set_dead(tx, item->certificate.account_id, item->issued.issued_id, 0, 0));
        return item_is_late(act, item) ? issue_again(act, tx, item, act->now_sec) : RES_OK;
}

res issue_finish(struct store_tx *tx, void *arg)
{
        struct issue_round *round = arg;
        struct act *act = &round->act;

        for (size_t i = 0; i < round->count; i++) {
                struct issue_item *item = &round->items[i];

                if (item->err == ERR_NONE)
                        TRY(issue_finish_one(act, tx, item));
                else if (item->err == ERR_CERT_STATE || item->err == ERR_NOT_FOUND) /* nothing to issue any more */
                        TRY(job_end(tx, JOB_ISSUE, str_of(item->ticket->certificate_id)));
                else if (item_is_final(act, item) || item_is_late(act, item))
                        TRY(issue_give_up(act, tx, item));
                else if (item->err == ERR_ISSUE_OFF)
                        TRY(issue_hold_off(act, tx, item));
                else
                        TRY(issue_again(act, tx, item, act->now_sec + ISSUE_RETRY_SEC));
        }
        return RES_OK;
}

/* After the round: what can never be issued fails, and the log hears of whatever went wrong. */
static void issue_settle(struct issue_round *round)
{
        for (size_t i = 0; i < round->count; i++) {
                struct issue_item *item = &round->items[i];

                if (item->err == ERR_NONE || item->err == ERR_CERT_STATE || item->err == ERR_NOT_FOUND || item->is_told)
                        continue;
                log_line(LOG_ERROR, "issue", "certificate=%s err=%s why=%s", item->ticket->certificate_id, err_name(item->err),
                         log_quote(str_of(item->why ? item->why : "")));
                if (!item_is_final(&round->act, item))
                        continue;
                round->act.account_id = item->ticket->account_id;
                const struct failure failure = {.cause = failure_refused(&round->act, &item->certificate, item->err, item->why)};
                res r = certificate_fail(&round->act, str_of(item->ticket->certificate_id), &failure);

                if (!res_is_ok(r))
                        log_line(LOG_ERROR, "issue_fail", "certificate=%s err=%s", item->ticket->certificate_id, err_name(r.err));
        }
}

struct issue_round *issue_round_new(struct core *core, const struct issue_ticket *tickets, size_t count)
{
        struct arena *arena = arena_new(ISSUE_ARENA);
        struct issue_round *round = arena_new_of(arena, struct issue_round);

        round->arena = arena;
        round->tickets = arena_copy(arena, tickets, count * sizeof *tickets);
        round->items = arena_array_of(arena, count, struct issue_item);
        round->count = count;
        act_begin(&round->act, core, arena, 0);
        for (size_t i = 0; i < count; i++)
                round->items[i].ticket = &round->tickets[i];
        return round;
}

static bool round_failed(const struct issue_round *round, res stored)
{
        if (!res_is_ok(stored))
                log_line(LOG_ERROR, "issue_round", "tickets=%zu err=%s", round->count, err_name(stored.err));
        return !res_is_ok(stored);
}

bool issue_round_sign(struct issue_round *round)
{
        if (!issue_take_up(round) && round_failed(round, store_run(round->act.core->store, issue_begin, round)))
                return false;
        issue_sign(round);
        return true;
}

bool issue_round_end(struct issue_round *round, res stored)
{
        if (round_failed(round, stored))
                return false;
        issue_settle(round);
        for (size_t i = 0; i < round->count; i++) {
                const struct issue_item *item = &round->items[i];

                bell_ring(round->act.core->bell, bell_key(str_of(item->ticket->certificate_id)), item->is_issued ? &item->certificate : NULL);
                issue_begun_free(item->ticket->begun);
        }
        return true;
}

void issue_round_free(struct issue_round *round)
{
        arena_free(round->arena);
}

bool issue_round(struct core *core, const struct issue_ticket *tickets, size_t count)
{
        struct issue_round *round = issue_round_new(core, tickets, count);
        const bool done = issue_round_sign(round) && issue_round_end(round, store_run(core->store, issue_finish, round));

        issue_round_free(round);
        return done;
}
