#include "probe/caa.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "probe/probe.h"
#include "probe/rdata.h"

/*
 * From the name upwards, the first name with CAA records decides; no record anywhere permits (CAA-03, DIAG-19).
 * A look-up that fails permits only when three things hold (BR 3.2.2.8): it was asked again (libunbound does), the zone is proved to
 * be without DNSSEC, and the fault is outside.  "Proved" is a validated denial of the DS record at a delegation
 * on the way; the answer that proves it also shows that our own side works.  In a closed network, where nothing
 * validates above a zone, a failure above a name that did answer counts as outside too: an authoritative-only
 * resolver knows no parents.
 */

/* ---- one record set ----------------------------------------------------------------------------- */

static bool in_list(struct str list, struct str value)
{
        while (list.p) {
                struct str one = str_trim(str_cut(&list, ','));
                if (!str_is_empty(one) && str_equal_nocase(one, value))
                        return true;
        }
        return false;
}

/* RFC 8657 §4: a list of labels without blanks. */
static bool methods_allow(struct str list, struct str method)
{
        while (list.p) {
                struct str one = str_cut(&list, ',');
                if (!str_is_empty(method) && str_equal(one, method))
                        return true;
        }
        return false;
}

static bool property_allows(struct str value, const struct caa_question *question)
{
        struct rdata_caa_issue issue;
        if (!res_is_ok(rdata_caa_issue(value, &issue)) || str_is_empty(issue.issuer))
                return false;
        if (!in_list(question->identities, issue.issuer))
                return false;
        if (issue.account_uri.p &&
            (str_is_empty(question->account_uri) || !str_equal(issue.account_uri, question->account_uri)))
                return false;
        return !issue.validation_methods.p || methods_allow(issue.validation_methods, question->method);
}

static bool is_known(struct str tag)
{
        static const char *const known[] = {"issue", "issuewild", "iodef", "issuemail", "contactemail", "contactphone"};
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                if (str_equal_nocase(tag, str_of(known[i])))
                        return true;
        return false;
}

struct caa_tally {
        size_t count;
        bool allowed;
        struct str last; /* of what did not allow */
};

static void tally_add(struct caa_tally *tally, struct str value, const struct caa_question *question)
{
        tally->count++;
        if (property_allows(value, question))
                tally->allowed = true;
        else
                tally->last = value;
}

enum caa_judgement caa_judge(struct arena *arena, const struct bytes *data, size_t count,
                             const struct caa_question *question, const char **ret_why)
{
        struct caa_tally issue = {0}, wild = {0};
        for (size_t i = 0; i < count; i++) {
                struct rdata_caa caa;
                if (!res_is_ok(rdata_caa(data[i], &caa))) {
                        *ret_why = "a CAA record is malformed";
                        return CAA_FORBIDS;
                }
                if (str_equal_nocase(caa.tag, STR("issue")))
                        tally_add(&issue, caa.value, question);
                else if (str_equal_nocase(caa.tag, STR("issuewild")))
                        tally_add(&wild, caa.value, question);
                else if (caa.critical && !is_known(caa.tag)) {
                        *ret_why = arena_printf(arena, "its critical property \"%.*s\" is not known here",
                                                (int)caa.tag.n, caa.tag.p);
                        return CAA_FORBIDS;
                }
        }
        const struct caa_tally *tally = question->wildcard && wild.count > 0 ? &wild : &issue;
        if (tally->count == 0) {
                *ret_why = "no CAA record there restricts who may issue";
                return CAA_PERMITS;
        }
        if (tally->allowed) {
                *ret_why = "a CAA record there names this service";
                return CAA_PERMITS;
        }
        int shown = (int)(tally->last.n < LIMIT_PROBE_VALUE_BYTES ? tally->last.n : LIMIT_PROBE_VALUE_BYTES);
        *ret_why = arena_printf(arena, "the CAA records there name others only (\"%.*s\")", shown,
                                tally->last.p ? tally->last.p : "");
        return CAA_FORBIDS;
}

/* ---- the climb ------------------------------------------------------------------------------------ */

struct climb {
        struct event *patience; /* name servers that drop what they do not know are common: silence counts as a failure
                                   while there is still time to find out what the failure means */
        const char *at;         /* the name that is asked now: a suffix of probe->name */
        const char *delegation; /* while a failure is looked into: the name whose DS is asked */
        bool answered;          /* some name on the way did answer */
        bool excused;           /* some failure was proved to be harmless */
};

static void ask_here(struct probe *probe);

static const char *parent_of(const char *name)
{
        const char *dot = strchr(name, '.');
        return dot ? dot + 1 : NULL;
}

static void finish_empty(struct probe *probe)
{
        const struct climb *climb = probe->state;
        if (climb->excused)
                probe_finish(
                        probe, MSG_VERDICT_PASS,
                        "No CAA record was found for %s; a look-up failed where the zone is not signed, which forbids nothing.",
                        probe->name);
        else
                probe_finish(probe, MSG_VERDICT_PASS, "No CAA record at %s or above it: any authority may issue.",
                             probe->name);
}

static void climb_on(struct probe *probe)
{
        struct climb *climb = probe->state;
        climb->at = parent_of(climb->at);
        if (climb->at)
                ask_here(probe);
        else
                finish_empty(probe);
}

