/*
 * MSG_PROBE between bytes and structs (ipc/msg.h).  The asker is checked as if it were broken into: every length,
 * every text.  Pure.
 */
#pragma once

#include "base/buf.h"
#include "probe/probe.h"

/* The question borrows from the tail.  ERR_IPC_FRAME: lengths that do not fit; ERR_PARAM_VALUE: no such kind. */
MUST res wire_read_question(struct bytes body, struct bytes tail, struct probe_question *ret_question);
/* Appends struct msg_probe_reply to body and its parts to tail. */
void wire_write_result(const struct probe_result *result, struct buf *body, struct buf *tail);
