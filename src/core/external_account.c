/* See external_account.h. */
#include "core/external_account.h"

#include "base/b64.h"
#include "base/random.h"
#include "core/core.h"
#include "core/domain.h"
#include "core/label.h"
#include "core/log.h"
#include "ipc/channel.h"

#define EXTERNAL_KEY_ID_CHARS 24
#define EXTERNAL_VAULT_MS 10000

/* ---- making ------------------------------------------------------------------------------------------- */

struct external_making {
        struct act *act;
        struct external_account_row row;
};

static res making_id_tx(struct store_tx *tx, void *arg)
{
        struct external_making *making = arg;
        const struct external_account_row *rows = NULL;
        size_t n = 0;

        TRY(store_external_account_list(store_tx_conn(tx), making->act->arena, making->act->account_id, &rows, &n));
        ENSURE(n < LIMIT_EXTERNAL_ACCOUNTS, ERR_PARAM_VALUE);
        return store_external_account_new_id(tx, &making->row.external_id);
}

static res making_tx(struct store_tx *tx, void *arg)
{
        struct external_making *making = arg;

        TRY(store_external_account_insert(tx, &making->row));
        return act_log(making->act, tx, STR(""), "createExternalAccount",
                       arena_printf(making->act->arena, "External account key %.*s created", (int)making->row.key_id.n,
                                    making->row.key_id.p));
}

static struct msg_vault_aad external_aad(const struct external_account_row *row)
{
        return (struct msg_vault_aad){
                .account_id = row->account_id,
                .object_id = row->external_id,
                .object = MSG_OBJECT_EXTERNAL_KEY,
                .version = (uint32_t)row->seal_version,
        };
}

static MUST res external_seal(struct act *act, struct external_account_row *row, struct bytes key)
{
        const struct msg_vault_seal body = {.aad = external_aad(row), .plain_len = (uint32_t)key.n};
        const struct channel_request request = {MSG_VAULT_SEAL, bytes_of(&body, sizeof body), key};
        CLEAN(channel_reply_done) struct channel_reply reply = {0};

        ENSURE(act->core->vault, ERR_IPC_LOST);
        TRY(channel_ask(act->core->vault, &request, EXTERNAL_VAULT_MS, 0, &reply, NULL));
        row->sealed = bytes_of(arena_copy(act->arena, reply.tail.p, reply.tail.n), reply.tail.n);
        return RES_OK;
}

/* Names are kept as hosts; a wildcard in front would say no more. */
static MUST res making_names(struct act *act, const struct strs *names, struct str *ret_text)
{
        const char *text = "";

        if (names->n > LIMIT_NAMES_PER_CERT)
                return act_fail(act, ERR_PARAM_VALUE, "At most %d names can be allowed.", LIMIT_NAMES_PER_CERT);
        for (size_t i = 0; i < names->n; i++) {
                struct domain_name name = {0};

                TRY(domain_parse(act, names->v[i], &name));
                text = arena_printf(act->arena, "%s%s%s", text, i ? "\n" : "", name.is_wildcard ? name.ascii + 2 : name.ascii);
        }
        *ret_text = str_of(text);
        return RES_OK;
}

static MUST res making_tags(struct act *act, const struct objs *tags, struct str *ret_text)
{
        const struct tag_pair *v = tags->v;
        const char *text = "";

        TRY(label_check_tags(act, v, tags->n));
        for (size_t i = 0; i < tags->n; i++) {
                if (memchr(v[i].key.p, '=', v[i].key.n) || label_has_control_chars(v[i].key) || label_has_control_chars(v[i].value))
                        return act_fail(act, ERR_PARAM_VALUE, "A tag here may hold neither '=' in its key nor control characters.");
                text = arena_printf(act->arena, "%s%s%.*s=%.*s", text, i ? "\n" : "", (int)v[i].key.n, v[i].key.p,
                                    (int)v[i].value.n, v[i].value.p ? v[i].value.p : "");
        }
        *ret_text = str_of(text);
        return RES_OK;
}

void external_key_draw(struct secret *key)
{
        do
                random_bytes(key->p, key->n);
        while (key->p[0] >> 2 == 62); /* the first six bits are the first character (RFC 4648 §5) */
}

static const char *external_key_text(struct act *act, struct bytes key)
{
        CLEAN(buf_wipe) struct buf text = {0};

        buf_init(&text, 2 * EXTERNAL_KEY_BYTES);
        b64url_encode(key, &text);
        char *copy = arena_strndup(act->arena, (const char *)text.p, text.n);

        arena_tie(act->arena, secret_wipe_text, copy);
        return copy;
}

