/*
 * Who signs a request.  A SecretId leads to a key, its account and its user; the signing key of the day comes from
 * the vault, because the secret itself never leaves it.  Both are remembered (account_cache.h): a request that comes
 * again costs two look-ups in memory.
 */
#include "core/account.h"

#include "base/secret.h"
#include "core/account_cache.h"
#include "core/core.h"
#include "ipc/channel.h"
#include "store/account.h"
#include "store/api_key.h"

#define ACCOUNT_VAULT_MS 10000 /* deriving a key takes microseconds; a vault that was just killed is back within 2 s */
#define ACCOUNT_V1_BYTES (LIMIT_IPC_FRAME - 1024) /* one frame with its heads and the sealed secret */
#define ACCOUNT_SERVICE_BYTES 96                  /* "ssl", "127", "localhost:18080": a DNS label and a port fit */

static MUST res account_put_text(char *field, size_t size, struct str text)
{
        ENSURE(text.n < size, ERR_FORMAT);
        memcpy(field, text.p, text.n);
        field[text.n] = '\0';
        return RES_OK;
}

/* A disabled key, user or account is as good as none. */
static MUST res account_load(struct act *act, struct str secret_id, struct account_facts *ret_facts)
{
        struct account_facts facts = {0};
        struct api_key_row key;
        struct account_row account;
        struct user_row user;
        struct store_conn *c = NULL;
        res r;

        TRY(store_read(act->core->store, &c));
        r = store_api_key_get_by_secret_id(c, act->arena, secret_id, &key);
        if (r.err == ERR_NOT_FOUND || (res_is_ok(r) && key.disabled))
                return FAIL(ERR_AUTH_KEY);
        TRY(r);
        TRY(store_account_get(c, act->arena, key.account_id, &account));
        TRY(store_user_get(c, act->arena, key.user_id, &user));
        ENSURE(!account.disabled && !user.disabled, ERR_AUTH_KEY);
        ENSURE(key.sealed.n <= sizeof facts.sealed, ERR_FORMAT);
        facts.account_id = account.account_id;
        facts.user_id = user.user_id;
        facts.key_id = key.key_id;
        facts.seal_version = key.seal_version;
        facts.verified = account.verified != 0;
        facts.sealed_n = key.sealed.n;
        memcpy(facts.sealed, key.sealed.p, key.sealed.n);
        TRY(account_put_text(facts.uin, sizeof facts.uin, account.uin));
        TRY(account_put_text(facts.user_uin, sizeof facts.user_uin, user.uin));
        TRY(account_put_text(facts.role, sizeof facts.role, user.role));
        *ret_facts = facts;
        return RES_OK;
}

static MUST res account_look(struct act *act, struct str secret_id, struct account_facts *ret_facts)
{
        uint64_t generation = 0;

        if (account_cache_get(act->core->accounts, secret_id, act->now_sec, ret_facts, &generation))
                return RES_OK;
        TRY(act_may_wait(act));
        TRY(account_load(act, secret_id, ret_facts));
        account_cache_put(act->core->accounts, secret_id, act->now_sec, ret_facts, generation);
        return RES_OK;
}

res account_of_key(struct act *act, struct str secret_id)
{
        struct account_facts facts;

        TRY(account_look(act, secret_id, &facts));
        act->account_id = facts.account_id;
        act->user_id = facts.user_id;
        act->uin = arena_strdup(act->arena, facts.uin);
        act->user_uin = arena_strdup(act->arena, facts.user_uin);
        act->role = arena_strdup(act->arena, facts.role);
        act->verified = facts.verified;
        return RES_OK;
}

static struct msg_vault_aad account_aad(const struct account_facts *facts)
{
        return (struct msg_vault_aad){
                .account_id = facts->account_id,
                .object_id = facts->key_id,
                .object = MSG_OBJECT_API_SECRET,
                .version = (uint32_t)facts->seal_version,
        };
}

/* Asking the vault for the same thing twice is harmless, so a vault that died meanwhile is asked again. */
static MUST res account_ask_vault(struct act *act, const struct channel_request *request, size_t body_size,
                                  struct channel_reply *ret_reply)
{
        char why[LIMIT_ERR_DETAIL + 1] = "";
        res r;

