/*
 * Requests that write, without a thread each.  A request is parsed, verified and checked on the listener's thread; what it wants
 * then (enum acme_next) is begun here: its transaction goes to the writer, which calls back when it is durable; who waits for a look
 * at a name or for the round of issue waits nowhere: the bell's ringer answers.
 * Bounded by the places that requests take before anything is done for them.  See acme/call.h.
 */
#pragma once

#include "acme/call.h"

MUST res acme_rounds_new(struct acme *acme, struct acme_rounds **ret_rounds);
void acme_rounds_start(struct acme_rounds *rounds); /* there is a writer now */
/* Everything that was put here has to be answered first (the listeners and the writer are stopped).  NULL is fine. */
void acme_rounds_free(struct acme_rounds *rounds);

/* A place, before anything is done.  ERR_STORE_BUSY: too many are there, of all or of this account. */
MUST res acme_rounds_enter(struct acme_call *call);
void acme_rounds_leave(struct acme_call *call); /* without a place: nothing */

/* With call->next: what it wants is done, and it is answered (http_request_done), by whatever thread; it is gone then. */
void acme_rounds_go(struct acme_call *call);
/* The same on this thread, a worker's, which sleeps meanwhile; the reply is filled when it returns. */
void acme_rounds_drive(struct acme_call *call);
