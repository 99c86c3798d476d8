/* See key_make.h. */
#include "core/key_make.h"

#include "base/digest.h"
#include "base/random.h"
#include "core/core.h"
#include "core/label.h"
#include "ipc/channel.h"

struct bytes key_hash(struct act *act, struct bytes spki)
{
        uint8_t *hash = arena_alloc(act->arena, MSG_HASH_SIZE);

        digest_sha256(spki, hash);
        return bytes_of(hash, MSG_HASH_SIZE);
}

res key_check_password(struct act *act, const char *field, struct str password)
{
        if (password.n > LIMIT_PASSWORD_BYTES || label_has_control_chars(password))
                return act_fail(act, ERR_PARAM_VALUE, "%s may have at most %d printable characters.", field, LIMIT_PASSWORD_BYTES);
        return RES_OK;
}

static res key_ask(struct act *act, const struct key_make *in, int64_t key_id, struct channel_reply *reply)
{
        const struct msg_vault_make_key body = {
                .aad = {.account_id = act->account_id, .object_id = key_id, .object = MSG_OBJECT_CERT_KEY, .version = 1},
                .key_type = (uint32_t)in->type,
                .password_len = (uint32_t)in->password.n,
                .csr_names_len = (uint32_t)in->common_name.n,
                .subject_len = (uint32_t)in->subject.n,
        };
        CLEAN(buf_wipe) struct buf tail = {0};
        char why[LIMIT_ERR_DETAIL + 1] = "";

        buf_init(&tail, LIMIT_IPC_FRAME);
        buf_add_str(&tail, in->password);
        buf_add_str(&tail, in->common_name);
        buf_add(&tail, in->subject.p, in->subject.n);
        TRY(buf_check(&tail));
        const struct channel_request request = {MSG_VAULT_MAKE_KEY, bytes_of(&body, sizeof body), buf_bytes(&tail)};
        res asked = channel_ask(act->core->keymaker, &request, LIMIT_IPC_KEY_MS, sizeof(struct msg_vault_make_key_reply), reply, why);

        if (!res_is_ok(asked))
                return act_fail(act, asked.err == ERR_IPC_LOST ? ERR_IPC_LOST : ERR_CSR_MAKE, "%s", why[0] ? why : err_sentence(asked.err));
        return RES_OK;
}

res key_make(struct act *act, const struct key_make *in, struct cert_key_row *ret_row)
{
        int64_t key_id = random_row_id(act->now_ms);
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        struct msg_vault_make_key_reply made;

        TRY(key_ask(act, in, key_id, &reply));
        memcpy(&made, reply.body.p, sizeof made);
        ENSURE((uint64_t)made.spki_len + made.sealed_len + made.csr_len == reply.tail.n, ERR_IPC_FRAME);
        const uint8_t *spki = arena_copy(act->arena, reply.tail.p, reply.tail.n);

        *ret_row = (struct cert_key_row){
                .key_id = key_id,
                .account_id = act->account_id,
                .key_type = in->type,
                .spki = bytes_of(spki, made.spki_len),
                .sealed = bytes_of(spki + made.spki_len, made.sealed_len),
                .csr = bytes_of(spki + made.spki_len + made.sealed_len, made.csr_len),
                .seal_version = 1,
                .password_set = in->password.n > 0,
                .created_at = act->now_sec,
        };
        ret_row->spki_hash = key_hash(act, ret_row->spki);
        return RES_OK;
}
