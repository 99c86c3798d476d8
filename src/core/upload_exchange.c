/*
 * Other content under the id of an uploaded certificate, and the way back.  What an exchange took the place of is kept, key
 * and all, until the next exchange, the way back or the deletion; so at most one version lies behind the one that stands.
 */
#include "core/upload.h"

#include "core/core.h"
#include "core/held.h"
#include "core/key_gate.h"
#include "core/label.h"
#include "core/log.h"
#include "core/upload_inner.h"
#include "core/upload_record.h"

res upload_forget_before(struct act *act, struct store_tx *tx, struct str certificate_id)
{
        struct upload_before_row before = {0};
        res found = store_upload_before_get(store_tx_conn(tx), act->arena, act->account_id, certificate_id, &before);

        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        TRY(store_upload_before_delete(tx, act->account_id, certificate_id));
        return store_key_erase(tx, act->account_id, before.key_id);
}

struct exchange {
        struct upload upload;
        const struct certificate_exchange *in;
        struct upload_update_row update;
};

/* They are kept one a line. */
static res exchange_check_types(struct act *act, const struct strs *types)
{
        if (types->n == 0)
                return act_fail(act, ERR_PARAM, "ResourceTypes needs at least one kind of resource.");
        for (size_t i = 0; i < types->n; i++)
                if (types->v[i].n == 0 || types->v[i].n > 64 || label_has_control_chars(types->v[i]))
                        return act_fail(act, ERR_PARAM, "Each of ResourceTypes is a word like clb or cdn.");
        return RES_OK;
}

static struct str types_joined(struct act *act, const struct strs *types)
{
        const char *text = "";

        for (size_t i = 0; i < types->n; i++)
                text = arena_printf(act->arena, "%s%s%.*s", text, i ? "\n" : "", (int)types->v[i].n, types->v[i].p);
        return str_of(text);
}

static res exchange_get(struct act *act, struct store_conn *conn, struct str id, struct certificate_row *ret_row)
{
        TRY(certificate_own(act, conn, id, ret_row));
        ENSURE(held_is_uploaded(ret_row) && str_equals(ret_row->certificate_type, "SVR"), ERR_CERT_NOT_UPLOADED);
        return RES_OK;
}

/* What the owner gave stays; what the certificate says about itself is the new one's. */
static void exchange_row(struct certificate_row *row, const struct certificate_row *new)
{
        row->product_name = new->product_name;
        row->issuer = new->issuer;
        row->level = new->level;
        row->domain_type = new->domain_type;
        row->names = new->names;
        row->domain = new->domain;
        row->primary_domain = new->primary_domain;
        row->key_type = new->key_type;
        row->key_id = new->key_id;
        row->key_password_set = new->key_password_set;
        row->begin_at = new->begin_at;
        row->end_at = new->end_at;
        row->status = new->status;
        row->life_days = new->life_days;
        row->validity_months = new->validity_months;
        row->ignore_notices = 0; /* they were about the old one's end */
}

static res exchange_store(struct store_tx *tx, void *arg)
{
        struct exchange *exchange = arg;
        struct upload *upload = &exchange->upload;
        struct act *act = upload->act;
        struct certificate_row row = {0};

        TRY(exchange_get(act, store_tx_conn(tx), exchange->in->certificate_id, &row));
        int64_t old_key_id = row.key_id;

        exchange_row(&row, &upload->row);
        upload->bytes.certificate_id = row.certificate_id;
        exchange->update.certificate_id = row.certificate_id;
        exchange->update.update_id = 0; /* it may run again */
        TRY(upload_forget_before(act, tx, row.certificate_id));
        TRY(store_upload_update_insert(tx, &exchange->update));
        TRY(store_upload_before_keep(tx, act->account_id, row.certificate_id, exchange->update.update_id, old_key_id));
        TRY(store_key_insert(tx, &upload->key));
        TRY(store_certificate_update(tx, &row));
        TRY(store_upload_put(tx, &upload->bytes));
        return act_log(act, tx, row.certificate_id, "upload", "Content exchanged under the same id");
}

