/* See key_open.h: the record is durable before the vault is asked, so that no release goes unrecorded. */
#include "core/key_open.h"

#include "core/core.h"
#include "core/held.h"
#include "core/log.h"
#include "ipc/channel.h"
#include "pki/pem.h"
#include "store/key.h"
#include "store/upload.h"

struct key_release {
        struct act *act;
        struct str certificate_id;
        const char *type, *action;
};

static res key_release_tx(struct store_tx *tx, void *arg)
{
        struct key_release *release = arg;

        return act_log(release->act, tx, release->certificate_id, release->type, release->action);
}

static res key_ask_vault(struct act *act, const struct msg_vault_aad *aad, struct bytes sealed, struct secret *ret_plain)
{
        const struct msg_vault_open body = {.aad = *aad, .sealed_len = (uint32_t)sealed.n};
        const struct channel_request request = {MSG_VAULT_OPEN, bytes_of(&body, sizeof body), sealed};
        CLEAN(channel_reply_done) struct channel_reply reply = {0};

        TRY(channel_ask(act->core->vault, &request, LIMIT_IPC_SIGN_MS, 0, &reply, NULL));
        return secret_init_copy(ret_plain, reply.tail.p, reply.tail.n);
}

static res key_open_text(struct act *act, const struct certificate_row *row, struct secret *ret_text)
{
        struct msg_vault_aad aad = {.account_id = act->account_id, .object_id = row->key_id, .object = MSG_OBJECT_KEY_TEXT};
        struct store_conn *conn = NULL;
        struct upload_row upload = {0};

        if (!held_is_uploaded(row))
                return RES_OK;
        TRY(store_read(act->core->store, &conn));
        TRY(store_upload_get(conn, act->arena, act->account_id, row->certificate_id, &upload));
        aad.version = (uint32_t)upload.seal_version;
        return upload.key_text.n > 0 ? key_ask_vault(act, &aad, upload.key_text, ret_text) : RES_OK;
}

res key_open(struct act *act, const struct certificate_row *row, const char *type, const char *action, struct key_opened *ret_key)
{
        TRY(key_open_id(act, row->key_id, row->certificate_id, type, action, ret_key));
        return key_open_text(act, row, &ret_key->text);
}

res key_open_id(struct act *act, int64_t key_id, struct str certificate_id, const char *type, const char *action,
                struct key_opened *ret_key)
{
        struct store_conn *conn = NULL;
        struct cert_key_row key = {0};
        struct key_release release = {act, certificate_id, type, action};

        TRY(store_read(act->core->store, &conn));
        TRY(store_key_get(conn, act->arena, act->account_id, key_id, &key));
        ENSURE(key.sealed.n > 0, ERR_NOT_FOUND); /* the customer kept it */
        TRY(store_run(act->core->store, key_release_tx, &release));
        const struct msg_vault_aad aad = {.account_id = key.account_id, .object_id = key.key_id,
                                          .object = MSG_OBJECT_CERT_KEY, .version = (uint32_t)key.seal_version};

        TRY(key_ask_vault(act, &aad, key.sealed, &ret_key->der));
        ret_key->csr = key.csr;
        ret_key->is_encrypted = key.password_set != 0;
        return RES_OK;
}

void key_opened_done(struct key_opened *key)
{
        secret_done(&key->der);
        secret_done(&key->text);
}

void key_opened_pem(const struct key_opened *key, struct buf *out)
{
        const struct str text = {(const char *)key->text.p, key->text.n};

        if (str_starts_with(text, STR("-----BEGIN"))) {
                buf_add_str(out, text);
                return;
        }
        pki_pem_write(key->is_encrypted ? PKI_PEM_ENCRYPTED_KEY : PKI_PEM_KEY, secret_bytes(&key->der), out);
}
