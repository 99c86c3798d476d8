/* See reconcile.h.  How far it came is a row of `instance`, so a start goes on there. */
#include "core/reconcile.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/log.h"
#include "core/audit_inner.h"
#include "core/certificate.h"
#include "core/core.h"
#include "core/job.h"
#include "core/revoke.h"
#include "ipc/channel.h"
#include "store/certificate.h"
#include "store/instance.h"

#define RECONCILE_EVERY_SEC 60
#define RECONCILE_ROWS 500
#define RECONCILE_SIGNING 100
#define RECONCILE_LATE_SEC 600   /* a round of issue takes seconds */
#define RECONCILE_FINDINGS AUDIT_SHOWN
#define PAGE_ARENA (64 * 1024 * 1024)
#define PLACE STR("reconcile")

struct place {
        uint64_t signed_new, signed_old; /* byte of the signer's log: from where on it is new; the page of the old */
        int64_t row_new, row_old;        /* issued_id, likewise */
};

struct reconciling {
        struct act *act;
        struct audit *audit;
        struct reconcile_report *report;
        struct place place, was;
        const struct finding_row *known;
        size_t known_count;
};

static void reconciling_done(struct reconciling *round)
{
        audit_done(round->audit);
}

static res go_on(const struct act *act)
{
        ENSURE(!atomic_load(&act->core->stopping), ERR_STORE_BUSY);
        return RES_OK;
}

/* ---- mended -------------------------------------------------------------------------------------------- */

struct mending {
        struct act *act;
        const struct issued_row *row;
};

/* Signed, and its application was given up: nobody has it, and nobody shall use it. */
static res revoke_tx(struct store_tx *tx, void *arg)
{
        const struct mending *mending = arg;

        mending->act->account_id = mending->row->account_id;
        return revoke_issued(mending->act, tx, mending->row, REVOKE_CESSATION);
}

/* Signed, and the answer never arrived: the round of issue gets the same bytes again, or it is wanted no more. */
static res finish_tx(struct store_tx *tx, void *arg)
{
        const struct mending *mending = arg;
        const struct issued_row *row = mending->row;
        struct act *act = mending->act;
        struct certificate_row certificate = {0};
        res found = store_certificate_get(store_tx_conn(tx), act->arena, row->account_id, row->certificate_id, &certificate);

        if (res_is_ok(found) && certificate.status == CERT_PENDING && certificate.validated_at > 0)
                return job_put(tx, JOB_ISSUE, row->account_id, row->certificate_id, act->now_sec, act->now_sec);
        if (!res_is_ok(found) && found.err != ERR_NOT_FOUND)
                return found;
        return store_issued_set_dead(tx, row->account_id, row->issued_id, act->now_sec, REVOKE_CESSATION);
}

static res mend(struct reconciling *round, store_fn *fn, const struct issued_row *row)
{
        struct mending mending = {round->act, row};
        const int64_t own = round->act->account_id;
        res mended = store_run(round->act->core->store, fn, &mending);

        round->act->account_id = own;
        if (mended.err == ERR_NOT_FOUND) /* somebody else did */
                return RES_OK;
        TRY(mended);
        log_line(LOG_WARNING, "reconcile", "mended=%s state=%s", log_quote(row->certificate_id), log_quote(row->state));
        round->report->mended_count++;
        return RES_OK;
}

/* ---- what was signed -------------------------------------------------------------------------------------- */

static bool entry_is_text(const struct msg_log_entry *entry)
{
        return memchr(entry->issuer, 0, sizeof entry->issuer) && memchr(entry->profile, 0, sizeof entry->profile);
}

static res take_item(struct reconciling *round, struct arena *arena, struct store_conn *conn, const struct msg_log_item *item, struct bytes der)
{
        const struct msg_log_entry *entry = &item->entry;
        const int64_t findings = round->audit->report->finding_count;
        struct issued_row row = {0};
        char serial[2 * MSG_SERIAL_SIZE + 1];
        bool is_new;

        round->report->signed_count++;
        if (!entry_is_text(entry) || audit_is_own(round->audit, entry))
                return RES_OK; /* of a damaged record the audit tells */
        hex_lower(bytes_of(entry->serial, MSG_SERIAL_SIZE), serial);
        res found = store_issued_get_by_serial(conn, arena, bytes_of(entry->serial, MSG_SERIAL_SIZE), &row);

        if (!res_is_ok(found) && found.err != ERR_NOT_FOUND)
                return found;
        if (res_is_ok(found) && str_equals(row.state, "dead") && row.revoked_at == 0)
                TRY(mend(round, revoke_tx, &row));
        else
                audit_check_row(round->audit, entry, der, res_is_ok(found) ? &row : NULL, serial);
        return round->audit->report->finding_count == findings ? audit_set_add(&round->audit->signed_here, entry->serial, &is_new) : RES_OK;
}

