#include "probe/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

/*
 * Two tables of prefixes, each with the reason it is refused, and a short function that first unwraps
 * an embedded IPv4 address.  For IPv6 the rule is turned round: only 2000::/3 can be public at all.
 */

struct prefix {
        uint8_t bytes[16];
        uint8_t bits;
};

static const struct prefix refused_v4[] = {
        {{0}, 8},                 /* this network, RFC 791 */
        {{10}, 8},                /* private, RFC 1918 */
        {{100, 64}, 10},          /* shared, RFC 6598; clouds keep metadata there too */
        {{127}, 8},               /* loopback */
        {{169, 254}, 16},         /* link-local; metadata services */
        {{168, 63, 129, 16}, 32}, /* Azure's wire server, a public address only from outside */
        {{172, 16}, 12},          /* private */
        {{192, 0, 0}, 24},        /* protocol assignments, RFC 6890 */
        {{192, 0, 2}, 24},        /* documentation, RFC 5737 */
        {{192, 88, 99}, 24},      /* 6to4 relays, RFC 7526 */
        {{192, 168}, 16},         /* private */
        {{198, 18}, 15},          /* benchmarks, RFC 2544 */
        {{198, 51, 100}, 24},     /* documentation */
        {{203, 0, 113}, 24},      /* documentation */
        {{224}, 3},               /* multicast, reserved, broadcast */
};

static const struct prefix refused_v6[] = {
        {{0x20, 0x01}, 23},             /* protocol assignments: Teredo, ORCHID …, RFC 2928 */
        {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation, RFC 3849 */
        {{0x3f, 0xff}, 20},             /* documentation, RFC 9637 */
};
static const struct prefix global_v6 = {{0x20}, 3};

static const struct {
        struct prefix prefix;
        uint8_t offset; /* where the IPv4 address stands */
} embeds[] = {
        {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, 12}, /* v4-mapped, RFC 4291 §2.5.5.2 */
        {{{0, 0x64, 0xff, 0x9b}, 96}, 12},                      /* NAT64, RFC 6052 */
        {{{0x20, 0x02}, 16}, 2},                                /* 6to4 */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool holds(const uint8_t *prefix, uint8_t bits, const uint8_t *address)
{
        size_t whole = bits / 8;
        if (memcmp(prefix, address, whole) != 0)
                return false;
        if (bits % 8 == 0)
                return true;
        uint8_t mask = (uint8_t)(0xff << (8 - bits % 8));
        return ((prefix[whole] ^ address[whole]) & mask) == 0;
}

static bool any_holds(const struct prefix *table, size_t count, const uint8_t *address)
{
        for (size_t i = 0; i < count; i++)
                if (holds(table[i].bytes, table[i].bits, address))
                        return true;
        return false;
}

static struct guard_address unwrapped(const struct guard_address *address)
{
        struct guard_address inner = {.size = 4};
        if (address->size != 16)
                return *address;
        for (size_t i = 0; i < COUNT(embeds); i++) {
                if (!holds(embeds[i].prefix.bytes, embeds[i].prefix.bits, address->bytes))
                        continue;
                memcpy(inner.bytes, address->bytes + embeds[i].offset, 4);
                return inner;
        }
        return *address;
}

static bool is_public(const struct guard_address *address)
{
        if (address->size == 4)
                return !any_holds(refused_v4, COUNT(refused_v4), address->bytes);
        return holds(global_v6.bytes, global_v6.bits, address->bytes) &&
               !any_holds(refused_v6, COUNT(refused_v6), address->bytes);
}

enum guard_class guard_judge(const struct guard *guard, const struct guard_address *address)
{
        struct guard_address inner = unwrapped(address);
        if (is_public(&inner))
                return GUARD_PUBLIC;
        for (size_t i = 0; i < guard->allowed_count; i++) {
                const struct guard_range *range = &guard->allowed[i];
                if (range->network.size == inner.size && holds(range->network.bytes, range->bits, inner.bytes))
                        return GUARD_ALLOWED;
        }
        return GUARD_REFUSED;
}

bool guard_ranges_overlap(const struct guard_range *a, const struct guard_range *b)
{
        uint8_t bits = a->bits < b->bits ? a->bits : b->bits;
        return a->network.size == b->network.size && holds(a->network.bytes, bits, b->network.bytes);
}

/* IPv6 outside of 2000::/3, as ranges: 0000::/3, 4000::/2, 8000::/1. */
static const struct prefix not_global_v6[] = {{{0}, 3}, {{0x40}, 2}, {{0x80}, 1}};

bool guard_refused_at(size_t i, struct guard_range *ret_range)
{
        const struct prefix *prefix = NULL;
        size_t v6 = i - COUNT(refused_v4);
        if (i < COUNT(refused_v4))
                prefix = &refused_v4[i];
        else if (v6 < COUNT(refused_v6))
                prefix = &refused_v6[v6];
        else if (v6 - COUNT(refused_v6) < COUNT(not_global_v6))
                prefix = &not_global_v6[v6 - COUNT(refused_v6)];
        if (!prefix)
                return false;
        *ret_range = (struct guard_range){.network = {.size = i < COUNT(refused_v4) ? 4 : 16}, .bits = prefix->bits};
        memcpy(ret_range->network.bytes, prefix->bytes, sizeof(prefix->bytes));
        return true;
}

res guard_address_parse(struct str text, struct guard_address *ret_address)
{
        struct guard_address address = {0};

        address.size = (uint8_t)address_parse(text, address.bytes);
        ENSURE(address.size != 0, ERR_FORMAT);
        *ret_address = address;
        return RES_OK;
}

void guard_address_text(const struct guard_address *address, char out[GUARD_TEXT_SIZE])
{
        address_text(address->bytes, address->size, out);
}

res guard_range_parse(struct str text, struct guard_range *ret_range)
{
        struct guard_range range = {0};
        struct str rest = text;
        struct str address = str_cut(&rest, '/');
        int64_t bits = 0;
        TRY(guard_address_parse(address, &range.network));
        bits = range.network.size * 8;
        if (rest.p)
                TRY(str_to_int64(rest, &bits));
        ENSURE(bits >= 0 && bits <= range.network.size * 8, ERR_FORMAT);
        range.bits = (uint8_t)bits;
        *ret_range = range;
        return RES_OK;
}

res guard_init(struct guard *guard, char *const *cidrs, size_t count)
{
        struct guard made = {.allowed = calloc(count + 1, sizeof(*made.allowed))};
        ENSURE(made.allowed, ERR_MEMORY);
        for (size_t i = 0; i < count; i++) {
                res r = guard_range_parse(str_of(cidrs[i]), &made.allowed[i]);
                if (!res_is_ok(r)) {
                        guard_done(&made);
                        return r;
                }
                made.allowed_count++;
        }
        *guard = made;
        return RES_OK;
}

void guard_done(struct guard *guard)
{
        free(guard->allowed);
        *guard = (struct guard){0};
}

socklen_t guard_socket_address(const struct guard_address *address, uint16_t port, struct sockaddr_storage *out)
{
        *out = (struct sockaddr_storage){0};
        if (address->size == 4) {
                struct sockaddr_in *in = (struct sockaddr_in *)out;
                *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
                memcpy(&in->sin_addr, address->bytes, 4);
                return sizeof(*in);
        }
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
        *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        memcpy(&in6->sin6_addr, address->bytes, 16);
        return sizeof(*in6);
}
