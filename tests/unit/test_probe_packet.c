/* DNS answers taken apart: broken ones, CNAME chains, proofs of unsigned delegations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "probe/packet.h"

#define ANSWER_OFFSET 6
#define AUTHORITY_OFFSET 8

static void add_name(struct buf *packet, const char *name)
{
        struct str rest = str_of(name);
        while (rest.p && rest.n > 0) {
                struct str label = str_cut(&rest, '.');
                buf_add_byte(packet, (uint8_t)label.n);
                buf_add_str(packet, label);
        }
        buf_add_byte(packet, 0);
}

static void begin(struct buf *packet, unsigned rcode, const char *question)
{
        buf_init(packet, 65535);
        buf_add(packet, (const uint8_t[]){0, 1, 0x81, (uint8_t)rcode, 0, 1, 0, 0, 0, 0, 0, 0}, 12);
        add_name(packet, question);
        buf_add_u16(packet, 16);
        buf_add_u16(packet, 1);
}

static void add_record(struct buf *packet, size_t section, const char *owner, unsigned type, struct bytes rdata)
{
        add_name(packet, owner);
        buf_add_u16(packet, (uint16_t)type);
        buf_add_u16(packet, 1);
        buf_add_u32(packet, 60);
        buf_add_u16(packet, (uint16_t)rdata.n);
        buf_add(packet, rdata.p, rdata.n);
        packet->p[section + 1]++;
}

static void add_alias(struct buf *packet, const char *owner, const char *target)
{
        struct buf name;
        buf_init(&name, 300);
        add_name(&name, target);
        add_record(packet, ANSWER_OFFSET, owner, PACKET_TYPE_CNAME, buf_bytes(&name));
        buf_done(&name);
}

static struct packet_answer read_good(struct arena *arena, struct buf *packet, const char *name, unsigned type)
{
        struct packet_answer answer = {0};
        if (!res_is_ok(packet_read(arena, buf_bytes(packet), name, type, &answer)))
                fail_msg("the packet about %s was not read", name);
        buf_done(packet);
        return answer;
}

static int set_up(void **state)
{
        *state = arena_new(1024 * 1024);
        return *state ? 0 : -1;
}

static int tear_down(void **state)
{
        arena_free(*state);
        return 0;
}

static void test_broken(void **state)
{
        struct buf packet;
        struct packet_answer answer;
        begin(&packet, 0, "a.test");
        add_record(&packet, ANSWER_OFFSET, "a.test", PACKET_TYPE_TXT, bytes_of("\x01x", 2));
        assert_false(res_is_ok(packet_read(*state, bytes_of(NULL, 0), "a.test", PACKET_TYPE_TXT, &answer)));
        for (size_t n = 0; n < packet.n; n++)
                if (res_is_ok(packet_read(*state, bytes_of(packet.p, n), "a.test", PACKET_TYPE_TXT, &answer)))
                        assert_int_equal(answer.count, 0);
        packet.p[packet.n - 3] = 200; /* longer than the packet */
        if (res_is_ok(packet_read(*state, buf_bytes(&packet), "a.test", PACKET_TYPE_TXT, &answer)))
                assert_int_equal(answer.count, 0);
        buf_done(&packet);
}

static void test_states(void **state)
{
        struct buf packet;
        begin(&packet, 0, "a.test");
        assert_int_equal(read_good(*state, &packet, "a.test", PACKET_TYPE_TXT).state, PACKET_NO_DATA);
        begin(&packet, 3, "a.test");
        assert_int_equal(read_good(*state, &packet, "a.test", PACKET_TYPE_TXT).state, PACKET_NO_NAME);
        begin(&packet, 2, "a.test");
        assert_int_equal(read_good(*state, &packet, "a.test", PACKET_TYPE_TXT).state, PACKET_FAILED);
        begin(&packet, 5, "a.test");
        assert_int_equal(read_good(*state, &packet, "a.test", PACKET_TYPE_TXT).state, PACKET_FAILED);
}

static void test_only_the_asked_name_and_type_count(void **state)
{
        struct buf packet;
        begin(&packet, 0, "a.test");
        add_record(&packet, ANSWER_OFFSET, "b.test", PACKET_TYPE_TXT, bytes_of("\x01x", 2));
        add_record(&packet, ANSWER_OFFSET, "a.test", PACKET_TYPE_A, bytes_of("\x01\x01\x01\x01", 4));
        add_record(&packet, AUTHORITY_OFFSET, "a.test", PACKET_TYPE_TXT, bytes_of("\x01x", 2));
        assert_int_equal(read_good(*state, &packet, "a.test", PACKET_TYPE_TXT).state, PACKET_NO_DATA);
}

static void test_found_in_other_case(void **state)
{
        struct buf packet;
        begin(&packet, 0, "a.test");
        add_record(&packet, ANSWER_OFFSET, "A.tEst", PACKET_TYPE_TXT, bytes_of("\x01x", 2));
        add_record(&packet, ANSWER_OFFSET, "a.test", PACKET_TYPE_TXT, bytes_of("\x02yz", 3));
        struct packet_answer answer = read_good(*state, &packet, "a.test", PACKET_TYPE_TXT);
        assert_int_equal(answer.state, PACKET_FOUND);
        assert_int_equal(answer.count, 2);
        assert_memory_equal(answer.data[1].p, "\x02yz", 3);
}

static void test_aliases_in_any_order(void **state)
{
        struct buf packet;
        begin(&packet, 0, "a.test");
        add_record(&packet, ANSWER_OFFSET, "c.test", PACKET_TYPE_TXT, bytes_of("\x01x", 2));
        add_alias(&packet, "b.test", "c.test");
        add_alias(&packet, "a.test", "b.test");
        struct packet_answer answer = read_good(*state, &packet, "a.test", PACKET_TYPE_TXT);
        assert_int_equal(answer.state, PACKET_FOUND);
        assert_int_equal(answer.aliases, 2);
}

