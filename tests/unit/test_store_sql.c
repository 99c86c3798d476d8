/*
 * Every statement of the store: the account is bound, or the statement stands on the list of system statements
 * below; it is portable in what can be seen from its text.  tests/process/postgres_sql.sh lets PostgreSQL prepare
 * each, from the list that this program prints with --print.
 */
#include "store_open.h"

#include <ctype.h>
#include <sqlite3.h>

/* Whoever adds one here says why it may see every account, or belongs to none. */
static const char *const system_statements[] = {
        /* the next id of a table */
        "account_max_id", "user_max_id", "api_key_max_id", "order_max_id", "certificate_max_id", "key_max_id", "issued_max_id",
        "validation_max_id", "evidence_max_id", "ledger_max_id", "job_max_id", "notice_max_id", "benefit_max_id", "csr_max_id",
        "acme_account_max_id", "external_account_max_id", "acme_order_max_id", "acme_authorization_max_id", "upload_update_max_id",
        /* how an account is found; the operator's list of them */
        "account_get_by_uin", "account_list", "api_key_get_by_secret_id",
        /* people belong to the installation, memberships tie them to accounts */
        "user_insert", "user_get", "user_update", "user_count_role",
        /* timed work over all accounts */
        "certificate_list_ending", "order_list_overdue", "issued_list_signing", "issued_list_forgotten", "job_due", "job_lease", "job_finish", "job_finish_again", "job_again",
        "job_drop", "job_get", "job_next_due", "job_release_node",
        /* the CA's own: status by serial, CRLs, audit, key reuse */
        "issued_get_status", "issued_get_by_serial", "issued_list_all", "issued_list_serials", "finding_put", "finding_drop", "finding_list", "key_is_known", "key_is_used", "key_is_others", "crl_shard_newest", "crl_shard_add",
        "crl_shard_open", "crl_shard_list", "crl_shard_get", "crl_shard_count_revoked", "crl_block_newest", "crl_block_list", "crl_block_put", "crl_shard_walk", "crl_put", "crl_get",
        "instance_put", "instance_get", "instance_delete",
        /* the allowance of a primary domain counts over all accounts (QTA) */
        "quota_count_domain", "quota_domain_next", "external_count_put", "external_count_get",
        /* a reviewer decides about every account's requests; a compromised key is nobody's any more */
        "revocation_find", "revocation_queue", "blocked_key_has", "certificate_list_key",
        /* an operator replaces certificates of all accounts */
        "replacement_insert", "replacement_update", "replacement_get", "replacement_list", "replacement_count", "replacement_select",
        "replacement_newest", "replacement_item_update", "replacement_item_list", "replacement_opened_at",
        /* the chain of the log is one */
        "log_tail", "log_max_seq", "log_walk",
        /* ACME: how the account behind a key is found; looks that a crash left behind */
        "acme_account_get", "acme_account_get_by_key", "external_account_get_by_key_id", "acme_authorization_list_processing",
};

static bool is_listed(const char *name)
{
        for (size_t i = 0; i < sizeof(system_statements) / sizeof(system_statements[0]); i++) {
                if (strcmp(system_statements[i], name) == 0)
                        return true;
        }
        return false;
}

/* "account_id = $n", or an INSERT whose column list has account_id. */
static bool binds_account(const char *sql)
{
        if (strncmp(sql, "INSERT INTO", 11) == 0) {
                const char *open = strchr(sql, '('), *close = open ? strchr(open, ')') : NULL;
                const char *column = open ? strstr(open, "account_id") : NULL;
                return column && close && column < close;
        }
        return strstr(sql, "account_id = $") != NULL;
}

static void test_account_is_bound(void **state)
{
        const struct store_statement *s;
        size_t listed = 0;

        (void)state;
        for (size_t i = 0; (s = store_statement_at(i)) != NULL; i++) {
                if (s->is_system != is_listed(s->name))
                        fail_msg("%s: is_system and the list differ", s->name);
                if (!s->is_system && !binds_account(s->sql))
                        fail_msg("%s does not bind the account: %s", s->name, s->sql);
                listed += s->is_system;
        }
        assert_int_equal(listed, sizeof(system_statements) / sizeof(system_statements[0]));
}

/* A subquery has to name the account too. */
static void test_subqueries_bind_the_account(void **state)
{
        const struct store_statement *s;

        (void)state;
        for (size_t i = 0; (s = store_statement_at(i)) != NULL; i++) {
                const char *inner = strstr(s->sql, "IN (SELECT");
                if (inner && !s->is_system && !binds_account(inner))
                        fail_msg("%s: the subquery does not bind the account", s->name);
        }
}

static void test_the_check_itself(void **state)
{
        (void)state;
        assert_false(binds_account("SELECT a FROM certificate WHERE certificate_id = $1"));
        assert_false(binds_account("SELECT account_id FROM certificate WHERE certificate_id = $1"));
        assert_false(binds_account("INSERT INTO tag (tag_key) VALUES ($1) ON CONFLICT (account_id) DO NOTHING"));
        assert_true(binds_account("UPDATE certificate SET status = $2 WHERE account_id = $1"));
        assert_true(binds_account("INSERT INTO tag (account_id, tag_key) VALUES ($1, $2)"));
}

static bool has_number(const char *sql, int n)
{
        for (const char *p = sql; (p = strchr(p, '$')) != NULL; p++) {
                if (strtol(p + 1, NULL, 10) == n)
                        return true;
        }
        return false;
}

