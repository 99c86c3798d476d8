/*
 * A6 row by row: the guards on both sides of their edges, and what has to be shown again.
 * RIS-02 RIS-03 RIS-04 RIS-05 RIS-13 RIS-14 RIS-15 RIS-16 RIS-17 RIS-18 RIS-19 RIS-20 RIS-21 CON-32 SIL-06 SIL-07 SIL-28 SIL-58 LIFE-11
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/certificate.h"
#include "core/reissue.h"

#define NOW 1800000000LL
#define DAY 86400LL

static struct reissue_facts good_facts(void)
{
        return (struct reissue_facts){
                .status = CERT_ISSUED, .issued_at = NOW - 100 * DAY, .end_at = NOW + 200 * DAY, .now = NOW,
                .has_evidence = true, .level = "DV", .brand = "TrustAsia", .domain_type = 1, .validity_months = 12};
}

static const struct {
        const char *what;
        bool is_free, is_uploaded;
        int64_t left, running, done;
        enum err expected;
} guards[] = {
        {"30 days and a second left", false, false, 30 * DAY + 1, 0, 0, ERR_NONE},              /* RIS-02, SIL-07 */
        {"30 days left", false, false, 30 * DAY, 0, 0, ERR_REPLACE},
        {"ended, the sweep has not come by", false, false, 0, 0, 0, ERR_CERT_STATE},
        {"free, first time", true, false, 100 * DAY, 0, 0, ERR_NONE},
        {"free, a second time", true, false, 100 * DAY, 0, 1, ERR_REPLACED_ALREADY},            /* RIS-03 */
        {"paid, a tenth time", false, false, 100 * DAY, 0, 9, ERR_NONE},                        /* SIL-28 */
        {"one is under way, here or at a sibling", false, false, 100 * DAY, 1, 0, ERR_REPLACE}, /* RIS-04, RIS-05, LIFE-11 */
        {"uploaded", false, true, 100 * DAY, 0, 0, ERR_CERT_SOURCE},
};

static void guard_of_each_row(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof guards / sizeof *guards; i++) {
                struct reissue_facts facts = good_facts();
                const char *why = NULL;

                facts.is_free = guards[i].is_free;
                facts.is_uploaded = guards[i].is_uploaded;
                facts.end_at = NOW + guards[i].left;
                facts.running_count = guards[i].running;
                facts.done_count = guards[i].done;
                enum err got = reissue_guard(&facts, &why);

                if (got != guards[i].expected)
                        fail_msg("%s: %d", guards[i].what, (int)got);
                if (got != ERR_NONE && why[0] == '\0')
                        fail_msg("%s: refused without a sentence", guards[i].what);
        }
}

static void only_issued_ones(void **state)
{
        const char *why = NULL;
        (void)state;

        for (int64_t status = 0; status < CERT_STATUS_COUNT; status++) {
                struct reissue_facts facts = good_facts();

                facts.status = status;
                assert_int_equal(reissue_guard(&facts, &why), status == CERT_ISSUED ? ERR_NONE : ERR_CERT_STATE);
        }
}

static const struct {
        const char *what, *brand, *level;
        bool is_free, is_wotrus, is_sm2, same_key, evidence, automatic;
        int64_t age, domain_type, months;
        enum reissue_way way;
} decisions[] = {
        {"free, a minute old, same key", "TrustAsia", "DV", true, false, false, true, true, false, 60, 1, 12, REISSUE_VALIDATE},  /* RIS-21 */
        {"paid DV within 3 days, new key", "TrustAsia", "DV", false, false, false, false, true, false, 3 * DAY - 1, 1, 12, REISSUE_ISSUE}, /* RIS-15 */
        {"paid DV within 13 months, new key", "TrustAsia", "DV", false, false, false, false, true, false, 300 * DAY, 1, 12, REISSUE_ISSUE}, /* RIS-20 */
        {"paid DV, proof too old, new key", "TrustAsia", "DV", false, false, false, false, false, false, 300 * DAY, 1, 12, REISSUE_VALIDATE}, /* RIS-18 */
        {"paid DV, proof too old, within 3 days", "TrustAsia", "DV", false, false, false, true, false, false, DAY, 1, 12, REISSUE_VALIDATE},
        {"WoTrus DV like paid DV", "WoTrus", "DV", false, true, false, false, true, false, 10 * DAY, 1, 12, REISSUE_ISSUE},       /* SIL-58 */
        {"SM2 DV like paid DV", "DNSPod", "DV", false, false, true, false, false, false, 10 * DAY, 1, 12, REISSUE_VALIDATE},
        {"WoTrus OV within 3 days", "WoTrus", "OV", false, true, false, false, true, false, 3 * DAY - 1, 1, 12, REISSUE_ISSUE},   /* RIS-15 */
        {"WoTrus OV on the third day, new key", "WoTrus", "OV", false, true, false, false, true, false, 3 * DAY, 1, 12, REISSUE_VALIDATE}, /* RIS-13, RIS-16 */
        {"WoTrus OV later, same key", "WoTrus", "OV", false, true, false, true, true, false, 100 * DAY, 1, 12, REISSUE_ISSUE},    /* RIS-16, RIS-14 */
        {"SM2 EV later, new key", "DNSPod", "EV", false, false, true, false, true, false, 100 * DAY, 1, 12, REISSUE_VALIDATE},
        {"other OV, even within 3 days", "GeoTrust", "OV", false, false, false, true, true, false, 60, 1, 12, REISSUE_REVIEW},    /* RIS-17 */
        {"other EV", "SecureSite", "EV", false, false, false, false, true, false, 100 * DAY, 1, 12, REISSUE_REVIEW},
        {"wildcard of 3 years, automatic", "TrustAsia", "DV", false, false, false, false, true, true, 100 * DAY, 3, 36, REISSUE_ISSUE}, /* RIS-19 */
        {"the same, automatic no more", "TrustAsia", "DV", false, false, false, false, false, false, 100 * DAY, 3, 36, REISSUE_VALIDATE},
};

static void what_is_shown_again(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
                struct reissue_facts facts = good_facts();

                facts.brand = decisions[i].brand;
                facts.level = decisions[i].level;
                facts.is_free = decisions[i].is_free;
                facts.is_wotrus = decisions[i].is_wotrus;
                facts.is_sm2 = decisions[i].is_sm2;
                facts.is_same_key = decisions[i].same_key;
                facts.has_evidence = decisions[i].evidence;
                facts.is_automatic = decisions[i].automatic;
                facts.issued_at = NOW - decisions[i].age;
                facts.domain_type = decisions[i].domain_type;
                facts.validity_months = decisions[i].months;
                if (reissue_decide(&facts) != decisions[i].way)
                        fail_msg("%s", decisions[i].what);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_issued_ones),
                cmocka_unit_test(guard_of_each_row),
                cmocka_unit_test(what_is_shown_again),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
