/* See key_open.h: the record is durable before the vault is asked, so that no release goes unrecorded. */
#include "core/key_open.h"

#include "core/core.h"
#include "core/log.h"
#include "ipc/channel.h"
#include "pki/pem.h"
#include "store/key.h"

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

static res key_ask_vault(struct act *act, const struct cert_key_row *key, struct secret *ret_der)
{
        const struct msg_vault_open body = {
                .aad = {.account_id = key->account_id, .object_id = key->key_id, .object = MSG_OBJECT_CERT_KEY,
                        .version = (uint32_t)key->seal_version},
                .sealed_len = (uint32_t)key->sealed.n,
        };
        const struct channel_request request = {MSG_VAULT_OPEN, bytes_of(&body, sizeof body), key->sealed};
        CLEAN(channel_reply_done) struct channel_reply reply = {0};

        TRY(channel_ask(act->core->vault, &request, LIMIT_IPC_SIGN_MS, 0, &reply, NULL));
        return secret_init_copy(ret_der, reply.tail.p, reply.tail.n);
}

res key_open(struct act *act, const struct certificate_row *row, const char *type, const char *action, struct key_opened *ret_key)
{
        return key_open_id(act, row->key_id, row->certificate_id, type, action, ret_key);
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
        TRY(key_ask_vault(act, &key, &ret_key->der));
        ret_key->csr = key.csr;
        ret_key->is_encrypted = key.password_set != 0;
        return RES_OK;
}

void key_opened_done(struct key_opened *key)
{
        secret_done(&key->der);
}

void key_opened_pem(const struct key_opened *key, struct buf *out)
{
        pki_pem_write(key->is_encrypted ? PKI_PEM_ENCRYPTED_KEY : PKI_PEM_KEY, secret_bytes(&key->der), out);
}
