/* The writer: whose turn a round is, that its steps share a commit, and that each is called back when its own is durable. */
#include "store_open.h"

#include "core/writer.h"
#include "store/notice.h"

#define MANY 200

struct queue {
        struct writer_step steps[MANY];
        struct writer_step *head;
        size_t n;
};

static void put(struct queue *queue, int64_t owner)
{
        struct writer_step **link = &queue->head;

        while (*link)
                link = &(*link)->next;
        *link = &queue->steps[queue->n++];
        (*link)->owner = owner;
}

static struct queue *queue_new(void)
{
        struct queue *queue = calloc(1, sizeof *queue);

        assert_non_null(queue);
        return queue;
}

static size_t left(const struct queue *queue)
{
        size_t n = 0;

        for (const struct writer_step *step = queue->head; step; step = step->next)
                n++;
        return n;
}

static void test_nothing(void **state)
{
        struct writer_step *queue = NULL, *taken[WRITER_ROUND];

        (void)state;
        assert_int_equal(writer_take(&queue, taken, 0), 0);
}

/* As many as a round holds go in the order in which they came. */
static void test_few_go_in_order(void **state)
{
        struct writer_step *taken[WRITER_ROUND];
        struct queue *queue = queue_new();

        (void)state;
        for (int i = 0; i < WRITER_ROUND; i++)
                put(queue, i < 60 ? 1 : 2);
        assert_int_equal(writer_take(&queue->head, taken, queue->n), WRITER_ROUND);
        for (size_t i = 0; i < WRITER_ROUND; i++)
                assert_ptr_equal(taken[i], &queue->steps[i]);
        assert_null(queue->head);
        free(queue);
}

/* Whoever comes behind another's hundreds is in the next round; a lone owner has all its places, oldest first. */
static void test_owners_take_turns(void **state)
{
        struct writer_step *taken[WRITER_ROUND];
        struct queue *queue = queue_new();

        (void)state;
        for (int i = 0; i < 150; i++)
                put(queue, 1);
        put(queue, 2);
        put(queue, 3);
        assert_int_equal(writer_take(&queue->head, taken, queue->n), WRITER_ROUND);
        assert_ptr_equal(taken[0], &queue->steps[0]);
        assert_ptr_equal(taken[1], &queue->steps[150]);
        assert_ptr_equal(taken[2], &queue->steps[151]);
        for (size_t i = 3; i < WRITER_ROUND; i++)
                assert_ptr_equal(taken[i], &queue->steps[i - 2]);
        assert_int_equal(left(queue), 152 - WRITER_ROUND);
        free(queue);
}

