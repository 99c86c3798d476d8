/*
 * An open hash table of 8 bytes a slot: 40 bits of offset and 24 of the serial.  A million certificates take 16 MB, and
 * are read back in some tens of milliseconds.  Serials are random, so their own bytes are the hash.  Growing reads the
 * serials from the file again.
 */
#include "signer/journal_index.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define SLOTS_FIRST 1024
#define CUT_FEW 16
#define SLOT_EMPTY 0u
#define SLOT_GONE 1u
#define OFFSET_MAX ((1ull << 40) - 3)

struct journal_index {
        int fd;
        uint64_t written; /* places in the file */
        uint64_t *slot;
        uint64_t slot_count, used; /* a power of two; used counts GONE too */
        struct journal_place fresh[JOURNAL_INDEX_FRESH];
        size_t fresh_count;
};

static uint32_t check_of(const struct journal_place *place)
{
        const uint8_t *p = (const uint8_t *)place;
        uint32_t hash = 2166136261u; /* FNV-1a: against blocks that a power cut left old or zero, not against people */

        for (size_t i = 0; i < offsetof(struct journal_place, check); i++)
                hash = (hash ^ p[i]) * 16777619u;
        return hash;
}

static uint64_t start_of(const struct journal_index *index, const uint8_t *serial)
{
        uint64_t hash;

        memcpy(&hash, serial + 8, sizeof(hash));
        return hash & (index->slot_count - 1);
}

static uint64_t tag_of(const uint8_t *serial)
{
        return (uint64_t)serial[5] << 16 | (uint64_t)serial[6] << 8 | serial[7];
}

static uint64_t slot_value(const uint8_t *serial, uint64_t offset)
{
        return (offset + 2) << 24 | tag_of(serial);
}

static void table_put(struct journal_index *index, const uint8_t *serial, uint64_t offset)
{
        uint64_t at = start_of(index, serial);

        while (index->slot[at] > SLOT_GONE)
                at = (at + 1) & (index->slot_count - 1);
        index->used += index->slot[at] == SLOT_EMPTY;
        index->slot[at] = slot_value(serial, offset);
}

static void table_remove(struct journal_index *index, const uint8_t *serial, uint64_t offset)
{
        uint64_t at = start_of(index, serial);

        while (index->slot[at] != slot_value(serial, offset))
                at = (at + 1) & (index->slot_count - 1);
        index->slot[at] = SLOT_GONE;
}

/* The first `count` places of the file, to be unmapped with map_done(). */
static res map_places(const struct journal_index *index, uint64_t count, const struct journal_place **ret_places)
{
        *ret_places = NULL;
        if (count == 0)
                return RES_OK;
        void *map =
                mmap(NULL, count * sizeof(struct journal_place), PROT_READ, MAP_PRIVATE | MAP_POPULATE, index->fd, 0);
        ENSURE(map != MAP_FAILED, ERR_IO);
        *ret_places = map;
        return RES_OK;
}

static void map_done(const struct journal_place *places, uint64_t count)
{
        if (places)
                munmap((void *)(uintptr_t)places, count * sizeof(*places));
}

static res table_build(struct journal_index *index, uint64_t room_for)
{
        const struct journal_place *places;
        uint64_t slot_count = SLOTS_FIRST;

        while (slot_count / 4 * 3 < room_for)
                slot_count *= 2;
        TRY(map_places(index, index->written, &places));
        free(index->slot);
        index->slot = calloc(slot_count, sizeof(*index->slot));
        ENSURE(index->slot, ERR_MEMORY);
        index->slot_count = slot_count;
        index->used = 0;
        for (uint64_t i = 0; i < index->written; i++)
                table_put(index, places[i].serial, places[i].offset);
        for (size_t i = 0; i < index->fresh_count; i++)
                table_put(index, index->fresh[i].serial, index->fresh[i].offset);
        map_done(places, index->written);
        return RES_OK;
}

static uint64_t count_good(const struct journal_place *places, uint64_t count, uint64_t log_size)
{
        uint64_t end = 0, good = 0;

        for (; good < count; good++) {
                const struct journal_place *place = &places[good];
                if (place->check != check_of(place) || place->offset != end || place->size == 0 ||
                    place->size > log_size - end)
                        break;
                end += place->size;
        }
        return good;
}

static res open_file(struct journal_index *index, const char *log_dir, uint64_t log_size)
{
        char path[PATH_MAX];
        struct stat info;
        const struct journal_place *places;

        snprintf(path, sizeof(path), "%s/issued.idx", log_dir);
        index->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        ENSURE(index->fd >= 0 && fstat(index->fd, &info) == 0, ERR_IO);
        uint64_t count = (uint64_t)info.st_size / sizeof(struct journal_place);
        TRY(map_places(index, count, &places));
        uint64_t good = count_good(places, count, log_size);
        map_done(places, count);
        index->written = good;
        ENSURE(ftruncate(index->fd, (off_t)(good * sizeof(struct journal_place))) == 0, ERR_IO);
        return table_build(index, good + good / 4 + 256);
}

