/* Benefit packages: points granted by an operator, spent on certificates instead of money (CON-30, SIL-02, DescribePackages). */
#pragma once

#include "core/act.h"
#include "store/benefit.h"

struct benefit_grant {
        struct str kind; /* ssl_100, ssl_500, ssl_2000: the name says how many points */
        int64_t days;    /* until it expires; 0 = three years */
};
MUST res benefit_grant(struct act *act, const struct benefit_grant *in, struct benefit_row *ret_row);

/* "usable", "used", "expired", "refund" at this moment. */
struct str benefit_state(const struct benefit_row *row, int64_t now_sec);

struct benefit_query {
        struct str state, kind, package_id, expire_sort /* asc, desc */;
        int64_t pid; /* 0 = any; packages buy every product that has points, so it only has to be one of those */
        int64_t offset, limit;
};
struct benefit_page {
        const struct benefit_row *v;
        size_t n;
        int64_t total, total_balance; /* of what fits; points that can be spent */
};
MUST res benefit_list(struct act *act, const struct benefit_query *query, struct benefit_page *ret_page);

/*
 * Inside a transaction: take points from the packages named, those that expire first before the others.
 * *ret_spent says from which how many ("id=30 id2=12"), for benefit_return.  ERR_PACKAGE_IDS, ERR_TRADE.
 */
MUST res benefit_spend(struct act *act, struct store_tx *tx, const struct strs *package_ids, int64_t points,
                       struct str *ret_spent);
MUST res benefit_return(struct act *act, struct store_tx *tx, struct str spent);
