/*
 * One look at the outside: what a certificate still has to prove, what the prober says about it, and how that is told
 * to people (DIAG-02..07, DIAG-19).
 */
#pragma once

#include "core/act.h"
#include "core/certificate.h"
#include "core/validation.h"
#include "ipc/msg.h"

struct probe_seen {
        enum msg_verdict verdict;
        enum msg_dnssec dnssec;
        int64_t http_status;
        struct str detail; /* one sentence */
        struct str found;  /* values, one a line */
};

struct look_item {
        struct validation_row row;
        enum msg_probe_kind kind;
        bool asked;        /* false: proved before */
        struct probe_seen seen;
};

struct look {
        struct certificate_row certificate;
        struct look_item *items;
        size_t count;
};

/* What has to be shown now: for the certificate, or for its revocation. */
int64_t look_purpose(const struct certificate_row *certificate);
/* ERR_CERT_NOT_FOUND. */
MUST res look_load(struct act *act, struct str certificate_id, struct look *ret_look);
/* Ask the prober about all that is not proved; a prober that does not answer is a verdict too (UNREACHABLE). */
void look_ask(struct act *act, struct look *look);
void look_describe(struct act *act, const struct look_item *item, bool too_often, struct validation_result *ret_result);

/* CAA for each name (RFC 8659).  PASS only when every one passes; otherwise *ret_why names the first that does not. */
enum msg_verdict look_caa(struct act *act, const struct strs *names, const struct strs *identities, const char **ret_why);