static void judge_here(struct probe *probe, const struct packet_answer *answer)
{
        const struct climb *climb = probe->state;
        const struct probe_question *q = &probe->question;
        struct caa_question question = {.wildcard = probe->wildcard,
                                        .identities = q->expected,
                                        .account_uri = q->account_uri,
                                        .method = q->method};
        const char *why = "";
        for (size_t i = 0; i < answer->count; i++) {
                struct rdata_caa caa;
                if (res_is_ok(rdata_caa(answer->data[i], &caa)))
                        probe_add_value(probe,
                                        str_of(arena_printf(probe->arena, "%d %.*s \"%.*s\"", caa.critical ? 128 : 0,
                                                            (int)caa.tag.n, caa.tag.p, (int)caa.value.n, caa.value.p)));
        }
        enum caa_judgement judgement = caa_judge(probe->arena, answer->data, answer->count, &question, &why);
        probe_finish(probe, judgement == CAA_PERMITS ? MSG_VERDICT_PASS : MSG_VERDICT_FORBIDDEN, "CAA at %s: %s.",
                     climb->at, why);
}

static void unknown(struct probe *probe)
{
        const struct climb *climb = probe->state;
        probe_finish(probe, MSG_VERDICT_UNKNOWN,
                     "CAA at %s could not be looked up, and the zone is not proved to be unsigned.", climb->at);
}

static void excuse(struct probe *probe)
{
        struct climb *climb = probe->state;
        climb->excused = true;
        climb_on(probe);
}

static void ask_delegation(struct probe *probe);

/* The DS of a name on the way: unsigned from there on down, not a border (look further up), or no proof. */
static void on_delegation(struct probe *probe, const struct packet_answer *answer)
{
        struct climb *climb = probe->state;
        bool denied = answer->state == PACKET_NO_DATA || answer->state == PACKET_NO_NAME;
        if (answer->insecure && (denied || answer->state == PACKET_FOUND)) {
                excuse(probe);
                return;
        }
        if (answer->secure && answer->unsigned_delegation) {
                excuse(probe);
                return;
        }
        climb->delegation = parent_of(climb->delegation);
        if (climb->delegation && ((answer->secure && denied) || answer->state == PACKET_FAILED))
                ask_delegation(probe);
        else
                unknown(probe);
}

static void ask_delegation(struct probe *probe)
{
        const struct climb *climb = probe->state;
        probe_ask(probe, climb->delegation, PACKET_TYPE_DS, on_delegation);
}

static void on_failure(struct probe *probe)
{
        struct climb *climb = probe->state;
        if (resolver_covers(probe->prober->resolver, climb->at)) {
                climb->delegation = climb->at;
                ask_delegation(probe);
        } else if (climb->answered) {
                excuse(probe);
        } else {
                unknown(probe);
        }
}

static void go_on(struct probe *probe, const struct packet_answer *answer)
{
        struct climb *climb = probe->state;
        probe_note_dnssec(probe, answer);
        switch (answer->state) {
        case PACKET_FOUND:
                judge_here(probe, answer);
                return;
        case PACKET_NO_DATA:
        case PACKET_NO_NAME:
                climb->answered = true;
                climb_on(probe);
                return;
        case PACKET_BOGUS:
                probe_finish(probe, MSG_VERDICT_UNKNOWN, "CAA at %s: the DNSSEC signatures do not validate: %s",
                             climb->at, answer->why);
                return;
        case PACKET_FAILED:
                on_failure(probe);
                return;
        }
}

static void on_answer(struct probe *probe, const struct packet_answer *answer)
{
        const struct climb *climb = probe->state;
        struct prober *prober = probe->prober;
        evtimer_del(climb->patience);
        if (climb->at != probe->name)
                caa_memory_keep(&prober->caa_memory, climb->at, answer, resolver_covers(prober->resolver, climb->at), clock_mono_ms());
        go_on(probe, answer);
}

static void on_silence(evutil_socket_t fd, short what, void *arg)
{
        struct probe *probe = arg;
        (void)fd;
        (void)what;
        if (probe->magic != PROBE_MAGIC)
                abort();
        if (probe->finished)
                return;
        probe_drop_queries(probe);
        on_failure(probe);
}

/* libunbound has asked several times when half of the time is over. */
static void wait_with_patience(struct probe *probe)
{
        const struct climb *climb = probe->state;
        int64_t ms = probe_time_left_ms(probe) / 2;
        struct timeval until = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
        evtimer_add(climb->patience, &until);
}

static void ask_here(struct probe *probe)
{
        const struct climb *climb = probe->state;
        struct packet_answer known;
        if (climb->at != probe->name && caa_memory_find(&probe->prober->caa_memory, climb->at, clock_mono_ms(), &known)) {
                go_on(probe, &known);
                return;
        }
        wait_with_patience(probe);
        probe->late = arena_printf(probe->arena, "CAA at %s: DNS time-out.", climb->at);
        probe_ask(probe, climb->at, PACKET_TYPE_CAA, on_answer);
}

static void free_patience(void *event)
{
        event_free(event);
}

void caa_start(struct probe *probe)
{
        struct climb *climb = arena_new_of(probe->arena, struct climb);
        climb->patience = evtimer_new(probe->prober->base, on_silence, probe);
        if (!climb->patience)
                abort(); /* out of memory: the parent starts us again */
        arena_tie(probe->arena, free_patience, climb->patience);
        climb->at = probe->name;
        probe->state = climb;
        ask_here(probe);
}
