/*
 * Finding, making and changing ACME accounts.  The checks run before the transaction; the transaction makes the Chancery
 * account too, where there is none, so that no key is ever without one.
 */
#include "core/acme_account.h"

#include <stdio.h>

#include "base/conf.h"
#include "base/random.h"
#include "core/acme_account_inner.h"
#include "core/compromise.h"
#include "core/core.h"
#include "core/domain.h"
#include "core/external_account.h"
#include "core/key_gate.h"
#include "core/log.h"
#include "pki/spki.h"
#include "store/account.h"
#include "store/issued.h"
#include "store/key.h"

#define ACME_UIN_DIGITS 12
#define ACME_UIN_TRIES 5

/* ---- finding ---------------------------------------------------------------------------------------- */

static MUST res account_fill(const struct acme_account_row *row, struct acme_account *ret_account)
{
        struct acme_account account = {
                .acme_id = row->acme_id,
                .account_id = row->account_id,
                .external_id = row->external_id,
                .is_valid = str_equals(row->status, "valid"),
                .terms_agreed = row->terms_agreed != 0,
                .spki_n = row->spki.n,
        };

        ENSURE(row->spki.n <= sizeof account.spki && row->thumbprint.n < sizeof account.thumbprint &&
                       row->uri.n < sizeof account.uri,
               ERR_STORE);
        memcpy(account.spki, row->spki.p, row->spki.n);
        memcpy(account.thumbprint, row->thumbprint.p, row->thumbprint.n);
        memcpy(account.uri, row->uri.p, row->uri.n);
        *ret_account = account;
        return RES_OK;
}

static void key_let_go(void *key)
{
        pki_public_free(key);
}

void acme_account_hold(struct act *act, struct pki_public *key)
{
        if (key)
                arena_tie(act->arena, key_let_go, pki_public_hold(key));
}

/* Where it cannot be made ready (Ed25519) each request is verified from the bytes. */
static MUST res account_make_ready(struct act *act, struct acme_account *account)
{
        struct pki_kit *kit = NULL;
        struct pki_spki spki;
        struct pki_public *key = NULL;

        TRY(pki_kit_of_thread(&kit));
        if (!res_is_ok(pki_spki_parse(bytes_of(account->spki, account->spki_n), &spki)) || !res_is_ok(pki_public_new(kit, &spki, &key)))
                return RES_OK;
        acme_account_hold(act, key);
        pki_public_free(key);
        account->ready = key;
        return RES_OK;
}

res acme_account_key(const struct acme_account *account, struct jws_key *ret_key)
{
        TRY(jws_key_from_spki(bytes_of(account->spki, account->spki_n), ret_key));
        ret_key->ready = account->ready;
        return RES_OK;
}

res acme_account_find(struct act *act, int64_t acme_id, struct acme_account *ret_account)
{
        struct store_conn *reader = NULL;
        struct acme_account_row row = {0};
        uint64_t generation = 0;

        if (acme_cache_get(act, acme_id, ret_account, &generation))
                return RES_OK;
        TRY(store_read(act->core->store, &reader));
        res found = store_acme_account_get(reader, act->arena, acme_id, &row);

        ENSURE(found.err != ERR_NOT_FOUND, ERR_ACME_ACCOUNT);
        TRY(found);
        TRY(account_fill(&row, ret_account));
        TRY(account_make_ready(act, ret_account));
        acme_cache_put(act, ret_account, generation);
        return RES_OK;
}

res acme_account_find_key(struct act *act, const struct jws_key *key, struct acme_account_row *ret_row)
{
        struct store_conn *reader = NULL;
        char thumbprint[JWS_THUMBPRINT_SIZE];

        TRY(jws_key_thumbprint(key, thumbprint));
        TRY(store_read(act->core->store, &reader));
        res found = store_acme_account_get_by_key(reader, act->arena, str_of(thumbprint), ret_row);

        ENSURE(found.err != ERR_NOT_FOUND, ERR_ACME_ACCOUNT);
        return found;
}

/* ---- checks ----------------------------------------------------------------------------------------- */

/* RFC 8555 §7.3: one mailbox a contact, nothing beside it (RFC 6068 hfields, several addresses). */
static MUST res contact_check(struct act *act, struct str contact)
{
        struct str mailbox = contact;

        if (!str_starts_with(contact, STR("mailto:")))
                return act_fail(act, ERR_ACME_CONTACT_KIND, "A contact must be a mailto: address.");
        mailbox = (struct str){contact.p + 7, contact.n - 7};
        if (mailbox.n > LIMIT_EMAIL_BYTES || !domain_email_is_valid(mailbox))
                return act_fail(act, ERR_ACME_CONTACT, "A contact must be one mail address, mailto:name@host.");
        return RES_OK;
}

