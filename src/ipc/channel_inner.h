/* What the files of a conversation share: its insides. */
#pragma once

#include <pthread.h>

#include "ipc/channel.h"
#include "ipc/frame.h"

struct link {
        int fd;
        unsigned users; /* threads inside a system call on fd */
        bool dead;
};

struct waiter { /* one call or batch, or a box */
        pthread_cond_t wake;
        size_t pending;
        struct channel_call *posted; /* whose end goes into its box, or NULL: `wake` is signalled */
        struct waiter *next, *previous;
};

struct slot {
        uint32_t generation;
        bool waiting;
        uint32_t type;
        struct link *link; /* that the frame left by; NULL: not sent yet */
        struct waiter *waiter;
        struct channel_reply *reply;
        res *result;
};

struct channel {
        enum msg_peer peer;
        pthread_mutex_t lock;
        pthread_cond_t slot_free;
        pthread_condattr_t monotonic;
        struct link *link; /* NULL: the peer is away */
        bool reading, closed;
        int64_t away_since_ms;
        struct frame_reader *reader;
        struct waiter *waiters;
        uint16_t free_slot[LIMIT_IPC_SLOTS];
        size_t free_count;
        struct slot slot[LIMIT_IPC_SLOTS];
};

struct channel_call { /* what one thread asks for */
        struct channel *channel;
        const struct channel_request *requests;
        struct channel_reply *replies;
        res *results;
        size_t count, sent;
        int64_t deadline_ms;
        bool has_slots;
        struct waiter waiter;
        uint16_t slot[LIMIT_ISSUE_BATCH];
        bool blocked; /* the peer's buffer is full */
        /* Of posted ones: */
        struct channel_box *box;
        void *owner;
        struct channel_call *next, *previous; /* of those in flight, or (next) of those that are over */
        bool sending; /* a thread is inside a system call with its requests */
        bool over;
};

/* All with the channel's lock held before and after. */
void channel_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms);
void channel_waiter_enter(struct channel *channel, struct waiter *waiter);
void channel_waiter_leave(struct channel *channel, struct waiter *waiter);
/* false: there are not enough. */
bool channel_assign_slots(struct channel_call *call);
/* What has no answer yet ends so. */
void channel_finish_rest(struct channel_call *call, enum err err);
/* Send what is not sent, without waiting; sets call->blocked.  There is a link. */
void channel_send_rest(struct channel_call *call);
/* Wait on the socket for at most wait_ms and deliver what came.  There is a link, and nobody reads. */
void channel_read_for_all(struct channel *channel, short events, int wait_ms);
/* Without the lock. */
bool channel_requests_fit(const struct channel_request *requests, size_t count);
void channel_call_init(struct channel_call *call, struct channel *channel, const struct channel_request *requests, size_t count,
                       int timeout_ms, struct channel_reply *replies, res *results);
void channel_refuse_batch(size_t count, struct channel_reply *ret_replies, res *ret_results);
/* The last of its answers is there (channel_box.c). */
void channel_box_over(struct channel_call *call);
