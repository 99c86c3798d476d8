/* See account_keep.h. */
#include "core/account_keep.h"

#include "core/account_cache.h"
#include "core/benefit.h"
#include "core/catalogue.h"
#include "core/core.h"
#include "core/domain.h"
#include "core/label.h"
#include "core/money.h"
#include "store/log.h"
#include "store/quota.h"

#define KEEP_EXTERNAL_MAX 1000000
#define KEEP_PACKAGES_MAX 1000000

struct keep {
        struct act *act;
        struct str uin;
        struct account_row row;
        const struct account_change *change;
        int64_t amount;
        struct str note;
        struct strs add, drop;
        const char *primary;
};

static MUST res keep_find(struct keep *keep, struct store_conn *c)
{
        res found = store_account_get_by_uin(c, keep->act->arena, keep->uin, &keep->row);

        if (found.err == ERR_NOT_FOUND)
                return act_fail(keep->act, ERR_NOT_FOUND, "There is no account %.*s.", (int)keep->uin.n, keep->uin.p);
        return found;
}

static MUST res keep_log(const struct keep *keep, struct store_tx *tx, const char *action)
{
        return store_log_append(tx, &(struct log_row){
                                            .account_id = keep->row.account_id,
                                            .user_id = keep->act->user_id,
                                            .certificate_id = STR(""),
                                            .type = STR("operator"),
                                            .action = str_of(action),
                                            .created_at = keep->act->now_sec,
                                    });
}

/* The acts of money and packages work for act->account_id: here for the one that is named. */
static struct act keep_act(const struct keep *keep)
{
        struct act act = *keep->act;

        act.account_id = keep->row.account_id;
        act.detail[0] = '\0';
        return act;
}

/* The failure's sentence was written into the copy. */
static res keep_result(const struct keep *keep, const struct act *act, res r)
{
        return res_is_ok(r) || act->detail[0] == '\0' ? r : act_fail(keep->act, r.err, "%s", act->detail);
}

/* ---- kind, level, verified ---- */

static MUST res keep_word(struct act *act, const char *what, struct str value, const char *const words[])
{
        const char *choices = "";

        if (value.n == 0)
                return RES_OK;
        for (size_t i = 0; words[i]; i++) {
                if (str_equals(value, words[i]))
                        return RES_OK;
                choices = arena_printf(act->arena, "%s%s%s", choices, i ? ", " : "", words[i]);
        }
        return act_fail(act, ERR_PARAM_VALUE, "%s is one of %s.", what, choices);
}

static MUST res keep_check(struct act *act, const struct account_change *change)
{
        static const char *const identities[] = {"individual", "enterprise", NULL}, *const levels[] = {"standard", "v1", "v2", NULL};

        TRY(keep_word(act, "Identity", change->identity, identities));
        TRY(keep_word(act, "Level", change->level, levels));
        if (change->name.n > LIMIT_ACCOUNT_NAME_BYTES || label_has_control_chars(change->name))
                return act_fail(act, ERR_PARAM_VALUE, "Name may have at most %d printable bytes.", LIMIT_ACCOUNT_NAME_BYTES);
        if (change->free_packages.set && (change->free_packages.v < 0 || change->free_packages.v > KEEP_PACKAGES_MAX))
                return act_fail(act, ERR_PARAM_VALUE, "FreePackages is from 0 to %d.", KEEP_PACKAGES_MAX);
        return RES_OK;
}

static void keep_apply(struct account_row *row, const struct account_change *change)
{
        row->identity = change->identity.n ? change->identity : row->identity;
        row->level = change->level.n ? change->level : row->level;
        row->name = change->name.n ? change->name : row->name;
        row->verified = change->verified.set ? change->verified.v != 0 : row->verified;
        row->quota_older = change->quota_older.set ? change->quota_older.v != 0 : row->quota_older;
        row->package_count = change->free_packages.set ? change->free_packages.v : row->package_count;
        row->disabled = change->disabled.set ? change->disabled.v != 0 : row->disabled;
}

static const char *keep_change_text(struct arena *arena, const struct account_row *row)
{
        return arena_printf(arena, "Account set: %.*s, %.*s, %s, older allowance %s, %lld free packages, %s", (int)row->identity.n,
                            row->identity.p, (int)row->level.n, row->level.p, row->verified ? "verified" : "not verified",
                            row->quota_older ? "yes" : "no", (long long)row->package_count, row->disabled ? "disabled" : "enabled");
}

static res keep_change_tx(struct store_tx *tx, void *arg)
{
        struct keep *keep = arg;

        TRY(keep_find(keep, store_tx_conn(tx)));
        keep_apply(&keep->row, keep->change);
        TRY(store_account_update(tx, &keep->row));
        return keep_log(keep, tx, keep_change_text(keep->act->arena, &keep->row));
}

res account_change(struct act *act, struct str uin, const struct account_change *change)
{
        struct keep keep = {.act = act, .uin = uin, .change = change};

        TRY(keep_check(act, change));
        TRY(store_run(act->core->store, keep_change_tx, &keep));
        if (act->core->accounts)
                account_cache_clear(act->core->accounts);
        return RES_OK;
}

/* ---- money ---- */

