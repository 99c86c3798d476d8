/*
 * OCSP questions that memory does not answer, on their way to store and signer: the listener's thread puts them down and goes
 * on, one thread takes all that wait and answers them together (ocsp_answer_many).  While it waits for the signer the next
 * ones gather, so that the more are asked the less each costs.  Bounded: in number, and in the time that one waits.
 */
#pragma once

#include "core/ocsp.h"

struct ocsp_queue;

MUST res ocsp_queue_start(struct core *core, struct ocsp_queue **ret_queue);
/* Everything that was added is answered first.  Nobody may add any more; frees; NULL is fine. */
void ocsp_queue_stop(struct ocsp_queue *queue);
/*
 * done() is called for it, on the queue's thread; `ask` is the queue's until then.  false: too many wait; it was not taken.
 */
bool ocsp_queue_add(struct ocsp_queue *queue, struct ocsp_ask *ask);
