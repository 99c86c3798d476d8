/*
 * One line an event, `key=value`, to stderr (the parent's stderr is the service's log).
 *   2026-11-21T03:20:11.123Z server info event=request action=DescribeCertificate rid=… ms=0.4
 * Values from outside go through %s of LOGQ(): quoted and cut.  base, pki, store and probe never log.
 */
#pragma once

#include "base/str.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

void log_init(const char *program, enum log_level level);
void log_line(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A foreign value made safe for a line: quoted, control bytes escaped, cut at LIMIT_LOG_VALUE. Text lives in a small per-thread ring. */
const char *log_quote(struct str value);