static res take_page(struct reconciling *round, const struct msg_signer_log_reply *head, struct bytes rest)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(PAGE_ARENA);
        struct store_conn *conn = NULL;

        TRY(store_read(round->act->core->store, &conn));
        for (uint32_t i = 0; i < head->entry_count; i++) {
                struct msg_log_item item;
                struct bytes der;

                TRY(audit_page_cut(&rest, &item, &der));
                TRY(take_item(round, arena, conn, &item, der));
        }
        ENSURE(rest.n == 0, ERR_IPC_FRAME);
        return RES_OK;
}

/* One page from *offset on, which moves behind it; not moved = that was the end. */
static res ask_page(struct reconciling *round, uint64_t *offset)
{
        const struct msg_signer_log body = {.offset = *offset};
        const struct channel_request request = {MSG_SIGNER_LOG, bytes_of(&body, sizeof body), {0}};
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        char why[LIMIT_ERR_DETAIL + 1] = "", place[32];
        struct msg_signer_log_reply head;
        res asked = channel_ask(round->act->core->signer, &request, LIMIT_IPC_SIGN_MS, sizeof head, &reply, why);

        if (asked.err == ERR_IO) { /* the signer's own word: it cannot read on */
                (void)snprintf(place, sizeof place, "byte %" PRIu64, *offset);
                audit_find(round->audit, "signer_log_unreadable", place, "%s", why);
                return RES_OK;
        }
        TRY(asked);
        memcpy(&head, reply.body.p, sizeof head);
        ENSURE(head.next_offset >= *offset, ERR_IPC_FRAME);
        TRY(take_page(round, &head, reply.tail));
        *offset = head.next_offset;
        return RES_OK;
}

static res walk_signed(struct reconciling *round)
{
        const uint64_t old_end = round->place.signed_new, old = round->place.signed_old;
        uint64_t before;

        do {
                before = round->place.signed_new;
                TRY(go_on(round->act));
                TRY(ask_page(round, &round->place.signed_new));
        } while (round->place.signed_new > before);
        TRY(ask_page(round, &round->place.signed_old));
        if (round->place.signed_old == old || round->place.signed_old >= old_end)
                round->place.signed_old = 0;
        return RES_OK;
}

/* ---- what the database has ----------------------------------------------------------------------------------- */

/* *ret_has: a byte each, 1 = the signer signed it. */
static res ask_has(struct reconciling *round, struct arena *arena, const struct issued_row *rows, size_t n, const uint8_t **ret_has)
{
        const struct msg_signer_has body = {.count = (uint32_t)n};
        uint8_t *serials = arena_alloc(arena, n * MSG_SERIAL_SIZE + 1);
        const struct channel_request request = {MSG_SIGNER_HAS, bytes_of(&body, sizeof body), bytes_of(serials, n * MSG_SERIAL_SIZE)};
        CLEAN(channel_reply_done) struct channel_reply reply = {0};

        for (size_t i = 0; i < n; i++)
                if (rows[i].serial.n == MSG_SERIAL_SIZE) /* others are none of ours: all zero, which nobody signed */
                        memcpy(serials + i * MSG_SERIAL_SIZE, rows[i].serial.p, MSG_SERIAL_SIZE);
        TRY(channel_ask(round->act->core->signer, &request, LIMIT_IPC_SIGN_MS, sizeof body, &reply, NULL));
        ENSURE(reply.tail.n == n, ERR_IPC_FRAME);
        *ret_has = arena_copy(arena, reply.tail.p, n + (n == 0));
        return RES_OK;
}

static void find_unsigned(struct reconciling *round, const struct issued_row *row)
{
        char serial[2 * MSG_SERIAL_SIZE + 1];

        if (row->serial.n != MSG_SERIAL_SIZE) /* the audit tells */
                return;
        hex_lower(row->serial, serial);
        audit_find(round->audit, "unknown_to_signer", serial, "Certificate %.*s is issued in the database, but the signer's log does not have it.",
                   (int)row->certificate_id.n, row->certificate_id.p);
}

/* Rows behind *after; it stays before the first that is still being signed, unless that is all a page holds. */
static res take_rows(struct reconciling *round, int64_t *after, size_t *ret_n)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(PAGE_ARENA);
        struct store_conn *conn = NULL;
        const struct issued_row *rows = NULL;
        const uint8_t *has = NULL;
        int64_t next = *after;
        bool is_moving = true;

        TRY(store_read(round->act->core->store, &conn));
        TRY(store_issued_list_serials(conn, arena, *after, RECONCILE_ROWS, &rows, ret_n));
        if (*ret_n == 0)
                return RES_OK;
        TRY(ask_has(round, arena, rows, *ret_n, &has));
        for (size_t i = 0; i < *ret_n; i++) {
                if (str_equals(rows[i].state, "issued") && !has[i])
                        find_unsigned(round, &rows[i]);
                is_moving &= !str_equals(rows[i].state, "signing");
                next = is_moving ? rows[i].issued_id : next;
        }
        round->report->row_count += (int64_t)*ret_n;
        *after = next == *after && *ret_n == RECONCILE_ROWS ? rows[*ret_n - 1].issued_id : next;
        return RES_OK;
}