static int highest_number(const char *sql)
{
        int highest = 0;

        for (const char *p = sql; (p = strchr(p, '$')) != NULL; p++) {
                assert_true(isdigit((unsigned char)p[1]));
                int n = (int)strtol(p + 1, NULL, 10);
                highest = n > highest ? n : highest;
        }
        return highest;
}

static void test_text_is_portable(void **state)
{
        static const char *const words[] = {"?", "\"", "`", "rowid", "IFNULL", "AUTOINCREMENT", "OR REPLACE", "OR IGNORE",
                                            "GLOB", "julianday", "strftime", ";"};
        const struct store_statement *s;

        (void)state;
        for (size_t i = 0; (s = store_statement_at(i)) != NULL; i++) {
                for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
                        if (strstr(s->sql, words[k]))
                                fail_msg("%s has %s", s->name, words[k]);
                }
                for (int n = highest_number(s->sql); n > 0; n--) {
                        if (!has_number(s->sql, n))
                                fail_msg("%s has no $%d", s->name, n);
                }
        }
}

static void test_names_are_unique(void **state)
{
        const struct store_statement *a, *b;

        (void)state;
        for (size_t i = 0; (a = store_statement_at(i)) != NULL; i++) {
                for (size_t k = 0; k < i && (b = store_statement_at(k)) != NULL; k++)
                        assert_string_not_equal(a->name, b->name);
        }
}

/* ---- how SQLite goes about it -------------------------------------------------------------------------------------- */

/* The plan, a line a step. */
static void plan_of(sqlite3 *db, const char *sql, char *ret_plan, size_t size)
{
        char text[8192];
        sqlite3_stmt *stmt = NULL;
        size_t n = 0;

        assert_in_range(snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sql), 1, sizeof text - 1);
        assert_int_equal(sqlite3_prepare_v2(db, text, -1, &stmt, NULL), SQLITE_OK);
        ret_plan[0] = '\0';
        while (sqlite3_step(stmt) == SQLITE_ROW && n < size)
                n += (size_t)snprintf(ret_plan + n, size - n, "%s\n", (const char *)sqlite3_column_text(stmt, 3));
        assert_true(n < size);
        sqlite3_finalize(stmt);
}

static const char *sql_named(const char *name)
{
        const struct store_statement *s;

        for (size_t i = 0; (s = store_statement_at(i)) != NULL; i++)
                if (strcmp(s->name, name) == 0)
                        return s->sql;
        fail_msg("there is no %s", name);
        return NULL;
}

/* Each of these went, or could go, through all that an account has. */
static void check_what_is_searched_by(sqlite3 *db)
{
        static const struct {
                const char *name, *by;
        } cases[] = {
                {"acme_order_get_by_certificate", "acme_order_certificate (certificate_seq=?)"},
                {"validation_list", "validation_certificate (account_id=? AND certificate_seq=?)"},
                {"log_list_certificate", "log_certificate (certificate_seq=?)"},
                {"issued_list", "issued_certificate (account_id=? AND certificate_seq=?)"},
                {"issued_list_forgotten", "issued_signing (state=?)"},
                {"upload_find", "upload_hash (account_id=? AND cert_hash=?)"},
                {"reissue_count_running", "reissue_domain (account_id=? AND primary_domain=?)"},
                {"reissue_count_done", "reissue_order (account_id=? AND order_id=?)"},
        };
        char plan[4096];

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                plan_of(db, sql_named(cases[i].name), plan, sizeof plan);
                if (strstr(plan, cases[i].by) == NULL)
                        fail_msg("%s does not go by %s:\n%s", cases[i].name, cases[i].by, plan);
        }
}

static bool some_statement_uses(sqlite3 *db, const char *index)
{
        const struct store_statement *s;
        char plan[4096], using[128];

        (void)snprintf(using, sizeof using, "INDEX %s ", index);
        for (size_t i = 0; (s = store_statement_at(i)) != NULL; i++) {
                plan_of(db, s->sql, plan, sizeof plan);
                if (strstr(plan, using))
                        return true;
        }
        return false;
}

/* An index that no statement goes by costs a page with each write. */
static void check_each_index_is_gone_by(sqlite3 *db)
{
        sqlite3_stmt *indexes = NULL;
        int n = 0;

        assert_int_equal(sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL", -1, &indexes, NULL), SQLITE_OK);
        for (; sqlite3_step(indexes) == SQLITE_ROW; n++) {
                const char *name = (const char *)sqlite3_column_text(indexes, 0);

                if (!some_statement_uses(db, name))
                        fail_msg("no statement goes by %s", name);
        }
        sqlite3_finalize(indexes);
        assert_true(n > 20);
}

static void test_plans(void **state)
{
        struct place place;
        sqlite3 *db = NULL;
        (void)state;

        place_open_at(&place, place_parent());
        assert_int_equal(sqlite3_open_v2(place.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        check_what_is_searched_by(db);
        check_each_index_is_gone_by(db);
        sqlite3_close(db);
        place_close(&place);
}

/* "PREPARE name AS …;" for each, as psql reads it. */
static int print_statements(void)
{
        const struct store_statement *s;

        for (size_t i = 0; (s = store_statement_at(i)) != NULL; i++)
                printf("PREPARE %s AS %s;\n", s->name, s->sql);
        return 0;
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_check_itself),
                cmocka_unit_test(test_account_is_bound),
                cmocka_unit_test(test_subqueries_bind_the_account),
                cmocka_unit_test(test_text_is_portable),
                cmocka_unit_test(test_names_are_unique),
                cmocka_unit_test(test_plans),
        };

        if (argc > 1 && strcmp(argv[1], "--print") == 0)
                return print_statements();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
