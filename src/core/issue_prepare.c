/*
 * Right before issuing, every name's CAA records are asked for (RFC 8659, CAA-02, CAA-05): one name that forbids, or
 * whose answer cannot be had, is enough to hold the whole certificate back.  The owner is told why, and it is asked again
 * until the deadline: taking the record away lets the order go on (CON-36).
 */
#include <string.h>

#include "base/log.h"
#include "core/acme_order.h"
#include "core/catalogue.h"
#include "core/core.h"
#include "core/domain.h"
#include "core/failure.h"
#include "core/issue.h"
#include "core/look.h"
#include "store/certificate.h"
#include "store/issued.h"

#define CAA_AGAIN_SEC 60      /* an answer that could not be had */
#define CAA_FORBIDDEN_SEC 300 /* a record that forbids: somebody has to change it */

struct prepare {
        struct act *act;
        const struct job_row *job;
        const char *message;  /* NULL: the job is over, there is nothing to issue */
        int64_t due_at;
};

static res prepare_hold_tx(struct store_tx *tx, void *arg)
{
        struct prepare *prepare = arg;

        if (prepare->message == NULL)
                return job_end(tx, JOB_ISSUE, prepare->job->subject);
        res told = store_certificate_set_status(tx, prepare->act->account_id, prepare->job->subject, CERT_PENDING, CERT_PENDING,
                                                str_of(prepare->message));

        if (told.err == ERR_NOT_FOUND) /* cancelled meanwhile */
                return job_end(tx, JOB_ISSUE, prepare->job->subject);
        TRY(told);
        return job_again(tx, prepare->act->core, prepare->job->job_id, prepare->due_at, "caa");
}

static struct strs names_split(struct act *act, struct str names)
{
        struct str *v = arena_array_of(act->arena, LIMIT_NAMES_PER_CERT * 2, struct str);
        size_t n = 0;

        for (struct str rest = names; rest.n > 0 && n < LIMIT_NAMES_PER_CERT * 2;)
                v[n++] = str_cut(&rest, '\n');
        return (struct strs){v, n};
}

/* What ACME ordered is bound to the account and the methods by which its names were proved (RFC 8657). */
static void prepare_bind(struct act *act, const struct certificate_row *row, const struct strs *names, struct caa_binding *binding)
{
        const char **methods = arena_array_of(act->arena, names->n + 1, const char *);
        const char *uri = "";

        for (size_t i = 0; i < names->n; i++)
                methods[i] = "";
        binding->methods = methods;
        if (res_is_ok(acme_order_binding(act, row, &uri, methods, names->n)))
                binding->account_uri = uri;
}

static struct probe_seen prepare_caa(struct act *act, const struct certificate_row *row, const char **ret_why)
{
        const struct product *product = catalogue_product(act_catalogue(act), row->package_type);
        struct strs names = names_split(act, row->names), none = {0};

        struct caa_binding binding = {.account_uri = ""};

        prepare_bind(act, row, &names, &binding);
        return look_caa(act, &names, product ? &product->caa_identities : &none, &binding, ret_why);
}

/* RVW-24, RVW-31: the lists may have grown since the order was submitted.  True: it has failed, and says why. */
static bool prepare_unsafe(struct act *act, const struct certificate_row *row)
{
        const struct product *product = catalogue_product(act_catalogue(act), row->package_type);
        struct strs names = names_split(act, row->names);

        for (size_t i = 0; product && i < names.n; i++) {
                struct domain_name name = {0};

                if (!res_is_ok(domain_parse(act, names.v[i], &name)) || res_is_ok(domain_check_safety(act, &name, product)))
                        continue;
                const char *cause = arena_printf(act->arena, "%s %s", act->detail,
                                                 product->is_free ? "Apply again." : "Submit it again (ModifyCertificateResubmit).");
                res failed = certificate_fail(act, row->certificate_id, &(struct failure){.cause = cause});

                if (!res_is_ok(failed))
                        log_line(LOG_WARNING, "issue_prepare", "certificate=%s err=%s", log_quote(row->certificate_id), err_name(failed.err));
                return true;
        }
        return false;
}

/* A request that stands from before, and is not old, had its CAA verdict: it waits for the signer alone. */
static bool prepare_stands(struct act *act, struct store_conn *reader, const struct certificate_row *row, int64_t *ret_checked_at)
{
        struct issued_row issued = {0};
        bool signing = false;
        res looked = issue_signing(act, reader, row, &issued, &signing);

        if (!res_is_ok(looked) || !signing || issued.caa_checked_at < act->now_sec - ISSUE_FRESH_SEC)
                return false;
        *ret_checked_at = issued.caa_checked_at;
        return true;
}

void issue_prepare_job(struct act *act, const struct job_row *job, void *context)
{
        struct prepare prepare = {.act = act, .job = job};
        struct certificate_row row = {0};
        const char *why = "";
        (void)context;
        struct store_conn *reader = NULL;
        res found = store_read(act->core->store, &reader);

        if (res_is_ok(found))
                found = store_certificate_get(reader, act->arena, act->account_id, job->subject, &row);
        if (!res_is_ok(found) && found.err != ERR_NOT_FOUND) {
                job_postpone(act, job, act->now_sec + LOOK_AWAY_SEC);
                return;
        }
        bool waits = res_is_ok(found) && row.status == CERT_PENDING && row.validated_at > 0;

        if (waits && prepare_unsafe(act, &row))
                return;
        if (waits) {
                int64_t checked_at = act->now_sec;
                struct probe_seen caa = {.verdict = MSG_VERDICT_PASS};

                if (!prepare_stands(act, reader, &row, &checked_at))
                        caa = prepare_caa(act, &row, &why);
                if (caa.verdict == MSG_VERDICT_PASS) {
                        struct issue_ticket ticket = {.account_id = act->account_id, .caa_checked_at = checked_at, .job_id = job->job_id};

                        memcpy(ticket.certificate_id, job->subject.p, job->subject.n < 8 ? job->subject.n : 8);
                        issue_queue_push(act->core->issue, &ticket);
                        return;
                }
                bool forbidden = caa.verdict == MSG_VERDICT_FORBIDDEN;

                prepare.due_at = act->now_sec + (caa.away ? LOOK_AWAY_SEC : forbidden ? CAA_FORBIDDEN_SEC : CAA_AGAIN_SEC);
                prepare.message = arena_printf(act->arena, forbidden ? "CAA does not allow this CA to issue; remove the record or add this CA (%s)"
                                                                     : "CAA could not be looked up, it is tried again (%s)", why);
        }
        res held = store_run(act->core->store, prepare_hold_tx, &prepare);

        if (!res_is_ok(held))
                log_line(LOG_WARNING, "issue_prepare", "certificate=%s err=%s", log_quote(job->subject), err_name(held.err));
}
