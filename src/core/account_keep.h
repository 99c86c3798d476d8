/*
 * What an operator keeps about an account: kind and level, verified or not, money, packages, home domains; and, for the
 * whole installation, what other platforms issued for a primary domain (SIL-43).  Rules ACC, QTA, SIL-02.
 *
 * Each act names the account by its Uin, is written into that account's log with the operator's name, and takes effect at
 * once: a key of the account sees it with its next request.
 */
#pragma once

#include "base/json.h"
#include "core/act.h"
#include "store/account.h"

struct account_change { /* absent = as it is */
        struct str identity, level, name;
        struct opt_int verified, quota_older /* QTA-13 */, free_packages /* QTA-23 */, disabled;
};
/* Everything an operator sees of an account. */
struct account_view {
        struct account_row row;
        int64_t balance_minor, points;
        struct strs home_domains;
};
/* ERR_NOT_FOUND, ERR_PARAM_VALUE with a sentence. */
MUST res account_describe(struct act *act, struct str uin, struct account_view *ret_view);
MUST res account_change(struct act *act, struct str uin, const struct account_change *change);
/* Credit above 0, debit below.  ERR_TRADE when a debit exceeds the balance. */
MUST res account_credit(struct act *act, struct str uin, int64_t amount_minor, struct str note);
/* A name below a primary domain stands for the primary domain (SIL-04). */
MUST res account_home_domains(struct act *act, struct str uin, const struct strs *add, const struct strs *drop);
struct benefit_row;
MUST res account_grant_package(struct act *act, struct str uin, struct str kind, int64_t days, struct benefit_row *ret_row);
/* Free certificates of a primary domain that other platforms issued; they count against its limit (QTA-03). */
MUST res account_external_count(struct act *act, struct str domain, int64_t amount, const char **ret_primary);
