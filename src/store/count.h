/*
 * Exact counts of certificates without counting: one small row for each (status, project, type, uploaded or not)
 * of an account, and one for each day that some end on, moved along in every change of certificate.c.
 */
#pragma once

#include "store/certificate.h"

/* Everything that the row counts as, `amount` times (−1 takes it out). */
MUST res store_count_move(struct store_tx *tx, const struct certificate_row *row, int64_t amount);
#define COUNT_DAY_SEC 86400
/* Of one status, those that end in the days from_day … until_day − 1, counted from 1970. */
MUST res store_count_ends(struct store_conn *c, int64_t account_id, int64_t status, int64_t from_day, int64_t until_day, int64_t *ret_count);
/* Only statuses, source, certificate_type and project_id of the filter are looked at. */
MUST res store_count_get(struct store_conn *c, const struct store_certificate_filter *filter, int64_t *ret_count);
/* The statuses that the account has certificates in, and that the filter's statuses name (none = any), the most frequent first. */
#define COUNT_STATUSES_MAX 64
MUST res store_count_statuses(struct store_conn *c, const struct store_certificate_filter *filter,
                              int64_t ret_statuses[COUNT_STATUSES_MAX], size_t *ret_n);
/* Count all again from the table and compare: ERR_STORE if an account's differ (for tests and audit). */
MUST res store_count_check(struct store_conn *c, int64_t account_id);
