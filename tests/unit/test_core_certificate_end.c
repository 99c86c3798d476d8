/* Which state may be cancelled or deleted: every cell of the table.  LIFE-07 LIFE-13 SIL-11 DEL-02 DEL-03 DEL-04 DEL-06 DEL-07 DEL-11 CON-18 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/certificate_end.h"

static const struct {
        int64_t status;
        bool may_cancel;
        enum err delete_err;
        bool may_cancel_order; /* A1: before issue, submitted or not */
} cells[] = {
        {CERT_PENDING, true, ERR_CERT_DELETE_REVIEW, true},        /* LIFE-13, DEL-07: cancel first */
        {CERT_ISSUED, false, ERR_CERT_DELETE_ISSUED, false},        /* DEL-06: revoke first */
        {CERT_REVIEW_FAILED, false, ERR_NONE, true},               /* DEL-11, CON-18 */
        {CERT_EXPIRED, false, ERR_NONE, false},                     /* DEL-02 */
        {CERT_DNS_AUTO, true, ERR_CERT_DELETE_REVIEW, true},
        {CERT_PAID, false, ERR_CERT_DELETE_REVIEW, true},
        {CERT_CANCELLING, false, ERR_CERT_DELETE_REVIEW, false},
        {CERT_CANCELLED, false, ERR_NONE, true},                   /* DEL-04, LIFE-07 */
        {CERT_LETTER, true, ERR_CERT_DELETE_REVIEW, true},
        {CERT_REVOKING, false, ERR_CERT_DELETE_ISSUED, false},
        {CERT_REVOKED, false, ERR_NONE, false},                     /* DEL-03 */
        {CERT_REISSUING, false, ERR_CERT_DELETE_ISSUED, false},
        {CERT_REVOKE_LETTER, false, ERR_CERT_DELETE_ISSUED, false},
        {CERT_FREE_UNSUBMITTED, false, ERR_CERT_DELETE_REVIEW, false},
        {CERT_REFUNDED, false, ERR_NONE, false},
        {CERT_MOVING, false, ERR_CERT_STATE, false},
};

static void every_state_has_a_row(void **state)
{
        (void)state;
        assert_int_equal(sizeof cells / sizeof *cells, CERT_STATUS_COUNT);
        for (size_t i = 0; i < CERT_STATUS_COUNT; i++) {
                assert_int_equal(cells[i].status, i);
                assert_string_not_equal(certificate_status_name((int64_t)i), "");
        }
}

static void cancel_and_delete_by_state(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
                assert_int_equal(certificate_may_cancel(cells[i].status), cells[i].may_cancel);
                assert_int_equal(certificate_may_delete(cells[i].status), cells[i].delete_err);
                assert_int_equal(certificate_may_cancel_order(cells[i].status), cells[i].may_cancel_order);
        }
}

static void a_state_that_is_none_allows_nothing(void **state)
{
        (void)state;
        assert_false(certificate_may_cancel(-1));
        assert_false(certificate_may_cancel(CERT_STATUS_COUNT));
        assert_int_equal(certificate_may_delete(-1), ERR_CERT_STATE);
        assert_int_equal(certificate_may_delete(CERT_STATUS_COUNT), ERR_CERT_STATE);
        assert_string_equal(certificate_status_name(CERT_STATUS_COUNT), "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_state_that_is_none_allows_nothing),
                cmocka_unit_test(every_state_has_a_row),
                cmocka_unit_test(cancel_and_delete_by_state),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
