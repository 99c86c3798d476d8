/*
 * Many threads, one socket.  A call takes a slot for each request, sends, and then waits in one loop
 * (conduct()): whoever finds nobody reading reads for all, the rest sleep on a condition of their own.
 *
 * `link` is the connection to one life of the peer.  It is closed only when no thread uses its descriptor any more, so
 * that a number that the kernel gives out again is never read by mistake.  A slot remembers the link only once its
 * frame has really left: what never left is sent again to the next life, what left is reported as lost.
 */
#include "ipc/channel_inner.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define READ_AT_ONCE 16     /* frames: replies are small, and 64 of them fit four calls */
#define BLOCKED_SLICE_MS 10 /* how long a blocked sender waits before it looks whether it should read itself */

struct channel *channel_new(enum msg_peer peer)
{
        struct channel *channel = calloc(1, sizeof(*channel));

        if (!channel)
                return NULL;
        channel->reader = frame_reader_new(READ_AT_ONCE);
        if (!channel->reader) {
                free(channel);
                return NULL;
        }
        channel->peer = peer;
        channel->away_since_ms = clock_mono_ms();
        pthread_mutex_init(&channel->lock, NULL);
        pthread_condattr_init(&channel->monotonic);
        pthread_condattr_setclock(&channel->monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&channel->slot_free, &channel->monotonic);
        for (size_t i = 0; i < LIMIT_IPC_SLOTS; i++)
                channel->free_slot[channel->free_count++] = (uint16_t)(LIMIT_IPC_SLOTS - 1 - i);
        return channel;
}

void channel_free(struct channel *channel)
{
        if (!channel)
                return;
        channel_close(channel);
        frame_reader_free(channel->reader);
        pthread_cond_destroy(&channel->slot_free);
        pthread_condattr_destroy(&channel->monotonic);
        pthread_mutex_destroy(&channel->lock);
        free(channel);
}

/* ---- slots ------------------------------------------------------------------------------------ */

static uint32_t slot_id(const struct slot *slot, size_t index)
{
        return (uint32_t)index | slot->generation * LIMIT_IPC_SLOTS;
}

static void slot_finish(struct channel *channel, size_t index, res result)
{
        struct slot *slot = &channel->slot[index];

        *slot->result = result;
        slot->waiting = false;
        slot->link = NULL;
        slot->generation++;
        slot->waiter->pending--;
        if (slot->waiter->pending == 0 && slot->waiter->posted)
                channel_box_over(slot->waiter->posted);
        else if (slot->waiter->pending == 0)
                pthread_cond_signal(&slot->waiter->wake);
        channel->free_slot[channel->free_count++] = (uint16_t)index;
        pthread_cond_signal(&channel->slot_free);
}

void channel_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms)
{
        struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};

        pthread_cond_timedwait(cond, lock, &until);
}

bool channel_assign_slots(struct channel_call *call)
{
        struct channel *channel = call->channel;

        if (channel->free_count < call->count)
                return false;
        for (size_t i = 0; i < call->count; i++) {
                uint16_t index = channel->free_slot[--channel->free_count];
                struct slot *slot = &channel->slot[index];

                call->slot[i] = index;
                slot->waiting = true;
                slot->type = (uint32_t)call->requests[i].type;
                slot->waiter = &call->waiter;
                slot->reply = &call->replies[i];
                slot->result = &call->results[i];
        }
        call->waiter.pending = call->count;
        call->has_slots = true;
        return true;
}

/* The call's slots, or none; without them each result is ERR_IPC_TIMEOUT as it was from the start, or the channel's end. */
static bool take_slots(struct channel_call *call)
{
        struct channel *channel = call->channel;

        while (channel->free_count < call->count && !channel->closed && clock_mono_ms() < call->deadline_ms)
                channel_wait_until(&channel->slot_free, &channel->lock, call->deadline_ms);
        for (size_t i = 0; i < call->count && channel->closed; i++)
                call->results[i] = FAIL(ERR_IPC_LOST);
        return !channel->closed && channel_assign_slots(call);
}

void channel_finish_rest(struct channel_call *call, enum err err)
{
        for (size_t i = 0; i < call->count; i++) {
                const struct slot *slot = &call->channel->slot[call->slot[i]];

                if (slot->waiting && slot->waiter == &call->waiter)
                        slot_finish(call->channel, call->slot[i], FAIL(err));
        }
}

/* ---- the link to one life of the peer ----------------------------------------------------------- */

static void link_release(struct link *link)
{
        link->users--;
        if (link->dead && link->users == 0) {
                close(link->fd);
                free(link);
        }
}

static void wake_all(struct channel *channel)
{
        for (struct waiter *waiter = channel->waiters; waiter; waiter = waiter->next)
                pthread_cond_signal(&waiter->wake);
        pthread_cond_broadcast(&channel->slot_free);
}