res external_account_create(struct act *act, const struct external_account_new *in, struct external_account_made *ret_made)
{
        struct external_making making = {.act = act};
        CLEAN(secret_done) struct secret key = {0};
        char key_id[EXTERNAL_KEY_ID_CHARS + 1];

        random_text(key_id, EXTERNAL_KEY_ID_CHARS, RANDOM_ALNUM);
        making.row = (struct external_account_row){
                .account_id = act->account_id,
                .key_id = str_of(arena_strdup(act->arena, key_id)),
                .seal_version = 1,
                .label = in->label.p ? in->label : STR(""),
                .created_at = act->now_sec,
        };
        TRY(label_check_alias(act, making.row.label));
        TRY(making_names(act, &in->names, &making.row.names));
        TRY(making_tags(act, &in->tags, &making.row.tags));
        res numbered = store_run(act->core->store, making_id_tx, &making);

        if (numbered.err == ERR_PARAM_VALUE)
                return act_fail(act, ERR_PARAM_VALUE, "An account may have at most %d external account keys.", LIMIT_EXTERNAL_ACCOUNTS);
        TRY(numbered);
        TRY(secret_init(&key, EXTERNAL_KEY_BYTES));
        external_key_draw(&key);
        TRY(external_seal(act, &making.row, secret_bytes(&key)));
        TRY(store_run(act->core->store, making_tx, &making));
        *ret_made = (struct external_account_made){making.row.key_id.p, external_key_text(act, secret_bytes(&key))};
        return RES_OK;
}

res external_account_list(struct act *act, const struct external_account_row **ret_rows, size_t *ret_n)
{
        struct store_conn *reader = NULL;

        TRY(store_read(act->core->store, &reader));
        return store_external_account_list(reader, act->arena, act->account_id, ret_rows, ret_n);
}

struct external_disabling {
        struct act *act;
        struct str key_id;
};

static res disabling_tx(struct store_tx *tx, void *arg)
{
        const struct external_disabling *disabling = arg;

        TRY(store_external_account_set_disabled(tx, disabling->act->account_id, disabling->key_id, true));
        return act_log(disabling->act, tx, STR(""), "deleteExternalAccount",
                       arena_printf(disabling->act->arena, "External account key %.*s disabled", (int)disabling->key_id.n,
                                    disabling->key_id.p));
}

res external_account_disable(struct act *act, struct str key_id)
{
        struct external_disabling disabling = {act, key_id};

        return store_run(act->core->store, disabling_tx, &disabling);
}

/* ---- checking ----------------------------------------------------------------------------------------- */

static MUST res external_find(struct act *act, struct str key_id, struct external_account_row *ret_row)
{
        struct store_conn *reader = NULL;

        TRY(store_read(act->core->store, &reader));
        res found = store_external_account_get_by_key_id(reader, act->arena, key_id, ret_row);

        if (found.err == ERR_NOT_FOUND || (res_is_ok(found) && ret_row->disabled))
                return act_fail(act, ERR_ACME_DENIED, "The external account key id is unknown or disabled.");
        return found;
}

static MUST res external_verify(struct act *act, const struct external_account_row *row, const struct jws *jws)
{
        const struct msg_vault_open body = {.aad = external_aad(row), .sealed_len = (uint32_t)row->sealed.n};
        const struct channel_request request = {MSG_VAULT_OPEN, bytes_of(&body, sizeof body), row->sealed};
        CLEAN(channel_reply_done) struct channel_reply reply = {0};

        ENSURE(act->core->vault, ERR_IPC_LOST);
        TRY(channel_ask(act->core->vault, &request, EXTERNAL_VAULT_MS, 0, &reply, NULL));
        res verified = jws_verify_mac(jws, reply.tail);

        if (verified.err == ERR_ACME_SIGNATURE)
                return act_fail(act, ERR_ACME_DENIED, "The external account binding's MAC does not match; check the HMAC key.");
        return verified;
}

res external_account_check(struct act *act, struct str json, struct str url, const struct jws_key *key,
                           struct external_account_row *ret_row)
{
        struct jws jws = {0};
        struct jws_key inner = {0};
        const char *why = "";
        res parsed = jws_parse_mac(act->arena, json, &jws, &why);

        if (res_is_ok(parsed))
                parsed = jws_key_from_json(act->arena, (struct str){(const char *)jws.payload.p, jws.payload.n}, &inner, &why);
        if (!res_is_ok(parsed))
                return act_fail(act, parsed.err == ERR_ACME_ALGORITHM ? ERR_ACME_ALGORITHM : ERR_ACME_MALFORMED,
                                "The external account binding is malformed: %s", why);
        if (!str_equal(jws.url, url))
                return act_fail(act, ERR_ACME_MALFORMED, "The external account binding's url is not that of newAccount.");
        if (!bytes_equal(inner.spki, key->spki))
                return act_fail(act, ERR_ACME_MALFORMED, "The external account binding is for another key.");
        TRY(external_find(act, jws.kid, ret_row));
        return external_verify(act, ret_row, &jws);
}

static bool name_is_within(struct str name, struct str zone)
{
        if (!str_ends_with(name, zone))
                return false;
        return name.n == zone.n || name.p[name.n - zone.n - 1] == '.';
}

res external_account_allows(struct act *act, int64_t external_id, struct str name, bool *ret_allows)
{
        struct store_conn *reader = NULL;
        struct external_account_row row = {0};

        *ret_allows = external_id == 0;
        if (external_id == 0)
                return RES_OK;
        TRY(store_read(act->core->store, &reader));
        TRY(store_external_account_get(reader, act->arena, act->account_id, external_id, &row));
        *ret_allows = row.names.n == 0;
        for (struct str rest = row.names; rest.n > 0 && !*ret_allows;)
                *ret_allows = name_is_within(name, str_cut(&rest, '\n'));
        return RES_OK;
}
