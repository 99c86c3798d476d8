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
/* The same in an act of the caller, for at most so long; *ret_row is what was stored. */
bool authorization_look_within(struct act *act, const struct authorization_look *look, int wait_ms, struct acme_authorization_row *ret_row);
uint64_t authorization_bell_key(int64_t authorization_id);
/* ERR_RATE: too many are being looked at.  One that is there already is fine. */
MUST res authorization_queue_push(struct act *act, const struct authorization_look *look);
/*
 * May the caller look itself?  Nearly all challenges are over in milliseconds, and two thread switches less.  Only some may at
 * once, and few of one account, because a host that is silent holds the caller, and the prober, as long as it waits.
 * true: call authorization_queue_leave; a look that came to no end is then the threads'.
 */
bool authorization_queue_enter(struct core *core, const struct authorization_look *look);
void authorization_queue_leave(struct core *core, const struct authorization_look *look, bool is_over);
