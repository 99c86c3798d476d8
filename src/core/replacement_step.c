/*
 * A replacement's steps.  Certificates are taken a handful in a transaction; where one of a handful fails, each is taken by itself, and the
 * one that cannot be replaced waits for the deadline with the cause in the log.
 */
#include "core/replacement.h"

#include "base/b64.h"
#include "base/log.h"
#include "base/timetext.h"
#include "core/certificate.h"
#include "core/core.h"
#include "core/issuers.h"
#include "core/job.h"
#include "core/log.h"
#include "core/successor.h"
#include "pki/cert.h"
#include "store/acme_order.h"
#include "store/issued.h"
#include "store/notice.h"

#define STEP_SEC 5
#define STEP_HANDFUL 50
#define STEP_ITEMS 500             /* of a state in one run of the job: its lease is two minutes */
#define STEP_ARENA (64 * 1024 * 1024)
#define STEP_LOOK_MIN_SEC 30       /* at a successor: first so soon, then the longer the longer it takes */
#define STEP_LOOK_MAX_SEC 3600
#define STEP_RETRY_SEC 60
#define IDENTIFIER_BYTES 128

struct step;
typedef res item_fn(struct step *step, struct store_tx *tx, struct replacement_item_row *item);

struct step {
        struct act *act;
        struct replacement_row row;
        item_fn *fn;
        const struct replacement_item_row *items;
        size_t n;
        bool more; /* there was more to do than was taken */
};

