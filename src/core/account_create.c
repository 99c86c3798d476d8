/*
 * A new account with its first user and key.  Ids come first, because the vault binds the sealed secret to them and
 * may not be asked inside a transaction; then everything is stored at once.
 */
#include "core/account.h"

#include "base/random.h"
#include "base/secret.h"
#include "core/core.h"
#include "core/money.h"
#include "ipc/channel.h"
#include "store/account.h"
#include "store/api_key.h"
#include "store/ledger.h"
#include "store/log.h"

#define ACCOUNT_UIN_DIGITS 12
#define ACCOUNT_UIN_TRIES 5
#define ACCOUNT_VAULT_MS 10000

struct account_plan {
        struct act *act;
        struct account_row account;
        struct user_row user;
        struct api_key_row key;
        int64_t balance_minor;
        char uin[ACCOUNT_UIN_DIGITS + 1];
};

static MUST res account_check_word(struct act *act, const char *what, struct str value, const char *const *words)
{
        const char *choices = "";

        for (size_t i = 0; words[i]; i++) {
                if (str_equals(value, words[i]))
                        return RES_OK;
                choices = arena_printf(act->arena, "%s%s%s", choices, i ? ", " : "", words[i]);
        }
        return act_fail(act, ERR_PARAM_VALUE, "There is no such %s; write one of %s.", what, choices);
}

static struct str account_or(struct str value, struct str otherwise)
{
        return str_is_empty(value) ? otherwise : value;
}

static MUST res account_check_new(struct act *act, const struct account_plan *plan)
{
        static const char *const roles[] = {"user", "reviewer", "operator", "auditor", NULL};
        static const char *const identities[] = {"individual", "enterprise", NULL};
        static const char *const levels[] = {"standard", "v1", "v2", NULL};
        struct str name = plan->account.name;

        if (str_is_empty(str_trim(name)) || name.n > LIMIT_ACCOUNT_NAME_BYTES || !str_is_utf8(name) ||
            memchr(name.p, '\0', name.n))
                return act_fail(act, ERR_PARAM_VALUE, "An account needs a name of 1 to %d bytes of UTF-8 text.",
                                LIMIT_ACCOUNT_NAME_BYTES);
        if (plan->balance_minor < 0)
                return act_fail(act, ERR_PARAM_VALUE, "A balance cannot be below zero.");
        TRY(account_check_word(act, "role", plan->user.role, roles));
        TRY(account_check_word(act, "identity", plan->account.identity, identities));
        return account_check_word(act, "level", plan->account.level, levels);
}

static void account_plan_fill(struct act *act, const struct account_new *in, struct account_plan *plan)
{
        plan->act = act;
        plan->balance_minor = in->balance_minor;
        plan->account = (struct account_row){
                .name = in->name,
                .identity = account_or(in->identity, STR("individual")),
                .verified = in->verified,
                .level = account_or(in->level, STR("standard")),
                .created_at = act->now_sec,
        };
        plan->user = (struct user_row){
                .name = in->name,
                .email = STR(""),
                .role = account_or(in->role, STR("user")),
                .password_hash = STR(""),
                .created_at = act->now_sec,
        };
        plan->key = (struct api_key_row){.seal_version = 1, .created_at = act->now_sec};
}

static res account_make_ids(struct store_tx *tx, void *arg)
{
        struct account_plan *plan = arg;

        TRY(store_new_id(tx, STORE_ID_ACCOUNT, &plan->account.account_id));
        TRY(store_new_id(tx, STORE_ID_USER, &plan->user.user_id));
        return store_new_id(tx, STORE_ID_API_KEY, &plan->key.key_id);
}

static void account_wipe_text(void *text)
{
        secret_wipe(text, strlen(text));
}

