#include "probe/target.h"

#include "probe/probe.h"

/*
 * A is asked for, and AAAA where that is not enough; what comes is judged by the guard before anybody sees it.
 */

static void add(struct probe *probe, struct target target, size_t *taken)
{
        struct targets *targets = probe->targets;
        target.class = guard_judge(&probe->prober->guard, &target.address);
        if (target.class == GUARD_REFUSED)
                targets->refused++;
        else if (*taken < TARGETS_MAX / 2 && targets->n < TARGETS_MAX) {
                targets->v[targets->n++] = target;
                ++*taken;
        }
}

static void add_all(struct probe *probe, const struct packet_answer *answer, uint8_t size)
{
        size_t taken = 0;
        for (size_t i = 0; i < answer->count; i++) {
                struct target target = {.address = {.size = size}};
                if (answer->data[i].n != size)
                        continue;
                memcpy(target.address.bytes, answer->data[i].p, size);
                add(probe, target, &taken);
        }
}

static void known(struct probe *probe)
{
        const struct targets *targets = probe->targets;
        if (targets->n > 0)
                targets->found(probe);
        else if (targets->refused > 0)
                probe_finish(probe, MSG_VERDICT_REFUSED_ADDRESS,
                             "%s points to addresses that are not public; validation.allow does not hold them.",
                             targets->host);
        else if (targets->broken_dns)
                probe_finish(probe, MSG_VERDICT_UNREACHABLE,
                             "DNS time-out or failure: the name servers gave no usable answer for %s.", targets->host);
        else
                probe_finish(probe, MSG_VERDICT_UNREACHABLE, "%s has no address in DNS.", targets->host);
}

static void ask_v6(struct probe *probe);

static void on_addresses(struct probe *probe, const struct packet_answer *answer, uint8_t size)
{
        struct targets *targets = probe->targets;
        if (answer->state == PACKET_BOGUS) {
                probe_note_dnssec(probe, answer);
                probe_finish(probe, MSG_VERDICT_BOGUS, "The DNSSEC signatures of %s do not validate: %s", targets->host,
                             answer->why);
                return;
        }
        if (answer->state == PACKET_FAILED)
                targets->broken_dns = true;
        else
                probe_note_dnssec(probe, answer);
        add_all(probe, answer, size);
        if (size == 4 && targets->n == 0)
                ask_v6(probe);
        else
                targets->fn(probe);
}

static void on_a(struct probe *probe, const struct packet_answer *answer)
{
        on_addresses(probe, answer, 4);
}

static void on_aaaa(struct probe *probe, const struct packet_answer *answer)
{
        on_addresses(probe, answer, 16);
}

static void ask_v6(struct probe *probe)
{
        probe->targets->asked_v6 = true;
        probe_ask(probe, probe->targets->host, PACKET_TYPE_AAAA, on_aaaa);
}

void targets_more(struct probe *probe, size_t target, targets_fn *fn)
{
        struct targets *targets = probe->targets;

        targets->fn = fn;
        if (target < targets->n || targets->asked_v6)
                fn(probe);
        else
                ask_v6(probe);
}

size_t targets_left(const struct targets *targets, size_t target)
{
        return targets->n - target + (targets->asked_v6 ? 0 : 1);
}

void targets_find(struct probe *probe, const char *host, targets_fn *fn)
{
        struct target literal = {0};
        size_t taken = 0;
        *probe->targets = (struct targets){.host = host, .found = fn, .fn = known};
        if (res_is_ok(guard_address_parse(str_of(host), &literal.address))) {
                probe->targets->asked_v6 = true;
                add(probe, literal, &taken);
                known(probe);
                return;
        }
        probe_ask(probe, host, PACKET_TYPE_A, on_a);
}
