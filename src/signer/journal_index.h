/*
 * Where each serial's record lies: a table in memory, and DIR/log/issued.idx, from which it is read back at start
 * without reading the log.  The file is a convenience: whatever in it does not fit is cut off and made anew from the log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/res.h"
#include "ipc/msg.h"

struct journal_index;

#define JOURNAL_INDEX_FRESH \
        4096 /* places that wait to be written: a batch is 128 at most, a full disk lets them pile up */

struct journal_place {
        uint8_t serial[MSG_SERIAL_SIZE];
        uint64_t offset;
        uint32_t size; /* of the whole record */
        uint32_t check;
};

/*
 * Read the file as far as it is whole, its places follow each other without a gap, and lie below log_size.  ERR_IO, ERR_MEMORY.
 */
MUST res journal_index_open(const char *log_dir, uint64_t log_size, struct journal_index **ret_index);
void journal_index_free(struct journal_index *index);
uint64_t journal_index_count(const struct journal_index *index);
/* The nth place in the log's order (of those written to the file). */
MUST res journal_index_at(const struct journal_index *index, uint64_t n, struct journal_place *ret_place);
/* Forget all but the first `count` places, also in the file. */
MUST res journal_index_cut(struct journal_index *index, uint64_t count);
/* Remember in memory; journal_index_write() puts what was added into the file.  ERR_STORE_FULL: too much waits to be written. */
MUST res journal_index_add(struct journal_index *index, const uint8_t serial[MSG_SERIAL_SIZE], uint64_t offset,
                           uint32_t size);
MUST res journal_index_write(struct journal_index *index);
size_t journal_index_waiting(const struct journal_index *index); /* added and not written */
/* Forget the last `count` that were added; they must not have been written. */
void journal_index_undo(struct journal_index *index, size_t count);
/*
 * Offsets that may be the serial's: a tag of 24 bits is compared, the caller looks at the record itself and goes on with
 * the next.  *cursor starts at 0; false: no more.
 */
bool journal_index_find(const struct journal_index *index, const uint8_t serial[MSG_SERIAL_SIZE], uint64_t *cursor,
                        uint64_t *ret_offset);
