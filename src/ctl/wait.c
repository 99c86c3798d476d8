/*
 * wait: poll an application to its end.  Every second a cheap look at its state, every ten seconds a request to
 * look at the outside world, whose verdict is what the progress line tells.
 */
#include "ctl/wait.h"

#include <time.h>

#include "base/clock.h"
#include "ctl/output.h"
#include "ctl/show.h"

#define WAIT_STEP_MS 1000
#define WAIT_LATER_MS 10000    /* between looks at the state after ten minutes: DNS takes its time (DCV-10) */
#define WAIT_EAGER_MS 600000
#define WAIT_LOOK_MS 10500     /* the server's 10 s (SIL-10), and a little */
#define WAIT_ABSENT_MS 120000  /* how long the server may be away */

enum { /* of api.md §5 */
        STATUS_PENDING = 0,
        STATUS_ISSUED = 1,
        STATUS_DNS_AUTO = 4,
};

struct waiting {
        struct client *client;
        struct ctl *ctl;
        const char *id;
        int64_t started_ms, looked_ms, seen_ms, until_ms;
        char reason[200];
};

static void sleep_ms(int64_t ms)
{
        struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

        (void)nanosleep(&pause, NULL);
}

/* The server must have answered lately; one lost connection is no reason to give up. */
static res tolerate(struct waiting *w, res result)
{
        if (res_is_ok(result)) {
                w->seen_ms = clock_mono_ms();
                return RES_OK;
        }
        if (result.err != ERR_IPC_LOST || clock_mono_ms() - w->seen_ms > WAIT_ABSENT_MS)
                return result;
        (void)snprintf(w->reason, sizeof(w->reason), "%.*s", (int)sizeof(w->reason) - 1, w->ctl->why);
        w->ctl->why[0] = '\0';
        return RES_OK;
}

static void note_reason(struct waiting *w, const json_t *response)
{
        const json_t *results = json_object_get(response, "VerificationResults"), *result = NULL;
        size_t i;

        json_array_foreach (results, i, result) {
                if (json_int(result, "LocalCheck") == 1)
                        continue;
                (void)snprintf(w->reason, sizeof(w->reason), "%s: %s", json_text(result, "Domain"),
                               json_text(result, "LocalCheckFailReason"));
                return;
        }
        (void)snprintf(w->reason, sizeof(w->reason), "validated, being issued");
}

static void tell(const struct waiting *w)
{
        long long seconds = (long long)(clock_mono_ms() - w->started_ms) / 1000;

        output_progress("%s waiting %lld:%02lld  %s", w->id, seconds / 60, seconds % 60, w->reason[0] != '\0' ? w->reason : "looking");
}

/* A refusal here means that the state has just changed: the next look at the state tells. */
static res look(struct waiting *w)
{
        json_auto_t *response = NULL;
        res result;

        if (w->looked_ms != 0 && clock_mono_ms() - w->looked_ms < WAIT_LOOK_MS)
                return RES_OK;
        w->looked_ms = clock_mono_ms();
        tell(w); /* the look itself may take ten seconds */
        result = client_call(w->client, "CheckCertificateDomainVerification", json_pack("{s:s}", "CertificateId", w->id),
                             &response);
        if (result.err == ERR_PARAM)
                return RES_OK;
        TRY(tolerate(w, result));
        if (response != NULL)
                note_reason(w, response);
        return RES_OK;
}

/* *ret_ended when there is nothing left to wait for. */
static res step(struct waiting *w, bool *ret_ended)
{
        json_auto_t *certificate = NULL;
        int64_t status;

        *ret_ended = false;
        TRY(tolerate(w, show_fetch(w->client, w->id, &certificate)));
        if (certificate == NULL)
                return RES_OK;
        status = json_int(certificate, "Status");
        if (status == STATUS_ISSUED) {
                *ret_ended = true;
                return RES_OK;
        }
        if (status != STATUS_PENDING && status != STATUS_DNS_AUTO)
                return ctl_fail(w->ctl, ERR_PARAM, "%s was not issued: %s%s%s", w->id, json_text(certificate, "StatusName"),
                                json_text(certificate, "StatusMsg")[0] != '\0' ? ", " : "",
                                json_text(certificate, "StatusMsg"));
        return look(w);
}

static res wait_for(struct client *client, struct ctl *ctl, const char *id)
{
        int64_t now = clock_mono_ms(), timeout = 0;
        struct waiting w = {.client = client, .ctl = ctl, .id = id, .started_ms = now, .seen_ms = now};
        bool ended = false;

        TRY(args_int(ctl, "--timeout", INT64_MAX / 2000, &timeout));
        w.until_ms = now + (timeout > INT64_MAX / 2000 ? INT64_MAX / 2000 : timeout) * 1000;
        for (;;) {
                TRY(step(&w, &ended));
                if (ended)
                        return RES_OK;
                if (clock_mono_ms() >= w.until_ms)
                        return ctl_fail(ctl, ERR_PARAM, "%s is not issued yet%s%s; `chancery wait %s` goes on", id,
                                        w.reason[0] != '\0' ? ": " : "", w.reason, id);
                tell(&w);
                sleep_ms(clock_mono_ms() - w.started_ms < WAIT_EAGER_MS ? WAIT_STEP_MS : WAIT_LATER_MS);
        }
}

res wait_and_tell(struct ctl *ctl, struct client *client, const char *id)
{
        json_auto_t *certificate = NULL;

        TRY(wait_for(client, ctl, id));
        output_progress_end();
        TRY(show_fetch(client, id, &certificate));
        if (args_has(ctl, "--json"))
                return output_json(ctl, certificate, /* pretty= */ false);
        (void)printf("%s is issued, valid until %s GMT+8; `chancery download %s` fetches it\n",
                     json_text(certificate, "Domain"), json_text(certificate, "CertEndTime"), id);
        return RES_OK;
}

res wait_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;

        TRY(client_open(ctl, &client));
        return wait_and_tell(ctl, client, ctl->arguments[0]);
}

static res tell_begin(struct ctl *ctl, struct client *client, const char *what, const char *id)
{
        json_auto_t *certificate = NULL;

        TRY(show_fetch(client, id, &certificate));
        if (args_has(ctl, "--json"))
                return output_json(ctl, certificate, /* pretty= */ false);
        (void)printf("%s: certificate %s for %s\n", what, id, json_text(certificate, "Domain"));
        show_proofs(ctl, certificate);
        if (args_has(ctl, "--no-wait"))
                (void)printf("`chancery wait %s` goes on when it is placed\n", id);
        return output_finish(ctl);
}

res wait_after(struct ctl *ctl, struct client *client, const char *what, const char *id)
{
        TRY(tell_begin(ctl, client, what, id));
        return args_has(ctl, "--no-wait") ? RES_OK : wait_and_tell(ctl, client, id);
}