static MUST res contacts_join(struct act *act, const struct strs *contacts, struct str *ret_text)
{
        const char *text = "";

        if (contacts->n > LIMIT_ACME_CONTACTS)
                return act_fail(act, ERR_ACME_CONTACT, "An account may have at most %d contacts.", LIMIT_ACME_CONTACTS);
        for (size_t i = 0; i < contacts->n; i++) {
                TRY(contact_check(act, contacts->v[i]));
                text = arena_printf(act->arena, "%s%s%.*s", text, i ? "\n" : "", (int)contacts->v[i].n, contacts->v[i].p);
        }
        *ret_text = str_of(text);
        return RES_OK;
}

/* Whoever else has the private half could order as this account: the keys that no certificate gets are no account's either. */
static MUST res key_check_known(struct act *act, struct pki_kit *kit, const struct jws_key *key)
{
        struct pki_spki spki;

        if (res_is_ok(pki_spki_parse(key->spki, &spki))) { /* Ed25519 is no certificate's key here, and on no list */
                res gate = key_gate(act, kit, &spki);

                if (gate.err == ERR_KEY_WEAK)
                        return FAIL(ERR_ACME_KEY); /* the sentence stands */
                TRY(gate);
        }
        res known = compromise_check(act, key->spki);

        if (known.err == ERR_KEY_BLOCKED)
                return act_fail(act, ERR_ACME_KEY, "The account key was reported as compromised; make a new one.");
        return known;
}

static MUST res key_check(struct act *act, const struct jws_key *key)
{
        struct pki_kit *kit = NULL;
        const char *why = NULL;

        TRY(pki_kit_of_thread(&kit));
        res checked = jws_key_check(kit, key, &why);

        if (!res_is_ok(checked))
                return act_fail(act, ERR_ACME_KEY, "The account key cannot be used: %s", why ? why : err_sentence(checked.err));
        ENSURE(key->spki.n <= ACME_SPKI_MAX, ERR_ACME_KEY);
        return key_check_known(act, kit, key);
}

/* ---- making ------------------------------------------------------------------------------------------ */

struct account_making {
        struct act *act;
        const char *uri_base;
        struct acme_account_row row;
        struct account_row own; /* account_id 0: none is to be made */
        char uin[ACME_UIN_DIGITS + 1];
        bool made;
};

/* Another request with this key was faster: its account is the answer. */
static MUST res making_known(struct store_tx *tx, struct account_making *making)
{
        res found = store_acme_account_get_by_key(store_tx_conn(tx), making->act->arena, making->row.thumbprint, &making->row);

        making->made = found.err == ERR_NOT_FOUND;
        return making->made ? RES_OK : found;
}

static MUST res making_own_account(struct store_tx *tx, struct account_making *making)
{
        making->own.account_id = 0;
        making->own.uin = str_of(making->uin);
        TRY(store_account_insert(tx, &making->own));
        making->row.account_id = making->own.account_id;
        return RES_OK;
}

static res making_tx(struct store_tx *tx, void *arg)
{
        struct account_making *making = arg;
        struct act *act = making->act;

        TRY(making_known(tx, making));
        if (!making->made)
                return RES_OK;
        making->row.acme_id = 0;
        making->row.uri = STR("");
        if (making->row.external_id == 0)
                TRY(making_own_account(tx, making));
        else
                TRY(store_external_account_use(tx, making->row.account_id, making->row.external_id, act->now_sec));
        TRY(store_acme_account_insert(tx, &making->row));
        making->row.uri = str_of(arena_printf(act->arena, "%s%lld", making->uri_base, (long long)making->row.acme_id));
        TRY(store_acme_account_update(tx, &making->row));
        act->account_id = making->row.account_id;
        return act_log(act, tx, STR(""), "createAcmeAccount",
                       arena_printf(act->arena, "ACME account %lld created", (long long)making->row.acme_id));
}

static void making_fill(struct act *act, const struct acme_account_new *in, const char *thumbprint, struct account_making *making)
{
        making->act = act;
        making->uri_base = in->uri_base;
        making->row = (struct acme_account_row){
                .thumbprint = str_of(arena_strdup(act->arena, thumbprint)),
                .spki = in->key->spki,
                .status = STR("valid"),
                .terms_agreed = in->terms_agreed,
                .created_at = act->now_sec,
        };
        making->own = (struct account_row){
                .name = str_of(arena_printf(act->arena, "ACME %.12s", thumbprint)),
                .identity = STR("individual"),
                .level = STR("standard"),
                .created_at = act->now_sec,
        };
}

