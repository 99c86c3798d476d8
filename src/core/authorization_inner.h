/* What the files of authorizations share. */
#pragma once

#include "core/authorization.h"
#include "store/store.h"

/* All that a look needs, copied, so that who looks reads nothing. */
struct authorization_look {
        int64_t acme_id, account_id, authorization_id;
        enum msg_method method;
        bool is_address, is_wildcard;
        char name[LIMIT_NAME_BYTES + 1];
        char token[48], thumbprint[JWS_THUMBPRINT_SIZE], uri[ACME_URI_MAX];
};

void authorization_look_fill(const struct acme_authorization_row *row, const struct acme_account *account,
                             struct authorization_look *ret_look);
/* One look at one challenge, in an arena of its own. */
struct authorization_attempt;
struct channel_box;
struct authorization_attempt *authorization_attempt_new(struct core *core, const struct authorization_look *look);
/* Ask; `owner` comes out of the box when there is nothing more to wait for.  false: nothing was asked, and nobody can. */
bool authorization_attempt_post(struct authorization_attempt *attempt, struct channel_box *box, void *owner);
/* What the answers say; once.  false: nobody could look, the same look is to be done again. */
bool authorization_attempt_judge(struct authorization_attempt *attempt);
/* What follows from them, to be stored; borrowed. */
struct store_work authorization_attempt_work(struct authorization_attempt *attempt);
/* Whoever waits hears how it went.  false: it could not be stored, the same look is to be done again. */
bool authorization_attempt_end(struct authorization_attempt *attempt, res stored);
void authorization_attempt_free(struct authorization_attempt *attempt); /* NULL is fine */

uint64_t authorization_bell_key(int64_t authorization_id); /* rung with the struct acme_authorization_row as it was stored */
/* Look soon; the bell is rung when there is an outcome.  ERR_RATE: too many are being looked at.  One that is there already is fine. */
MUST res authorization_queue_push(struct act *act, const struct authorization_look *look);

/* Of the queue, for its files and tests. */
struct look_entry;
/* The next account that has something to do and may, and its oldest look, which counts as running from here on; or NULL. */
struct look_entry *authorization_queue_take(struct authorization_queue *queue);
const struct authorization_look *authorization_queue_look(const struct look_entry *entry); /* borrowed */
void authorization_queue_drop(struct authorization_queue *queue, struct look_entry *entry);
