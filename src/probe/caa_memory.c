#include "probe/caa_memory.h"

#include <stdio.h>
#include <string.h>

/*
 * A table of single places by a hash of the name (FNV-1a): who wants another's place overwrites it, which costs a question and no more.
 */

static size_t place_of_name(const char *name)
{
        uint32_t hash = 2166136261u;

        for (; *name; name++)
                hash = (hash ^ (unsigned char)*name) * 16777619u;
        return hash % CAA_MEMORY_NAMES;
}

void caa_memory_keep(struct caa_memory *memory, const char *name, const struct packet_answer *answer, bool covered, int64_t now_ms)
{
        struct caa_remembered *place = &memory->names[place_of_name(name)];

        if (answer->state == PACKET_FOUND || answer->state == PACKET_BOGUS || (covered && !answer->secure))
                return;
        *place = (struct caa_remembered){.until_ms = now_ms + CAA_MEMORY_MS, .state = answer->state, .secure = answer->secure};
        snprintf(place->name, sizeof(place->name), "%s", name);
}

bool caa_memory_find(const struct caa_memory *memory, const char *name, int64_t now_ms, struct packet_answer *ret_answer)
{
        const struct caa_remembered *place = &memory->names[place_of_name(name)];

        if (place->until_ms <= now_ms || strcmp(place->name, name) != 0)
                return false;
        *ret_answer = (struct packet_answer){.state = place->state, .secure = place->secure, .why = ""};
        return true;
}
