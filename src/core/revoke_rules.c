/*
 * The state machine A7 as a table, and the guards at its door.  Pure: a test walks every cell, and every guard on both
 * sides of its edge.
 */
#include <string.h>

#include "core/certificate.h"
#include "core/revoke_request.h"

/* 25 March 2020 00:00 GMT+8: what was issued before is not self-service (RVK-09). */
#define REVOCATION_SINCE 1585065600LL

static const char *const state_names[REVOCATION_STATE_COUNT] = {
        [REVOCATION_NONE] = "none",           [REVOCATION_LETTER] = "letter",   [REVOCATION_PROVING] = "proving",
        [REVOCATION_REVIEWING] = "reviewing", [REVOCATION_REVOKED] = "revoked", [REVOCATION_FAILED] = "failed",
};

/* NONE is what an absent cell says: nothing leads there. */
static const enum revocation_state machine[REVOCATION_STATE_COUNT][REVOCATION_EVENT_COUNT] = {
        [REVOCATION_NONE] = {
                [REVOCATION_FILE_PROOF] = REVOCATION_PROVING,
                [REVOCATION_FILE_REVIEW] = REVOCATION_REVIEWING,
                [REVOCATION_FILE_LETTER] = REVOCATION_LETTER,
                [REVOCATION_FILE_SKIP] = REVOCATION_REVOKED,
                [REVOCATION_COMPROMISED] = REVOCATION_REVOKED,
                [REVOCATION_OPERATED] = REVOCATION_REVOKED,
        },
        [REVOCATION_LETTER] = {
                [REVOCATION_LETTER_IN] = REVOCATION_REVIEWING,
                [REVOCATION_REFUSED] = REVOCATION_FAILED,
                [REVOCATION_COMPROMISED] = REVOCATION_REVOKED,
                [REVOCATION_OPERATED] = REVOCATION_REVOKED,
        },
        [REVOCATION_PROVING] = {
                [REVOCATION_PROVED] = REVOCATION_REVOKED,
                [REVOCATION_LAPSED] = REVOCATION_FAILED,
                [REVOCATION_COMPROMISED] = REVOCATION_REVOKED,
                [REVOCATION_OPERATED] = REVOCATION_REVOKED,
        },
        [REVOCATION_REVIEWING] = {
                [REVOCATION_PASSED] = REVOCATION_REVOKED,
                [REVOCATION_REFUSED] = REVOCATION_FAILED,
                [REVOCATION_COMPROMISED] = REVOCATION_REVOKED,
                [REVOCATION_OPERATED] = REVOCATION_REVOKED,
        },
        [REVOCATION_FAILED] = { /* may be filed again (SIL-44) */
                [REVOCATION_FILE_PROOF] = REVOCATION_PROVING,
                [REVOCATION_FILE_REVIEW] = REVOCATION_REVIEWING,
                [REVOCATION_FILE_LETTER] = REVOCATION_LETTER,
                [REVOCATION_FILE_SKIP] = REVOCATION_REVOKED,
                [REVOCATION_COMPROMISED] = REVOCATION_REVOKED,
                [REVOCATION_OPERATED] = REVOCATION_REVOKED,
        },
};

bool revocation_next(enum revocation_state state, enum revocation_event event, enum revocation_state *ret_next)
{
        if (state >= REVOCATION_STATE_COUNT || event >= REVOCATION_EVENT_COUNT || machine[state][event] == REVOCATION_NONE)
                return false;
        *ret_next = machine[state][event];
        return true;
}

const char *revocation_state_name(enum revocation_state state)
{
        return state < REVOCATION_STATE_COUNT ? state_names[state] : "";
}

enum revocation_state revocation_state_find(struct str name)
{
        int i = 0;

        while (i < REVOCATION_STATE_COUNT && !str_equals(name, state_names[i]))
                i++;
        return (enum revocation_state)i;
}

/* The three rules that are stated for non-WoTrus international and SM2 certificates alone (RVK-29). */
static enum err guard_of_others(const struct revocation_facts *facts, const char **ret_why)
{
        bool ends_soon = facts->end_at - facts->now <= CERT_RENEW_WINDOW_SEC; /* SIL-07 */

        if (facts->is_wotrus && !facts->is_sm2)
                return ERR_NONE;
        if (facts->begin_at < REVOCATION_SINCE) { /* RVK-09 */
                *ret_why = "A certificate issued before 25 March 2020 is revoked by the operator; ask them.";
                return ERR_REVOKE;
        }
        if (ends_soon && !facts->is_renewed) { /* RVK-07 */
                *ret_why = "A certificate that is to be renewed cannot be revoked in its last 30 days; renew it, or let it end. "
                           "A compromised key can be reported at any time (ReasonCode keyCompromise).";
                return ERR_REVOKE;
        }
        if (facts->is_reissue) { /* RVK-08, RIS-26 */
                *ret_why = "A reissued certificate goes with its original; revoke the original one (ReplacedBy).";
                return ERR_REVOKE;
        }
        return ERR_NONE;
}

enum err revocation_guard(const struct revocation_facts *facts, const char **ret_why)
{
        *ret_why = "";
        if (facts->is_uploaded) { /* RVK-06, LIFE-12 */
                *ret_why = "An uploaded certificate was issued elsewhere; only its own CA can revoke it.";
                return ERR_CERT_SOURCE;
        }
        if (facts->status == CERT_REVOKING || facts->status == CERT_REVOKE_LETTER) {
                *ret_why = "Its revocation is under way already.";
                return ERR_CERT_STATE;
        }
        if (facts->status != CERT_ISSUED || facts->end_at <= facts->now) {
                *ret_why = "Only an issued certificate that has not ended can be revoked.";
                return ERR_CERT_STATE;
        }
        if (facts->binding_count > 0) /* RVK-12 */
                return ERR_REVOKE_BOUND;
        return guard_of_others(facts, ret_why);
}

/* TrustAsia DV wildcard for two or three years, validated without the user (RVK-20). */
static bool is_skipped(const struct revocation_facts *facts)
{
        return facts->is_automatic && strcmp(facts->brand, "TrustAsia") == 0 && facts->domain_type == 3 && facts->validity_months >= 24;
}

enum revocation_event revocation_variant(const struct revocation_facts *facts)
{
        if (facts->is_wotrus) /* R1: all types */
                return REVOCATION_FILE_REVIEW;
        if (strcmp(facts->level, "DV") == 0) {
                if (facts->is_sm2)
                        return REVOCATION_FILE_REVIEW;
                return is_skipped(facts) ? REVOCATION_FILE_SKIP : REVOCATION_FILE_PROOF;
        }
        if (!facts->is_sm2 && facts->is_automatic) /* RVK-24: no letter */
                return REVOCATION_FILE_REVIEW;
        return REVOCATION_FILE_LETTER;
}
