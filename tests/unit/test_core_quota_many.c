/* Free allowance when much happens at once or in any order: QTA, SIL-13, SIL-14, SIL-45. */
#include "quota_fixture.h"

/* ---- many at once ---- */

#define THREADS 8

struct racer {
        struct fixture *f;
        int64_t account;
        int number, tries;
        bool one_domain;
        int won, refused, refused_domain, other;
};

static void *race(void *arg)
{
        struct racer *r = arg;

        for (int i = 0; i < r->tries; i++) {
                char id[24], domain[32];
                (void)snprintf(id, sizeof id, "r%d-%lld-%d", r->number, (long long)r->account, i);
                (void)snprintf(domain, sizeof domain, r->one_domain ? "race.com" : "r%d-%d.com", r->number, i);
                enum err e = step(r->f, r->account, NOW, RESERVE, id, domain, 0);
                r->won += e == ERR_NONE;
                r->refused += e == ERR_QUOTA;
                r->refused_domain += e == ERR_QUOTA_DOMAIN;
                r->other += e != ERR_NONE && e != ERR_QUOTA && e != ERR_QUOTA_DOMAIN;
        }
        return NULL;
}

static struct racer run_race(struct racer *racers)
{
        pthread_t threads[THREADS];
        struct racer sum = {0};

        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        for (int i = 0; i < THREADS; i++) {
                pthread_join(threads[i], NULL);
                sum.won += racers[i].won;
                sum.refused += racers[i].refused;
                sum.refused_domain += racers[i].refused_domain;
                sum.other += racers[i].other;
        }
        return sum;
}

static void test_race_for_an_account(void **state) /* QTA-09, exact under concurrency */
{
        struct fixture *f = *state;
        int64_t account = new_account(f, "individual", "standard", false, 3, NULL);
        struct racer racers[THREADS], sum;

        for (int i = 0; i < THREADS; i++)
                racers[i] = (struct racer){.f = f, .account = account, .number = i, .tries = 6};
        sum = run_race(racers);
        assert_int_equal(sum.won, 23);
        assert_int_equal(sum.refused, THREADS * 6 - 23);
        assert_int_equal(sum.other, 0);
        assert_used(f, account, NOW, 0, 20, 3);
}

static void test_race_for_a_domain(void **state) /* QTA-02, QTA-04 */
{
        struct fixture *f = *state;
        struct racer racers[THREADS], sum;

        for (int i = 0; i < THREADS; i++)
                racers[i] = (struct racer){.f = f,
                                           .account = new_account(f, "individual", "v2", false, 0, NULL),
                                           .number = i,
                                           .tries = 6,
                                           .one_domain = true};
        sum = run_race(racers);
        assert_int_equal(sum.won, 20);
        assert_int_equal(sum.refused_domain, THREADS * 6 - 20);
        assert_int_equal(sum.other, 0);
}

/* ---- any order of acts ---- */

/*
 * A model that knows nothing of rows: a list of slots and the words of the rules.  Whatever is done in whatever
 * order, the store must answer as the model does.
 */
#define ACCOUNTS 4
#define DOMAINS 3
#define SLOTS 2000

struct model_slot {
        int account, domain;
        char counter; /* h, a, p; 0 = the account has it back */
        bool counts;  /* the domain has not got it back */
        bool issued;
        int64_t end_at;
};

struct model {
        int64_t account_ids[ACCOUNTS];
        int64_t home_limit[ACCOUNTS], any_limit[ACCOUNTS], packages[ACCOUNTS];
        const char *domains[DOMAINS];
        struct model_slot slots[SLOTS];
        int slot_count;
        int64_t now;
        uint64_t random;
};

static int model_random(struct model *m, int below)
{
        m->random = m->random * 6364136223846793005u + 1442695040888963407u;
        return (int)((m->random >> 33) % (uint64_t)below);
}

static bool model_has_ended(const struct model *m, const struct model_slot *s)
{
        return s->issued && s->end_at <= m->now;
}