static void link_died(struct channel *channel, struct link *link)
{
        if (link->dead)
                return;
        link->dead = true;
        for (size_t i = 0; i < LIMIT_IPC_SLOTS; i++)
                if (channel->slot[i].waiting && channel->slot[i].link == link)
                        slot_finish(channel, i, FAIL(ERR_IPC_LOST));
        channel->link = NULL;
        channel->away_since_ms = clock_mono_ms();
        shutdown(link->fd, SHUT_RDWR); /* wakes who polls it */
        link->users++;
        link_release(link);
}

void channel_replace_fd(struct channel *channel, int fd)
{
        struct link *link = calloc(1, sizeof(*link));

        if (!link)
                abort(); /* out of memory ends the process, the parent starts it again */
        link->fd = fd;
        pthread_mutex_lock(&channel->lock);
        if (channel->link)
                link_died(channel, channel->link);
        if (channel->closed) {
                close(fd);
                free(link);
        } else {
                channel->link = link;
        }
        wake_all(channel);
        pthread_mutex_unlock(&channel->lock);
}

void channel_close(struct channel *channel)
{
        pthread_mutex_lock(&channel->lock);
        channel->closed = true;
        if (channel->link)
                link_died(channel, channel->link);
        wake_all(channel);
        pthread_mutex_unlock(&channel->lock);
}

int64_t channel_away_ms(struct channel *channel)
{
        pthread_mutex_lock(&channel->lock);
        int64_t away = channel->link ? 0 : clock_mono_ms() - channel->away_since_ms;
        pthread_mutex_unlock(&channel->lock);
        return away > 0 || channel->link ? away : 1;
}

/* ---- reading for all ----------------------------------------------------------------------------- */

static size_t aligned_size(size_t n)
{
        return (n + 15) & ~(size_t)15;
}

static res keep_reply(const struct frame *frame, struct channel_reply *reply)
{
        size_t body_room = aligned_size(frame->head.body);
        size_t size = body_room + frame->head.tail + 1; /* never 0, and a text in the tail ends in a NUL */

        ENSURE(frame->head.err < ERR_COUNT, ERR_IPC_FRAME);
        uint8_t *memory = malloc(size);
        ENSURE(memory, ERR_MEMORY);
        memcpy(memory, frame->body, frame->head.body);
        memset(memory + frame->head.body, 0, body_room - frame->head.body);
        memcpy(memory + body_room, frame->tail, frame->head.tail);
        memory[size - 1] = 0;
        *reply = (struct channel_reply){
                .err = (enum err)frame->head.err,
                .body = {memory, frame->head.body},
                .tail = {memory + body_room, frame->head.tail},
                .memory = memory,
                .memory_size = size,
        };
        return RES_OK;
}

static void deliver(struct channel *channel, const struct frame *frame, const struct link *link)
{
        size_t index = frame->head.slot % LIMIT_IPC_SLOTS;
        struct slot *slot = &channel->slot[index];
        bool awaited = slot->waiting && slot_id(slot, index) == frame->head.slot && (!slot->link || slot->link == link);

        if (!awaited)
                return; /* the asker gave up earlier */
        slot_finish(channel, index,
                    slot->type == frame->head.type ? keep_reply(frame, slot->reply) : FAIL(ERR_IPC_FRAME));
}

void channel_read_for_all(struct channel *channel, short events, int wait_ms)
{
        struct link *link = channel->link;
        struct pollfd poll_fd = {.fd = link->fd, .events = events};
        const struct frame *frames = NULL;
        size_t count = 0;
        res got = RES_OK;

        channel->reading = true;
        link->users++;
        pthread_mutex_unlock(&channel->lock);
        if (poll(&poll_fd, 1, wait_ms) > 0 && (poll_fd.revents & ~POLLOUT))
                got = frame_recv(link->fd, channel->reader, /* wait= */ false, &frames, &count);
        pthread_mutex_lock(&channel->lock);
        for (size_t i = 0; res_is_ok(got) && i < count; i++)
                deliver(channel, &frames[i], link);
        frame_reader_wipe(channel->reader);
        if (!res_is_ok(got))
                link_died(channel, link);
        link_release(link);
        channel->reading = false;
}

static void wait_writable(struct channel *channel)
{
        struct link *link = channel->link;
        struct pollfd poll_fd = {.fd = link->fd, .events = POLLOUT};

        link->users++;
        pthread_mutex_unlock(&channel->lock);
        poll(&poll_fd, 1, BLOCKED_SLICE_MS);
        pthread_mutex_lock(&channel->lock);
        link_release(link);
}

/* ---- a call ---------------------------------------------------------------------------------------- */

/* These left by `link`; if it died meanwhile nobody else could know that they are lost. */
static void mark_sent(struct channel_call *call, size_t sent, struct link *link)
{
        for (size_t i = call->sent; i < call->sent + sent; i++) {
                struct slot *slot = &call->channel->slot[call->slot[i]];

                if (!slot->waiting || slot->waiter != &call->waiter)
                        continue; /* answered already */
                if (link->dead)
                        slot_finish(call->channel, call->slot[i], FAIL(ERR_IPC_LOST));
                else
                        slot->link = link;
        }
        call->sent += sent;
}

