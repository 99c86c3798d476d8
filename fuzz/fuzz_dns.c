/*
 * DNS answers as a hostile name server could send them: the packet with its CNAMEs, and the data of TXT, CAA, NSEC
 * and NSEC3 records.  The first byte chooses what the rest is; a seed that begins with "hex:" is decoded first.
 */
#include <stdint.h>
#include <stdlib.h>

#include "hex_seed.h"
#include "probe/caa.h"
#include "probe/packet.h"
#include "probe/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned types[] = {PACKET_TYPE_A,    PACKET_TYPE_CNAME, PACKET_TYPE_TXT,
                                 PACKET_TYPE_AAAA, PACKET_TYPE_DS,    PACKET_TYPE_CAA};

static void drive_packet(struct arena *arena, struct bytes in, unsigned type)
{
        struct packet_answer answer;
        if (!res_is_ok(packet_read(arena, in, "_dnsauth.a.test", type, &answer)))
                return;
        for (size_t i = 0; i < answer.count && type != PACKET_TYPE_DS; i++) {
                (void)packet_name_text(arena, answer.data[i]);
                if (answer.data[i].n > in.n + 255 || !packet_name_equal(answer.data[i], answer.data[i]))
                        if (answer.data[i].n > 0)
                                abort();
        }
}

static void drive_txt(struct bytes in)
{
        struct buf out;
        buf_init(&out, 65536);
        if (res_is_ok(rdata_txt(in, &out)) && out.n >= in.n)
                abort();
        buf_done(&out);
}

/* What names nobody must never permit, whatever else is in it. */
static void drive_caa(struct arena *arena, struct bytes in)
{
        const char *why = NULL;
        struct caa_question question = {
                .identities = STR("sectigo.com"), .account_uri = STR("u"), .method = STR("dns-01")};
        struct rdata_caa caa;
        enum caa_judgement judgement = caa_judge(arena, &in, 1, &question, &why);
        if (!res_is_ok(rdata_caa(in, &caa))) {
                if (judgement != CAA_FORBIDS)
                        abort();
                return;
        }
        struct rdata_caa_issue issue;
        bool read = res_is_ok(rdata_caa_issue(caa.value, &issue));
        if (read && (issue.issuer.n > caa.value.n || issue.account_uri.n > caa.value.n))
                abort();
        if (str_equal_nocase(caa.tag, STR("issue")) && judgement == CAA_PERMITS &&
            (!read || !str_equal_nocase(issue.issuer, STR("sectigo.com"))))
                abort();
}

static void drive_bitmaps(struct bytes in)
{
        struct bytes map;
        if (res_is_ok(rdata_nsec_bitmap(in, &map)))
                (void)rdata_bitmap_has(map, PACKET_TYPE_CAA);
        if (res_is_ok(rdata_nsec3_bitmap(in, &map)))
                (void)rdata_bitmap_has(map, PACKET_TYPE_NS);
        (void)rdata_bitmap_has(in, PACKET_TYPE_DS);
}

static void drive(struct bytes in)
{
        if (in.n == 0)
                return;
        struct arena *arena = arena_new(4 * 1024 * 1024);
        struct bytes rest = {in.p + 1, in.n - 1};
        switch (in.p[0] % 4) {
        case 0:
                drive_packet(arena, rest, types[in.p[0] / 4 % (sizeof(types) / sizeof(types[0]))]);
                break;
        case 1:
                drive_txt(rest);
                break;
        case 2:
                drive_caa(arena, rest);
                break;
        default:
                drive_bitmaps(rest);
                break;
        }
        arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct bytes in = hex_seed(data, size);

        if (in.p)
                drive(in);
        return 0;
}
