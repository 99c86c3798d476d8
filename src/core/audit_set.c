/*
 * Serial numbers in an open table.  They are chance, but a foreign log may hold what it likes, so that all octets are mixed.
 */
#include <stdlib.h>
#include <string.h>

#include "core/audit_inner.h"

#define FIRST_SIZE 1024 /* a power of two, as all later sizes */

static const struct audit_serial empty;

static size_t place_of(const struct audit_set *set, const uint8_t serial[MSG_SERIAL_SIZE])
{
        uint64_t half[2];

        memcpy(half, serial, sizeof half);
        uint64_t hash = (half[0] ^ (half[1] * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu;
        size_t at = (size_t)(hash ^ hash >> 32) & (set->size - 1);

        while (memcmp(&set->places[at], &empty, sizeof empty) != 0 && memcmp(set->places[at].v, serial, MSG_SERIAL_SIZE) != 0)
                at = (at + 1) & (set->size - 1);
        return at;
}

void audit_set_done(struct audit_set *set)
{
        free(set->places);
        *set = (struct audit_set){.places = NULL};
}

static res grow(struct audit_set *set)
{
        size_t size = set->size ? set->size * 2 : FIRST_SIZE;
        struct audit_set larger = {.places = calloc(size, sizeof *larger.places), .size = size, .count = set->count};

        ENSURE(larger.places != NULL, ERR_MEMORY);
        for (size_t i = 0; i < set->size; i++)
                if (memcmp(&set->places[i], &empty, sizeof empty) != 0)
                        larger.places[place_of(&larger, set->places[i].v)] = set->places[i];
        free(set->places);
        *set = larger;
        return RES_OK;
}

res audit_set_add(struct audit_set *set, const uint8_t serial[MSG_SERIAL_SIZE], bool *ret_new)
{
        if (set->count * 4 >= set->size * 3)
                TRY(grow(set));
        struct audit_serial *place = &set->places[place_of(set, serial)];

        *ret_new = memcmp(place, &empty, sizeof empty) == 0;
        memcpy(place->v, serial, MSG_SERIAL_SIZE);
        set->count += *ret_new;
        return RES_OK;
}

const struct audit_serial *audit_set_next(const struct audit_set *set, size_t *at)
{
        while (*at < set->size) {
                const struct audit_serial *place = &set->places[(*at)++];

                if (memcmp(place, &empty, sizeof empty) != 0)
                        return place;
        }
        return NULL;
}

bool audit_set_has(const struct audit_set *set, const uint8_t serial[MSG_SERIAL_SIZE])
{
        return set->size > 0 && memcmp(&set->places[place_of(set, serial)], &empty, sizeof empty) != 0;
}
