/*
 * A7 row by row: the machine, the guards on both sides of their edges, the variant of each product.
 * RVK-02 RVK-03 RVK-06 RVK-07 RVK-08 RVK-09 RVK-12 RVK-13 RVK-14 RVK-16 RVK-17 RVK-19 RVK-20 RVK-21 RVK-22 RVK-24 RVK-29 RVK-32
 * RIS-26 SIL-07 SIL-44 LIFE-12
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/certificate.h"
#include "core/revoke_request.h"

#define NOW 1800000000LL
#define DAY 86400LL

/* ---- the machine: every cell; what is not named here is impossible ---- */

static const struct {
        enum revocation_state state;
        enum revocation_event event;
        enum revocation_state next;
} rows[] = {
        {REVOCATION_NONE, REVOCATION_FILE_PROOF, REVOCATION_PROVING},      /* R3: RVK-16 */
        {REVOCATION_NONE, REVOCATION_FILE_REVIEW, REVOCATION_REVIEWING},   /* R1: RVK-13 */
        {REVOCATION_NONE, REVOCATION_FILE_LETTER, REVOCATION_LETTER},      /* R2, R4: RVK-14, RVK-22 */
        {REVOCATION_NONE, REVOCATION_FILE_SKIP, REVOCATION_REVOKED},       /* RVK-20 */
        {REVOCATION_NONE, REVOCATION_COMPROMISED, REVOCATION_REVOKED},
        {REVOCATION_NONE, REVOCATION_OPERATED, REVOCATION_REVOKED}, /* ACC-13 */
        {REVOCATION_LETTER, REVOCATION_LETTER_IN, REVOCATION_REVIEWING},
        {REVOCATION_LETTER, REVOCATION_REFUSED, REVOCATION_FAILED},
        {REVOCATION_LETTER, REVOCATION_COMPROMISED, REVOCATION_REVOKED},
        {REVOCATION_LETTER, REVOCATION_OPERATED, REVOCATION_REVOKED}, /* ACC-13 */
        {REVOCATION_PROVING, REVOCATION_PROVED, REVOCATION_REVOKED},       /* RVK-19 */
        {REVOCATION_PROVING, REVOCATION_LAPSED, REVOCATION_FAILED},        /* RVK-17, SIL-44 */
        {REVOCATION_PROVING, REVOCATION_COMPROMISED, REVOCATION_REVOKED},
        {REVOCATION_PROVING, REVOCATION_OPERATED, REVOCATION_REVOKED}, /* ACC-13 */
        {REVOCATION_REVIEWING, REVOCATION_PASSED, REVOCATION_REVOKED},
        {REVOCATION_REVIEWING, REVOCATION_REFUSED, REVOCATION_FAILED},
        {REVOCATION_REVIEWING, REVOCATION_COMPROMISED, REVOCATION_REVOKED},
        {REVOCATION_REVIEWING, REVOCATION_OPERATED, REVOCATION_REVOKED}, /* ACC-13 */
        {REVOCATION_FAILED, REVOCATION_FILE_PROOF, REVOCATION_PROVING},    /* SIL-44: may be filed again */
        {REVOCATION_FAILED, REVOCATION_FILE_REVIEW, REVOCATION_REVIEWING},
        {REVOCATION_FAILED, REVOCATION_FILE_LETTER, REVOCATION_LETTER},
        {REVOCATION_FAILED, REVOCATION_FILE_SKIP, REVOCATION_REVOKED},
        {REVOCATION_FAILED, REVOCATION_COMPROMISED, REVOCATION_REVOKED},
        {REVOCATION_FAILED, REVOCATION_OPERATED, REVOCATION_REVOKED}, /* ACC-13 */
};

static bool row_find(int state, int event, enum revocation_state *ret_next)
{
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                if ((int)rows[i].state != state || (int)rows[i].event != event)
                        continue;
                *ret_next = rows[i].next;
                return true;
        }
        return false;
}

static void every_cell_of_the_machine(void **state)
{
        (void)state;
        for (int s = 0; s <= REVOCATION_STATE_COUNT; s++) {
                for (int e = 0; e <= REVOCATION_EVENT_COUNT; e++) {
                        enum revocation_state expected = REVOCATION_NONE, next = REVOCATION_NONE;
                        bool possible = row_find(s, e, &expected);

                        if (revocation_next((enum revocation_state)s, (enum revocation_event)e, &next) != possible || next != expected)
                                fail_msg("state %d event %d", s, e);
                }
        }
}

