/*
 * The CSR library.  Keys are made before the transaction, because that takes long; entry, key and record are stored
 * together or not at all.
 */
#include "core/csr.h"

#include "core/core.h"
#include "core/key_kind.h"
#include "core/key_make.h"
#include "core/key_open.h"
#include "core/label.h"
#include "core/log.h"
#include "pki/pem.h"
#include "store/key.h"

#define CSR_PEM_BYTES (32 * 1024)

struct csr_change {
        struct act *act;
        struct csr_row row, before;
        struct cert_key_row key;
        bool has_key;
        const struct csr_new *in;
};

static res not_found(struct act *act, res found)
{
        if (found.err == ERR_NOT_FOUND)
                return act_fail(act, ERR_CSR_NOT_FOUND, "There is no CSR with this id in this account.");
        return found;
}

/* The password belongs to the key: without a key it would be forgotten unseen. */
static res check_password(struct act *act, const struct csr_new *in)
{
        if (in->key_password.n > 0 && !in->generate)
                return act_fail(act, ERR_PARAM_VALUE, "KeyPassword is never stored; send it together with Generate true.");
        return key_check_password(act, "KeyPassword", in->key_password);
}

static res change_make_key(struct csr_change *change)
{
        struct act *act = change->act;
        struct key_make make = {
                .type = key_kind_find(change->row.encrypt_algo, change->row.key_parameter)->type,
                .password = change->in->key_password,
                .common_name = change->row.domain,
        };

        TRY(csr_check_whole(act, &change->row));
        TRY(csr_subject(act, &change->row, &make.subject));
        TRY(key_make(act, &make, &change->key));
        change->has_key = true;
        change->row.key_id = change->key.key_id;
        change->row.status = CSR_CREATED; /* CSR-20 */
        return RES_OK;
}

/* ---- create ------------------------------------------------------------------------------------------- */

static res create_check_limit(struct act *act, struct store_conn *conn)
{
        const struct store_csr_filter all = {.account_id = act->account_id};
        int64_t count = 0;

        TRY(store_csr_count(conn, act->arena, &all, &count));
        if (count >= LIMIT_CSR_ENTRIES)
                return act_fail(act, ERR_CSR_LIMIT, "An account keeps at most %d CSRs; delete some first.", LIMIT_CSR_ENTRIES);
        return RES_OK;
}

static res create_tx(struct store_tx *tx, void *arg)
{
        struct csr_change *change = arg;
        struct act *act = change->act;
        const struct tag_pair *tags = change->in->tags.v;

        change->row.csr_id = 0; /* it may run again */
        TRY(create_check_limit(act, store_tx_conn(tx)));
        if (change->has_key)
                TRY(store_key_insert(tx, &change->key));
        TRY(store_csr_insert(tx, &change->row));
        for (size_t i = 0; i < change->in->tags.n; i++)
                TRY(store_csr_tag_insert(tx, &(struct csr_tag_row){act->account_id, change->row.csr_id, tags[i].key,
                                                                   tags[i].value.p ? tags[i].value : STR("")}));
        return act_log(act, tx, STR(""), "createCSR",
                       arena_printf(act->arena, "CSR %lld made for %.*s", (long long)change->row.csr_id, (int)change->row.domain.n,
                                    change->row.domain.p));
}

res csr_create(struct act *act, const struct csr_new *in, int64_t *ret_id)
{
        struct csr_change change = {
                .act = act,
                .in = in,
                .row = {.account_id = act->account_id, .organization = STR(""), .department = STR(""), .email = STR(""),
                        .province = STR(""), .city = STR(""), .country = STR(""), .remark = STR(""), .domain = STR(""),
                        .encrypt_algo = STR(""), .key_parameter = STR(""), .certificate_id = STR(""), .status = CSR_DRAFT,
                        .created_at = act->now_sec},
        };

        TRY(csr_check_fields(act, &in->fields, &change.row));
        TRY(csr_check_whole(act, &change.row));
        TRY(check_password(act, in));
        TRY(label_check_tags(act, in->tags.v, in->tags.n));
        if (in->generate)
                TRY(change_make_key(&change));
        TRY(store_run(act->core->store, create_tx, &change));
        *ret_id = change.row.csr_id;
        return RES_OK;
}

