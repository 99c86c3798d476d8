/* Times as the API writes them: "YYYY-MM-DD HH:MM:SS" in GMT+8, no zone mark (api.md §6). */
#pragma once

#include "base/res.h"
#include "base/str.h"

#define TIMETEXT_SIZE 20
void timetext_api(int64_t sec, char out[TIMETEXT_SIZE]);
MUST res timetext_parse_api(struct str text, int64_t *ret_sec); /* ERR_FORMAT */
/* 17 digits of UTC: YYYYMMDDHHMMSSmmm (DCV-55). */
void timetext_stamp17(int64_t ms, char out[18]);
MUST res timetext_parse_utc_date(struct str text, int64_t *ret_sec); /* YYYY-MM-DD, its midnight; ERR_FORMAT */
/* RFC 3339 in UTC: YYYY-MM-DDTHH:MM:SSZ. */
#define TIMETEXT_UTC_SIZE 21
MUST res timetext_parse_rfc3339(struct str text, int64_t *ret_sec); /* any offset, a fraction that is 0; ERR_FORMAT */
void timetext_utc(int64_t sec, char out[TIMETEXT_UTC_SIZE]);
void timetext_utc_date(int64_t sec, char out[11]); /* YYYY-MM-DD, of the TC3 scope */