/* RVK-03: nobody takes a request back; from revoked there is no way at all. */
static void there_is_no_way_back(void **state)
{
        enum revocation_state next = REVOCATION_NONE;
        (void)state;

        for (int e = 0; e < REVOCATION_EVENT_COUNT; e++)
                assert_false(revocation_next(REVOCATION_REVOKED, (enum revocation_event)e, &next));
}

static void names_and_states_agree(void **state)
{
        (void)state;
        for (int s = 0; s < REVOCATION_STATE_COUNT; s++)
                assert_int_equal(revocation_state_find(str_of(revocation_state_name((enum revocation_state)s))), s);
        assert_int_equal(revocation_state_find(STR("gone")), REVOCATION_STATE_COUNT);
        assert_string_equal(revocation_state_name(REVOCATION_STATE_COUNT), "");
}

/* ---- guards ---- */

static struct revocation_facts good_facts(void)
{
        return (struct revocation_facts){
                .status = CERT_ISSUED, .begin_at = NOW - 100 * DAY, .end_at = NOW + 200 * DAY, .now = NOW,
                .level = "DV", .brand = "TrustAsia", .domain_type = 1, .validity_months = 12};
}

static void expect_guard(const char *what, const struct revocation_facts *facts, enum err expected)
{
        const char *why = NULL;
        enum err got = revocation_guard(facts, &why);

        if (got != expected)
                fail_msg("%s: %d instead of %d", what, (int)got, (int)expected);
        if (expected != ERR_NONE && expected != ERR_REVOKE_BOUND && why[0] == '\0')
                fail_msg("%s: refused without a sentence", what);
}

static void only_issued_ones(void **state)
{
        (void)state;
        for (int64_t status = 0; status < CERT_STATUS_COUNT; status++) {
                struct revocation_facts facts = good_facts();

                facts.status = status;
                expect_guard("status", &facts, status == CERT_ISSUED ? ERR_NONE : ERR_CERT_STATE);
        }
        struct revocation_facts ended = good_facts();

        ended.end_at = NOW;
        expect_guard("ended, the sweep has not come by", &ended, ERR_CERT_STATE);
}

static void uploaded_never(void **state)
{
        struct revocation_facts facts = good_facts();
        (void)state;

        facts.is_uploaded = true; /* RVK-06, LIFE-12 */
        expect_guard("uploaded", &facts, ERR_CERT_SOURCE);
}

static void bound_not_before_it_is_unbound(void **state)
{
        struct revocation_facts facts = good_facts();
        (void)state;

        facts.binding_count = 1; /* RVK-12 */
        expect_guard("bound", &facts, ERR_REVOKE_BOUND);
        facts.is_wotrus = true; /* all brands */
        expect_guard("bound WoTrus", &facts, ERR_REVOKE_BOUND);
}

static const struct {
        const char *what;
        int64_t begin_at, left;
        bool is_renewed, is_reissue;
        enum err others, wotrus;
} edges[] = {
        {"30 days and a second left", NOW - DAY, 30 * DAY + 1, false, false, ERR_NONE, ERR_NONE},     /* SIL-07 */
        {"30 days left", NOW - DAY, 30 * DAY, false, false, ERR_REVOKE, ERR_NONE},                     /* RVK-07, RVK-29 */
        {"a day left", NOW - DAY, DAY, false, false, ERR_REVOKE, ERR_NONE},
        {"a day left, renewed", NOW - DAY, DAY, true, false, ERR_NONE, ERR_NONE},                      /* not "to be renewed" any more */
        {"from right before 25 Mar 2020", 1585065599, 200 * DAY, false, false, ERR_REVOKE, ERR_NONE}, /* RVK-09 */
        {"from 25 Mar 2020", 1585065600, 200 * DAY, false, false, ERR_NONE, ERR_NONE},
        {"a reissue", NOW - DAY, 200 * DAY, false, true, ERR_REVOKE, ERR_NONE},                        /* RVK-08, RIS-26 */
};

static void edges_of_the_three_rules_for_others(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
                struct revocation_facts facts = good_facts();

                facts.begin_at = edges[i].begin_at;
                facts.end_at = NOW + edges[i].left;
                facts.is_renewed = edges[i].is_renewed;
                facts.is_reissue = edges[i].is_reissue;
                expect_guard(edges[i].what, &facts, edges[i].others);
                facts.is_wotrus = true;
                expect_guard(edges[i].what, &facts, edges[i].wotrus);
                facts.is_sm2 = true; /* SM2 ones are named with the others */
                expect_guard(edges[i].what, &facts, edges[i].others);
        }
}