res certificate_upload_exchange(struct act *act, const struct certificate_exchange *in, int64_t *ret_update_id)
{
        const struct certificate_upload upload = {.public_key = in->public_key, .private_key = in->private_key};
        struct exchange exchange = {.upload = {.act = act, .in = &upload}, .in = in};
        struct certificate_row row = {0};
        struct store_conn *conn = NULL;

        TRY(store_read(act->core->store, &conn));
        TRY(exchange_get(act, conn, in->certificate_id, &row));
        TRY(exchange_check_types(act, &in->resource_types));
        TRY(upload_prepare(&exchange.upload));
        exchange.update = (struct upload_update_row){
                .account_id = act->account_id,
                .resource_types = types_joined(act, &in->resource_types),
                .status = UPLOAD_UPDATE_DONE,
                .created_at = act->now_sec,
                .updated_at = act->now_sec,
        };
        TRY(store_run(act->core->store, exchange_store, &exchange));
        *ret_update_id = exchange.update.update_id;
        return RES_OK;
}

/* ---- back ---- */

struct rollback {
        struct upload upload; /* what stood before, read anew from what its owner brought */
        struct upload_update_row update;
        struct upload_before_row before;
};

/* ERR_ROLLBACK: it is not the latest one, or was taken back already. */
static res rollback_find(struct rollback *rollback, struct store_conn *conn)
{
        struct act *act = rollback->upload.act;
        res found = store_upload_before_get(conn, act->arena, act->account_id, rollback->update.certificate_id, &rollback->before);

        if (found.err != ERR_NOT_FOUND)
                TRY(found);
        ENSURE(res_is_ok(found) && rollback->before.update_id == rollback->update.update_id, ERR_ROLLBACK);
        return RES_OK;
}

static res rollback_store(struct store_tx *tx, void *arg)
{
        struct rollback *rollback = arg;
        struct upload *upload = &rollback->upload;
        struct act *act = upload->act;
        struct certificate_row row = {0};

        TRY(exchange_get(act, store_tx_conn(tx), rollback->update.certificate_id, &row));
        TRY(rollback_find(rollback, store_tx_conn(tx)));
        TRY(key_gate_again(act, store_tx_conn(tx), &upload->key));
        int64_t new_key_id = row.key_id;

        exchange_row(&row, &upload->row);
        upload->bytes.certificate_id = row.certificate_id;
        rollback->update.status = UPLOAD_UPDATE_BACK;
        rollback->update.updated_at = act->now_sec;
        TRY(store_certificate_update(tx, &row));
        TRY(store_upload_put(tx, &upload->bytes));
        TRY(store_upload_before_delete(tx, act->account_id, row.certificate_id));
        TRY(store_key_erase(tx, act->account_id, new_key_id));
        TRY(store_upload_update_set(tx, &rollback->update));
        return act_log(act, tx, row.certificate_id, "upload", "Exchange taken back: what stood before stands again");
}

static res rollback_prepare(struct rollback *rollback, struct certificate_upload *in)
{
        struct upload *upload = &rollback->upload;
        struct act *act = upload->act;
        struct store_conn *conn = NULL;
        struct certificate_row row = {0};

        TRY(store_read(act->core->store, &conn));
        TRY(exchange_get(act, conn, rollback->update.certificate_id, &row));
        TRY(rollback_find(rollback, conn));
        TRY(store_key_get(conn, act->arena, act->account_id, rollback->before.key_id, &upload->key));
        in->public_key = rollback->before.public_text;
        TRY(upload_read(upload));
        upload->key_text = rollback->before.key_text;
        upload_describe(upload);
        return RES_OK;
}

res certificate_upload_rollback(struct act *act, int64_t update_id)
{
        struct certificate_upload in = {0};
        struct rollback rollback = {.upload = {.act = act, .in = &in}};

        TRY(upload_update_find(act, update_id, &rollback.update));
        TRY(rollback_prepare(&rollback, &in));
        return store_run(act->core->store, rollback_store, &rollback);
}

/* An exchange is whole once it is answered, so no part of it ever waits to be tried again. */
res certificate_upload_retry(struct act *act, int64_t update_id)
{
        struct upload_update_row update = {0};

        TRY(upload_update_find(act, update_id, &update));
        return FAIL(ERR_RETRY);
}
