/*
 * An upload from the form to the stored certificate.  Everything that takes time – reading, proving, the key maker – comes
 * first and touches nothing; then key, certificate, bytes, tags and the record are stored in one transaction, or nothing is.
 */
#include "core/upload.h"

#include "base/random.h"
#include "core/core.h"
#include "core/held.h"
#include "core/label.h"
#include "core/log.h"
#include "core/upload_inner.h"
#include "store/issued.h"
#include "store/tag.h"

/* ---- checks ---- */

static res upload_check_form(struct upload *upload)
{
        struct act *act = upload->act;
        const struct certificate_upload *in = upload->in;
        int64_t project_id = in->project_id.set ? in->project_id.v : 0;

        upload->is_bundle = str_equal_nocase(in->type, STR("CA"));
        if (in->type.n > 0 && !upload->is_bundle && !str_equal_nocase(in->type, STR("SVR")))
                return act_fail(act, ERR_PARAM, "CertificateType must be SVR or CA.");
        if (in->key_password.n > LIMIT_PASSWORD_BYTES)
                return act_fail(act, ERR_PARAM, "KeyPassword may have at most %d bytes.", LIMIT_PASSWORD_BYTES);
        TRY(label_check_alias(act, in->alias));
        TRY(label_check_tags(act, in->tags.v, in->tags.n));
        return label_check_project(act, project_id);
}

res upload_prepare(struct upload *upload)
{
        TRY(upload_read(upload));
        TRY(upload_take_key(upload));
        upload_describe(upload);
        return RES_OK;
}

/* ---- the same certificate ---- */

/* What we issued ourselves counts as known, but may be uploaded all the same (DL-03). */
static res find_issued(struct act *act, struct store_conn *conn, const struct pki_cert *leaf, struct str *ret_id)
{
        struct issued_row issued = {0};
        struct certificate_row row = {0};

        TRY(store_issued_get_by_serial(conn, act->arena, leaf->serial, &issued));
        ENSURE(issued.account_id == act->account_id && bytes_equal(issued.der, leaf->der), ERR_NOT_FOUND);
        TRY(store_certificate_get(conn, act->arena, act->account_id, issued.certificate_id, &row));
        *ret_id = row.certificate_id;
        return RES_OK;
}

/* "" when there is none. */
static res find_same(const struct upload *upload, struct store_conn *conn, bool issued_too, const char **ret_id)
{
        struct act *act = upload->act;
        struct str id = {0};
        res found = store_upload_find(conn, act->arena, act->account_id, upload->bytes.cert_hash, &id);

        if (found.err == ERR_NOT_FOUND && issued_too)
                found = find_issued(act, conn, upload->first, &id);
        if (found.err != ERR_NOT_FOUND)
                TRY(found);
        *ret_id = id.n > 0 ? str_copy(act->arena, id) : "";
        return RES_OK;
}

res certificate_upload_find(struct act *act, struct str public_key, const char **ret_id)
{
        const struct certificate_upload in = {.public_key = public_key};
        const struct chain_source source = {"CertificatePublicKey", public_key, ERR_PARAM, CHAIN_READ_MAX};
        struct upload upload = {.act = act, .in = &in};
        struct store_conn *conn = NULL;

        TRY(chain_read(act, &source, &upload.certs));
        TRY(store_read(act->core->store, &conn));
        upload.first = &upload.certs.v[0];
        if (upload.certs.n <= PKI_CHAIN_MAX && res_is_ok(chain_arrange(act, &upload.certs, &upload.chain)))
                upload.first = &upload.chain.v[0];
        upload_describe(&upload);
        TRY(find_same(&upload, conn, /* issued_too= */ true, ret_id));
        if ((*ret_id)[0] != '\0')
                return RES_OK;
        upload.is_bundle = true;
        upload_describe(&upload);
        return find_same(&upload, conn, /* issued_too= */ false, ret_id);
}

/* ---- storing ---- */

static void upload_fill_row(struct upload *upload)
{
        struct act *act = upload->act;
        const struct certificate_upload *in = upload->in;
        struct certificate_row *row = &upload->row;
        char id[9];

        random_text(id, 8, RANDOM_ALNUM);
        row->certificate_id = upload->bytes.certificate_id = str_of(arena_strdup(act->arena, id));
        row->account_id = act->account_id;
        row->alias = in->alias.n > 0 ? in->alias : STR("");
        row->project_id = in->project_id.set ? in->project_id.v : 0;
        row->created_at = row->submitted_at = act->now_sec;
}

/* SIL-63.  Asked inside the transaction, so that two at once are not both the first. */
static res upload_check_known(struct upload *upload, struct store_tx *tx)
{
        const struct opt_int repeatable = upload->in->repeatable;
        bool asks = repeatable.set && repeatable.v == 0;

        if (repeatable.set && repeatable.v != 0)
                return RES_OK;
        TRY(find_same(upload, store_tx_conn(tx), asks, &upload->repeat_id));
        if (upload->repeat_id[0] == '\0' || asks)
                return RES_OK;
        return act_fail(upload->act, ERR_CERT_EXISTS,
                        "The same certificate is stored as %s already; use that one, or send Repeatable true to store it again.",
                        upload->repeat_id);
}

static res upload_store_tags(struct upload *upload, struct store_tx *tx)
{
        const struct tag_pair *tags = upload->in->tags.v;

        for (size_t i = 0; i < upload->in->tags.n; i++)
                TRY(store_tag_put(tx, &(struct tag_row){
                                              .account_id = upload->act->account_id,
                                              .certificate_id = upload->row.certificate_id,
                                              .tag_key = tags[i].key,
                                              .tag_value = tags[i].value.p ? tags[i].value : STR(""),
                                      }));
        return RES_OK;
}

static res upload_store(struct store_tx *tx, void *arg)
{
        struct upload *upload = arg;

        upload->repeat_id = "";
        TRY(upload_check_known(upload, tx));
        if (upload->repeat_id[0] != '\0')
                return RES_OK;
        if (upload->key.key_id != 0)
                TRY(store_key_insert(tx, &upload->key));
        TRY(store_certificate_insert(tx, &upload->row));
        TRY(store_upload_put(tx, &upload->bytes));
        TRY(upload_store_tags(upload, tx));
        return act_log(upload->act, tx, upload->row.certificate_id, "upload", "Certificate uploaded");
}

res certificate_upload(struct act *act, const struct certificate_upload *in, const char **ret_id,
                       const char **ret_repeat_id)
{
        struct upload upload = {.act = act, .in = in};

        TRY(upload_check_form(&upload));
        TRY(upload_prepare(&upload));
        upload_fill_row(&upload);
        TRY(store_run(act->core->store, upload_store, &upload));
        *ret_repeat_id = upload.repeat_id;
        *ret_id = upload.repeat_id[0] != '\0' ? upload.repeat_id : upload.row.certificate_id.p;
        return RES_OK;
}
