/*
 * ACME accounts (RFC 8555 §7.1.2): a public key, and a Chancery account behind it, which owns what the key orders.  One
 * without external binding gets a Chancery account of its own.
 */
#pragma once

#include "core/act.h"
#include "pki/jws.h"
#include "store/acme_account.h"

#define ACME_SPKI_MAX 1100 /* RSA of 8192 bits */
#define ACME_URI_MAX 512

/* What every request needs to know of its account; small enough to be copied out of the cache. */
struct acme_account {
        int64_t acme_id, account_id, external_id;
        bool is_valid; /* not deactivated or revoked */
        bool terms_agreed;
        char thumbprint[JWS_THUMBPRINT_SIZE];
        char uri[ACME_URI_MAX];
        uint8_t spki[ACME_SPKI_MAX];
        size_t spki_n;
        struct pki_public *ready; /* the key, ready to verify; held by the act's arena; NULL for a kind that is made anew each time */
};

/* What a request of it is verified with; borrows. */
MUST res acme_account_key(const struct acme_account *account, struct jws_key *ret_key);

struct acme_account_cache;
MUST res acme_account_cache_new(struct acme_account_cache **ret_cache);
void acme_account_cache_free(struct acme_account_cache *cache);

/* By id, from the cache or the store; as long as the act's arena.  ERR_ACME_ACCOUNT. */
MUST res acme_account_find(struct act *act, int64_t acme_id, struct acme_account *ret_account);
/* By key; the row lives in the act's arena.  ERR_ACME_ACCOUNT. */
MUST res acme_account_find_key(struct act *act, const struct jws_key *key, struct acme_account_row *ret_row);

struct acme_account_new {
        const struct jws_key *key; /* checked as a key */
        struct strs contacts;
        bool terms_agreed;
        struct str external; /* externalAccountBinding as JSON text, "" = none */
        struct str url;      /* of newAccount, which the binding signs */
        const char *uri_base; /* "https://host/acme/acct/" */
};
/* ERR_ACME_TERMS: acme.terms is set and not agreed to.  The row that has this key, made now (*ret_made) or before. */
MUST res acme_account_create(struct act *act, const struct acme_account_new *in, struct acme_account_row *ret_row, bool *ret_made);

struct acme_account_change {
        bool has_contacts, deactivate, agree;
        struct strs contacts;
};
MUST res acme_account_update(struct act *act, const struct acme_account *account, const struct acme_account_change *change,
                             struct acme_account_row *ret_row);
/* RFC 8555 §7.3.5.  ERR_ACME_CONFLICT with *ret_other = who has that key. */
MUST res acme_account_change_key(struct act *act, const struct acme_account *account, const struct jws_key *key,
                                 struct acme_account_row *ret_row, int64_t *ret_other);