/* ---- modify -------------------------------------------------------------------------------------------- */

static bool same_request(const struct csr_row *a, const struct csr_row *b)
{
        return str_equal(a->domain, b->domain) && str_equal(a->organization, b->organization) && str_equal(a->department, b->department) &&
               str_equal(a->email, b->email) && str_equal(a->province, b->province) && str_equal(a->city, b->city) &&
               str_equal(a->country, b->country) && str_equal(a->encrypt_algo, b->encrypt_algo) &&
               str_equal(a->key_parameter, b->key_parameter);
}

static res modify_check(struct csr_change *change)
{
        struct act *act = change->act;

        if (change->before.status == CSR_DRAFT)
                return RES_OK;
        if (change->in->generate)
                return act_fail(act, ERR_CSR_STATE, "This CSR was generated already; make a new one with CreateCSR.");
        if (!same_request(&change->before, &change->row))
                return act_fail(act, ERR_CSR_STATE, "This CSR was generated already, so only its Remark can change; make a new one with CreateCSR.");
        return RES_OK;
}

static res modify_tx(struct store_tx *tx, void *arg)
{
        struct csr_change *change = arg;
        struct act *act = change->act;
        struct csr_row now = {0};

        TRY(not_found(act, store_csr_get(store_tx_conn(tx), act->arena, act->account_id, change->row.csr_id, &now)));
        /* Generated or used by somebody else since it was read: look again. */
        ENSURE(now.status == change->before.status && now.key_id == change->before.key_id, ERR_CSR_STATE);
        if (change->has_key)
                TRY(store_key_insert(tx, &change->key));
        TRY(store_csr_update(tx, &change->row));
        return act_log(act, tx, STR(""), "modifyCSR",
                       arena_printf(act->arena, change->has_key ? "CSR %lld generated" : "CSR %lld changed", (long long)change->row.csr_id));
}

res csr_modify(struct act *act, int64_t id, const struct csr_new *in)
{
        struct csr_change change = {.act = act, .in = in};
        struct store_conn *conn = NULL;

        TRY(store_read(act->core->store, &conn));
        TRY(not_found(act, store_csr_get(conn, act->arena, act->account_id, id, &change.before)));
        change.row = change.before;
        TRY(csr_check_fields(act, &in->fields, &change.row));
        TRY(csr_check_whole(act, &change.row));
        TRY(modify_check(&change));
        TRY(check_password(act, in));
        if (in->generate)
                TRY(change_make_key(&change));
        return store_run(act->core->store, modify_tx, &change);
}

/* ---- look ------------------------------------------------------------------------------------------------ */

static const char *pem_text(struct act *act, struct buf *pem)
{
        char *text = buf_copy(pem, act->arena);

        arena_tie(act->arena, secret_wipe_text, text);
        return text;
}

