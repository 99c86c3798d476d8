/*
 * External account binding (RFC 8555 §7.3.4): a key id and an HMAC key, made for a Chancery account by itself or by an
 * operator, tie an ACME account to it, its allowed names and its tags.  The HMAC key lies sealed under the vault's key.
 */
#pragma once

#include "base/secret.h"
#include "core/act.h"
#include "core/certificate.h"
#include "pki/jws.h"
#include "store/external_account.h"

#define EXTERNAL_KEY_BYTES 32
/* An HMAC key of EXTERNAL_KEY_BYTES whose base64url begins with no '-', which certbot and others would take for an option. */
void external_key_draw(struct secret *key);

struct external_account_new {
        struct str label;
        struct strs names;  /* allowed, with what is below them; none = any */
        struct objs tags;   /* struct tag_pair */
};
struct external_account_made {
        const char *key_id, *hmac_key; /* base64url, as clients take it; shown this once */
};
/* For act->account_id.  ERR_PARAM_VALUE with a sentence. */
MUST res external_account_create(struct act *act, const struct external_account_new *in, struct external_account_made *ret_made);
MUST res external_account_list(struct act *act, const struct external_account_row **ret_rows, size_t *ret_n);
/* No new ACME account is bound with it; those that are stay.  ERR_NOT_FOUND. */
MUST res external_account_disable(struct act *act, struct str key_id);

/* The binding is good, for this key and url.  ERR_ACME_MALFORMED, ERR_ACME_ALGORITHM, ERR_ACME_DENIED. */
MUST res external_account_check(struct act *act, struct str json, struct str url, const struct jws_key *key,
                                struct external_account_row *ret_row);
/* May a certificate for `name` (no "*.") be ordered under it?  external_id 0: any. */
MUST res external_account_allows(struct act *act, int64_t external_id, struct str name, bool *ret_allows);
