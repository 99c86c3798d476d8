/*
 * Projects of an account (ACC-11): certificates are put into one to tell apart what they are for.  The default project, 0, is
 * always there and cannot be changed.  One that is disabled keeps what it has and takes nothing more.
 */
#pragma once

#include "base/json.h"
#include "core/act.h"
#include "store/project.h"

/* A name that is there already answers its project: *ret_is_new false.  ERR_PARAM_VALUE (name, info, too many). */
MUST res project_add(struct act *act, struct str name, struct str info, int64_t *ret_id, bool *ret_is_new);

struct project_query {
        struct str name;       /* "" = any; else exactly this */
        int64_t project_id;    /* 0 = any */
        bool disabled_too;
        int64_t offset, limit; /* limit 0 = all */
};
struct project_page {
        const struct project_row *v; /* the oldest first, without the default one */
        size_t n;
        int64_t total;
};
MUST res project_list(struct act *act, const struct project_query *query, struct project_page *ret_page);

struct project_change {
        struct opt_int disabled;
        struct str name, info; /* "" = as it is */
};
/* ERR_PROJECT: there is no such project in this account. */
MUST res project_update(struct act *act, int64_t project_id, const struct project_change *change);
