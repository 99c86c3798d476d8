/* Civil dates for DER times: proleptic Gregorian, UTC, no leap seconds (RFC 5280 §4.1.2.5). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct der_date {
        int year, month, day, hour, minute, second; /* month and day from 1 */
};

bool der_date_of(int64_t sec, struct der_date *ret_date);            /* false: outside the years 0–9999 */
bool der_date_to_sec(const struct der_date *date, int64_t *ret_sec); /* false: no such date or time */