        ENSURE(act->core->vault, ERR_IPC_LOST);
        r = channel_ask(act->core->vault, request, ACCOUNT_VAULT_MS, body_size, ret_reply, why);
        if (r.err == ERR_IPC_LOST)
                r = channel_ask(act->core->vault, request, ACCOUNT_VAULT_MS, body_size, ret_reply, why);
        if (!res_is_ok(r) && why[0])
                return act_fail(act, r.err, "The vault: %s", why);
        return r;
}

static MUST res account_ask_signing_key(struct act *act, const struct account_facts *facts, struct str date,
                                        struct str service, uint8_t ret_key[TC3_KEY_SIZE])
{
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        uint8_t tail[ACCOUNT_SEALED_BYTES + ACCOUNT_SERVICE_BYTES];
        struct msg_vault_tc3_key body = {
                .aad = account_aad(facts),
                .sealed_len = (uint32_t)facts->sealed_n,
                .service_len = (uint32_t)service.n,
        };
        struct channel_request request = {
                .type = MSG_VAULT_TC3_KEY,
                .body = bytes_of(&body, sizeof body),
                .tail = bytes_of(tail, facts->sealed_n + service.n),
        };
        const struct msg_vault_tc3_key_reply *made;

        TRY(account_put_text(body.date, sizeof body.date, date));
        memcpy(tail, facts->sealed, facts->sealed_n);
        memcpy(tail + facts->sealed_n, service.p, service.n);
        TRY(account_ask_vault(act, &request, sizeof *made, &reply));
        made = (const void *)reply.body.p;
        memcpy(ret_key, made->key, TC3_KEY_SIZE);
        return RES_OK;
}

res account_signing_key(struct act *act, struct str secret_id, struct str date, struct str service,
                        uint8_t ret_key[TC3_KEY_SIZE])
{
        struct account_cache *cache = act->core->accounts;
        struct account_facts facts;
        uint64_t generation = 0;

        if (account_cache_get_signing(cache, secret_id, date, service, ret_key, &generation))
                return RES_OK;
        TRY(act_may_wait(act));
        ENSURE(date.n == TC3_DATE_SIZE - 1 && service.n <= ACCOUNT_SERVICE_BYTES, ERR_AUTH_HEADER);
        TRY(account_look(act, secret_id, &facts));
        TRY(account_ask_signing_key(act, &facts, date, service, ret_key));
        account_cache_put_signing(cache, secret_id, date, service, ret_key, generation);
        return RES_OK;
}

res account_v1_sign(struct act *act, struct str secret_id, uint32_t hash, struct str text, uint8_t ret_mac[32],
                    size_t *ret_size)
{
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        CLEAN(buf_done) struct buf tail = {0};
        struct account_facts facts;
        struct msg_vault_v1_sign body = {.hash = hash, .text_len = (uint32_t)text.n};
        struct channel_request request = {.type = MSG_VAULT_V1_SIGN, .body = bytes_of(&body, sizeof body)};
        const struct msg_vault_v1_sign_reply *made;

        ENSURE(text.n <= ACCOUNT_V1_BYTES, ERR_TOO_LARGE);
        buf_init(&tail, ACCOUNT_V1_BYTES + ACCOUNT_SEALED_BYTES);
        TRY(account_look(act, secret_id, &facts));
        body.aad = account_aad(&facts);
        body.sealed_len = (uint32_t)facts.sealed_n;
        buf_add(&tail, facts.sealed, facts.sealed_n);
        buf_add_str(&tail, text);
        TRY(buf_check(&tail));
        request.tail = buf_bytes(&tail);
        TRY(account_ask_vault(act, &request, sizeof *made, &reply));
        made = (const void *)reply.body.p;
        ENSURE(made->mac_len <= sizeof made->mac, ERR_IPC_FRAME);
        memcpy(ret_mac, made->mac, made->mac_len);
        *ret_size = made->mac_len;
        return RES_OK;
}

res account_has_operator(struct act *act, bool *ret_has)
{
        struct store_conn *c = NULL;
        int64_t count = 0;

        TRY(store_read(act->core->store, &c));
        TRY(store_user_count_role(c, STR("operator"), &count));
        *ret_has = count > 0;
        return RES_OK;
}
