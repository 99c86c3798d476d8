/*
 * The server's side of a conversation with the signer, a vault or the prober.  Many threads ask at once;
 * each request has a slot.  There is no reader thread: of the threads that wait for an answer one reads for
 * all (and hands that over when its own answer is there), so that a lone request costs no extra wake-up.
 *
 * The peer may die and be replaced.  Requests that were sent to the dead one come back as ERR_IPC_LOST (the
 * caller knows whether asking again is safe); requests made while it is away wait for the replacement as
 * long as their own time allows.
 */
#pragma once

#include "base/res.h"
#include "base/str.h"
#include "ipc/msg.h"

struct channel;

/* What came back.  Aligned for the body's struct; owned by the caller, done with channel_reply_done(). */
struct channel_reply {
        enum err err; /* the request's result at the peer; then tail is a sentence */
        struct bytes body;
        struct bytes tail;
        uint8_t *memory;
        size_t memory_size;
};

struct channel_request {
        enum msg_type type;
        struct bytes body, tail;
};

/* A conversation that has no peer yet.  NULL: out of memory. */
struct channel *channel_new(enum msg_peer peer);
/* Nobody may be inside a call. */
void channel_free(struct channel *channel);
/*
 * A peer is there (again); the channel owns fd from now on and closes the earlier one.  From any thread.
 * Everything in flight to the earlier one ends with ERR_IPC_LOST.
 */
void channel_replace_fd(struct channel *channel, int fd);
/* Shutting down: every call, now and later, ends with ERR_IPC_LOST. */
void channel_close(struct channel *channel);
/* Milliseconds (monotonic) since the peer is away, 0 while it is there: for health. */
int64_t channel_away_ms(struct channel *channel);

/*
 * Ask and wait.  `body` and `tail` are borrowed until it returns; wiping them is the caller's.
 * The return value is about the way (ERR_IPC_LOST, ERR_IPC_TIMEOUT, ERR_IPC_FRAME: the answer's type, or too long
 * a request, ERR_MEMORY); the peer's own verdict is in ret_reply->err.  On failure ret_reply is empty.
 * With all LIMIT_IPC_SLOTS taken it waits for one.
 */
MUST res channel_call(struct channel *channel, enum msg_type type, const void *body, size_t body_len, const void *tail,
                      size_t tail_len, int timeout_ms, struct channel_reply *ret_reply);
/*
 * The same, and the peer's verdict is the return value, its sentence in *why if given (LIMIT_ERR_DETAIL + 1
 * bytes, NUL-terminated); the reply's body has exactly body_size bytes, else ERR_IPC_FRAME.
 */
MUST res channel_ask(struct channel *channel, const struct channel_request *request, int timeout_ms, size_t body_size,
                     struct channel_reply *ret_reply, char *why);
/*
 * Ask `count` (at most LIMIT_ISSUE_BATCH) things at once and wait for all: one wake-up of the peer and one of
 * the caller.  ret_results[i] is the way's result, ret_replies[i] as in channel_call(); replies of failed ones are empty.
 */
void channel_call_batch(struct channel *channel, const struct channel_request *requests, size_t count, int timeout_ms,
                        struct channel_reply *ret_replies, res *ret_results);

/*
 * Questions that no thread waits for one by one: what is posted, by any thread, ends in the box, and one thread takes whatever
 * has ended.
 */
struct channel_box;
struct channel_call;
struct channel_box *channel_box_new(struct channel *channel); /* NULL: out of memory */
void channel_box_free(struct channel_box *box);               /* every call was given back; NULL is fine */
/*
 * Sent at once where that can be, else when the peer is there (again).  All that is passed is borrowed until channel_call_free();
 * *ret_call is there before the box can give out `owner`.  false: too long, or out of memory; the results say so.
 */
bool channel_post(struct channel_box *box, const struct channel_request *requests, size_t count, int timeout_ms,
                  struct channel_reply *ret_replies, res *ret_results, void *owner, struct channel_call **ret_call);
/*
 * By one thread at a time: wait at most wait_ms for calls that are over, each once: every answer is there, or has failed
 * (ERR_IPC_TIMEOUT by its own time, ERR_IPC_LOST).  How many owners were given out; 0: the time has come.
 */
size_t channel_box_take(struct channel_box *box, int wait_ms, size_t max, void **ret_owners);
/* After it was taken, or when nobody posts or takes any more.  Replies are the caller's.  NULL is fine. */
void channel_call_free(struct channel_call *call);

/* Wipes and frees; for CLEAN(); {0} is fine. */
void channel_reply_done(struct channel_reply *reply);
