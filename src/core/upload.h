/*
 * Certificates from elsewhere (UPL, A9): any certificate from any issuer, with its private key, or a bundle of CAs, taken
 * under joint management.  What its owner brought is given back byte for byte; the key goes to the vault at once.
 */
#pragma once

#include "core/certificate.h"

struct certificate_upload {
        struct str public_key;       /* PEM in any order, or DER in base64 */
        struct str private_key;      /* "" with type CA */
        struct str type;             /* SVR (also ""), CA */
        struct str alias;
        struct str key_password;     /* opens private_key; not kept, so the key stays under it (PKP-03, CON-39) */
        struct opt_int project_id;
        struct opt_int repeatable;   /* the same certificate again: 1 is stored anew, 0 answers the first one's id, absent is refused (SIL-63) */
        struct objs tags;            /* struct tag_pair */
};

/*
 * ERR_CERT_PARSE, ERR_CERT_CHAIN, ERR_CERT_CA, ERR_CERT_KIND, ERR_CERT_MATCH, ERR_KEY_…, ERR_CERT_EXISTS, ERR_PARAM…; nothing
 * is stored then.  *ret_repeat_id is "" or, with the id, that of the certificate that was there already.
 */
MUST res certificate_upload(struct act *act, const struct certificate_upload *in, const char **ret_id,
                            const char **ret_repeat_id);
/* The certificate of this account that has these bytes, uploaded or issued; "" = none.  ERR_PARAM. */
MUST res certificate_upload_find(struct act *act, struct str public_key, const char **ret_id);

struct certificate_exchange {
        struct str certificate_id, public_key, private_key;
        struct strs resource_types;
};
/*
 * Other content under the same id, alias, project and tags.  ERR_CERT_NOT_FOUND, ERR_CERT_NOT_UPLOADED, and what an
 * upload is refused with.  *ret_update_id: the number of this exchange, for what is deployed afterwards.
 */
MUST res certificate_upload_exchange(struct act *act, const struct certificate_exchange *in, int64_t *ret_update_id);
/*
 * Takes the latest exchange of a certificate back: content, key and dates are those from before it.  ERR_PARAM: no such
 * exchange; ERR_ROLLBACK: not the latest, or taken back already; ERR_CERT_NOT_FOUND; ERR_KEY_BLOCKED.
 */
MUST res certificate_upload_rollback(struct act *act, int64_t update_id);
/* ERR_RETRY: nothing of an exchange fails by itself.  ERR_PARAM: no such exchange. */
MUST res certificate_upload_retry(struct act *act, int64_t update_id);
