/*
 * Sets of the members of a segment: bits in memory, in the database a list of 16-bit numbers while it is short.
 */
#include "store/search.h"

#include <endian.h>

#define SET_LIST_MAX 127 /* members of a set that is stored as a list: one more would be as long as the bits */

bool search_set_has(const struct search_set *set, size_t member)
{
        return set->w[member / 64] >> (member % 64) & 1;
}

void search_set_put(struct search_set *set, size_t member, bool in)
{
        uint64_t bit = (uint64_t)1 << (member % 64);

        set->w[member / 64] = in ? set->w[member / 64] | bit : set->w[member / 64] & ~bit;
}

int64_t search_set_count(const struct search_set *set)
{
        int64_t n = 0;

        for (size_t i = 0; i < SEARCH_SEGMENT / 64; i++)
                n += __builtin_popcountll(set->w[i]);
        return n;
}

/* The lowest member in *left, which is taken out; 64 members are looked at at once. */
static size_t set_take_lowest(struct search_set *left, size_t *word)
{
        while (left->w[*word] == 0)
                (*word)++;
        size_t bit = (size_t)__builtin_ctzll(left->w[*word]);
        left->w[*word] &= left->w[*word] - 1;
        return *word * 64 + bit;
}

struct bytes search_set_encode(const struct search_set *set, uint8_t out[SEARCH_SET_BYTES])
{
        struct search_set left = *set;
        size_t count = (size_t)search_set_count(set), word = 0;

        if (count > SET_LIST_MAX) {
                for (size_t i = 0; i < SEARCH_SEGMENT / 64; i++)
                        left.w[i] = htole64(left.w[i]);
                memcpy(out, left.w, SEARCH_SET_BYTES);
                return (struct bytes){out, SEARCH_SET_BYTES};
        }
        for (size_t i = 0; i < count; i++) {
                size_t member = set_take_lowest(&left, &word);
                out[2 * i] = (uint8_t)(member >> 8);
                out[2 * i + 1] = (uint8_t)member;
        }
        return (struct bytes){out, 2 * count};
}

void search_set_decode(struct bytes in, struct search_set *ret_set)
{
        *ret_set = (struct search_set){0};
        if (in.n == SEARCH_SET_BYTES) {
                memcpy(ret_set->w, in.p, SEARCH_SET_BYTES);
                for (size_t i = 0; i < SEARCH_SEGMENT / 64; i++)
                        ret_set->w[i] = le64toh(ret_set->w[i]);
                return;
        }
        for (size_t i = 0; i + 1 < in.n; i += 2)
                search_set_put(ret_set, (size_t)(in.p[i] << 8 | in.p[i + 1]) % SEARCH_SEGMENT, true);
}