/* The secret is born in the vault; here it only passes through to the one who asked. */
static MUST res account_make_secret(struct act *act, struct account_plan *plan, const char **ret_secret)
{
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        struct msg_vault_make_secret body = {.aad = {
                                                     .account_id = plan->account.account_id,
                                                     .object_id = plan->key.key_id,
                                                     .object = MSG_OBJECT_API_SECRET,
                                                     .version = (uint32_t)plan->key.seal_version,
                                             }};
        struct channel_request request = {.type = MSG_VAULT_MAKE_SECRET, .body = bytes_of(&body, sizeof body)};
        const struct msg_vault_make_secret_reply *made;
        char *secret;

        ENSURE(act->core->vault, ERR_IPC_LOST);
        TRY(channel_ask(act->core->vault, &request, ACCOUNT_VAULT_MS, sizeof *made, &reply, NULL));
        made = (const void *)reply.body.p;
        ENSURE(made->sealed_len == reply.tail.n && made->secret_key[sizeof made->secret_key - 1] == '\0',
               ERR_IPC_FRAME);
        plan->key.sealed = bytes_of(arena_copy(act->arena, reply.tail.p, reply.tail.n), reply.tail.n);
        secret = arena_strdup(act->arena, made->secret_key);
        arena_tie(act->arena, account_wipe_text, secret);
        *ret_secret = secret;
        return RES_OK;
}

/* The first user is the account itself: both carry one Uin. */
static void account_make_uin(struct account_plan *plan)
{
        random_text(plan->uin, 1, "123456789");
        random_text(plan->uin + 1, ACCOUNT_UIN_DIGITS - 1, "0123456789");
        plan->account.uin = plan->user.uin = str_of(plan->uin);
}

static MUST res account_grant(struct store_tx *tx, const struct account_plan *plan)
{
        struct ledger_row entry = {
                .account_id = plan->account.account_id,
                .amount_minor = plan->balance_minor,
                .book = LEDGER_BALANCE,
                .currency = MONEY_CURRENCY,
                .note = STR("granted with the account"),
                .created_at = plan->account.created_at,
        };
        struct ledger_row entries[] = {entry, entry};

        if (plan->balance_minor == 0)
                return RES_OK;
        entries[1].book = STR("granted");
        entries[1].amount_minor = -plan->balance_minor;
        return store_ledger_insert(tx, entries, 2);
}

static res account_store(struct store_tx *tx, void *arg)
{
        struct account_plan *plan = arg;
        struct log_row log = {
                .account_id = plan->account.account_id,
                .user_id = plan->act->user_id,
                .certificate_id = STR(""),
                .type = STR("createAccount"),
                .action = str_of(arena_printf(plan->act->arena, "Account created with key %.*s",
                                              (int)plan->key.secret_id.n, plan->key.secret_id.p)),
                .created_at = plan->act->now_sec,
        };

        plan->key.account_id = plan->account.account_id;
        plan->key.user_id = plan->user.user_id;
        TRY(store_account_insert(tx, &plan->account));
        TRY(store_user_insert(tx, &plan->user));
        TRY(store_member_insert(tx, &(struct member_row){
                                            .account_id = plan->account.account_id,
                                            .user_id = plan->user.user_id,
                                            .rights = STR("owner"),
                                            .created_at = plan->act->now_sec,
                                    }));
        TRY(store_api_key_insert(tx, &plan->key));
        TRY(account_grant(tx, plan));
        return store_log_append(tx, &log);
}

res account_create(struct act *act, const struct account_new *in, struct account_made *ret_made)
{
        struct account_plan plan = {0};
        char secret_id[4 + 32 + 1] = "AKID";
        const char *secret = NULL;
        res r = FAIL(ERR_STORE_CONFLICT);

        account_plan_fill(act, in, &plan);
        TRY(account_check_new(act, &plan));
        TRY(store_run(act->core->store, account_make_ids, &plan));
        TRY(account_make_secret(act, &plan, &secret));
        random_text(secret_id + 4, 32, RANDOM_ALNUM);
        plan.key.secret_id = str_of(secret_id);
        for (int i = 0; i < ACCOUNT_UIN_TRIES && r.err == ERR_STORE_CONFLICT; i++) {
                account_make_uin(&plan);
                r = store_run(act->core->store, account_store, &plan);
        }
        TRY(r);
        *ret_made = (struct account_made){
                .uin = arena_strdup(act->arena, plan.uin),
                .secret_id = arena_strdup(act->arena, secret_id),
                .secret_key = secret,
        };
        return RES_OK;
}
