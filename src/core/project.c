/* See project.h.  An account has few of them, so names are compared in the list that a transaction reads. */
#include "core/project.h"

#include "core/core.h"
#include "core/label.h"
#include "core/log.h"

struct projecting {
        struct act *act;
        struct project_row row;
        const struct project_change *change;
        bool is_new;
};

static res project_check(struct act *act, struct str name, struct str info)
{
        if (!label_text_is_short(name, LIMIT_PROJECT_CHARS))
                return act_fail(act, ERR_PARAM_VALUE, "ProjectName may have at most %d printable characters.", LIMIT_PROJECT_CHARS);
        if (!label_text_is_short(info, LIMIT_ALIAS_CHARS))
                return act_fail(act, ERR_PARAM_VALUE, "Info may have at most %d printable characters.", LIMIT_ALIAS_CHARS);
        return RES_OK;
}

/* The project of that name; NULL = none. */
static res project_named(struct act *act, struct store_conn *conn, struct str name, const struct project_row **ret_row, size_t *ret_n)
{
        const struct project_row *rows = NULL;

        *ret_row = NULL;
        TRY(store_project_list(conn, act->arena, act->account_id, &rows, ret_n));
        for (size_t i = 0; i < *ret_n && *ret_row == NULL; i++)
                if (str_equal(rows[i].name, name))
                        *ret_row = &rows[i];
        return RES_OK;
}

static res project_add_tx(struct store_tx *tx, void *arg)
{
        struct projecting *adding = arg;
        struct act *act = adding->act;
        const struct project_row *same = NULL;
        size_t n = 0;

        TRY(project_named(act, store_tx_conn(tx), adding->row.name, &same, &n));
        adding->is_new = same == NULL;
        adding->row.project_id = same ? same->project_id : 0;
        if (!adding->is_new)
                return RES_OK;
        if (n >= LIMIT_PROJECTS)
                return act_fail(act, ERR_PARAM_VALUE, "An account may have %d projects; put it into one that is there.", LIMIT_PROJECTS);
        TRY(store_project_insert(tx, &adding->row));
        return act_log(act, tx, STR(""), "project",
                       arena_printf(act->arena, "Project %lld made: %.*s", (long long)adding->row.project_id, (int)adding->row.name.n,
                                    adding->row.name.p));
}

res project_add(struct act *act, struct str name, struct str info, int64_t *ret_id, bool *ret_is_new)
{
        struct projecting adding = {.act = act,
                                    .row = {.account_id = act->account_id, .name = name, .info = info.n > 0 ? info : STR(""), .created_at = act->now_sec}};

        TRY(project_check(act, name, info));
        if (name.n == 0)
                return act_fail(act, ERR_PARAM_VALUE, "ProjectName must not be empty.");
        TRY(store_run(act->core->store, project_add_tx, &adding));
        *ret_id = adding.row.project_id;
        *ret_is_new = adding.is_new;
        return RES_OK;
}

static bool project_fits(const struct project_row *row, const struct project_query *query)
{
        return (query->disabled_too || !row->disabled) && (query->project_id == 0 || row->project_id == query->project_id) &&
               (query->name.n == 0 || str_equal(row->name, query->name));
}

res project_list(struct act *act, const struct project_query *query, struct project_page *ret_page)
{
        const struct project_row *rows = NULL;
        struct store_conn *conn = NULL;
        size_t n = 0;
        int64_t limit = query->limit > 0 ? query->limit : LIMIT_PROJECTS;

        TRY(store_read(act->core->store, &conn));
        TRY(store_project_list(conn, act->arena, act->account_id, &rows, &n));
        struct project_row *v = arena_array_of(act->arena, n + 1, struct project_row);

        *ret_page = (struct project_page){.v = v};
        for (size_t i = 0; i < n; i++) {
                if (!project_fits(&rows[i], query))
                        continue;
                if (ret_page->total++ >= query->offset && (int64_t)ret_page->n < limit)
                        v[ret_page->n++] = rows[i];
        }
        return RES_OK;
}

static res project_update_tx(struct store_tx *tx, void *arg)
{
        struct projecting *changing = arg;
        struct act *act = changing->act;
        const struct project_change *change = changing->change;
        const struct project_row *same = NULL;
        struct project_row row = {0};
        size_t n = 0;

        TRY(store_project_get(store_tx_conn(tx), act->arena, act->account_id, changing->row.project_id, &row));
        TRY(project_named(act, store_tx_conn(tx), change->name, &same, &n));
        if (same != NULL && same->project_id != row.project_id)
                return act_fail(act, ERR_PARAM_VALUE, "Project %lld has this name already; choose another.", (long long)same->project_id);
        row.name = change->name.n > 0 ? change->name : row.name;
        row.info = change->info.n > 0 ? change->info : row.info;
        row.disabled = change->disabled.set ? change->disabled.v != 0 : row.disabled;
        TRY(store_project_update(tx, &row));
        return act_log(act, tx, STR(""), "project",
                       arena_printf(act->arena, "Project %lld is %.*s, %s", (long long)row.project_id, (int)row.name.n, row.name.p,
                                    row.disabled ? "closed" : "open"));
}

res project_update(struct act *act, int64_t project_id, const struct project_change *change)
{
        struct projecting changing = {.act = act, .row = {.project_id = project_id}, .change = change};

        TRY(project_check(act, change->name, change->info));
        res r = project_id == 0 ? FAIL(ERR_NOT_FOUND) : store_run(act->core->store, project_update_tx, &changing);

        if (r.err == ERR_NOT_FOUND)
                return act_fail(act, ERR_PROJECT, "There is no project %lld in this account that could be changed.", (long long)project_id);
        return r;
}
