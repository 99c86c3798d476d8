/*
 * One look at the outside: what a certificate still has to prove, what the prober says about it, and how that is told
 * to people (DIAG-02..07, DIAG-19).
 */
#pragma once

#include "core/act.h"
#include "core/certificate.h"
#include "core/validation.h"
#include "ipc/msg.h"

struct channel_box;

struct probe_seen {
        enum msg_verdict verdict;
        enum msg_dnssec dnssec;
        int64_t http_status;
        struct str detail; /* one sentence */
        struct str found;  /* values, one a line */
        bool away;         /* nobody looked: the prober was not there, or gave no proper answer */
        bool has_address;  /* it got as far as connecting */
};

struct look_item {
        struct validation_row row;
        enum msg_probe_kind kind;
        bool asked;        /* false: proved before, or row.evidence_id stands for the look */
        struct probe_seen seen;
};

struct look {
        struct certificate_row certificate;
        struct look_item *items;
        size_t count;
};

/* Nobody looked, through no fault of the names: it is looked again after so long, whatever the table of looks says. */
#define LOOK_AWAY_SEC 5
/* What has to be shown now: for the certificate, or for its revocation. */
int64_t look_purpose(const struct certificate_row *certificate);
/* ERR_CERT_NOT_FOUND. */
MUST res look_load(struct act *act, struct str certificate_id, struct look *ret_look);
/* Ask the prober about all that is not proved; a prober that does not answer is a verdict too (UNREACHABLE). */
void look_ask(struct act *act, struct look *look);
void look_describe(struct act *act, const struct look_item *item, bool too_often, struct validation_result *ret_result);

/* What RFC 8657 binds a CAA record to: who asks, and by which method each name was proved (NULL, "" = not said). */
struct caa_binding {
        const char *account_uri;
        const char *const *methods; /* one a name, or NULL */
};

/* One ACME challenge and, at once, CAA for the name (without "*." in challenge.name). */
struct challenge_question {
        enum msg_probe_kind kind;
        struct str name;     /* record or host */
        struct str expected;
        struct str caa_name; /* "" = an address: none is asked */
        const struct strs *identities;
        const char *account_uri, *method;
};
/* Lives in the act's arena, which is freed after challenge_take(). */
struct challenge_asking;
struct challenge_asking *challenge_new(struct act *act, const struct challenge_question *question);
/* Ask: `owner` comes out of the box when both answers are there or never will be.  false: nothing was asked. */
bool challenge_post(struct challenge_asking *asking, struct channel_box *box, void *owner);
/* Ends it; what has no answer was not looked at (away). */
void challenge_take(struct challenge_asking *asking, struct probe_seen *ret_challenge, struct probe_seen *ret_caa);

/*
 * CAA for each name (RFC 8659), addresses left out (RFC 8738 §7).  binding may be NULL.  PASS only when every one passes;
 * otherwise what was seen of the first that does not, which *ret_why names.
 */
struct probe_seen look_caa(struct act *act, const struct strs *names, const struct strs *identities,
                          const struct caa_binding *binding, const char **ret_why);