static int64_t soonest(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

/* ---- the certificate, as it is now --------------------------------------------------------------------------- */

/* false: it is not this one any more, or it is no good by itself. */
static res item_certificate(struct step *step, struct store_tx *tx, const struct replacement_item_row *item, struct certificate_row *ret_row,
                            bool *ret_is_good)
{
        struct act *act = step->act;
        res got = store_certificate_get(store_tx_conn(tx), act->arena, item->account_id, item->certificate_id, ret_row);

        *ret_is_good = false;
        if (got.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(got);
        const bool is_issued = ret_row->status == CERT_ISSUED || ret_row->status == CERT_REVOKING || ret_row->status == CERT_REVOKE_LETTER;

        *ret_is_good = is_issued && ret_row->issued_id == item->issued_id && ret_row->end_at > act->now_sec;
        return RES_OK;
}

static res item_put(struct store_tx *tx, struct replacement_item_row *item, const char *state, int64_t due_at)
{
        item->state = str_of(state);
        item->due_at = due_at;
        return store_replacement_item_update(tx, item);
}

/* ---- opened --------------------------------------------------------------------------------------------------- */

static res tell_owner(struct step *step, struct store_tx *tx, const struct certificate_row *row, const char *what)
{
        struct act *act = step->act;
        char deadline[TIMETEXT_SIZE];

        timetext_api(step->row.deadline_at, deadline);
        const char *text = arena_printf(act->arena, "The certificate for %.*s is replaced by the operator (%.*s): %s It is revoked by %s at the latest.",
                                        (int)row->domain.n, row->domain.p, (int)step->row.note.n, step->row.note.p, what, deadline);

        TRY(act_log(act, tx, row->certificate_id, "operator", text));
        return store_notice_insert(tx, &(struct notice_row){.account_id = row->account_id,
                                                            .certificate_id = row->certificate_id,
                                                            .kind = STR("replacement"),
                                                            .text = str_of(text),
                                                            .created_at = act->now_sec});
}

static res is_acme(struct step *step, struct store_tx *tx, const struct replacement_item_row *item, bool *ret_is)
{
        struct acme_order_row order = {0};
        res got = store_acme_order_get_by_certificate(store_tx_conn(tx), step->act->arena, item->account_id, item->certificate_id, &order);

        *ret_is = res_is_ok(got);
        return got.err == ERR_NOT_FOUND ? RES_OK : got;
}

static res item_open(struct step *step, struct store_tx *tx, struct replacement_item_row *item)
{
        struct act *act = step->act;
        struct certificate_row row = {0};
        bool is_good, by_client;

        TRY(item_certificate(step, tx, item, &row, &is_good));
        if (!is_good)
                return item_put(tx, item, "ended", 0);
        TRY(is_acme(step, tx, item, &by_client));
        TRY(replacement_void_proofs(act, tx, &step->row, item));
        if (!by_client)
                TRY(successor_replace(act, tx, &row, &item->successor_id));
        item->opened_at = act->now_sec;
        TRY(tell_owner(step, tx, &row,
                       by_client ? "its ACME client renews it now, if it asks for renewal information; else have it renewed."
                                 : arena_printf(act->arena, "%.*s takes its place; prove the names again if that is asked for.",
                                                (int)item->successor_id.n, item->successor_id.p)));
        return item_put(tx, item, "open", soonest(step->row.deadline_at, act->now_sec + STEP_LOOK_MIN_SEC));
}

/* ---- is the successor there? -------------------------------------------------------------------------------------- */

/* As RFC 9773 §4.1 names a certificate. */
static res identifier_of(struct act *act, struct store_conn *conn, const struct replacement_item_row *item, struct str *ret_text)
{
        CLEAN(buf_done) struct buf text = {0};
        struct issued_row issued = {0};
        struct pki_cert cert;

        TRY(store_issued_get(conn, act->arena, item->account_id, item->issued_id, &issued));
        const struct issuer *issuer = issuers_find(act->core->issuers, issued.issuer);

        ENSURE(issuer != NULL, ERR_NOT_FOUND);
        TRY(pki_cert_parse(issuer->der, &cert));
        buf_init(&text, IDENTIFIER_BYTES);
        b64url_encode(cert.key_id, &text);
        buf_add_byte(&text, '.');
        b64url_encode(issued.serial, &text);
        TRY(buf_check(&text));
        *ret_text = str_dup(act->arena, buf_str(&text));
        return RES_OK;
}

/* The certificate of an order that the client made to replace this one; "" = none yet. */
static res find_by_client(struct act *act, struct store_conn *conn, struct replacement_item_row *item)
{
        const struct acme_order_row *orders = NULL;
        struct str identifier = {0};
        size_t n = 0;

        TRY(identifier_of(act, conn, item, &identifier));
        TRY(store_acme_order_list_replacing(conn, act->arena, item->account_id, identifier, &orders, &n));
        for (size_t i = 0; i < n; i++)
                if (orders[i].certificate_id.n > 0)
                        item->successor_id = orders[i].certificate_id;
        return RES_OK;
}

static res item_look(struct step *step, struct store_tx *tx, struct replacement_item_row *item)
{
        struct act *act = step->act;
        struct store_conn *conn = store_tx_conn(tx);
        struct certificate_row row = {0}, next = {0};
        bool is_good;

        TRY(item_certificate(step, tx, item, &row, &is_good));
        if (!is_good)
                return item_put(tx, item, "ended", 0);
        if (item->successor_id.n == 0)
                TRY(find_by_client(act, conn, item));
        res found = item->successor_id.n == 0 ? FAIL(ERR_NOT_FOUND)
                                              : store_certificate_get(conn, act->arena, item->account_id, item->successor_id, &next);

        if (!res_is_ok(found) && found.err != ERR_NOT_FOUND)
                return found;
        if (act->now_sec >= step->row.deadline_at)
                return item_put(tx, item, "ready", act->now_sec);
        if (res_is_ok(found) && next.status == CERT_ISSUED)
                return item_put(tx, item, "ready", soonest(step->row.deadline_at, act->now_sec + step->row.grace_sec));
        const int64_t since = (act->now_sec - item->opened_at) / 4;
        const int64_t pause = since < STEP_LOOK_MIN_SEC ? STEP_LOOK_MIN_SEC : soonest(since, STEP_LOOK_MAX_SEC);

        return item_put(tx, item, "open", soonest(step->row.deadline_at, act->now_sec + pause));
}

/* ---- revoked -------------------------------------------------------------------------------------------------------- */

static res item_revoke(struct step *step, struct store_tx *tx, struct replacement_item_row *item)
{
        struct act *act = step->act;
        struct certificate_row row = {0};
        bool is_good;

        TRY(item_certificate(step, tx, item, &row, &is_good));
        if (!is_good)
                return item_put(tx, item, "ended", 0);
        TRY(revoke_certificate(act, tx, &row, (enum revoke_reason)step->row.reason,
                               arena_printf(act->arena, "replaced by the operator: %.*s", (int)step->row.note.n, step->row.note.p)));
        return item_put(tx, item, "revoked", 0);
}

/* ---- a handful at a time ------------------------------------------------------------------------------------------ */

/* In memory of its own: an account with many slots needs a lot for each. */
static res take_item(struct step *step, struct store_tx *tx, struct replacement_item_row item)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(STEP_ARENA);
        struct act *all = step->act, act = *all;

        act.arena = arena;
        act.catalogue = NULL; /* held as long as the arena */
        act.account_id = item.account_id;
        step->act = &act;
        res r = step->fn(step, tx, &item);

        step->act = all;
        memcpy(all->detail, act.detail, sizeof all->detail);
        return r;
}

static res handful_tx(struct store_tx *tx, void *arg)
{
        struct step *step = arg;
        res r = RES_OK;

        for (size_t i = 0; i < step->n && res_is_ok(r); i++)
                r = take_item(step, tx, step->items[i]);
        return r;
}

static res tell_stuck(struct step *step, struct store_tx *tx, const struct replacement_item_row *item)
{
        struct certificate_row row = {0};
        bool is_good;

        TRY(item_certificate(step, tx, item, &row, &is_good));
        return is_good ? tell_owner(step, tx, &row, "it cannot be made anew by itself; apply for another.") : RES_OK;
}

static res put_off_tx(struct store_tx *tx, void *arg)
{
        struct step *step = arg;
        struct replacement_item_row item = *step->items;
        const int64_t now = step->act->now_sec;

        if (str_equals(item.state, "waiting")) {
                step->act->account_id = item.account_id; /* the step's own act */
                TRY(tell_stuck(step, tx, &item));
                item.state = STR("open");
                item.opened_at = now;
        }
        item.due_at = now >= step->row.deadline_at ? now + STEP_RETRY_SEC : soonest(step->row.deadline_at, now + STEP_LOOK_MAX_SEC);
        return store_replacement_item_update(tx, &item);
}

/* Something stands in the way of this one alone. */
static res put_off(struct step *step, res why)
{
        log_line(LOG_WARNING, "replacement", "certificate=%s state=%s err=%s why=%s", log_quote(step->items->certificate_id),
                 log_quote(step->items->state), err_name(why.err), log_quote(str_of(step->act->detail)));
        step->act->detail[0] = 0;
        return store_run(step->act->core->store, put_off_tx, step);
}

static res take_handful(struct step *all, const struct replacement_item_row *items, size_t n, item_fn *fn)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(STEP_ARENA);
        struct act act = *all->act;
        struct step step = {.act = &act, .row = all->row, .fn = fn, .items = items, .n = n};

        act.arena = arena;
        res done = store_run(act.core->store, handful_tx, &step);

        if (res_is_ok(done) || err_is_of_store(done.err))
                return done;
        for (size_t i = 0; n > 1 && i < n; i++)
                TRY(take_handful(all, &items[i], 1, fn));
        return n > 1 ? RES_OK : put_off(&step, done);
}

