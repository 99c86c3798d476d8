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
/*
 * One look, begun once however many threads wait for it one after the other.  It has its own arena: whoever began it may be gone
 * when it ends.
 */
struct authorization_attempt;
struct authorization_attempt *authorization_attempt_new(struct core *core, const struct authorization_look *look);
/* true: there is nothing more to wait for. */
bool authorization_attempt_wait(struct authorization_attempt *attempt, int wait_ms);
/*
 * Store what follows; *ret_row is what was stored and lives as long as the attempt.  false: nobody could look or store, the same
 * look is to be done again.
 */
bool authorization_attempt_end(struct authorization_attempt *attempt, struct acme_authorization_row *ret_row);
void authorization_attempt_free(struct authorization_attempt *attempt); /* NULL is fine */
uint64_t authorization_bell_key(int64_t authorization_id); /* rung with the struct acme_authorization_row as it was stored */
/* ERR_RATE: too many are being looked at.  One that is there already is fine. */
MUST res authorization_queue_push(struct act *act, const struct authorization_look *look);
/*
 * May the caller look itself?  Nearly all challenges are over in milliseconds, and two thread switches less.  Only some may at
 * once, and few of one account, because a host that is silent holds the caller, and the prober, as long as it waits.
 * true: call authorization_queue_leave; a look that came to no end is then the threads', who go on with the attempt if there
 * is one, and own it.
 */
bool authorization_queue_enter(struct core *core, const struct authorization_look *look);
void authorization_queue_leave(struct core *core, const struct authorization_look *look, bool is_over,
                               struct authorization_attempt *attempt);
