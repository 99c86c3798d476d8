/*
 * Exact counts of certificates without counting: one small row for each (status, project, type, uploaded or not)
 * of an account, moved along in every change of certificate.c.
 */
#pragma once

#include "store/certificate.h"

/* Everything that the row counts as, `amount` times (−1 takes it out). */
MUST res store_count_move(struct store_tx *tx, const struct certificate_row *row, int64_t amount);
/* Only statuses, source, certificate_type and project_id of the filter are looked at. */
MUST res store_count_get(struct store_conn *c, const struct store_certificate_filter *filter, int64_t *ret_count);
/* Count all again from the table and compare: ERR_STORE if an account's differ (for tests and audit). */
MUST res store_count_check(struct store_conn *c, int64_t account_id);
