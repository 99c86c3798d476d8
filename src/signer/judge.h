/*
 * Whether the signer issues what it is asked for.  It trusts nothing that the server concluded: profile, names, evidence,
 * CAA verdict and dates are held against its own copies and its own clock (design.md section 3).  Pure: no file, no clock.
 */
#pragma once

#include "base/buf.h"
#include "ipc/frame.h"
#include "pki/profile.h"

#define JUDGE_EVIDENCE_MAX 256 /* a name may have been proved more than once */

struct judge_evidence {
        int64_t proved_at;
        uint32_t method;
        struct str name;
};

/* A request, cut into its parts; borrows from the frame. */
struct judge_request {
        const struct msg_signer_issue *head;
        struct bytes spki;
        struct str common_name;
        struct bytes names_bytes;
        struct str names[LIMIT_NAMES_PER_CERT];
        size_t name_count;
        struct judge_evidence evidence[JUDGE_EVIDENCE_MAX];
        size_t evidence_count;
};

/* ERR_IPC_FRAME: the lengths do not fit. */
MUST res judge_parse(const struct frame *frame, struct judge_request *ret_request);
/* SHA-256 of all that goes into the certificate: what makes a repeated request the same one.  ERR_MEMORY. */
MUST res judge_hash(const struct judge_request *request, uint8_t ret_hash[MSG_HASH_SIZE]);

struct judge_view {                        /* what the signer knows by itself */
        const struct pki_profile *profile; /* of the request's name; NULL = unknown */
        int64_t now, last_signed_at;
        int64_t max_days; /* ca.max-days */
        int64_t issuer_not_after;
        bool (*is_off)(const void *context, const char *word);
        const void *context;
};
/* ERR_ISSUE_REFUSED or ERR_ISSUE_OFF, with the sentence in why. */
MUST res judge_issue(const struct judge_request *request, const struct judge_view *view, struct buf *why);

/* Letters, digits, hyphens, dots and colons, whole; the lint looks closer at what goes into the certificate. */
bool judge_name_is_plain(struct str name);