static res keep_credit_tx(struct store_tx *tx, void *arg)
{
        struct keep *keep = arg;
        struct arena *arena = keep->act->arena;

        TRY(keep_find(keep, store_tx_conn(tx)));
        struct act act = keep_act(keep);
        TRY(keep_result(keep, &act, money_grant(&act, tx, keep->amount, keep->note)));
        return keep_log(keep, tx, arena_printf(arena, "%s of %s: %.*s", keep->amount < 0 ? "Debit" : "Credit",
                                               money_text(arena, keep->amount), (int)keep->note.n, keep->note.p));
}

res account_credit(struct act *act, struct str uin, int64_t amount_minor, struct str note)
{
        struct keep keep = {.act = act, .uin = uin, .amount = amount_minor, .note = note.n ? note : STR("credit by the operator")};

        if (amount_minor == 0)
                return act_fail(act, ERR_PARAM_VALUE, "Amount is above 0 for a credit, below 0 for a debit.");
        if (note.n > LIMIT_ACCOUNT_NAME_BYTES || label_has_control_chars(note))
                return act_fail(act, ERR_PARAM_VALUE, "Note may have at most %d printable bytes.", LIMIT_ACCOUNT_NAME_BYTES);
        return store_run(act->core->store, keep_credit_tx, &keep);
}

/* ---- home domains ---- */

static MUST res keep_primaries(struct act *act, const struct strs *names, struct strs *ret_primaries)
{
        struct str *v = arena_array_of(act->arena, names->n + 1, struct str);

        for (size_t i = 0; i < names->n; i++) {
                struct domain_name name;
                TRY(domain_parse(act, names->v[i], &name));
                if (name.is_ip || name.space == DOMAIN_SUFFIX)
                        return act_fail(act, ERR_DOMAIN, "%s is no domain that somebody owns.", name.ascii);
                v[i] = str_of(name.registrable);
        }
        *ret_primaries = (struct strs){v, names->n};
        return RES_OK;
}

static res keep_homes_tx(struct store_tx *tx, void *arg)
{
        struct keep *keep = arg;

        TRY(keep_find(keep, store_tx_conn(tx)));
        for (size_t i = 0; i < keep->drop.n; i++)
                TRY(store_home_domain_delete(tx, keep->row.account_id, keep->drop.v[i]));
        for (size_t i = 0; i < keep->add.n; i++)
                TRY(store_home_domain_put(tx, keep->row.account_id, keep->add.v[i], keep->act->now_sec));
        return keep_log(keep, tx, arena_printf(keep->act->arena, "Home domains: %zu added, %zu removed", keep->add.n, keep->drop.n));
}

res account_home_domains(struct act *act, struct str uin, const struct strs *add, const struct strs *drop)
{
        struct keep keep = {.act = act, .uin = uin};

        TRY(keep_primaries(act, add, &keep.add));
        TRY(keep_primaries(act, drop, &keep.drop));
        return store_run(act->core->store, keep_homes_tx, &keep);
}

static res keep_external_tx(struct store_tx *tx, void *arg)
{
        const struct keep *keep = arg;

        TRY(store_external_count_put(tx, str_of(keep->primary), keep->amount));
        return keep_log(keep, tx, arena_printf(keep->act->arena, "Free certificates of other platforms for %s: %lld",
                                               keep->primary, (long long)keep->amount));
}

res account_external_count(struct act *act, struct str domain, int64_t amount, const char **ret_primary)
{
        struct strs primaries = {0};
        struct keep keep = {.act = act, .amount = amount};

        if (amount < 0 || amount > KEEP_EXTERNAL_MAX)
                return act_fail(act, ERR_PARAM_VALUE, "Count is from 0 to %d.", KEEP_EXTERNAL_MAX);
        TRY(keep_primaries(act, &(struct strs){&domain, 1}, &primaries));
        keep.primary = primaries.v[0].p;
        TRY(store_run(act->core->store, keep_external_tx, &keep));
        *ret_primary = keep.primary;
        return RES_OK;
}

/* ---- packages and the view ---- */

res account_grant_package(struct act *act, struct str uin, struct str kind, int64_t days, struct benefit_row *ret_row)
{
        struct keep keep = {.act = act, .uin = uin};
        struct store_conn *c = NULL;

        TRY(store_read(act->core->store, &c));
        TRY(keep_find(&keep, c));
        struct act own = keep_act(&keep);
        return keep_result(&keep, &own, benefit_grant(&own, &(struct benefit_grant){kind, days}, ret_row));
}

res account_describe(struct act *act, struct str uin, struct account_view *ret_view)
{
        struct keep keep = {.act = act, .uin = uin};
        struct store_conn *c = NULL;
        struct account_view view = {0};
        struct benefit_page packages;

        TRY(store_read(act->core->store, &c));
        TRY(keep_find(&keep, c));
        struct act own = keep_act(&keep);
        view.row = keep.row;
        (void)act_catalogue(act);
        own.catalogue = act->catalogue;
        TRY(money_balance(&own, c, &view.balance_minor));
        TRY(benefit_list(&own, &(struct benefit_query){0}, &packages));
        view.points = packages.total_balance;
        TRY(store_home_domain_list(c, act->arena, keep.row.account_id, &view.home_domains));
        *ret_view = view;
        return RES_OK;
}
