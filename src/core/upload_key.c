/*
 * The private key of an upload.  The server never looks into it: it goes to the key maker, which reads it behind its jail
 * and gives back its public half and two ciphertexts.  What held it here is wiped.
 */
#include "core/upload_inner.h"

#include "base/digest.h"
#include "base/random.h"
#include "core/core.h"
#include "ipc/channel.h"

static res key_refused(struct upload *upload, enum err err, const char *why)
{
        struct act *act = upload->act;

        switch (err) {
        case ERR_FORMAT:
        case ERR_NOT_FOUND:
                return act_fail(act, ERR_PARAM,
                                "CertificatePrivateKey is no private key that can be read; send one block from -----BEGIN PRIVATE "
                                "KEY----- (or RSA or EC PRIVATE KEY) to its END, or its DER in base64.");
        case ERR_KEY_TYPE:
                return act_fail(act, ERR_KEY_TYPE,
                                "The private key, or its encryption, is of a kind that is not supported; use RSA, P-256 or "
                                "P-384, open or encrypted by PBES2 with PBKDF2 (`openssl pkcs8 -topk8 -v2 aes256`).");
        case ERR_KEY_PASSWORD:
                return act_fail(act, ERR_KEY_PASSWORD,
                                upload->in->key_password.n > 0
                                        ? "KeyPassword does not open the private key."
                                        : "The private key is encrypted; send its password as KeyPassword.");
        case ERR_TOO_LARGE:
                return act_fail(act, ERR_PARAM,
                                "The private key is too large, or its password costs more than 1,000,000 rounds; write it anew with "
                                "`openssl pkcs8 -topk8 -v2 aes256`.");
        default:
                return act_fail(act, err, "%s", why[0] ? why : err_sentence(err));
        }
}

static res key_ask(struct upload *upload, struct channel_reply *reply, int64_t key_id)
{
        struct act *act = upload->act;
        const struct certificate_upload *in = upload->in;
        const struct msg_vault_import_key body = {
                .aad = {.account_id = act->account_id, .object_id = key_id, .object = MSG_OBJECT_CERT_KEY, .version = 1},
                .key_len = (uint32_t)in->private_key.n,
                .password_len = (uint32_t)in->key_password.n,
        };
        CLEAN(buf_wipe) struct buf tail = {0};
        char why[LIMIT_ERR_DETAIL + 1] = "";

        buf_init(&tail, LIMIT_IPC_FRAME);
        buf_add_str(&tail, in->private_key);
        buf_add_str(&tail, in->key_password);
        TRY(buf_check(&tail));
        const struct channel_request request = {MSG_VAULT_IMPORT_KEY, bytes_of(&body, sizeof body), buf_bytes(&tail)};
        res asked = channel_ask(act->core->keymaker, &request, LIMIT_IPC_KEY_MS,
                                sizeof(struct msg_vault_import_key_reply), reply, why);

        return res_is_ok(asked) ? RES_OK : key_refused(upload, asked.err, why);
}

static bool same_bytes(struct bytes a, struct bytes b)
{
        return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* A key that belongs to one of the CAs is a slip of its own. */
static res key_check_match(struct upload *upload)
{
        struct act *act = upload->act;
        const struct pki_chain *chain = &upload->chain;

        if (same_bytes(chain->v[0].spki.der, upload->key.spki))
                return RES_OK;
        for (size_t i = 1; i < chain->n; i++)
                if (same_bytes(chain->v[i].spki.der, upload->key.spki))
                        return act_fail(act, ERR_CERT_MATCH, "The private key is that of the CA %s, not that of %s.",
                                        chain_name(act, chain->v[i].subject), chain_name(act, chain->v[0].subject));
        return act_fail(act, ERR_CERT_MATCH,
                        "The private key does not belong to %s; send the one that its request was made with.",
                        chain_name(act, chain->v[0].subject));
}

static res key_fill(struct upload *upload, const struct channel_reply *reply, int64_t key_id)
{
        struct act *act = upload->act;
        struct msg_vault_import_key_reply made;

        memcpy(&made, reply->body.p, sizeof made);
        ENSURE((uint64_t)made.spki_len + made.sealed_len + made.text_len == reply->tail.n, ERR_IPC_FRAME);
        const uint8_t *tail = arena_copy(act->arena, reply->tail.p, reply->tail.n);
        uint8_t *hash = arena_alloc(act->arena, MSG_HASH_SIZE);

        upload->key = (struct cert_key_row){
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
        upload->key_text = bytes_of(tail + made.spki_len + made.sealed_len, made.text_len);
        digest_sha256(upload->key.spki, hash);
        return key_check_match(upload);
}

res upload_take_key(struct upload *upload)
{
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        int64_t key_id = random_row_id(upload->act->now_ms);

        if (upload->is_bundle)
                return RES_OK;
        if (upload->in->private_key.n == 0)
                return act_fail(upload->act, ERR_PARAM,
                                "CertificatePrivateKey is missing; only a bundle of CertificateType CA comes without.");
        if (upload->in->private_key.n > UPLOAD_KEY_BYTES)
                return key_refused(upload, ERR_TOO_LARGE, "");
        TRY(key_ask(upload, &reply, key_id));
        return key_fill(upload, &reply, key_id);
}