static MUST res making_bind(struct act *act, const struct acme_account_new *in, struct account_making *making)
{
        struct external_account_row external = {0};

        if (str_is_empty(in->external)) {
                if (act->core->conf->acme_external_account_required)
                        return act_fail(act, ERR_ACME_EXTERNAL,
                                        "New accounts need an external account binding here; ask for a key id and an HMAC key.");
                return RES_OK;
        }
        TRY(external_account_check(act, in->external, in->url, in->key, &external));
        making->row.account_id = external.account_id;
        making->row.external_id = external.external_id;
        return RES_OK;
}

res acme_account_create(struct act *act, const struct acme_account_new *in, struct acme_account_row *ret_row, bool *ret_made)
{
        struct account_making making = {0};
        char thumbprint[JWS_THUMBPRINT_SIZE];
        res r = FAIL(ERR_STORE_CONFLICT);

        if (act->core->conf->acme_terms && !in->terms_agreed)
                return act_fail(act, ERR_ACME_TERMS, "Agree to the terms of service: send termsOfServiceAgreed true.");
        TRY(key_check(act, in->key));
        TRY(jws_key_thumbprint(in->key, thumbprint));
        making_fill(act, in, thumbprint, &making);
        TRY(contacts_join(act, &in->contacts, &making.row.contact));
        TRY(making_bind(act, in, &making));
        for (int i = 0; i < ACME_UIN_TRIES && r.err == ERR_STORE_CONFLICT; i++) {
                random_text(making.uin, 1, "123456789");
                random_text(making.uin + 1, ACME_UIN_DIGITS - 1, "0123456789");
                r = store_run(act->core->store, making_tx, &making);
        }
        TRY(r);
        *ret_row = making.row;
        *ret_made = making.made;
        return RES_OK;
}

/* ---- changing ---------------------------------------------------------------------------------------- */

struct account_changing {
        struct act *act;
        const struct acme_account *account;
        bool has_contacts, deactivate, agree;
        struct str contact;
        struct str thumbprint; /* of a new key, or absent */
        struct bytes spki;
        struct acme_account_row row;
        int64_t other;
};

static MUST res changing_key(struct store_tx *tx, struct account_changing *changing)
{
        struct acme_account_row other = {0};
        res found = store_acme_account_get_by_key(store_tx_conn(tx), changing->act->arena, changing->thumbprint, &other);

        if (res_is_ok(found))
                changing->other = other.acme_id;
        ENSURE(found.err == ERR_NOT_FOUND, res_is_ok(found) ? ERR_ACME_CONFLICT : found.err);
        changing->row.thumbprint = changing->thumbprint;
        changing->row.spki = changing->spki;
        return RES_OK;
}

static res changing_tx(struct store_tx *tx, void *arg)
{
        struct account_changing *changing = arg;
        struct act *act = changing->act;
        const char *what = changing->deactivate ? "deactivated" : changing->thumbprint.p ? "has a new key"
                                                                                      : changing->agree ? "agreed to the terms of service"
                                                                                                        : "has new contacts";

        TRY(store_acme_account_get(store_tx_conn(tx), act->arena, changing->account->acme_id, &changing->row));
        ENSURE(str_equals(changing->row.status, "valid"), ERR_ACME_DENIED);
        if (changing->thumbprint.p)
                TRY(changing_key(tx, changing));
        if (changing->has_contacts)
                changing->row.contact = changing->contact;
        if (changing->agree)
                changing->row.terms_agreed = 1;
        if (changing->deactivate)
                changing->row.status = STR("deactivated");
        TRY(store_acme_account_update(tx, &changing->row));
        return act_log(act, tx, STR(""), "modifyAcmeAccount",
                       arena_printf(act->arena, "ACME account %lld %s", (long long)changing->row.acme_id, what));
}

res acme_account_update(struct act *act, const struct acme_account *account, const struct acme_account_change *change,
                        struct acme_account_row *ret_row)
{
        struct account_changing changing = {
                .act = act,
                .account = account,
                .has_contacts = change->has_contacts,
                .deactivate = change->deactivate,
                .agree = change->agree,
        };

        TRY(contacts_join(act, &change->contacts, &changing.contact));
        TRY(store_run(act->core->store, changing_tx, &changing));
        acme_cache_forget(act, account->acme_id);
        *ret_row = changing.row;
        return RES_OK;
}

res acme_account_change_key(struct act *act, const struct acme_account *account, const struct jws_key *key,
                            struct acme_account_row *ret_row, int64_t *ret_other)
{
        struct account_changing changing = {.act = act, .account = account, .spki = key->spki};
        char thumbprint[JWS_THUMBPRINT_SIZE];

        TRY(key_check(act, key));
        TRY(jws_key_thumbprint(key, thumbprint));
        changing.thumbprint = str_of(thumbprint);
        res r = store_run(act->core->store, changing_tx, &changing);

        *ret_other = changing.other;
        TRY(r);
        acme_cache_forget(act, account->acme_id);
        *ret_row = changing.row;
        return RES_OK;
}
