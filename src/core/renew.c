/* See renew.h. */
#include "core/renew.h"

#include "core/catalogue.h"
#include "core/core.h"
#include "store/tag.h"

static res carry_tags(struct act *act, struct store_conn *conn, struct certificate_apply *in)
{
        const struct tag_row *rows = NULL;
        size_t n = 0;

        TRY(store_tag_list(conn, act->arena, act->account_id, in->old_certificate_id, &rows, &n));
        struct tag_pair *tags = arena_array_of(act->arena, n, struct tag_pair);

        for (size_t i = 0; i < n; i++)
                tags[i] = (struct tag_pair){rows[i].tag_key, rows[i].tag_value};
        in->tags = (struct objs){tags, n};
        return RES_OK;
}

static struct str given_or(struct str given, struct str old)
{
        return given.n > 0 ? given : old;
}

res renew_carry_over(struct act *act, struct certificate_apply *in)
{
        struct certificate_row old = {0};
        struct store_conn *conn = NULL;

        if (in->old_certificate_id.n == 0)
                return RES_OK;
        TRY(store_read(act->core->store, &conn));
        res found = store_certificate_get(conn, act->arena, act->account_id, in->old_certificate_id, &old);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        in->alias = given_or(in->alias, old.alias);
        in->email = given_or(in->email, old.email);
        in->phone = given_or(in->phone, old.phone);
        if (in->key_algo.n == 0 && in->key_parameter.n == 0 && str_equals(old.key_type, "ECC prime256v1"))
                in->key_algo = STR("ECC");
        if (!in->project_id.set)
                in->project_id = (struct opt_int){true, old.project_id};
        return in->tags.n == 0 ? carry_tags(act, conn, in) : RES_OK;
}

res renew_next(struct act *act, struct store_conn *conn, const struct certificate_row *old, struct certificate_row *ret_next)
{
        *ret_next = (struct certificate_row){0};
        if (old->renew_certificate_id.n == 0)
                return RES_OK;
        res found = store_certificate_get(conn, act->arena, act->account_id, old->renew_certificate_id, ret_next);

        return found.err == ERR_NOT_FOUND ? RES_OK : found;
}

bool renew_came_to_nothing(const struct certificate_row *next)
{
        return next->status == CERT_CANCELLED || next->status == CERT_REVIEW_FAILED;
}

res renew_is_taken(struct act *act, struct store_conn *conn, const struct certificate_row *old, bool *ret_taken)
{
        struct certificate_row next;

        TRY(renew_next(act, conn, old, &next));
        *ret_taken = next.certificate_id.n > 0 && next.status != CERT_REFUNDED && !renew_came_to_nothing(&next);
        return RES_OK;
}

res renew_is_open(struct act *act, struct store_conn *conn, const struct certificate_row *old, bool *ret_open)
{
        struct certificate_row next;

        TRY(renew_next(act, conn, old, &next));
        *ret_open = next.certificate_id.n == 0 || next.status == CERT_REFUNDED;
        if (*ret_open || !renew_came_to_nothing(&next))
                return RES_OK;
        const struct product *product = catalogue_product(act_catalogue(act), next.package_type);

        *ret_open = product != NULL && product->is_free;
        return RES_OK;
}

res renew_forget(struct act *act, struct store_tx *tx, const struct certificate_row *row)
{
        struct certificate_row old = {0};

        if (row->origin_certificate_id.n == 0)
                return RES_OK;
        res found = store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, row->origin_certificate_id, &old);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        if (!str_equal(old.renew_certificate_id, row->certificate_id))
                return RES_OK;
        old.renew_certificate_id = STR("");
        return store_certificate_update(tx, &old);
}

res renew_link(struct act *act, struct store_tx *tx, const struct certificate_row *new_row)
{
        struct store_conn *conn = store_tx_conn(tx);
        struct certificate_row old = {0};
        bool taken = false;

        if (new_row->origin_certificate_id.n == 0)
                return RES_OK;
        TRY(store_certificate_get(conn, act->arena, new_row->account_id, new_row->origin_certificate_id, &old));
        TRY(renew_is_taken(act, conn, &old, &taken));
        if (taken)
                return act_fail(act, ERR_CERT_STATE, "OldCertificateId was renewed already.");
        old.renew_certificate_id = new_row->certificate_id;
        return store_certificate_update(tx, &old);
}