/* More owners than a round has places: each waits its turn, none twice before all once. */
static void test_more_owners_than_places(void **state)
{
        struct writer_step *taken[WRITER_ROUND];
        struct queue *queue = queue_new();

        (void)state;
        for (int i = 0; i < MANY; i++)
                put(queue, i % 100);
        assert_int_equal(writer_take(&queue->head, taken, MANY), WRITER_ROUND);
        for (size_t i = 0; i < WRITER_ROUND; i++)
                assert_ptr_equal(taken[i], &queue->steps[i]);
        assert_int_equal(writer_take(&queue->head, taken, MANY - WRITER_ROUND), WRITER_ROUND);
        for (size_t i = 0; i < WRITER_ROUND; i++)
                assert_ptr_equal(taken[i], &queue->steps[WRITER_ROUND + i]);
        free(queue);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

struct note {
        struct place *p;
        struct writer *writer;
        struct writer_step step;
        struct note *after; /* pushed by the one before it */
        int64_t account_id;
        bool fails;
        int called;
        enum err stored;
        int64_t seen; /* notices of its account when it was called */
};

static res note_tx(struct store_tx *tx, void *arg)
{
        const struct note *note = arg;
        struct notice_row row = {.account_id = note->account_id, .certificate_id = STR(""), .kind = STR("test"), .text = STR("hello"), .created_at = 1};

        TRY(store_notice_insert(tx, &row));
        return note->fails ? FAIL(ERR_QUOTA) : RES_OK; /* after the write: it has to be undone */
}

static void note_push(struct note *note);

static void note_done(void *arg, res stored)
{
        struct note *note = arg;

        note->called++;
        note->stored = stored.err;
        OK(store_notice_count_unread(reader(note->p), note->account_id, &note->seen));
        if (note->after)
                note_push(note->after);
}

static void note_push(struct note *note)
{
        note->step = (struct writer_step){.work = {.fn = note_tx, .arg = note}, .owner = note->account_id, .done = note_done, .arg = note};
        writer_push(note->writer, &note->step);
}

static struct note *notes_new(struct place *p, size_t n)
{
        struct note *notes = calloc(n, sizeof *notes);
        struct writer *writer = NULL;

        assert_non_null(notes);
        OK(writer_new(p->store, &writer));
        for (size_t i = 0; i < n; i++) {
                char uin[16];

                snprintf(uin, sizeof uin, "1000%08zu", i);
                make_account(p, (int64_t)i + 1, uin);
                notes[i] = (struct note){.p = p, .writer = writer, .account_id = (int64_t)i + 1};
        }
        return notes;
}

static void notes_free(struct note *notes)
{
        writer_free(notes->writer);
        free(notes);
}

static long long groups(struct place *p)
{
        struct store_figures figures;

        store_get_figures(p->store, &figures);
        return figures.groups;
}

/* What waits is one commit a round; each hears of it once, when it can be read. */
static void test_a_round_is_one_commit(void **state)
{
        struct note *notes = notes_new(*state, MANY);
        const long long before = groups(*state);

        for (size_t i = 0; i < MANY; i++)
                note_push(&notes[i]);
        OK(writer_start(notes->writer));
        writer_stop(notes->writer);
        for (size_t i = 0; i < MANY; i++) {
                assert_int_equal(notes[i].called, 1);
                assert_int_equal(notes[i].stored, ERR_NONE);
                assert_int_equal(notes[i].seen, 1);
        }
        assert_int_equal(groups(*state) - before, (MANY + WRITER_ROUND - 1) / WRITER_ROUND);
        notes_free(notes);
}

/* The others of its round stand. */
static void test_one_that_fails_fails_alone(void **state)
{
        struct note *notes = notes_new(*state, 3);

        notes[1].fails = true;
        for (size_t i = 0; i < 3; i++)
                note_push(&notes[i]);
        OK(writer_start(notes->writer));
        writer_stop(notes->writer);
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(notes[i].stored, i == 1 ? ERR_QUOTA : ERR_NONE);
                assert_int_equal(notes[i].seen, i == 1 ? 0 : 1);
        }
        notes_free(notes);
}

/* One that has nothing to write goes on with the round; what is pushed while a round ends is the next one's, also at the end. */
static void test_a_step_may_push_another(void **state)
{
        struct note *notes = notes_new(*state, 3);
        const long long before = groups(*state);

        notes[0].after = &notes[1];
        notes[1].after = &notes[2];
        note_push(&notes[0]);
        notes[0].step.work.fn = NULL;
        OK(writer_start(notes->writer));
        writer_stop(notes->writer);
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(notes[i].called, 1);
                assert_int_equal(notes[i].seen, i == 0 ? 0 : 1);
        }
        assert_int_equal(groups(*state) - before, 2);
        notes_free(notes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing),
                cmocka_unit_test(test_few_go_in_order),
                cmocka_unit_test(test_owners_take_turns),
                cmocka_unit_test(test_more_owners_than_places),
                cmocka_unit_test_setup_teardown(test_a_round_is_one_commit, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_one_that_fails_fails_alone, place_setup, place_teardown),
                cmocka_unit_test_setup_teardown(test_a_step_may_push_another, place_setup, place_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