static int model_used(const struct model *m, int account, char counter)
{
        int n = 0;

        for (int i = 0; i < m->slot_count; i++)
                n += m->slots[i].account == account && m->slots[i].counter == counter &&
                     !model_has_ended(m, m->slots + i);
        return n;
}

static int model_domain_used(const struct model *m, int domain)
{
        int n = 0;

        for (int i = 0; i < m->slot_count; i++)
                n += m->slots[i].domain == domain && m->slots[i].counts && !model_has_ended(m, m->slots + i);
        return n;
}

static enum err model_reserve(struct model *m, int account, int domain, char *ret_counter)
{
        bool is_home = domain == account % DOMAINS;

        if (is_home && model_used(m, account, 'h') < m->home_limit[account])
                *ret_counter = 'h';
        else if (model_used(m, account, 'a') < m->any_limit[account])
                *ret_counter = 'a';
        else if (model_used(m, account, 'p') < m->packages[account])
                *ret_counter = 'p';
        else
                return ERR_QUOTA;
        return model_domain_used(m, domain) < 20 ? ERR_NONE : ERR_QUOTA_DOMAIN;
}

static void property_reserve(struct fixture *f, struct model *m)
{
        int account = model_random(m, ACCOUNTS), domain = model_random(m, DOMAINS);
        char id[16], counter = 0;
        enum err expected = model_reserve(m, account, domain, &counter);

        (void)snprintf(id, sizeof id, "p%d", m->slot_count);
        assert_int_equal(step(f, m->account_ids[account], m->now, RESERVE, id, m->domains[domain], 0), expected);
        if (expected == ERR_NONE)
                m->slots[m->slot_count++] = (struct model_slot){account, domain, counter, true, false, 0};
}

static void property_change(struct fixture *f, struct model *m)
{
        int i = model_random(m, m->slot_count);
        struct model_slot *s = &m->slots[i];
        enum step what = (enum step)(HOLD + model_random(m, 4));
        char id[16];

        if (what == HOLD && (s->issued || !s->counter))
                return; /* is issued once, while it waits */
        if (what == RETURN_ALL && !model_has_ended(m, s))
                return; /* is what expiry does */
        (void)snprintf(id, sizeof id, "p%d", i);
        assert_int_equal(step(f, m->account_ids[s->account], m->now, what, id, "", m->now + 50), ERR_NONE);
        if (what == HOLD) {
                s->issued = true;
                s->end_at = m->now + 50;
                return;
        }
        s->counter = 0;
        if (what == RETURN_ALL || (what == RELEASE && !s->issued))
                s->counts = false;
}

static void test_any_order_of_acts(
        void **state) /* QTA-02..07, QTA-09, QTA-11, QTA-17, QTA-18, SIL-13, SIL-14, SIL-45 */
{
        static const char *const own[DOMAINS][2] = {{"prop0.com"}, {"prop1.com"}, {"prop2.com"}};
        struct fixture *f = *state;
        struct model *m = calloc(1, sizeof *m);

        m->now = NOW;
        m->random = 20261121;
        for (int i = 0; i < ACCOUNTS; i++) {
                bool is_person = i < 2;
                m->packages[i] = i == 3 ? 2 : 0;
                m->home_limit[i] = is_person ? 30 : 0;
                m->any_limit[i] = is_person ? 20 : 10;
                m->account_ids[i] = new_account(f, is_person ? "individual" : "enterprise", "standard", false,
                                                m->packages[i], own[i % DOMAINS]);
        }
        for (int i = 0; i < DOMAINS; i++)
                m->domains[i] = own[i][0];
        for (int i = 0; i < 1500; i++) {
                if (m->slot_count == 0 || model_random(m, 100) < 60)
                        property_reserve(f, m);
                else
                        property_change(f, m);
                m->now += model_random(m, 100) < 20;
                int k = i % ACCOUNTS;
                assert_used(f, m->account_ids[k], m->now, model_used(m, k, 'h'), model_used(m, k, 'a'),
                            model_used(m, k, 'p'));
        }
        free(m);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_race_for_an_account),
                cmocka_unit_test(test_race_for_a_domain),
                cmocka_unit_test(test_any_order_of_acts),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
