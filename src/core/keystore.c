/* See keystore.h.  The key is opened here, in the request's own memory, because the vault has released exactly this one. */
#include "core/keystore.h"

#include "base/random.h"
#include "core/core.h"

#define PASSWORD_LENGTH 20 /* 119 bits: the formats' own key derivation slows nobody down who guesses */

static void keystore_key_free(void *key)
{
        pki_key_free(key);
}

static res keystore_key(struct act *act, const struct key_opened *opened, struct str password, struct pki_key **ret_key)
{
        if (!opened->is_encrypted)
                return pki_key_from_pkcs8(secret_bytes(&opened->der), ret_key);
        res result = pki_key_from_encrypted(secret_bytes(&opened->der), password, ret_key);

        if (result.err == ERR_KEY_PASSWORD)
                return act_fail(act, ERR_KEY_PASSWORD, "KeyPassword does not open the key of this certificate.");
        return result;
}

/* One for all keystores of this package, kept nowhere else (PKP-02, PKP-03). */
static const char *keystore_password(struct act *act)
{
        char *password = arena_alloc(act->arena, PASSWORD_LENGTH + 1);

        arena_tie(act->arena, secret_wipe_text, password);
        random_text(password, PASSWORD_LENGTH, RANDOM_ALNUM);
        return password;
}

static void keystore_chain(struct act *act, const struct held *held, struct pki_keystore *store)
{
        size_t n = held->issuer_count - (held->ends_in_root && held->issuer_count > 0);
        struct bytes *chain = arena_array_of(act->arena, n + 1, struct bytes);

        chain[0] = held->leaf;
        memcpy(chain + 1, held->issuers, n * sizeof *chain);
        store->chain = chain;
        store->chain_count = n + 1;
}

res keystore_add(struct act *act, const struct key_opened *opened, const struct keystore_subject *subject,
                 struct package_parts *parts)
{
        struct pki_keystore *store = NULL;
        struct pki_key *key = NULL;

        if (opened->is_encrypted && subject->key_password.n == 0)
                return RES_OK;
        TRY(keystore_key(act, opened, subject->key_password, &key));
        arena_tie(act->arena, keystore_key_free, key);
        store = arena_new_of(act->arena, struct pki_keystore);
        if (!opened->is_encrypted)
                parts->keystore_password = keystore_password(act);
        store->key = key;
        store->alias =
                subject->domain; /* with its star: some IIS share a port only where the friendly name begins so */
        store->password = opened->is_encrypted ? subject->key_password : str_of(parts->keystore_password);
        store->created_at = act->now_sec;
        keystore_chain(act, subject->held, store);
        parts->keystore = store;
        return RES_OK;
}
