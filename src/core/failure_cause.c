/*
 * See failure_cause.h.  The table has a remedy for each thing that a look can see; the words of the look itself (what was
 * asked where and what came back) stand before it.
 */
#include "core/failure_cause.h"

#include "core/catalogue.h"
#include "core/core.h"
#include "core/key_gate.h"
#include "ipc/msg.h"
#include "store/certificate.h"

enum cause_kind { CAUSE_DNS, CAUSE_FILE, CAUSE_KIND_COUNT };

static const char *const remedies[CAUSE_KIND_COUNT][MSG_VERDICT_COUNT] = {
        [CAUSE_DNS] = {
                /* RVW-17; RVW-16: a provider that answers for every host shows something else than the record. */
                [MSG_VERDICT_ABSENT] = "Add the record at the host shown, with its value; ignore a provider's note that the host answers already",
                [MSG_VERDICT_DIFFERENT] = "Correct the record's host and value to those shown", /* RVW-15 */
                /* RVW-19: dynamic or split DNS that is not in step everywhere. */
                [MSG_VERDICT_UNREACHABLE] = "See that the zone's name servers answer from everywhere, abroad too",
                [MSG_VERDICT_BOGUS] = "Repair the zone's DNSSEC signatures, or take its DS record away",
        },
        [CAUSE_FILE] = {
                [MSG_VERDICT_ABSENT] = "Put the file on HTTP and HTTPS, or switch HTTPS off for a while", /* RVW-11 */
                [MSG_VERDICT_DIFFERENT] = "Put exactly the content shown into the file",
                /* RVW-13 */
                [MSG_VERDICT_UNREACHABLE] = "Make the host reachable from everywhere, let a CDN fetch the file to its nodes abroad, or validate by DNS",
                [MSG_VERDICT_REDIRECT] = "Let the host serve the file itself, without a redirect", /* RVW-14 */
                [MSG_VERDICT_STATUS] = "Let the host answer with status 200", /* RVW-12 */
                [MSG_VERDICT_BOGUS] = "Repair the zone's DNSSEC signatures, or take its DS record away",
                [MSG_VERDICT_REFUSED_ADDRESS] = "Let the name lead to a public address",
        },
};

const char *failure_remedy(struct str method, int64_t verdict)
{
        enum cause_kind kind = str_equals(method, "FILE") ? CAUSE_FILE : CAUSE_DNS;
        const char *remedy = verdict >= 0 && verdict < MSG_VERDICT_COUNT ? remedies[kind][verdict] : NULL;

        return remedy ? remedy : remedies[kind][MSG_VERDICT_ABSENT];
}

static const struct validation_row *first_unproved(const struct validation_row *rows, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (!str_equals(rows[i].state, "passed"))
                        return &rows[i];
        return NULL;
}

/* RVW-09, RVW-18: bought ones are submitted again, free ones applied for anew. */
static const char *way_on(struct act *act, const struct certificate_row *row)
{
        const struct product *product = catalogue_product(act_catalogue(act), row->package_type);
        bool is_free = product && product->is_free;

        return is_free ? "then apply again" : "then submit the order again (ModifyCertificateResubmit)";
}

const char *failure_refused(struct act *act, const struct certificate_row *row, enum err err, const char *why)
{
        const char *remedy = key_gate_refuses(err) ? "Have another key made, or make a new CSR with one" : "Change what it names";

        return arena_printf(act->arena, "The CA refused to issue: %s %s, %s.", why ? why : err_sentence(err), remedy, way_on(act, row));
}

const char *failure_timeout(struct act *act, struct str certificate_id)
{
        static const char plain[] = "The domain was not validated in time; submit it again and add the record or file within the time shown.";
        struct store_conn *conn = NULL;
        struct certificate_row row = {0};
        const struct validation_row *rows = NULL, *open = NULL;
        size_t count = 0;
        res r = store_read(act->core->store, &conn);

        if (res_is_ok(r))
                r = store_certificate_get(conn, act->arena, act->account_id, certificate_id, &row);
        if (res_is_ok(r))
                r = store_validation_list(conn, act->arena, act->account_id, certificate_id, &rows, &count);
        if (res_is_ok(r))
                open = first_unproved(rows, count);
        if (!open)
                return plain;
        bool seen = open->checked_at > 0 && open->detail.n > 0;
        long long days = (long long)(row.deadline_at - row.submitted_at) / 86400;

        return arena_printf(act->arena, "The domain was not validated in time: %.*s. Last look: %.*s%s %s; %s and have it in place within %lld days.",
                            (int)open->name.n, open->name.p, seen ? (int)open->detail.n : 0, open->detail.p,
                            seen ? "" : "nothing was found yet.", failure_remedy(open->method, open->checked_at > 0 ? open->verdict : MSG_VERDICT_ABSENT),
                            way_on(act, &row), days);
}
