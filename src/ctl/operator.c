/*
 * The operator's part: accounts, credit, packages, home domains, other platforms' certificates, the catalogue.  Like
 * `account create` they go to the control socket of the server on this machine, so they need no key; an operator's key does
 * the same from elsewhere with `chancery api`.
 */
#include <string.h>

#include "base/str.h"
#include "ctl/client.h"
#include "ctl/money.h"
#include "ctl/operator.h"
#include "ctl/output.h"

res operator_call(struct ctl *ctl, const char *action, json_t *parameters, json_t **ret_answer)
{
        const char *data_dir = args_text(ctl, "--data");

        if (data_dir == NULL || parameters == NULL) {
                json_decref(parameters);
                if (data_dir != NULL)
                        return ctl_fail(ctl, ERR_USAGE, "an argument is not UTF-8");
                return ctl_fail(ctl, ERR_USAGE, "%s wants --data DIR, the data directory of the running server", ctl->command->name);
        }
        return client_control(ctl, data_dir, arena_printf(ctl->arena, "/control/operate/%s", action), parameters, CLIENT_TOTAL_SEC,
                              ret_answer);
}

static void print_account(struct ctl *ctl, const json_t *account)
{
        const json_t *homes = json_object_get(account, "HomeDomains");

        output_pair(stdout, "Account", json_text(account, "Account"));
        output_pair(stdout, "Name", json_text(account, "Name"));
        output_pair(stdout, "Identity", json_text(account, "Identity"));
        output_pair(stdout, "Verified", json_is_true(json_object_get(account, "Verified")) ? "yes" : "no");
        output_pair(stdout, "Level", json_text(account, "Level"));
        output_pair(stdout, "Older allowance", json_is_true(json_object_get(account, "QuotaOlder")) ? "yes" : "no");
        output_pair(stdout, "Free packages", arena_printf(ctl->arena, "%lld", (long long)json_int(account, "FreePackages")));
        output_pair(stdout, "Balance", money_of(ctl, account, "Balance"));
        output_pair(stdout, "Points", arena_printf(ctl->arena, "%lld", (long long)json_int(account, "Points")));
        output_pair(stdout, "Disabled", json_is_true(json_object_get(account, "Disabled")) ? "yes" : "no");
        for (size_t i = 0; i < json_array_size(homes); i++)
                output_pair(stdout, i ? "" : "Home domains", json_string_value(json_array_get(homes, i)));
}

static res show_account(struct ctl *ctl, const char *action, json_t *parameters)
{
        json_auto_t *answer = NULL;

        TRY(operator_call(ctl, action, parameters, &answer));
        if (args_has(ctl, "--json"))
                return output_json(ctl, answer, /* pretty= */ false);
        print_account(ctl, answer);
        return RES_OK;
}

res account_show_run(struct ctl *ctl)
{
        return show_account(ctl, "DescribeAccount", json_pack("{s:s}", "Account", ctl->arguments[0]));
}

/* yes or no, or not given. */
static res add_truth(struct ctl *ctl, json_t *parameters, const char *option, const char *member)
{
        const char *text = args_text(ctl, option);

        if (text != NULL)
                json_object_set_new(parameters, member, json_boolean(strcmp(text, "yes") == 0));
        return RES_OK;
}

static res account_changes(struct ctl *ctl, json_t *parameters)
{
        int64_t packages = 0;

        if (args_text(ctl, "--identity") != NULL)
                json_object_set_new(parameters, "Identity", json_string(args_text(ctl, "--identity")));
        if (args_text(ctl, "--level") != NULL)
                json_object_set_new(parameters, "Level", json_string(args_text(ctl, "--level")));
        if (args_text(ctl, "--name") != NULL)
                json_object_set_new(parameters, "Name", json_string(args_text(ctl, "--name")));
        TRY(add_truth(ctl, parameters, "--verified", "Verified"));
        TRY(add_truth(ctl, parameters, "--older-allowance", "QuotaOlder"));
        TRY(add_truth(ctl, parameters, "--disabled", "Disabled"));
        if (args_text(ctl, "--free-packages") == NULL)
                return RES_OK;
        TRY(args_int(ctl, "--free-packages", 0, &packages));
        json_object_set_new(parameters, "FreePackages", json_integer((json_int_t)packages));
        return RES_OK;
}

res account_set_run(struct ctl *ctl)
{
        json_auto_t *parameters = json_pack("{s:s}", "Account", ctl->arguments[0]);

        ENSURE(parameters != NULL, ERR_USAGE);
        TRY(account_changes(ctl, parameters));
        if (json_object_size(parameters) == 1)
                return ctl_fail(ctl, ERR_USAGE, "nothing to set; see `chancery help account set`");
        return show_account(ctl, "ModifyAccount", json_incref(parameters));
}