static void test_alias_loop(void **state)
{
        struct buf packet;
        struct packet_answer answer;
        begin(&packet, 0, "a.test");
        add_alias(&packet, "a.test", "b.test");
        add_alias(&packet, "b.test", "a.test");
        assert_false(res_is_ok(packet_read(*state, buf_bytes(&packet), "a.test", PACKET_TYPE_TXT, &answer)));
        buf_done(&packet);
}

static void test_too_many_aliases(void **state)
{
        char from[32], to[32];
        for (int count = 10; count <= 11; count++) {
                struct buf packet;
                struct packet_answer answer;
                begin(&packet, 0, "a0.test");
                for (int i = 0; i < count; i++) {
                        snprintf(from, sizeof(from), "a%d.test", i);
                        snprintf(to, sizeof(to), "a%d.test", i + 1);
                        add_alias(&packet, from, to);
                }
                assert_int_equal(
                        res_is_ok(packet_read(*state, buf_bytes(&packet), "a0.test", PACKET_TYPE_TXT, &answer)),
                        count == 10);
                buf_done(&packet);
        }
}

/* What stands behind the first 1,024 records is not looked at: a message is searched again for each alias. */
static void test_too_many_records(void **state)
{
        struct buf packet;

        begin(&packet, 0, "a.test");
        for (int i = 0; i < 1100; i++)
                add_record(&packet, ANSWER_OFFSET, "a.test", PACKET_TYPE_A, bytes_of("\x01\x02\x03\x04", 4));
        packet.p[ANSWER_OFFSET] = 1100 >> 8;
        packet.p[ANSWER_OFFSET + 1] = 1100 & 0xff;
        struct packet_answer answer = read_good(*state, &packet, "a.test", PACKET_TYPE_A);
        assert_int_equal(answer.state, PACKET_FOUND);
        assert_int_equal(answer.count, 1024);
}

static void test_cname_is_not_followed_when_asked_for(void **state)
{
        struct buf packet;
        begin(&packet, 0, "_x.a.test");
        add_alias(&packet, "_x.a.test", "Target.Provider.test");
        struct packet_answer answer = read_good(*state, &packet, "_x.a.test", PACKET_TYPE_CNAME);
        assert_int_equal(answer.state, PACKET_FOUND);
        assert_string_equal(packet_name_text(*state, answer.data[0]), "Target.Provider.test");
        struct buf name;
        buf_init(&name, 100);
        add_name(&name, "target.provider.test");
        assert_true(packet_name_equal(answer.data[0], buf_bytes(&name)));
        buf_clear(&name);
        add_name(&name, "target.provider.tes");
        assert_false(packet_name_equal(answer.data[0], buf_bytes(&name)));
        assert_false(packet_name_equal(bytes_of(NULL, 0), bytes_of(NULL, 0)));
        buf_done(&name);
}

/* "\x01n\x04test\0" and the types NS; NS and DS; NS and SOA */
#define NSEC(map) bytes_of("\x01n\x04test\x00" map, sizeof("\x01n\x04test\x00" map) - 1)
#define MAP_NS "\x00\x01\x20"
#define MAP_NS_DS "\x00\x06\x20\x00\x00\x00\x00\x10"
#define MAP_NS_SOA "\x00\x01\x22"
#define MAP_A "\x00\x01\x40"

static bool delegation_of(struct arena *arena, const char *owner, unsigned type, struct bytes rdata, int copies)
{
        struct buf packet;
        begin(&packet, 0, "a.test");
        for (int i = 0; i < copies; i++)
                add_record(&packet, AUTHORITY_OFFSET, owner, type, rdata);
        return read_good(arena, &packet, "a.test", PACKET_TYPE_DS).unsigned_delegation;
}

static void test_unsigned_delegation(void **state)
{
        struct bytes nsec3 = bytes_of("\x01\x00\x00\x00\x00\x04hash" MAP_NS, 13),
                     nsec3_a = bytes_of("\x01\x00\x00\x00\x00\x04hash" MAP_A, 13);
        assert_true(delegation_of(*state, "a.test", PACKET_TYPE_NSEC, NSEC(MAP_NS), 1));
        assert_false(delegation_of(*state, "a.test", PACKET_TYPE_NSEC, NSEC(MAP_NS_DS), 1));
        assert_false(delegation_of(*state, "a.test", PACKET_TYPE_NSEC, NSEC(MAP_NS_SOA), 1));
        assert_false(delegation_of(*state, "a.test", PACKET_TYPE_NSEC, NSEC(MAP_A), 1));
        assert_false(delegation_of(*state, "b.test", PACKET_TYPE_NSEC, NSEC(MAP_NS), 1));
        assert_true(delegation_of(*state, "0abc.test", PACKET_TYPE_NSEC3, nsec3, 1));
        assert_false(delegation_of(*state, "0abc.test", PACKET_TYPE_NSEC3, nsec3, 2));
        assert_false(delegation_of(*state, "0abc.test", PACKET_TYPE_NSEC3, nsec3_a, 1));
        assert_false(delegation_of(*state, "0abc.test", PACKET_TYPE_NSEC3, bytes_of("\x01", 1), 1));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_broken, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_alias_loop, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_too_many_aliases, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_too_many_records, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_states, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_only_the_asked_name_and_type_count, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_found_in_other_case, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_aliases_in_any_order, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_cname_is_not_followed_when_asked_for, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_unsigned_delegation, set_up, tear_down),
        };
        return cmocka_run_group_tests_name("probe/packet", tests, NULL, NULL);
}
