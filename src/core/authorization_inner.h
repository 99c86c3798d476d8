/* What the files of authorizations share. */
#pragma once

#include "core/authorization.h"

/* All that a look needs, copied, so that the thread that looks reads nothing. */
struct authorization_look {
        int64_t acme_id, account_id, authorization_id;
        enum msg_method method;
        bool is_address, is_wildcard;
        char name[LIMIT_NAME_BYTES + 1];
        char token[48], thumbprint[JWS_THUMBPRINT_SIZE], uri[ACME_URI_MAX];
};

void authorization_look_fill(const struct acme_authorization_row *row, const struct acme_account *account,
                             struct authorization_look *ret_look);
/* Ask the prober and store what follows; false: nobody could look or store, the same look is to be done again. */
bool authorization_look(struct core *core, const struct authorization_look *look);
uint64_t authorization_bell_key(int64_t authorization_id);
/* ERR_RATE: too many are being looked at.  One that is there already is fine. */
MUST res authorization_queue_push(struct act *act, const struct authorization_look *look);