/* "12.50" → 1250: two places behind the point, which may be left out. */
static res amount_minor(struct ctl *ctl, const char *text, int64_t *ret_minor)
{
        struct str rest = str_of(text), whole;
        int64_t units = 0, cents = 0;
        bool is_debit = rest.n > 0 && rest.p[0] == '-';

        if (is_debit)
                rest = (struct str){rest.p + 1, rest.n - 1};
        whole = str_cut(&rest, '.');
        if (!res_is_ok(str_to_int64(whole, &units)) || units < 0 || units > 10000000000LL || (rest.p && rest.n != 2) ||
            (rest.p && (!res_is_ok(str_to_int64(rest, &cents)) || cents < 0)))
                return ctl_fail(ctl, ERR_USAGE, "an amount is like 250 or 12.50 or -3.00, not '%s'", text);
        *ret_minor = (units * 100 + cents) * (is_debit ? -1 : 1);
        return RES_OK;
}

res account_credit_run(struct ctl *ctl)
{
        const char *note = args_text(ctl, "--note");
        int64_t minor = 0;

        TRY(amount_minor(ctl, ctl->arguments[1], &minor));
        return show_account(ctl, "CreditAccount",
                            json_pack("{s:s, s:I, s:s}", "Account", ctl->arguments[0], "Amount", (json_int_t)minor, "Note",
                                      note ? note : ""));
}

static json_t *texts(const struct ctl *ctl, const char *option)
{
        json_t *list = json_array();
        const char *text = NULL;

        for (size_t i = 0; (text = args_text_at(ctl, option, i)) != NULL; i++)
                json_array_append_new(list, json_string(text));
        return list;
}

res account_home_run(struct ctl *ctl)
{
        return show_account(ctl, "ModifyHomeDomains",
                            json_pack("{s:s, s:o, s:o}", "Account", ctl->arguments[0], "Add", texts(ctl, "--add"), "Remove",
                                      texts(ctl, "--remove")));
}

/* ---- what answers with other than an account ---- */

static res show_figures(struct ctl *ctl, const json_t *answer, const char *const names[])
{
        if (args_has(ctl, "--json"))
                return output_json(ctl, answer, /* pretty= */ false);
        for (size_t i = 0; names[i]; i++) {
                const char *text = json_text(answer, names[i]);
                output_pair(stdout, names[i], *text ? text : arena_printf(ctl->arena, "%lld", (long long)json_int(answer, names[i])));
        }
        return RES_OK;
}

static res show_answer(struct ctl *ctl, const char *action, json_t *parameters, const char *const names[])
{
        json_auto_t *answer = NULL;

        TRY(operator_call(ctl, action, parameters, &answer));
        return show_figures(ctl, answer, names);
}

res account_package_run(struct ctl *ctl)
{
        static const char *const names[] = {"PackageId", "Balance", "ExpireTime", NULL};
        int64_t days = 0;

        TRY(args_int(ctl, "--days", 0, &days));
        return show_answer(ctl, "GrantPackage",
                           json_pack("{s:s, s:s, s:I}", "Account", ctl->arguments[0], "Type", ctl->arguments[1], "Days", (json_int_t)days),
                           names);
}

#define APPROVE_DAYS 90

res account_approve_run(struct ctl *ctl)
{
        static const char *const names[] = {"Account", "Name", NULL};
        int64_t days = 0;

        TRY(args_int(ctl, "--days", APPROVE_DAYS, &days));
        if (days < 0)
                return ctl_fail(ctl, ERR_USAGE, "--days takes 1 to 397");
        return show_answer(ctl, "ApproveName",
                           json_pack("{s:s, s:s, s:I}", "Account", ctl->arguments[0], "Name", ctl->arguments[1], "Days", (json_int_t)days),
                           names);
}

res account_revoke_run(struct ctl *ctl)
{
        const char *reason = args_text(ctl, "--reason"), *code = args_text(ctl, "--code");
        json_auto_t *answer = NULL;

        if (reason == NULL)
                return ctl_fail(ctl, ERR_USAGE, "account revoke needs --reason TEXT; the owner reads it");
        TRY(operator_call(ctl, "RevokeForAccount",
                    json_pack("{s:s, s:s, s:s, s:s}", "Account", ctl->arguments[0], "CertificateId", ctl->arguments[1], "Reason", reason,
                              "ReasonCode", code ? code : ""),
                    &answer));
        if (args_has(ctl, "--json"))
                return output_json(ctl, answer, /* pretty= */ false);
        (void)printf("%s is revoked\n", ctl->arguments[1]);
        return RES_OK;
}

res quota_external_run(struct ctl *ctl)
{
        static const char *const names[] = {"PrimaryDomain", "Count", NULL};
        int64_t count = 0;

        if (!res_is_ok(str_to_int64(str_of(ctl->arguments[1]), &count)))
                return ctl_fail(ctl, ERR_USAGE, "a count is a number, not '%s'", ctl->arguments[1]);
        return show_answer(ctl, "ModifyExternalCount", json_pack("{s:s, s:I}", "Domain", ctl->arguments[0], "Count", (json_int_t)count), names);
}

static const char *const figure_names[] = {"Products", "Buyable", NULL};

res operator_show_figures(struct ctl *ctl, const json_t *figures)
{
        return show_figures(ctl, figures, figure_names);
}

res operator_reload(struct ctl *ctl, bool is_check)
{
        return show_answer(ctl, "ReloadCatalogue", json_pack("{s:b}", "CheckOnly", is_check), figure_names);
}

res catalogue_reload_run(struct ctl *ctl)
{
        return operator_reload(ctl, /* is_check= */ false);
}
