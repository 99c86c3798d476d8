/* One question at a time, for those who need no more of a channel than its answer. */
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "ipc/channel.h"

MUST res channel_call(struct channel *channel, enum msg_type type, const void *body, size_t body_len, const void *tail,
                      size_t tail_len, int timeout_ms, struct channel_reply *ret_reply)
{
        struct channel_request request = {type, bytes_of(body, body_len), bytes_of(tail, tail_len)};
        res result;

        channel_call_batch(channel, &request, 1, timeout_ms, ret_reply, &result);
        return result;
}

MUST res channel_ask(struct channel *channel, const struct channel_request *request, int timeout_ms, size_t body_size,
                     struct channel_reply *ret_reply, char *why)
{
        res result;

        if (why)
                *why = 0;
        channel_call_batch(channel, request, 1, timeout_ms, ret_reply, &result);
        if (res_is_ok(result) && ret_reply->err == ERR_NONE && ret_reply->body.n != body_size)
                result = FAIL(ERR_IPC_FRAME);
        if (res_is_ok(result) && ret_reply->err != ERR_NONE) {
                if (why)
                        snprintf(why, LIMIT_ERR_DETAIL + 1, "%s", (const char *)ret_reply->tail.p);
                result = FAIL(ret_reply->err);
        }
        if (!res_is_ok(result))
                channel_reply_done(ret_reply);
        return result;
}

void channel_reply_done(struct channel_reply *reply)
{
        if (reply->memory) {
                secret_wipe(reply->memory, reply->memory_size);
                free(reply->memory);
        }
        *reply = (struct channel_reply){.err = ERR_NONE};
}
