/* For tests and benches in C: a good request to the signer, as the server builds it. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/random.h"
#include "ipc/channel.h"
#include "pki/cert.h"
#include "pki/profile.h"

struct issue_request {
        struct msg_signer_issue body;
        struct buf tail;
};

/* `name` was proved by DNS a minute ago; the serial is random; everything else is as it must be. */
static inline void issue_request_make(struct issue_request *request, const struct pki_profile *profile,
                                      const char *issuer, struct bytes spki, const char *name)
{
        int64_t now = clock_now_sec();
        struct msg_evidence evidence = {
                .id = 7, .proved_at = now - 60, .method = MSG_METHOD_DNS_TXT, .name_len = (uint32_t)strlen(name)};
        struct msg_signer_issue *body = &request->body;

        *body = (struct msg_signer_issue){.not_before = now,
                                          .not_after = now + 90 * 86400 - 1,
                                          .caa_checked_at = now - 1,
                                          .name_count = 1,
                                          .evidence_count = 1};
        random_bytes(body->serial, sizeof(body->serial));
        pki_serial_fix(body->serial);
        snprintf(body->issuer, sizeof(body->issuer), "%s", issuer);
        snprintf(body->profile, sizeof(body->profile), "%s", profile->name);
        memcpy(body->profile_hash, profile->hash, sizeof(body->profile_hash));
        buf_init(&request->tail, LIMIT_IPC_FRAME);
        buf_add(&request->tail, spki.p, spki.n);
        buf_add_text(&request->tail, name);
        buf_add_byte(&request->tail, (uint8_t)strlen(name));
        buf_add_text(&request->tail, name);
        buf_add(&request->tail, &evidence, sizeof(evidence));
        buf_add_text(&request->tail, name);
        body->spki_len = (uint32_t)spki.n;
        body->common_name_len = (uint32_t)strlen(name);
        body->names_len = (uint32_t)strlen(name) + 1;
        body->evidence_len = (uint32_t)(sizeof(evidence) + strlen(name));
}

static inline void issue_request_done(struct issue_request *request)
{
        buf_done(&request->tail);
}

static inline struct channel_request issue_request_out(const struct issue_request *request)
{
        return (struct channel_request){MSG_SIGNER_ISSUE, bytes_of(&request->body, sizeof(request->body)),
                                        buf_bytes(&request->tail)};
}