static res view_key(struct act *act, struct csr_view *view)
{
        CLEAN(key_opened_done) struct key_opened key = {0};
        CLEAN(buf_wipe) struct buf pem = {0};
        const char *action = arena_printf(act->arena, "Private key of CSR %lld shown", (long long)view->row.csr_id);
        res opened = key_open_id(act, view->row.key_id, view->row.certificate_id, "download", action, &key);

        if (opened.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(opened);
        buf_init(&pem, CSR_PEM_BYTES);
        key_opened_pem(&key, &pem);
        TRY(buf_check(&pem));
        view->key_pem = pem_text(act, &pem);
        return RES_OK;
}

static res view_request(struct act *act, struct store_conn *conn, struct csr_view *view)
{
        struct cert_key_row key = {0};
        CLEAN(buf_done) struct buf pem = {0};

        TRY(store_key_get(conn, act->arena, act->account_id, view->row.key_id, &key));
        buf_init(&pem, CSR_PEM_BYTES);
        pki_pem_write(PKI_PEM_CSR, key.csr, &pem); /* CSR-18 */
        TRY(buf_check(&pem));
        view->csr_pem = buf_copy(&pem, act->arena);
        view->password_set = key.password_set != 0;
        return RES_OK;
}

res csr_view(struct act *act, int64_t id, struct csr_view *ret_view)
{
        struct csr_view view = {0};
        struct store_conn *conn = NULL;

        TRY(store_read(act->core->store, &conn));
        TRY(not_found(act, store_csr_get(conn, act->arena, act->account_id, id, &view.row)));
        TRY(store_csr_tag_list(conn, act->arena, act->account_id, id, &view.tags, &view.tag_count));
        if (view.row.status != CSR_DRAFT) {
                TRY(view_request(act, conn, &view));
                TRY(view_key(act, &view));
        }
        *ret_view = view;
        return RES_OK;
}

res csr_list(struct act *act, const struct csr_query *query, struct csr_page *ret_page)
{
        const struct store_csr_filter filter = {act->account_id, query->domain, query->key_algo, query->offset, query->limit};
        struct store_conn *conn = NULL;
        struct csr_page page = {0};

        TRY(store_read(act->core->store, &conn));
        TRY(store_csr_list(conn, act->arena, &filter, &page.v, &page.n));
        TRY(store_csr_count(conn, act->arena, &filter, &page.total));
        *ret_page = page;
        return RES_OK;
}

/* ---- delete ------------------------------------------------------------------------------------------------ */

struct csr_deletion {
        struct act *act;
        struct ints ids;
        int64_t *done;
        size_t done_count;
        struct str *warnings;
        size_t warning_count;
};

static res delete_one(struct csr_deletion *deletion, struct store_tx *tx, struct csr_row *row)
{
        struct act *act = deletion->act;
        const char *text = arena_printf(act->arena, "CSR %lld deleted", (long long)row->csr_id);

        if (row->status == CSR_CREATED)
                TRY(store_key_erase(tx, act->account_id, row->key_id));
        if (row->status == CSR_USED)
                deletion->warnings[deletion->warning_count++] = str_of(arena_printf(
                        act->arena, "CSR %lld is used by certificate %.*s; its key stays with that certificate and cannot serve another order.",
                        (long long)row->csr_id, (int)row->certificate_id.n, row->certificate_id.p));
        row->deleted_at = act->now_sec;
        TRY(store_csr_update(tx, row));
        deletion->done[deletion->done_count++] = row->csr_id;
        return act_log(act, tx, STR(""), "deleteCSR", text);
}

static res delete_tx(struct store_tx *tx, void *arg)
{
        struct csr_deletion *deletion = arg;
        struct act *act = deletion->act;

        deletion->done_count = deletion->warning_count = 0; /* it may run again */
        for (size_t i = 0; i < deletion->ids.n; i++) {
                struct csr_row row = {0};
                res found = store_csr_get(store_tx_conn(tx), act->arena, act->account_id, deletion->ids.v[i], &row);

                if (found.err == ERR_NOT_FOUND)
                        continue;
                TRY(found);
                TRY(delete_one(deletion, tx, &row));
        }
        return RES_OK;
}

res csr_delete(struct act *act, struct ints ids, struct csr_deleted *ret_deleted)
{
        struct csr_deletion deletion = {
                .act = act,
                .ids = ids,
                .done = arena_array_of(act->arena, ids.n + 1, int64_t),
                .warnings = arena_array_of(act->arena, ids.n + 1, struct str),
        };

        TRY(store_run(act->core->store, delete_tx, &deletion));
        *ret_deleted = (struct csr_deleted){deletion.done, deletion.done_count, {deletion.warnings, deletion.warning_count}};
        return RES_OK;
}
