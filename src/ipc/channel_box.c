/*
 * Posted calls.  They stand in the order of posting, which is that of their ends too; those before `unsent` have left.
 * Whoever posts sends, so that the thread that takes is not woken for it; what could not be sent – no peer, no room in the socket –
 * that thread sends when it can.  A call is over when its last answer is there, but given out only when nobody is inside a
 * system call with its requests.
 */
#include "ipc/channel_inner.h"

#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"

#define BOX_LOOK_MS 250 /* how late a call's own end is noticed, or that the socket has room again */

struct channel_box {
        struct channel *channel;
        struct waiter waiter; /* the thread inside channel_box_take() */
        struct channel_call *first, *last, *unsent;
        struct channel_call *over, *over_last;
        bool flushing; /* a thread is sending */
        bool blocked;  /* the last one that tried found the socket full */
};

struct channel_box *channel_box_new(struct channel *channel)
{
        struct channel_box *box = calloc(1, sizeof *box);

        if (box == NULL)
                return NULL;
        box->channel = channel;
        pthread_cond_init(&box->waiter.wake, &channel->monotonic);
        return box;
}

void channel_box_free(struct channel_box *box)
{
        if (box == NULL)
                return;
        pthread_cond_destroy(&box->waiter.wake);
        free(box);
}

/* ---- places ------------------------------------------------------------------------------------------------- */

static void box_add(struct channel_box *box, struct channel_call *call)
{
        call->previous = box->last;
        if (box->last)
                box->last->next = call;
        else
                box->first = call;
        box->last = call;
        if (box->unsent == NULL)
                box->unsent = call;
}

static void box_remove(struct channel_box *box, struct channel_call *call)
{
        if (box->unsent == call)
                box->unsent = call->next;
        *(call->previous ? &call->previous->next : &box->first) = call->next;
        *(call->next ? &call->next->previous : &box->last) = call->previous;
        call->next = call->previous = NULL;
}

void channel_box_over(struct channel_call *call)
{
        struct channel_box *box = call->box;

        if (call->sending || call->over)
                return;
        box_remove(box, call);
        call->over = true;
        *(box->over ? &box->over_last->next : &box->over) = call;
        box->over_last = call;
        pthread_cond_signal(&box->waiter.wake);
}

static void box_fail(struct channel_call *call, enum err err)
{
        if (call->has_slots) {
                channel_finish_rest(call, err);
                return;
        }
        for (size_t i = 0; i < call->count; i++)
                call->results[i] = FAIL(err);
        channel_box_over(call);
}

/* ---- sending ------------------------------------------------------------------------------------------------- */

static void box_send(struct channel_box *box, struct channel_call *call)
{
        call->sending = true;
        channel_send_rest(call); /* the lock is off meanwhile */
        call->sending = false;
        box->blocked = call->blocked;
        call->blocked = false;
        if (call->sent == call->count && box->unsent == call)
                box->unsent = call->next;
        if (call->waiter.pending == 0)
                channel_box_over(call);
}

static void box_flush(struct channel_box *box)
{
        struct channel *channel = box->channel;

        if (box->flushing)
                return; /* that thread goes on to ours */
        box->flushing = true;
        box->blocked = false;
        while (box->unsent && channel->link && !channel->closed && !box->blocked) {
                struct channel_call *call = box->unsent;

                if (!call->has_slots && !channel_assign_slots(call))
                        break;
                box_send(box, call);
        }
        box->flushing = false;
}

bool channel_post(struct channel_box *box, const struct channel_request *requests, size_t count, int timeout_ms,
                  struct channel_reply *ret_replies, res *ret_results, void *owner, struct channel_call **ret_call)
{
        struct channel_call *call = channel_requests_fit(requests, count) ? malloc(sizeof *call) : NULL;

        if (call == NULL) {
                channel_refuse_batch(count, ret_replies, ret_results);
                return false;
        }
        channel_call_init(call, box->channel, requests, count, timeout_ms, ret_replies, ret_results);
        call->waiter.posted = call;
        call->box = box;
        call->owner = owner;
        pthread_mutex_lock(&box->channel->lock);
        *ret_call = call;
        box_add(box, call);
        box_flush(box);
        pthread_mutex_unlock(&box->channel->lock);
        return true;
}

/* ---- taking -------------------------------------------------------------------------------------------------- */

static void box_expire(struct channel_box *box)
{
        const int64_t now_ms = clock_mono_ms();

        for (struct channel_call *call = box->first, *next; call && (box->channel->closed || call->deadline_ms <= now_ms); call = next) {
                next = call->next;
                box_fail(call, box->channel->closed ? ERR_IPC_LOST : ERR_IPC_TIMEOUT);
        }
}

static void box_wait(struct channel_box *box, int wait_ms)
{
        struct channel *channel = box->channel;

        if (channel->link && !channel->reading)
                channel_read_for_all(channel, box->blocked ? POLLIN | POLLOUT : POLLIN, wait_ms);
        else
                channel_wait_until(&box->waiter.wake, &channel->lock, clock_mono_ms() + wait_ms);
}

/* One step; false: the time has come. */
static bool box_step(struct channel_box *box, int64_t until_ms)
{
        const int64_t left_ms = until_ms - clock_mono_ms();

        box_expire(box);
        if (box->over)
                return true;
        if (left_ms <= 0)
                return false;
        box_flush(box); /* what was answered meanwhile is delivered by whoever reads, so nothing is missed by waiting */
        if (box->over == NULL)
                box_wait(box, box->first && left_ms > BOX_LOOK_MS ? BOX_LOOK_MS : (int)left_ms);
        return true;
}

static size_t box_give(struct channel_box *box, size_t max, void **ret_owners)
{
        size_t n = 0;

        for (; box->over && n < max; n++) {
                struct channel_call *call = box->over;

                box->over = call->next;
                call->next = NULL;
                ret_owners[n] = call->owner;
        }
        return n;
}

size_t channel_box_take(struct channel_box *box, int wait_ms, size_t max, void **ret_owners)
{
        struct channel *channel = box->channel;
        const int64_t until_ms = clock_mono_ms() + wait_ms;

        pthread_mutex_lock(&channel->lock);
        channel_waiter_enter(channel, &box->waiter);
        while (box->over == NULL && box_step(box, until_ms))
                ;
        channel_waiter_leave(channel, &box->waiter);
        const size_t n = box_give(box, max, ret_owners);

        pthread_mutex_unlock(&channel->lock);
        return n;
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

static void over_remove(struct channel_box *box, const struct channel_call *call)
{
        struct channel_call **link = &box->over, *last = NULL;

        while (*link && *link != call) {
                last = *link;
                link = &last->next;
        }
        if (*link == NULL)
                return; /* it was given out */
        *link = call->next;
        if (box->over_last == call)
                box->over_last = last;
}

void channel_call_free(struct channel_call *call)
{
        if (call == NULL)
                return;
        pthread_mutex_lock(&call->channel->lock);
        if (!call->over)
                box_fail(call, ERR_IPC_TIMEOUT);
        over_remove(call->box, call);
        pthread_mutex_unlock(&call->channel->lock);
        free(call);
}
