/*
 * Fills a data directory of a service that is not running, for the figures out of a million:
 *
 *     bench_fill PROGRAM-DIR CATALOGUE-DIR MIGRATIONS-DIR DATA ACCOUNT-ID CERTIFICATES [SETTING=VALUE …]
 *
 * CERTIFICATES are issued by a real signer, in the rounds that the service uses, so that its log, the operation log and the
 * database are what years of use would leave.  For each ten of them one more row waits, was cancelled or was uploaded.
 * Run again it goes on from where it stopped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/issuing.h"
#include "bench/store_rows.h"
#include "core/certificate.h"
#include "store/tag.h"

#define FILL_ROUND LIMIT_ISSUE_BATCH
#define FILL_ROUNDS_AT_ONCE 16
#define FILL_ARENA (64 * 1024 * 1024)

struct fill {
        struct issuing issuing;
        int64_t n, count; /* the next one; of how many */
        size_t made;
        struct issue_ticket tickets[FILL_ROUND * FILL_ROUNDS_AT_ONCE];
};

/* One in twenty has the tag, one in twenty is in one of seven projects, one in five has an alias; ends lie within 90 days. */
static res fill_one(struct fill *fill, struct store_tx *tx, int64_t n)
{
        struct made made;
        struct certificate_row like = make_row(n, &made);
        uint64_t r = mix((uint64_t)n);
        struct issuing_row row = {.domain = made.names, .zone = "example.com", .alias = made.alias, .life_days = 1 + (int64_t)(r % 90), .project_id = like.project_id};
        struct tag_row tag = {fill->issuing.account_id, str_of(made.id), STR("stage"), STR("production")};

        memcpy(row.certificate_id, made.id, sizeof made.id);
        TRY(issuing_put(&fill->issuing, tx, &row, &fill->tickets[fill->made]));
        fill->made++;
        return n % 20 == 0 ? store_tag_put(tx, &tag) : RES_OK;
}

/* The tenth beside them: of every status, and the uploaded. */
static res fill_other(struct fill *fill, struct store_tx *tx, int64_t n)
{
        struct made made;
        struct certificate_row row = make_row(n + 1000000000, &made);

        row.account_id = fill->issuing.account_id;
        row.issued_id = 0;
        row.source = n % 50 == 0 ? STR("upload") : STR("trustasia");
        row.status = n % 50 == 0 ? CERT_ISSUED : (n / 10) % 8 == CERT_ISSUED ? CERT_PENDING : (n / 10) % 8;
        row.created_at = row.submitted_at = clock_now_sec();
        row.end_at = n % 50 == 0 ? row.created_at + 86400 * (1 + n % 400) : 0;
        return store_certificate_insert(tx, &row);
}

static res fill_some(struct store_tx *tx, void *arg)
{
        struct fill *fill = arg;
        const int64_t most = (int64_t)(sizeof fill->tickets / sizeof *fill->tickets);

        fill->made = 0;
        for (int64_t n = fill->n; n < fill->n + most && n <= fill->count; n++) {
                TRY(fill_one(fill, tx, n));
                if (n % 10 == 0)
                        TRY(fill_other(fill, tx, n));
        }
        return RES_OK;
}

static void issue_made(struct fill *fill)
{
        for (size_t i = 0; i < fill->made; i += FILL_ROUND) {
                size_t n = fill->made - i < FILL_ROUND ? fill->made - i : FILL_ROUND;

                if (!issue_round(&fill->issuing.core, &fill->tickets[i], n))
                        issuing_check(FAIL(ERR_STORE), "round");
        }
}

static bool is_made(struct fill *fill, int64_t n)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(1024 * 1024);
        struct store_conn *conn = NULL;
        struct certificate_row row;
        char id[9];

        make_id((uint64_t)n, id);
        issuing_check(store_read(fill->issuing.core.store, &conn), "read");
        return res_is_ok(store_certificate_get(conn, arena, fill->issuing.account_id, str_of(id), &row));
}

/* They are made in order and by the thousand. */
static int64_t first_missing(struct fill *fill)
{
        const int64_t step = (int64_t)(sizeof fill->tickets / sizeof *fill->tickets);
        int64_t low = 0, high = fill->count / step + 1;

        while (low < high) {
                int64_t middle = (low + high) / 2;

                if (is_made(fill, middle * step + 1))
                        low = middle + 1;
                else
                        high = middle;
        }
        return low * step + 1;
}

int main(int argc, char **argv)
{
        const char *settings[16] = {NULL};
        char catalogue[4096];

        if (argc < 7 || argc > 20) {
                fprintf(stderr, "usage: %s PROGRAM-DIR CATALOGUE-DIR MIGRATIONS-DIR DATA ACCOUNT-ID CERTIFICATES [SETTING=VALUE …]\n", argv[0]);
                return 2;
        }
        struct fill *fill = calloc(1, sizeof *fill);

        issuing_check(fill != NULL ? RES_OK : FAIL(ERR_MEMORY), "memory");
        fill->issuing = (struct issuing){.arena = arena_new(FILL_ARENA), .dir = argv[4], .account_id = strtoll(argv[5], NULL, 10)};
        fill->count = strtoll(argv[6], NULL, 10);
        snprintf(catalogue, sizeof catalogue, "catalogue.dir=%s", argv[2]);
        settings[0] = catalogue;
        for (int i = 7; i < argc; i++)
                settings[i - 6] = argv[i];
        issuing_start(&fill->issuing, argv[1], argv[2], argv[3], settings);
        for (fill->n = first_missing(fill); fill->n <= fill->count; fill->n += (int64_t)fill->made) {
                issuing_check(store_run(fill->issuing.core.store, fill_some, fill), "rows");
                issue_made(fill);
                if (isatty(2))
                        fprintf(stderr, "\rissuing %lld of %lld", (long long)(fill->n + (int64_t)fill->made - 1), (long long)fill->count);
        }
        if (isatty(2))
                fprintf(stderr, "\r\033[K");
        store_read_done(fill->issuing.core.store);
        issuing_stop(&fill->issuing);
        free(fill);
        return 0;
}
