/*
 * Targets are not stored: they follow from account and name under a secret of this installation, so that an account
 * sees the same ones in ten years, and nobody can compute another's.
 */
#include "core/kept_cname.h"

#include "base/conf.h"
#include "base/digest.h"
#include "base/random.h"
#include "core/core.h"
#include "store/instance.h"

#define KEPT_LABEL_CHARS 31 /* of 32 letters: with "_" before it within a label, with room to spare */

bool kept_cname_is_on(const struct core *core)
{
        const char *zone = core->conf->validation_cname_zone;

        return zone != NULL && zone[0] != '\0';
}

static res kept_store_tx(struct store_tx *tx, void *arg)
{
        return store_instance_put(tx, STR("cname-secret"), str_of(arg));
}

res kept_cname_begin(struct act *act)
{
        struct core *core = act->core;
        struct store_conn *conn = NULL;
        struct str secret = {0};
        char made[sizeof core->cname_secret];

        TRY(store_read(core->store, &conn));
        res found = store_instance_get(conn, act->arena, STR("cname-secret"), &secret);

        if (found.err == ERR_NOT_FOUND) {
                random_text(made, sizeof made - 1, RANDOM_ALNUM);
                found = store_run(core->store, kept_store_tx, made);
                secret = str_of(made);
        }
        TRY(found);
        ENSURE(secret.n == sizeof core->cname_secret - 1, ERR_STORE);
        memcpy(core->cname_secret, secret.p, secret.n);
        core->cname_secret[secret.n] = '\0';
        return RES_OK;
}

/* One label: what it is for, the account and the name under the secret, in letters and digits. */
static const char *kept_label(struct act *act, const char *use, struct str name)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
        const char *text = arena_printf(act->arena, "%s\n%lld\n%.*s", use, (long long)act->account_id, (int)name.n, name.p);
        const struct str secret = str_of(act->core->cname_secret);
        uint8_t hash[DIGEST_SHA256_SIZE];
        char label[KEPT_LABEL_CHARS + 1];

        digest_hmac_sha256(bytes_of(secret.p, secret.n), bytes_of(text, strlen(text)), hash);
        for (size_t i = 0; i < KEPT_LABEL_CHARS; i++)
                label[i] = letters[hash[i] & 31]; /* the low five bits of a byte each */
        label[KEPT_LABEL_CHARS] = '\0';
        return arena_strdup(act->arena, label);
}

void kept_cname_make(struct act *act, struct str name, struct str *ret_record, struct str *ret_value)
{
        *ret_record = str_of(arena_printf(act->arena, "_%s.%.*s", kept_label(act, "host", name), (int)name.n, name.p));
        *ret_value = str_of(arena_printf(act->arena, "%s.%s", kept_label(act, "target", name), act->core->conf->validation_cname_zone));
}
