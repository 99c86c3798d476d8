/*
 * replace: certificates of all accounts made anew at an operator's word.  The server does it by itself; this tells it what, and then
 * only looks on, so ending the command ends nothing.
 */
#include <string.h>
#include <time.h>

#include "ctl/client.h"
#include "ctl/operator.h"
#include "ctl/output.h"

#define BAR_WIDTH 30
#define LOOK_NS 1000000000L
#define COLUMNS 9

static MUST res add_number(struct ctl *ctl, json_t *query, const char *option, const char *member)
{
        int64_t v = 0;

        if (args_text(ctl, option) == NULL)
                return RES_OK;
        TRY(args_int(ctl, option, 0, &v));
        if (v < 0)
                return ctl_fail(ctl, ERR_USAGE, "%s takes no negative number", option);
        json_object_set_new(query, member, json_integer((json_int_t)v));
        return RES_OK;
}

static MUST res make_query(struct ctl *ctl, json_t **ret_query)
{
        static const char *const texts[][2] = {{"--method", "Method"}, {"--issuer", "Issuer"}, {"--profile", "Profile"}, {"--from", "From"},
                                               {"--to", "To"},         {"--reason", "Reason"}, {"--code", "ReasonCode"}};
        json_auto_t *query = json_pack("{s:b}", "DryRun", args_has(ctl, "--dry-run"));

        if (args_text(ctl, "--reason") == NULL)
                return ctl_fail(ctl, ERR_USAGE, "replace needs --reason TEXT; the owners read it");
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                if (args_text(ctl, texts[i][0]) != NULL)
                        json_object_set_new(query, texts[i][1], json_string(args_text(ctl, texts[i][0])));
        TRY(add_number(ctl, query, "--per-minute", "PerMinute"));
        TRY(add_number(ctl, query, "--grace-hours", "GraceHours"));
        TRY(add_number(ctl, query, "--deadline-hours", "DeadlineHours"));
        *ret_query = json_incref(query);
        return RES_OK;
}

static void show_bar(const json_t *state)
{
        const int64_t count = json_int(state, "Count"), done = json_int(state, "Revoked") + json_int(state, "Ended");
        char bar[BAR_WIDTH + 1];

        memset(bar, '.', BAR_WIDTH);
        memset(bar, '#', count > 0 ? (size_t)(done * BAR_WIDTH / count) : 0);
        bar[BAR_WIDTH] = '\0';
        output_progress("[%s] %lld/%lld  waiting %lld, open %lld, ready %lld", bar, (long long)done, (long long)count,
                        (long long)json_int(state, "Waiting"), (long long)json_int(state, "Open"), (long long)json_int(state, "Ready"));
}

static bool is_over(const json_t *state)
{
        const char *word = json_text(state, "State");

        return strcmp(word, "done") == 0 || strcmp(word, "stopped") == 0;
}

static MUST res look(struct ctl *ctl, const char *id, json_t **ret_answer)
{
        return operator_call(ctl, "DescribeReplacements", id ? json_pack("{s:s}", "ReplacementId", id) : json_object(), ret_answer);
}

static MUST res look_on(struct ctl *ctl, const char *id, json_t **ret_answer)
{
        for (;;) {
                json_auto_t *answer = NULL;

                TRY(look(ctl, id, &answer));
                const json_t *state = json_array_get(json_object_get(answer, "Replacements"), 0);

                show_bar(state);
                if (is_over(state)) {
                        output_progress_end();
                        *ret_answer = json_incref(answer);
                        return RES_OK;
                }
                (void)nanosleep(&(struct timespec){.tv_sec = LOOK_NS / 1000000000L}, NULL);
        }
}

static MUST res print_list(struct ctl *ctl, const json_t *answer)
{
        static const char *const heading[COLUMNS] = {"Replacement", "State", "Certificates", "Waiting", "Open", "Ready", "Revoked", "Ended", "Deadline"};
        static const char *const members[COLUMNS] = {"ReplacementId", "State", "Count", "Waiting", "Open", "Ready", "Revoked", "Ended", "Deadline"};

        if (args_has(ctl, "--json"))
                return output_json(ctl, answer, /* pretty= */ false);
        output_members(ctl, json_object_get(answer, "Replacements"), heading, members, COLUMNS);
        return RES_OK;
}

res replace_run(struct ctl *ctl)
{
        json_auto_t *query = NULL, *made = NULL, *answer = NULL;

        TRY(make_query(ctl, &query));
        TRY(operator_call(ctl, "CreateReplacement", json_incref(query), &made));
        const char *id = json_text(made, "ReplacementId");

        if (*id == '\0' || args_has(ctl, "--no-wait")) {
                if (args_has(ctl, "--json"))
                        return output_json(ctl, made, /* pretty= */ false);
                (void)printf(*id ? "replacement %s of %lld certificates is begun\n" : "%s%lld certificates would be replaced\n", id,
                             (long long)json_int(made, "Count"));
                return RES_OK;
        }
        TRY(look_on(ctl, id, &answer));
        return print_list(ctl, answer);
}

res replace_status_run(struct ctl *ctl)
{
        json_auto_t *answer = NULL;

        TRY(look(ctl, ctl->argument_count > 0 ? ctl->arguments[0] : NULL, &answer));
        return print_list(ctl, answer);
}

res replace_stop_run(struct ctl *ctl)
{
        json_auto_t *answer = NULL;

        TRY(operator_call(ctl, "StopReplacement", json_pack("{s:s}", "ReplacementId", ctl->arguments[0]), &answer));
        return print_list(ctl, answer);
}
