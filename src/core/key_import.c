/* See key_import.h. */
#include "core/key_import.h"

#include "base/digest.h"
#include "base/random.h"
#include "core/core.h"
#include "ipc/channel.h"

static res import_refused(struct act *act, const struct key_import *in, enum err err, const char *why)
{
        switch (err) {
        case ERR_FORMAT:
        case ERR_NOT_FOUND:
                return act_fail(act, ERR_PARAM,
                                "%s is no private key that can be read; send one block from -----BEGIN PRIVATE "
                                "KEY----- (or RSA or EC PRIVATE KEY) to its END, or its DER in base64.", in->field);
        case ERR_KEY_TYPE:
                return act_fail(act, ERR_KEY_TYPE,
                                "The private key, or its encryption, is of a kind that is not supported; use RSA, P-256 or "
                                "P-384, open or encrypted by PBES2 with PBKDF2 (`openssl pkcs8 -topk8 -v2 aes256`).");
        case ERR_KEY_PASSWORD:
                return act_fail(act, ERR_KEY_PASSWORD,
                                in->password.n > 0 ? "%s does not open the private key."
                                                   : "The private key is encrypted; send its password as %s.", in->password_field);
        case ERR_TOO_LARGE:
                return act_fail(act, ERR_PARAM,
                                "The private key is too large, or its password costs more than 1,000,000 rounds; write it anew with "
                                "`openssl pkcs8 -topk8 -v2 aes256`.");
        default:
                return act_fail(act, err, "%s", why[0] ? why : err_sentence(err));
        }
}

static res import_ask(struct act *act, const struct key_import *in, struct channel_reply *reply, int64_t key_id)
{
        const struct msg_vault_import_key body = {
                .aad = {.account_id = act->account_id, .object_id = key_id, .object = MSG_OBJECT_CERT_KEY, .version = 1},
                .key_len = (uint32_t)in->text.n,
                .password_len = (uint32_t)in->password.n,
        };
        CLEAN(buf_wipe) struct buf tail = {0};
        char why[LIMIT_ERR_DETAIL + 1] = "";

        buf_init(&tail, LIMIT_IPC_FRAME);
        buf_add_str(&tail, in->text);
        buf_add_str(&tail, in->password);
        TRY(buf_check(&tail));
        const struct channel_request request = {MSG_VAULT_IMPORT_KEY, bytes_of(&body, sizeof body), buf_bytes(&tail)};
        res asked = channel_ask(act->core->keymaker, &request, LIMIT_IPC_KEY_MS,
                                sizeof(struct msg_vault_import_key_reply), reply, why);

        return res_is_ok(asked) ? RES_OK : import_refused(act, in, asked.err, why);
}

static res import_fill(struct act *act, const struct channel_reply *reply, int64_t key_id, struct key_imported *ret_imported)
{
        struct msg_vault_import_key_reply made;

        memcpy(&made, reply->body.p, sizeof made);
        ENSURE((uint64_t)made.spki_len + made.sealed_len + made.text_len == reply->tail.n, ERR_IPC_FRAME);
        const uint8_t *tail = arena_copy(act->arena, reply->tail.p, reply->tail.n);
        uint8_t *hash = arena_alloc(act->arena, MSG_HASH_SIZE);

        ret_imported->key = (struct cert_key_row){
                .key_id = key_id,
                .account_id = act->account_id,
                .key_type = made.key_type,
                .spki = bytes_of(tail, made.spki_len),
                .spki_hash = bytes_of(hash, MSG_HASH_SIZE),
                .sealed = bytes_of(tail + made.spki_len, made.sealed_len),
                .seal_version = 1,
                .password_set = made.encrypted != 0,
                .created_at = act->now_sec,
        };
        ret_imported->text = bytes_of(tail + made.spki_len + made.sealed_len, made.text_len);
        digest_sha256(ret_imported->key.spki, hash);
        return RES_OK;
}

res key_import(struct act *act, const struct key_import *in, struct key_imported *ret_imported)
{
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        int64_t key_id = random_row_id(act->now_ms);

        if (in->text.n > KEY_IMPORT_BYTES)
                return import_refused(act, in, ERR_TOO_LARGE, "");
        TRY(import_ask(act, in, &reply, key_id));
        return import_fill(act, &reply, key_id, ret_imported);
}
