#include "probe/rdata.h"
#include "probe/probe.h"

#include <arpa/nameser.h>

/*
 * Validation by a DNS record: TXT, whose value must be one whole record (its strings joined), and CNAME, whose
 * target must be the expected name.  Nothing else passes: no prefix, no part, no other case in TXT (DCV-07, DCV-08,
 * DIAG-02, DIAG-03).
 */

static const char *type_name(const struct probe *probe)
{
        return probe->question.kind == MSG_PROBE_TXT ? "TXT" : "CNAME";
}

static const char *signed_text(const struct probe *probe)
{
        return probe->result.dnssec == MSG_DNSSEC_SECURE ? " (signed, DNSSEC validated)" : "";
}

static bool txt_matches(struct probe *probe, struct bytes rdata)
{
        CLEAN(buf_done) struct buf text = {0};
        buf_init(&text, LIMIT_PROBE_BODY);
        if (!res_is_ok(rdata_txt(rdata, &text)))
                return false;
        probe_add_value(probe, buf_str(&text));
        return str_equal(buf_str(&text), probe->question.expected);
}

static bool cname_matches(struct probe *probe, struct bytes rdata)
{
        uint8_t wire[NS_MAXCDNAME];
        struct str expected = probe->question.expected;
        probe_add_value(probe, str_of(packet_name_text(probe->arena, rdata)));
        if (ns_name_pton(arena_strndup(probe->arena, expected.p, expected.n), wire, sizeof(wire)) < 0)
                return false;
        size_t n = 0;
        while (wire[n] != 0)
                n += 1u + wire[n];
        return packet_name_equal(rdata, bytes_of(wire, n + 1));
}

static void on_answer(struct probe *probe, const struct packet_answer *answer);

static void compare(struct probe *probe, const struct packet_answer *answer)
{
        bool found = false;
        bool txt = probe->question.kind == MSG_PROBE_TXT;
        for (size_t i = 0; i < answer->count; i++)
                found |= txt ? txt_matches(probe, answer->data[i]) : cname_matches(probe, answer->data[i]);
        if (!found && !probe->asked_again) { /* what is remembered may be the value before a change: look past it */
                probe->asked_again = true;
                probe->result.value_count = 0;
                probe_ask_fresh(probe, probe->name, txt ? PACKET_TYPE_TXT : PACKET_TYPE_CNAME, on_answer);
                return;
        }
        if (found)
                probe_finish(probe, MSG_VERDICT_PASS, "The %s record at %s has the right value%s.", type_name(probe),
                             probe->name, signed_text(probe));
        else
                probe_finish(probe, MSG_VERDICT_DIFFERENT,
                             "There %s %zu %s record%s at %s, but none with the right value.",
                             answer->count == 1 ? "is" : "are", answer->count, type_name(probe),
                             answer->count == 1 ? "" : "s", probe->name);
}

static void on_answer(struct probe *probe, const struct packet_answer *answer)
{
        probe_note_dnssec(probe, answer);
        switch (answer->state) {
        case PACKET_FOUND:
                compare(probe, answer);
                return;
        case PACKET_NO_DATA:
                probe_finish(probe, MSG_VERDICT_ABSENT, "%s has no %s record.", probe->name, type_name(probe));
                return;
        case PACKET_NO_NAME:
                probe_finish(probe, MSG_VERDICT_ABSENT, "%s does not exist in DNS, so it has no %s record.",
                             probe->name, type_name(probe));
                return;
        case PACKET_BOGUS:
                probe_finish(probe, MSG_VERDICT_BOGUS, "The DNSSEC signatures of %s do not validate: %s", probe->name,
                             answer->why);
                return;
        case PACKET_FAILED:
                probe_finish(probe, MSG_VERDICT_UNREACHABLE,
                             "DNS time-out or failure: the name servers gave no usable answer for %s.", probe->name);
                return;
        }
}

void dns_start(struct probe *probe)
{
        unsigned type = probe->question.kind == MSG_PROBE_TXT ? PACKET_TYPE_TXT : PACKET_TYPE_CNAME;
        probe_ask(probe, probe->name, type, on_answer);
}