static res walk_rows(struct reconciling *round)
{
        const int64_t old_end = round->place.row_new;
        int64_t before;
        size_t n = 0;

        do {
                before = round->place.row_new;
                TRY(go_on(round->act));
                TRY(take_rows(round, &round->place.row_new, &n));
        } while (n > 0 && round->place.row_new > before);
        before = round->place.row_old;
        TRY(take_rows(round, &round->place.row_old, &n));
        if (n == 0 || round->place.row_old == before || round->place.row_old >= old_end)
                round->place.row_old = 0;
        return RES_OK;
}

/* Being signed for far too long: nobody asks for them any more, or signing is switched off. */
static res walk_signing(struct reconciling *round)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(PAGE_ARENA);
        struct store_conn *conn = NULL;
        const struct issued_row *rows = NULL;
        const uint8_t *has = NULL;
        size_t n = 0;

        TRY(store_read(round->act->core->store, &conn));
        TRY(store_issued_list_signing(conn, arena, 0, RECONCILE_SIGNING, &rows, &n));
        if (n == 0)
                return RES_OK;
        TRY(ask_has(round, arena, rows, n, &has));
        for (size_t i = 0; i < n; i++)
                if (has[i] && rows[i].created_at < round->act->now_sec - RECONCILE_LATE_SEC)
                        TRY(mend(round, finish_tx, &rows[i]));
        return RES_OK;
}

/* ---- what stands --------------------------------------------------------------------------------------------- */

/* The audit names a record by its serial number, or by its place. */
static struct bytes finding_serial(struct arena *arena, const char *subject)
{
        uint8_t serial[MSG_SERIAL_SIZE];

        if (!res_is_ok(hex_decode(str_of(subject), serial, sizeof serial)))
                return bytes_of(subject, strlen(subject));
        return bytes_of(arena_copy(arena, serial, sizeof serial), sizeof serial);
}

static bool is_known(const struct reconciling *round, struct bytes serial)
{
        for (size_t i = 0; i < round->known_count; i++)
                if (bytes_equal(round->known[i].serial, serial))
                        return true;
        return false;
}

static bool is_found_again(const struct reconciling *round, struct bytes serial)
{
        for (size_t i = 0; i < round->audit->report->shown; i++)
                if (bytes_equal(finding_serial(round->act->arena, round->audit->report->findings[i].subject), serial))
                        return true;
        return false;
}

static res is_over(struct reconciling *round, const struct finding_row *finding, bool *ret_over)
{
        const struct issued_row row = {.serial = finding->serial};
        struct act *act = round->act;
        struct issued_status status = {0};
        struct store_conn *conn = NULL;
        const uint8_t *has = NULL;

        *ret_over = false;
        if (is_found_again(round, finding->serial))
                return RES_OK;
        if (finding->serial.n != MSG_SERIAL_SIZE) {
                *ret_over = true;
                return RES_OK;
        }
        TRY(store_read(act->core->store, &conn));
        res found = store_issued_get_status(conn, act->arena, finding->serial, &status);

        if (!res_is_ok(found) && found.err != ERR_NOT_FOUND)
                return found;
        TRY(ask_has(round, act->arena, &row, 1, &has));
        if (str_equals(finding->kind, "unknown_to_database") || str_equals(finding->kind, "unknown_to_signer"))
                *ret_over = has[0] == res_is_ok(found);
        else
                *ret_over = audit_set_has(&round->audit->signed_here, finding->serial.p);
        return RES_OK;
}

static const char *place_text(struct arena *arena, const struct place *place)
{
        return arena_printf(arena, "%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64, place->signed_new, place->signed_old, place->row_new,
                            place->row_old);
}

struct standing {
        struct reconciling *round;
        struct finding_row *found;
        size_t found_count;
        const struct finding_row **over;
        size_t over_count;
};

static res standing_tx(struct store_tx *tx, void *arg)
{
        const struct standing *standing = arg;

        for (size_t i = 0; i < standing->found_count; i++)
                TRY(store_finding_put(tx, &standing->found[i]));
        for (size_t i = 0; i < standing->over_count; i++)
                TRY(store_finding_drop(tx, standing->over[i]->serial));
        return store_instance_put(tx, PLACE, str_of(place_text(standing->round->act->arena, &standing->round->place)));
}