void channel_send_rest(struct channel_call *call)
{
        struct channel *channel = call->channel;
        struct frame_out out[LIMIT_ISSUE_BATCH];
        struct link *link = channel->link;
        size_t left = call->count - call->sent, sent = 0;

        for (size_t i = 0; i < left; i++) {
                const struct channel_request *request = &call->requests[call->sent + i];
                uint16_t index = call->slot[call->sent + i];

                out[i] = (struct frame_out){.type = (uint32_t)request->type,
                                            .slot = slot_id(&channel->slot[index], index),
                                            .body = request->body,
                                            .tail = request->tail};
        }
        link->users++;
        pthread_mutex_unlock(&channel->lock);
        res sending = frame_send(link->fd, out, left, /* wait= */ false, &sent);
        pthread_mutex_lock(&channel->lock);
        mark_sent(call, sent, link);
        call->blocked = res_is_ok(sending) && sent < left;
        if (!res_is_ok(sending))
                link_died(channel, link);
        link_release(link);
}

/* One step towards the end of the call; the lock is held before and after. */
static void conduct_step(struct channel_call *call)
{
        struct channel *channel = call->channel;
        int64_t left_ms = call->deadline_ms - clock_mono_ms();
        bool unsent = call->sent < call->count;

        if (channel->closed)
                channel_finish_rest(call, ERR_IPC_LOST);
        else if (left_ms <= 0)
                channel_finish_rest(call, ERR_IPC_TIMEOUT);
        else if (channel->link && unsent && !call->blocked)
                channel_send_rest(call);
        else if (channel->link && !channel->reading)
                channel_read_for_all(channel, unsent ? POLLIN | POLLOUT : POLLIN,
                             left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
        else if (channel->link && unsent)
                wait_writable(channel);
        else
                channel_wait_until(&call->waiter.wake, &channel->lock, call->deadline_ms);
}

void channel_waiter_enter(struct channel *channel, struct waiter *waiter)
{
        waiter->previous = NULL;
        waiter->next = channel->waiters;
        if (waiter->next)
                waiter->next->previous = waiter;
        channel->waiters = waiter;
}

void channel_waiter_leave(struct channel *channel, struct waiter *waiter)
{
        if (waiter->next)
                waiter->next->previous = waiter->previous;
        if (waiter->previous)
                waiter->previous->next = waiter->next;
        else
                channel->waiters = waiter->next;
        if (!channel->reading && channel->waiters) /* somebody must read from now on */
                pthread_cond_signal(&channel->waiters->wake);
}

static void conduct(struct channel_call *call)
{
        struct channel *channel = call->channel;

        channel_waiter_enter(channel, &call->waiter);
        while (call->waiter.pending > 0) {
                size_t sent_before = call->sent;
                bool was_blocked = call->blocked;

                conduct_step(call);
                if (was_blocked && call->sent == sent_before)
                        call->blocked = false; /* something was read or a slice passed: try again */
        }
        channel_waiter_leave(channel, &call->waiter);
}

bool channel_requests_fit(const struct channel_request *requests, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (requests[i].body.n > FRAME_BODY_MAX || requests[i].tail.n > FRAME_BODY_MAX - requests[i].body.n)
                        return false;
        return count > 0 && count <= LIMIT_ISSUE_BATCH;
}

void channel_call_init(struct channel_call *call, struct channel *channel, const struct channel_request *requests, size_t count,
                       int timeout_ms, struct channel_reply *replies, res *results)
{
        *call = (struct channel_call){.channel = channel, .requests = requests, .replies = replies, .results = results, .count = count,
                                      .deadline_ms = clock_mono_ms() + timeout_ms};
        for (size_t i = 0; i < count; i++) {
                replies[i] = (struct channel_reply){.err = ERR_NONE};
                results[i] = FAIL(ERR_IPC_TIMEOUT);
        }
}

void channel_refuse_batch(size_t count, struct channel_reply *ret_replies, res *ret_results)
{
        for (size_t i = 0; i < count; i++) {
                ret_replies[i] = (struct channel_reply){.err = ERR_NONE};
                ret_results[i] = FAIL(ERR_IPC_FRAME);
        }
}

void channel_call_batch(struct channel *channel, const struct channel_request *requests, size_t count, int timeout_ms,
                        struct channel_reply *ret_replies, res *ret_results)
{
        struct channel_call call;

        if (!channel_requests_fit(requests, count)) {
                channel_refuse_batch(count, ret_replies, ret_results);
                return;
        }
        channel_call_init(&call, channel, requests, count, timeout_ms, ret_replies, ret_results);
        pthread_cond_init(&call.waiter.wake, &channel->monotonic);
        pthread_mutex_lock(&channel->lock);
        if (take_slots(&call))
                conduct(&call);
        pthread_mutex_unlock(&channel->lock);
        pthread_cond_destroy(&call.waiter.wake);
}