static void index_done(struct journal_index **index)
{
        journal_index_free(*index);
}

MUST res journal_index_open(const char *log_dir, uint64_t log_size, struct journal_index **ret_index)
{
        CLEAN(index_done) struct journal_index *index = calloc(1, sizeof(*index));

        ENSURE(index, ERR_MEMORY);
        index->fd = -1;
        TRY(open_file(index, log_dir, log_size));
        *ret_index = index;
        index = NULL;
        return RES_OK;
}

void journal_index_free(struct journal_index *index)
{
        if (!index)
                return;
        fd_close(&index->fd);
        free(index->slot);
        free(index);
}

uint64_t journal_index_count(const struct journal_index *index)
{
        return index->written + index->fresh_count;
}

MUST res journal_index_at(const struct journal_index *index, uint64_t n, struct journal_place *ret_place)
{
        ENSURE(n < index->written, ERR_NOT_FOUND);
        ENSURE(pread(index->fd, ret_place, sizeof(*ret_place), (off_t)(n * sizeof(*ret_place))) ==
                       (ssize_t)sizeof(*ret_place),
               ERR_IO);
        return RES_OK;
}

/* The last few are taken out one by one: at each start it is one, and building the table of a million takes 0.1 s. */
static res cut_few(struct journal_index *index, uint64_t count)
{
        struct journal_place place;

        while (index->written > count) {
                TRY(journal_index_at(index, index->written - 1, &place));
                table_remove(index, place.serial, place.offset);
                index->written--;
        }
        ENSURE(ftruncate(index->fd, (off_t)(count * sizeof(struct journal_place))) == 0, ERR_IO);
        return RES_OK;
}

MUST res journal_index_cut(struct journal_index *index, uint64_t count)
{
        ENSURE(count <= index->written, ERR_NOT_FOUND);
        if (index->fresh_count == 0 && index->written - count <= CUT_FEW)
                return cut_few(index, count);
        ENSURE(ftruncate(index->fd, (off_t)(count * sizeof(struct journal_place))) == 0, ERR_IO);
        index->written = count;
        index->fresh_count = 0;
        return table_build(index, count + count / 4 + 256);
}

MUST res journal_index_add(struct journal_index *index, const uint8_t serial[MSG_SERIAL_SIZE], uint64_t offset,
                           uint32_t size)
{
        struct journal_place place = {.offset = offset, .size = size};

        ENSURE(offset <= OFFSET_MAX, ERR_TOO_LARGE);
        if (index->used + 1 > index->slot_count / 4 * 3)
                TRY(table_build(index, (index->written + index->fresh_count + 1) * 2));
        ENSURE(index->fresh_count < JOURNAL_INDEX_FRESH, ERR_STORE_FULL);
        memcpy(place.serial, serial, MSG_SERIAL_SIZE);
        place.check = check_of(&place);
        index->fresh[index->fresh_count++] = place;
        table_put(index, serial, offset);
        return RES_OK;
}

MUST res journal_index_write(struct journal_index *index)
{
        size_t bytes = index->fresh_count * sizeof(struct journal_place);
        ssize_t n =
                bytes ? pwrite(index->fd, index->fresh, bytes, (off_t)(index->written * sizeof(struct journal_place)))
                      : 0;

        ENSURE(n == (ssize_t)bytes, ERR_STORE_FULL);
        index->written += index->fresh_count;
        index->fresh_count = 0;
        return RES_OK;
}

size_t journal_index_waiting(const struct journal_index *index)
{
        return index->fresh_count;
}

void journal_index_undo(struct journal_index *index, size_t count)
{
        for (; count > 0; count--) {
                const struct journal_place *place = &index->fresh[--index->fresh_count];
                table_remove(index, place->serial, place->offset);
        }
}

bool journal_index_find(const struct journal_index *index, const uint8_t serial[MSG_SERIAL_SIZE], uint64_t *cursor,
                        uint64_t *ret_offset)
{
        uint64_t start = start_of(index, serial);

        for (uint64_t step = *cursor; step < index->slot_count; step++) {
                uint64_t value = index->slot[(start + step) & (index->slot_count - 1)];
                if (value == SLOT_EMPTY)
                        return false;
                if (value != SLOT_GONE && (value & 0xffffff) == tag_of(serial)) {
                        *cursor = step + 1;
                        *ret_offset = (value >> 24) - 2;
                        return true;
                }
        }
        return false;
}
