/*
 * The free allowance.  A row of quota_use is one slot: of the account (its counter) and of the primary domain, given
 * back separately.  Nothing is counted ahead: limits and use are read inside the transaction that takes the slot, and
 * a slot whose certificate has ended does not count, whether or not anybody has tidied it away yet.
 *
 * The two counters together never exceed their sum: an account whose level changed may hold more slots of one counter
 * than it now has; the surplus weighs on the other one.
 */
#include "core/quota.h"

#include "core/catalogue.h"
#include "core/core.h"
#include "core/domain.h"
#include "store/account.h"
#include "store/quota.h"

struct quota_books { /* what one account has and uses now */
        struct account_row account;
        struct quota_rule limit;
        int64_t home, any, package; /* in use */
        bool holds_valid;           /* an issued free certificate that has neither ended nor been revoked */
        const struct quota_use_row *rows;
        size_t row_count;
};

static bool quota_is_live(const struct quota_use_row *row, int64_t now_sec)
{
        return !str_is_empty(row->counter) && (row->returns_at == 0 || row->returns_at > now_sec);
}

static void quota_count(struct quota_books *books, int64_t now_sec)
{
        for (size_t i = 0; i < books->row_count; i++) {
                const struct quota_use_row *row = books->rows + i;
                if (!quota_is_live(row, now_sec))
                        continue;
                books->home += str_equals(row->counter, "home");
                books->any += str_equals(row->counter, "any");
                books->package += str_equals(row->counter, "package");
                books->holds_valid |= row->returns_at != 0;
        }
}

static MUST res quota_read(struct act *act, struct store_conn *c, struct quota_books *ret_books)
{
        struct quota_books books = {0};

        TRY(store_account_get(c, act->arena, act->account_id, &books.account));
        TRY(store_quota_list(c, act->arena, act->account_id, &books.rows, &books.row_count));
        quota_count(&books, act->now_sec);
        *ret_books = books;
        return RES_OK;
}

static MUST res quota_find_limit(struct act *act, struct quota_books *books)
{
        const struct account_row *account = &books->account;
        bool older = account->quota_older != 0 && books->holds_valid; /* SIL-01 */
        const struct quota_rule *limit =
                catalogue_quota(act_catalogue(act), account->identity, account->level, older);

        if (!limit)
                return act_fail(act, ERR_QUOTA,
                                "There is no free allowance for accounts of the kind \"%.*s %.*s\"; an operator "
                                "corrects the account's identity or level.",
                                (int)account->identity.n, account->identity.p, (int)account->level.n, account->level.p);
        books->limit = *limit;
        return RES_OK;
}

static int64_t quota_surplus(int64_t used, int64_t limit)
{
        return used > limit ? used - limit : 0;
}

/* QTA-07, QTA-17, QTA-18, SIL-45.  NULL: nothing is left. */
static const char *quota_choose(const struct quota_books *books, bool is_home)
{
        int64_t home_weight = books->home + quota_surplus(books->any, books->limit.any);
        int64_t any_weight = books->any + quota_surplus(books->home, books->limit.home);

        if (is_home && home_weight < books->limit.home)
                return "home";
        if (any_weight < books->limit.any)
                return "any";
        if (books->package < books->account.package_count)
                return "package";
        return NULL;
}

static MUST res quota_refuse(struct act *act, const struct quota_books *books, bool is_home)
{
        if (books->limit.home == 0 || is_home)
                return act_fail(act, ERR_QUOTA,
                                "All %lld free certificates of this account are in use, %lld of packages included. "
                                "Revoke one, wait until one ends, or choose a paid product.",
                                (long long)(books->home + books->any + books->package), (long long)books->package);
        return act_fail(act, ERR_QUOTA,
                        "All %lld free certificates for any domain are in use; the %lld others are for the account's "
                        "home domains. Revoke one, wait until one ends, or choose a paid product.",
                        (long long)(books->any + books->package), (long long)books->limit.home);
}

