/*
 * The current snapshot and its exchange.  An act takes hold of the snapshot at its first look and keeps it until its
 * arena goes, so that one act never sees two catalogues; the operator's reload puts another in its place under a lock
 * held for two instructions, and the old one goes with the last act that uses it.
 */
#include "core/act.h"
#include "core/catalogue.h"
#include "core/core.h"
#include "core/issuers.h"
#include "core/weak_list.h"

static void catalogue_give_back(void *catalogue)
{
        catalogue_free(catalogue);
}

const struct catalogue *act_catalogue(struct act *act)
{
        struct core *core = act->core;

        if (act->catalogue)
                return act->catalogue;
        (void)pthread_mutex_lock(&core->catalogue_lock);
        struct catalogue *current = catalogue_hold(core->catalogue);
        (void)pthread_mutex_unlock(&core->catalogue_lock);
        arena_tie(act->arena, catalogue_give_back, current);
        act->catalogue = current;
        return current;
}

static void catalogue_swap(struct core *core, struct catalogue *next)
{
        (void)pthread_mutex_lock(&core->catalogue_lock);
        struct catalogue *old = core->catalogue;
        core->catalogue = next;
        (void)pthread_mutex_unlock(&core->catalogue_lock);
        catalogue_free(old);
}

struct catalogue_figures catalogue_count_figures(const struct catalogue *catalogue)
{
        struct catalogue_figures figures = {.products = (int64_t)catalogue_count(catalogue)};

        for (size_t i = 0; i < catalogue_count(catalogue); i++)
                figures.buyable += product_can_be_bought(catalogue_at(catalogue, i));
        return figures;
}

res catalogue_load_all(const struct conf *conf, struct catalogue **ret_catalogue, struct buf *why)
{
        struct catalogue *catalogue = NULL;
        struct weak_list *weak_keys = NULL;

        TRY(weak_list_load(conf->keys_blocked_list, &weak_keys, why));
        res r = catalogue_load(conf->catalogue_dir, &catalogue, why);

        if (!res_is_ok(r)) {
                weak_list_free(weak_keys);
                return r;
        }
        catalogue_take_weak_keys(catalogue, weak_keys);
        *ret_catalogue = catalogue;
        return RES_OK;
}

res catalogue_reload(struct act *act, bool is_dry, struct catalogue_figures *ret_figures)
{
        CLEAN(buf_done) struct buf why = {0};
        struct catalogue *next = NULL;

        buf_init(&why, LIMIT_ERR_DETAIL * 4);
        res r = catalogue_load_all(act->core->conf, &next, &why);

        if (res_is_ok(r))
                r = catalogue_check_issuers(next, act->core->issuers, &why);
        if (!res_is_ok(r)) {
                catalogue_free(next);
                return act_fail(act, r.err == ERR_CONFIG ? ERR_PARAM : r.err, "%s", buf_c(&why)); /* an operator asked: the mistake is the answer */
        }
        *ret_figures = catalogue_count_figures(next);
        if (is_dry)
                catalogue_free(next);
        else
                catalogue_swap(act->core, next);
        return RES_OK;
}