static res take_state(struct step *all, const char *state, int64_t most, item_fn *fn)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(STEP_ARENA);
        const struct replacement_item_row *items = NULL;
        struct store_conn *conn = NULL;
        size_t n = 0;

        TRY(store_read(all->act->core->store, &conn));
        TRY(store_replacement_item_list(conn, arena, all->row.replacement_id, str_of(state), all->act->now_sec, most, &items, &n));
        for (size_t i = 0; i < n; i += STEP_HANDFUL) {
                ENSURE(!atomic_load(&all->act->core->stopping), ERR_STORE_BUSY);
                TRY(take_handful(all, &items[i], n - i < STEP_HANDFUL ? n - i : STEP_HANDFUL, fn));
        }
        all->more |= n == STEP_ITEMS;
        return RES_OK;
}

/* ---- the list, page by page ------------------------------------------------------------------------------------------ */

struct listing {
        struct step *step;
        const struct replacement_item_row *items;
        size_t n;
        int64_t after;
        bool last;
};

static res listing_tx(struct store_tx *tx, void *arg)
{
        const struct listing *listing = arg;
        struct replacement_row row = listing->step->row;

        for (size_t i = 0; i < listing->n; i++) {
                struct replacement_item_row item = listing->items[i];

                item.replacement_id = row.replacement_id;
                item.state = STR("waiting");
                item.successor_id = STR("");
                item.due_at = row.created_at;
                TRY(store_replacement_item_insert(tx, &item));
        }
        row.listed_to = listing->after;
        if (listing->last)
                row.state = STR("running");
        return store_replacement_update(tx, &row);
}

