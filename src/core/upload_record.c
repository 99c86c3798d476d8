/* See upload_record.h. */
#include "core/upload_record.h"

#include "core/core.h"
#include "store/upload.h"

static struct upload_record record_of(struct act *act, const struct upload_update_row *row)
{
        size_t n = row->resource_types.n > 0;
        struct str rest = row->resource_types;

        for (size_t i = 0; i < rest.n; i++)
                n += rest.p[i] == '\n';
        struct str *types = arena_array_of(act->arena, n, struct str);

        for (size_t i = 0; i < n; i++)
                types[i] = str_cut(&rest, '\n');
        return (struct upload_record){row->update_id, row->status, row->created_at, row->updated_at, row->certificate_id, {types, n}};
}

res upload_record_list(struct act *act, struct str certificate_id, int64_t offset, int64_t limit,
                       struct upload_record_page *ret_page)
{
        const struct upload_update_row of = {.account_id = act->account_id, .certificate_id = certificate_id};
        const struct upload_update_row *rows = NULL;
        struct store_conn *conn = NULL;
        size_t n = 0;

        TRY(store_read(act->core->store, &conn));
        TRY(store_upload_update_count(conn, act->account_id, certificate_id, &ret_page->total));
        TRY(store_upload_update_list(conn, act->arena, &of, offset, limit, &rows, &n));
        struct upload_record *v = arena_array_of(act->arena, n, struct upload_record);

        for (size_t i = 0; i < n; i++)
                v[i] = record_of(act, &rows[i]);
        ret_page->v = v;
        ret_page->n = n;
        return RES_OK;
}

res upload_update_find(struct act *act, int64_t id, struct upload_update_row *ret_row)
{
        struct store_conn *conn = NULL;

        TRY(store_read(act->core->store, &conn));
        res found = store_upload_update_get(conn, act->arena, act->account_id, id, ret_row);

        if (found.err == ERR_NOT_FOUND)
                return act_fail(act, ERR_PARAM, "There is no record %lld in this account.", (long long)id);
        return found;
}

res upload_record_get(struct act *act, int64_t id, struct upload_record *ret_record)
{
        struct upload_update_row row = {0};

        TRY(upload_update_find(act, id, &row));
        *ret_record = record_of(act, &row);
        return RES_OK;
}