static void tell(const struct finding_row *row, bool is_over)
{
        char serial[2 * MSG_SERIAL_SIZE + 1] = "";

        if (row->serial.n == MSG_SERIAL_SIZE)
                hex_lower(row->serial, serial);
        log_line(is_over ? LOG_INFO : LOG_ERROR, "reconcile", "finding=%.*s serial=%s %stext=%s", (int)row->kind.n, row->kind.p, serial,
                 is_over ? "over=yes " : "", log_quote(row->text));
}

static res gather(struct standing *standing)
{
        struct reconciling *round = standing->round;
        struct arena *arena = round->act->arena;
        const struct audit_report *report = round->audit->report;

        standing->found = arena_array_of(arena, report->shown + 1, struct finding_row);
        standing->over = arena_array_of(arena, round->known_count + 1, const struct finding_row *);
        for (size_t i = 0; i < report->shown; i++) {
                const struct audit_finding *finding = &report->findings[i];
                const struct bytes serial = finding_serial(arena, finding->subject);

                if (!is_known(round, serial))
                        standing->found[standing->found_count++] =
                                (struct finding_row){serial, str_of(finding->kind), str_of(finding->text), round->act->now_sec};
        }
        for (size_t i = 0; i < round->known_count; i++) {
                bool over;

                TRY(is_over(round, &round->known[i], &over));
                if (over)
                        standing->over[standing->over_count++] = &round->known[i];
        }
        return RES_OK;
}

static res keep(struct reconciling *round)
{
        struct standing standing = {.round = round};

        TRY(gather(&standing));
        if (standing.found_count == 0 && standing.over_count == 0 && memcmp(&round->place, &round->was, sizeof round->place) == 0)
                return RES_OK;
        TRY(store_run(round->act->core->store, standing_tx, &standing));
        for (size_t i = 0; i < standing.found_count; i++)
                tell(&standing.found[i], /* is_over= */ false);
        for (size_t i = 0; i < standing.over_count; i++)
                tell(standing.over[i], /* is_over= */ true);
        round->report->new_count = (int64_t)standing.found_count;
        return RES_OK;
}

/* ---- a round --------------------------------------------------------------------------------------------------- */

static res read_place(struct reconciling *round, struct store_conn *conn)
{
        struct str text = {0}, part[4];
        int64_t v[4];
        res got = store_instance_get(conn, round->act->arena, PLACE, &text);

        if (got.err != ERR_NOT_FOUND)
                TRY(got);
        for (size_t i = 0; i < 4; i++)
                part[i] = str_cut(&text, ' ');
        for (size_t i = 0; i < 4; i++)
                if (!res_is_ok(str_to_int64(part[i], &v[i]))) /* from the beginning */
                        return RES_OK;
        round->place = round->was = (struct place){(uint64_t)v[0], (uint64_t)v[1], v[2], v[3]};
        return RES_OK;
}

static res begin(struct reconciling *round)
{
        struct act *act = round->act;
        struct store_conn *conn = NULL;

        round->audit = arena_new_of(act->arena, struct audit);
        TRY(audit_begin(round->audit, act, act->core->issuers, arena_new_of(act->arena, struct audit_report)));
        TRY(store_read(act->core->store, &conn));
        TRY(read_place(round, conn));
        return store_finding_list(conn, act->arena, RECONCILE_FINDINGS, &round->known, &round->known_count);
}

static res walk(struct reconciling *round)
{
        TRY(begin(round));
        TRY(walk_signing(round));
        TRY(walk_rows(round)); /* first, so that what it finds is in the signer's log already */
        TRY(walk_signed(round));
        return keep(round);
}

res reconcile_run(struct act *act, struct reconcile_report *ret_report)
{
        struct audit none = {0};
        CLEAN(reconciling_done) struct reconciling round = {.act = act, .audit = &none, .report = ret_report};
        struct store_conn *conn = NULL;

        *ret_report = (struct reconcile_report){0};
        TRY(walk(&round));
        TRY(store_read(act->core->store, &conn));
        TRY(store_finding_list(conn, act->arena, RECONCILE_FINDINGS, &ret_report->findings, &ret_report->finding_count));
        atomic_store(&act->core->finding_count, (long long)ret_report->finding_count);
        return RES_OK;
}

void reconcile_job(struct act *act, const struct job_row *job, void *context)
{
        struct reconcile_report report;
        res r = reconcile_run(act, &report);

        (void)context;
        if (!res_is_ok(r) && r.err != ERR_STORE_BUSY)
                log_line(LOG_WARNING, "reconcile", "err=%s", err_name(r.err));
        job_postpone(act, job, act->now_sec + RECONCILE_EVERY_SEC);
}