/* QTA-02..04, SIL-43. */
static MUST res quota_check_domain(struct act *act, struct store_conn *c, struct str primary_domain)
{
        int64_t used = 0, external = 0, limit = catalogue_domain_quota(act_catalogue(act));

        TRY(store_quota_count_domain(c, primary_domain, act->now_sec, &used));
        TRY(store_external_count_get(c, primary_domain, &external));
        if (used + external < limit)
                return RES_OK;
        return act_fail(
                act, ERR_QUOTA_DOMAIN,
                "%.*s and the names below it have all %lld free certificates that a primary domain may "
                "have, those of other accounts and platforms included. Wait until one ends (revoking gives none back), or "
                "choose a paid product or another primary domain.",
                (int)primary_domain.n, primary_domain.p, (long long)limit);
}

/* SIL-01: the older allowance is gone for good at the first moment without a valid free certificate. */
static MUST res quota_drop_older(struct store_tx *tx, struct quota_books *books)
{
        if (books->account.quota_older == 0 || books->holds_valid)
                return RES_OK;
        books->account.quota_older = 0;
        return store_account_update(tx, &books->account);
}

static MUST res quota_counter(struct act *act, struct store_tx *tx, struct str primary_domain, const char **ret_counter)
{
        struct store_conn *c = store_tx_conn(tx);
        struct quota_books books;
        bool is_home = false;

        TRY(quota_read(act, c, &books));
        TRY(quota_drop_older(tx, &books));
        TRY(quota_find_limit(act, &books));
        TRY(store_home_domain_has(c, act->account_id, primary_domain, &is_home));
        const char *counter = quota_choose(&books, is_home);

        if (!counter)
                return quota_refuse(act, &books, is_home);
        TRY(quota_check_domain(act, c, primary_domain));
        *ret_counter = counter;
        return RES_OK;
}

res quota_look(struct act *act, struct store_tx *tx, struct str primary_domain)
{
        const char *counter = NULL;

        return quota_counter(act, tx, primary_domain, &counter);
}

res quota_reserve(struct act *act, struct store_tx *tx, struct str certificate_id, struct str primary_domain)
{
        const char *counter = NULL;

        TRY(quota_counter(act, tx, primary_domain, &counter));
        return store_quota_insert(tx, &(struct quota_use_row){
                                              .certificate_id = certificate_id,
                                              .account_id = act->account_id,
                                              .counter = str_of(counter),
                                              .primary_domain = primary_domain,
                                              .created_at = act->now_sec,
                                      });
}

/* *ret_has is false for a certificate without a slot. */
static MUST res quota_find(struct act *act, struct store_tx *tx, struct str certificate_id,
                           struct quota_use_row *ret_row, bool *ret_has)
{
        res r = store_quota_get(store_tx_conn(tx), act->arena, act->account_id, certificate_id, ret_row);

        *ret_has = res_is_ok(r);
        return r.err == ERR_NOT_FOUND ? RES_OK : r;
}

res quota_hold(struct act *act, struct store_tx *tx, struct str certificate_id, int64_t end_at)
{
        struct quota_use_row row;
        bool has;

        TRY(quota_find(act, tx, certificate_id, &row, &has));
        if (!has)
                return RES_OK;
        row.returns_at = end_at;
        return store_quota_update(tx, &row);
}

res quota_move(struct act *act, struct store_tx *tx, struct str from_id, struct str to_id)
{
        struct quota_use_row row;
        bool has;

        TRY(quota_find(act, tx, from_id, &row, &has));
        if (!has)
                return RES_OK;
        TRY(store_quota_delete(tx, act->account_id, from_id));
        row.certificate_id = to_id;
        return store_quota_insert(tx, &row);
}

static MUST res quota_tidy(struct act *act, struct store_tx *tx)
{
        struct quota_books books;

        TRY(quota_read(act, store_tx_conn(tx), &books));
        return quota_drop_older(tx, &books);
}

