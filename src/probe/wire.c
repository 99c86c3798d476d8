#include "probe/wire.h"

/*
 * The tail is cut front to back; what is over at the end, or missing, makes the whole message bad.
 */

static struct str cut(struct bytes *rest, uint32_t n, bool *ok)
{
        struct str part = {(const char *)rest->p, n};
        if (!*ok || n > rest->n) {
                *ok = false;
                return (struct str){0};
        }
        *rest = bytes_of(rest->p + n, rest->n - n);
        return part;
}

res wire_read_question(struct bytes body, struct bytes tail, struct probe_question *ret_question)
{
        struct msg_probe in;
        struct bytes rest = tail;
        bool ok = true;
        ENSURE(body.n == sizeof(in), ERR_IPC_FRAME);
        memcpy(&in, body.p, sizeof(in));
        struct probe_question question = {.time_ms = in.time_ms};
        question.name = cut(&rest, in.name_len, &ok);
        question.expected = cut(&rest, in.expected_len, &ok);
        question.account_uri = cut(&rest, in.account_uri_len, &ok);
        question.method = cut(&rest, in.method_len, &ok);
        ENSURE(ok && rest.n == 0, ERR_IPC_FRAME);
        ENSURE(in.kind < MSG_PROBE_KIND_COUNT, ERR_PARAM_VALUE);
        question.kind = (enum msg_probe_kind)in.kind;
        *ret_question = question;
        return RES_OK;
}

void wire_write_result(const struct probe_result *result, struct buf *body, struct buf *tail)
{
        struct msg_probe_reply out = {
                .verdict = result->verdict,
                .dnssec = result->dnssec,
                .http_status = result->http_status,
                .detail_len = (uint32_t)strlen(result->detail),
                .value_count = (uint32_t)result->value_count,
        };
        memcpy(out.address, result->address, sizeof(out.address));
        buf_add_text(tail, result->detail);
        for (size_t i = 0; i < result->value_count; i++) {
                buf_add_byte(tail, (uint8_t)result->values[i].n); /* at most LIMIT_PROBE_VALUE_BYTES */
                buf_add_str(tail, result->values[i]);
                out.values_len += 1 + (uint32_t)result->values[i].n;
        }
        buf_add(body, &out, sizeof(out));
}