static res list_page(struct step *step)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(STEP_ARENA);
        struct listing listing = {.step = step};

        TRY(replacement_page(step->act, arena, &step->row, &listing.items, &listing.n, &listing.after, &listing.last));
        step->more = true;
        return store_run(step->act->core->store, listing_tx, &listing);
}

/* ---- a run ----------------------------------------------------------------------------------------------------------- */

static res ending_tx(struct store_tx *tx, void *arg)
{
        const struct step *step = arg;
        struct act *act = step->act;

        TRY(store_replacement_update(tx, &step->row));
        if (!str_equals(step->row.state, "done"))
                return RES_OK;
        return act_log(act, tx, STR(""), "operator", arena_printf(act->arena, "Replacement %lld is done", (long long)step->row.replacement_id));
}

static res is_done(struct step *step, bool *ret_done)
{
        const struct replacement_state *state = NULL;
        size_t n = 0;

        TRY(replacement_describe(step->act, step->row.replacement_id, 1, &state, &n));
        *ret_done = state->waiting + state->open + state->ready == 0;
        return RES_OK;
}

/* So many every five seconds, whatever time was lost: applicants wait for the same round of issue. */
static res open_some(struct step *step)
{
        struct act *act = step->act;

        if (act->now_sec >= step->row.deadline_at) /* too late to open any: they go the way of the others */
                return take_state(step, "waiting", STEP_ITEMS, item_look);
        if (act->now_sec < step->row.next_open_at)
                return RES_OK;
        step->row.next_open_at = act->now_sec + STEP_SEC;
        TRY(store_run(act->core->store, ending_tx, step)); /* first: a crash then begins fewer, not more */
        return take_state(step, "waiting", step->row.per_minute * STEP_SEC / 60, item_open);
}

static res run(struct step *step)
{
        bool done = false;

        if (str_equals(step->row.state, "listing"))
                return list_page(step);
        TRY(take_state(step, "ready", STEP_ITEMS, item_revoke));
        TRY(take_state(step, "open", STEP_ITEMS, item_look));
        TRY(open_some(step));
        TRY(is_done(step, &done));
        if (done)
                step->row.state = STR("done");
        return store_run(step->act->core->store, ending_tx, step);
}

static res end_tx(struct store_tx *tx, void *arg)
{
        return job_end(tx, JOB_REPLACE, *(const struct str *)arg);
}

void replacement_job(struct act *act, const struct job_row *job, void *context)
{
        struct step step = {.act = act};
        struct store_conn *conn = NULL;
        struct str subject = job->subject;
        int64_t id = 0;
        res r = str_to_int64(subject, &id);

        (void)context;
        if (res_is_ok(r))
                r = store_read(act->core->store, &conn);
        if (res_is_ok(r))
                r = store_replacement_get(conn, act->arena, id, &step.row);
        const bool is_over = r.err == ERR_NOT_FOUND || str_equals(step.row.state, "done") || str_equals(step.row.state, "stopped");

        if (res_is_ok(r) && !is_over)
                r = run(&step);
        if (!res_is_ok(r) && r.err != ERR_NOT_FOUND && r.err != ERR_STORE_BUSY)
                log_line(LOG_WARNING, "replacement", "id=%lld err=%s", (long long)id, err_name(r.err));
        if (is_over || str_equals(step.row.state, "done"))
                r = store_run(act->core->store, end_tx, &subject);
        else
                job_postpone(act, job, step.more ? act->now_sec : act->now_sec + STEP_SEC);
        if (step.more)
                job_runner_wake(act->core->jobs);
}
