/*
 * The decisions of A6: may it be reissued at all, and what has to be shown again.  Pure; a test walks the rows.
 */
#include <string.h>

#include "core/certificate.h"
#include "core/reissue.h"

#define REISSUE_SOON_SEC (3LL * 86400) /* RIS-15: less than 3 days since issue */

enum err reissue_guard(const struct reissue_facts *facts, const char **ret_why)
{
        *ret_why = "";
        if (facts->is_uploaded) {
                *ret_why = "An uploaded certificate was issued elsewhere; only its own CA can reissue it.";
                return ERR_CERT_SOURCE;
        }
        if (facts->status != CERT_ISSUED || facts->end_at <= facts->now) {
                *ret_why = "Only an issued certificate can be reissued.";
                return ERR_CERT_STATE;
        }
        if (facts->end_at - facts->now <= CERT_RENEW_WINDOW_SEC) { /* RIS-02, SIL-07: strictly more */
                *ret_why = "A certificate that ends within 30 days cannot be reissued; renew it instead.";
                return ERR_REPLACE;
        }
        if (facts->is_free && facts->done_count > 0) { /* RIS-03 */
                *ret_why = "A free certificate can be reissued once, and this one was.";
                return ERR_REPLACED_ALREADY;
        }
        if (facts->running_count > 0) { /* RIS-04, RIS-05, SIL-59 */
                *ret_why = "A certificate of this primary domain is being reissued; wait until that is done, or cancel it.";
                return ERR_REPLACE;
        }
        return ERR_NONE;
}

/* TrustAsia DV wildcard for two or three years, validated without the user (RIS-19). */
static bool is_automatic_wildcard(const struct reissue_facts *facts)
{
        return facts->is_automatic && strcmp(facts->brand, "TrustAsia") == 0 && facts->domain_type == 3 && facts->validity_months >= 24;
}

/* SIL-06, CON-32: any one condition is enough, but there has to be a proof that still holds. */
static bool is_skipped(const struct reissue_facts *facts)
{
        if (facts->is_free || !facts->has_evidence) /* A6: a free one always validates (RIS-21) */
                return false;
        if (facts->now - facts->issued_at < REISSUE_SOON_SEC)
                return true;
        if (strcmp(facts->level, "DV") == 0) /* RIS-20: verified within 13 months for the same organisation, whose order it is */
                return true;
        return facts->is_same_key || is_automatic_wildcard(facts); /* RIS-16 */
}

enum reissue_way reissue_decide(const struct reissue_facts *facts)
{
        bool is_dv = strcmp(facts->level, "DV") == 0;

        if (!is_dv && !facts->is_wotrus && !facts->is_sm2) /* RIS-17 */
                return REISSUE_REVIEW;
        return is_skipped(facts) ? REISSUE_ISSUE : REISSUE_VALIDATE; /* RIS-14: same organisation, no reviewer */
}
