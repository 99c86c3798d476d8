#include "probe/packet.h"

#include <arpa/nameser.h>

#include "base/limits.h"
#include "probe/rdata.h"

/*
 * The answer section is searched again for each alias, as the order of its records means nothing; that is at most
 * LIMIT_PROBE_CNAMES times PACKET_RECORDS comparisons.
 */

#define PACKET_RECORDS \
        1024 /* a 64 KB message of the smallest records holds more; nobody proves a name with that many */

static bool same_name(const char *a, const char *b)
{
        return str_equal_nocase(str_of(a), str_of(b));
}

/* The record of `type` owned by `owner` at or after *at in `section`; steps *at past it. */
static bool find(ns_msg *message, ns_sect section, const char *owner, unsigned type, int *at, ns_rr *ret_record)
{
        int count = ns_msg_count(*message, section);
        for (; *at < count && *at < PACKET_RECORDS; (*at)++) {
                if (ns_parserr(message, section, *at, ret_record) != 0)
                        return false;
                if (ns_rr_type(*ret_record) != (ns_type)type || ns_rr_class(*ret_record) != ns_c_in)
                        continue;
                if (owner && !same_name(ns_rr_name(*ret_record), owner))
                        continue;
                (*at)++;
                return true;
        }
        return false;
}

/* An rdata that is a name, as an uncompressed wire name. */
static res copy_name(struct arena *arena, const ns_msg *message, const ns_rr *record, struct bytes *ret_name)
{
        uint8_t wire[NS_MAXCDNAME];
        int used =
                ns_name_unpack(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(*record), wire, sizeof(wire));
        ENSURE(used > 0 && used == ns_rr_rdlen(*record), ERR_FORMAT);
        size_t n = 0;
        while (wire[n] != 0)
                n += 1u + wire[n];
        *ret_name = bytes_of(arena_copy(arena, wire, n + 1), n + 1);
        return RES_OK;
}

static res copy_data(struct arena *arena, const ns_msg *message, const ns_rr *record, struct bytes *ret_data)
{
        if (ns_rr_type(*record) == ns_t_cname)
                return copy_name(arena, message, record, ret_data);
        *ret_data = bytes_of(arena_copy(arena, ns_rr_rdata(*record), ns_rr_rdlen(*record)), ns_rr_rdlen(*record));
        return RES_OK;
}

/* Steps from alias to alias until there is none for *owner. */
static res follow(ns_msg *message, char owner[NS_MAXDNAME], size_t *aliases)
{
        for (;;) {
                ns_rr record;
                int at = 0;
                if (!find(message, ns_s_an, owner, ns_t_cname, &at, &record))
                        return RES_OK;
                ENSURE(++*aliases <= LIMIT_PROBE_CNAMES, ERR_FORMAT);
                ENSURE(ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(record), owner,
                                          NS_MAXDNAME) > 0,
                       ERR_FORMAT);
        }
}

static res collect(struct arena *arena, ns_msg *message, const char *owner, unsigned type, struct packet_answer *answer)
{
        ns_rr record;
        size_t count = 0;
        for (int at = 0; find(message, ns_s_an, owner, type, &at, &record);)
                count++;
        if (type == PACKET_TYPE_DS) { /* whether there is one is all that anybody asks */
                answer->count = count;
                return RES_OK;
        }
        struct bytes *data = arena_array_of(arena, count, struct bytes);
        for (int at = 0; answer->count < count && find(message, ns_s_an, owner, type, &at, &record); answer->count++)
                TRY(copy_data(arena, message, &record, &data[answer->count]));
        answer->data = data;
        return RES_OK;
}

static bool shows_delegation(struct bytes bitmap)
{
        return rdata_bitmap_has(bitmap, PACKET_TYPE_NS) && !rdata_bitmap_has(bitmap, PACKET_TYPE_DS) &&
               !rdata_bitmap_has(bitmap, PACKET_TYPE_SOA);
}

/*
 * The NSEC of the name itself; or the only NSEC3 in the message: a validated "no DS" needs the one that matches
 * the name, so when there is just one it is that (RFC 5155 §8.6), and no hash has to be computed.
 */
static bool is_unsigned_delegation(ns_msg *message, const char *name)
{
        ns_rr record, other;
        struct bytes bitmap = {0};
        int at = 0;
        if (find(message, ns_s_ns, name, ns_t_nsec, &at, &record))
                return res_is_ok(rdata_nsec_bitmap(bytes_of(ns_rr_rdata(record), ns_rr_rdlen(record)), &bitmap)) &&
                       shows_delegation(bitmap);
        at = 0;
        if (!find(message, ns_s_ns, /* owner= */ NULL, ns_t_nsec3, &at, &record) ||
            find(message, ns_s_ns, /* owner= */ NULL, ns_t_nsec3, &at, &other))
                return false;
        return res_is_ok(rdata_nsec3_bitmap(bytes_of(ns_rr_rdata(record), ns_rr_rdlen(record)), &bitmap)) &&
               shows_delegation(bitmap);
}

res packet_read(struct arena *arena, struct bytes packet, const char *name, unsigned type,
                struct packet_answer *ret_answer)
{
        struct packet_answer answer = {.why = ""};
        ns_msg message;
        char owner[NS_MAXDNAME];
        size_t length = strlen(name);

        ENSURE(packet.n <= NS_MAXMSG && ns_initparse(packet.p, (int)packet.n, &message) == 0, ERR_FORMAT);
        ENSURE(length < sizeof(owner), ERR_FORMAT);
        memcpy(owner, name, length + 1);
        int rcode = ns_msg_getflag(message, ns_f_rcode);
        if (rcode != ns_r_noerror && rcode != ns_r_nxdomain) {
                answer.state = PACKET_FAILED;
                *ret_answer = answer;
                return RES_OK;
        }
        if (type != PACKET_TYPE_CNAME)
                TRY(follow(&message, owner, &answer.aliases));
        TRY(collect(arena, &message, owner, type, &answer));
        answer.state = answer.count > 0 ? PACKET_FOUND : rcode == ns_r_nxdomain ? PACKET_NO_NAME : PACKET_NO_DATA;
        if (type == PACKET_TYPE_DS && answer.state == PACKET_NO_DATA)
                answer.unsigned_delegation = is_unsigned_delegation(&message, name);
        *ret_answer = answer;
        return RES_OK;
}

bool packet_name_equal(struct bytes a, struct bytes b)
{
        return a.n > 0 && a.n == b.n &&
               str_equal_nocase((struct str){(const char *)a.p, a.n}, (struct str){(const char *)b.p, b.n});
}

const char *packet_name_text(struct arena *arena, struct bytes name)
{
        char text[NS_MAXDNAME];
        uint8_t wire[NS_MAXCDNAME + 1] = {0};
        if (name.n == 0 || name.n > NS_MAXCDNAME)
                return "";
        memcpy(wire, name.p, name.n); /* the zero after it ends a name that has no end */
        if (ns_name_ntop(wire, text, sizeof(text)) < 0)
                return "";
        return arena_strdup(arena, text);
}
