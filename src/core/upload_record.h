/* Exchanges of content under the same id (upload.h), looked at afterwards. */
#pragma once

#include "core/act.h"

enum { UPLOAD_UPDATE_DONE = 1, UPLOAD_UPDATE_BACK = 4 }; /* api.md: 1 done, 4 rolled back */

struct upload_update_row;

struct upload_record {
        int64_t id, status, created_at, updated_at;
        struct str certificate_id;
        struct strs resource_types;
};
struct upload_record_page {
        const struct upload_record *v; /* newest first */
        size_t n;
        int64_t total;
};
/* certificate_id "" = of all. */
MUST res upload_record_list(struct act *act, struct str certificate_id, int64_t offset, int64_t limit,
                            struct upload_record_page *ret_page);
/* ERR_PARAM: there is no such record in this account; so of both. */
MUST res upload_update_find(struct act *act, int64_t id, struct upload_update_row *ret_row);
MUST res upload_record_get(struct act *act, int64_t id, struct upload_record *ret_record);