res quota_release(struct act *act, struct store_tx *tx, struct str certificate_id)
{
        struct quota_use_row row;
        bool has;

        TRY(quota_find(act, tx, certificate_id, &row, &has));
        if (!has)
                return RES_OK;
        if (row.returns_at != 0)
                return quota_return_account(act, tx, certificate_id);
        return store_quota_delete(tx, act->account_id, certificate_id);
}

res quota_return_account(struct act *act, struct store_tx *tx, struct str certificate_id)
{
        struct quota_use_row row;
        bool has;

        TRY(quota_find(act, tx, certificate_id, &row, &has));
        if (!has)
                return RES_OK;
        row.counter = STR("");
        TRY(store_quota_update(tx, &row));
        return quota_tidy(act, tx);
}

res quota_return_all(struct act *act, struct store_tx *tx, struct str certificate_id)
{
        TRY(store_quota_delete(tx, act->account_id, certificate_id));
        return quota_tidy(act, tx);
}

static void quota_fill_slots(struct act *act, const struct quota_books *books, struct quota_state *state)
{
        struct quota_slot *slots = arena_array_of(act->arena, books->row_count + 1, struct quota_slot);

        for (size_t i = 0; i < books->row_count; i++) {
                const struct quota_use_row *row = books->rows + i;
                if (!quota_is_live(row, act->now_sec))
                        continue;
                slots[state->slot_count++] = (struct quota_slot){
                        .certificate_id = row->certificate_id,
                        .domain = row->primary_domain,
                        .counter = row->counter,
                        .returns_at = row->returns_at,
                };
        }
        state->slots = slots;
}

static bool quota_knows_domain(const struct quota_domain *domains, size_t n, struct str domain)
{
        for (size_t i = 0; i < n; i++)
                if (str_equal(domains[i].domain, domain))
                        return true;
        return false;
}

static MUST res quota_add_domain(struct act *act, struct store_conn *c, struct quota_domain *domains, size_t *n, struct str domain)
{
        struct quota_domain *one = domains + *n;

        if (domain.n == 0 || quota_knows_domain(domains, *n, domain))
                return RES_OK;
        one->domain = domain;
        TRY(store_quota_count_domain(c, domain, act->now_sec, &one->used));
        TRY(store_external_count_get(c, domain, &one->external));
        TRY(store_quota_domain_next(c, domain, act->now_sec, &one->next_return_at));
        (*n)++;
        return RES_OK;
}

/* Also those whose slot of the account has come back and which count on at the domain (QTA-06). */
static MUST res quota_fill_domains(struct act *act, struct store_conn *c, struct str asked, const struct quota_books *books,
                                   struct quota_state *state)
{
        struct quota_domain *domains = arena_array_of(act->arena, books->row_count + 2, struct quota_domain);
        struct domain_name name;

        if (asked.n > 0) {
                TRY(domain_parse(act, asked, &name));
                TRY(quota_add_domain(act, c, domains, &state->domain_count, str_of(name.registrable)));
        }
        for (size_t i = 0; i < books->row_count; i++)
                if (books->rows[i].returns_at == 0 || books->rows[i].returns_at > act->now_sec)
                        TRY(quota_add_domain(act, c, domains, &state->domain_count, books->rows[i].primary_domain));
        state->domains = domains;
        return RES_OK;
}

res quota_describe(struct act *act, struct str domain, struct quota_state *ret_state)
{
        struct store_conn *c = NULL;
        struct quota_books books;
        struct quota_state state = {0};

        TRY(store_read(act->core->store, &c));
        TRY(quota_read(act, c, &books));
        TRY(quota_find_limit(act, &books));
        state.home_limit = books.limit.home;
        state.home_used = books.home;
        state.any_limit = books.limit.any;
        state.any_used = books.any;
        state.package_limit = books.account.package_count;
        state.package_used = books.package;
        state.domain_limit = catalogue_domain_quota(act_catalogue(act));
        quota_fill_slots(act, &books, &state);
        TRY(quota_fill_domains(act, c, domain, &books, &state));
        *ret_state = state;
        return RES_OK;
}