/* ---- variants: table B6 ---- */

static const struct {
        const char *what, *brand, *level;
        bool is_wotrus, is_sm2, is_automatic;
        int64_t domain_type, months;
        enum revocation_event event;
} variants[] = {
        {"free DV", "TrustAsia", "DV", false, false, false, 1, 12, REVOCATION_FILE_PROOF},                          /* R3 */
        {"paid DV", "TrustAsia", "DV", false, false, false, 1, 12, REVOCATION_FILE_PROOF},
        {"wildcard of 2 years, automatic", "TrustAsia", "DV", false, false, true, 3, 24, REVOCATION_FILE_SKIP},     /* RVK-20, RVK-32 */
        {"wildcard of 3 years, automatic", "TrustAsia", "DV", false, false, true, 3, 36, REVOCATION_FILE_SKIP},
        {"the same, automatic no more", "TrustAsia", "DV", false, false, false, 3, 36, REVOCATION_FILE_PROOF},      /* RVK-21 */
        {"wildcard of 1 year, automatic", "TrustAsia", "DV", false, false, true, 3, 12, REVOCATION_FILE_PROOF},
        {"another brand's", "DNSPod", "DV", false, false, true, 3, 24, REVOCATION_FILE_PROOF},
        {"one name, automatic", "TrustAsia", "DV", false, false, true, 1, 24, REVOCATION_FILE_PROOF},
        {"WoTrus DV", "WoTrus", "DV", true, false, false, 1, 12, REVOCATION_FILE_REVIEW},                           /* R1: RVK-13 */
        {"WoTrus OV", "WoTrus", "OV", true, false, false, 1, 12, REVOCATION_FILE_REVIEW},
        {"WoTrus EV", "WoTrus", "EV", true, false, true, 1, 12, REVOCATION_FILE_REVIEW},
        {"SM2 DV", "DNSPod", "DV", false, true, false, 1, 12, REVOCATION_FILE_REVIEW},
        {"SM2 OV", "DNSPod", "OV", false, true, false, 1, 12, REVOCATION_FILE_LETTER},                              /* R2: RVK-14 */
        {"SM2 EV, automatic", "DNSPod", "EV", false, true, true, 1, 12, REVOCATION_FILE_LETTER},
        {"other OV", "GeoTrust", "OV", false, false, false, 1, 12, REVOCATION_FILE_LETTER},                         /* R4: RVK-22 */
        {"other EV, automatic", "GeoTrust", "EV", false, false, true, 1, 12, REVOCATION_FILE_REVIEW},               /* RVK-24 */
};

static void variant_of_each_product(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
                struct revocation_facts facts = good_facts();

                facts.brand = variants[i].brand;
                facts.level = variants[i].level;
                facts.is_wotrus = variants[i].is_wotrus;
                facts.is_sm2 = variants[i].is_sm2;
                facts.is_automatic = variants[i].is_automatic;
                facts.domain_type = variants[i].domain_type;
                facts.validity_months = variants[i].months;
                if (revocation_variant(&facts) != variants[i].event)
                        fail_msg("%s", variants[i].what);
        }
}

static void reasons_by_name(void **state)
{
        enum revoke_reason reason = REVOKE_CESSATION;
        (void)state;

        assert_true(revoke_reason_find(STR("keycompromise"), &reason));
        assert_int_equal(reason, REVOKE_KEY_COMPROMISE);
        assert_false(revoke_reason_find(STR("certificateHold"), &reason)); /* BR 7.2.2: never */
        assert_false(revoke_reason_find(STR(""), &reason));
        assert_string_equal(revoke_reason_name(REVOKE_SUPERSEDED), "superseded");
        assert_string_equal(revoke_reason_name(6), "unspecified");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_issued_ones),
                cmocka_unit_test(uploaded_never),
                cmocka_unit_test(bound_not_before_it_is_unbound),
                cmocka_unit_test(edges_of_the_three_rules_for_others),
                cmocka_unit_test(every_cell_of_the_machine),
                cmocka_unit_test(there_is_no_way_back),
                cmocka_unit_test(names_and_states_agree),
                cmocka_unit_test(variant_of_each_product),
                cmocka_unit_test(reasons_by_name),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
