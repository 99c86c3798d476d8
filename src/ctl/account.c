/*
 * account create: an operator's act, through the control socket of the server on this machine.
 */
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/credentials.h"
#include "ctl/output.h"

static const char *or_default(const char *text, const char *default_text)
{
        return text == NULL ? default_text : text;
}

static json_t *request(const struct ctl *ctl, int64_t balance)
{
        return json_pack("{s:s, s:s, s:s, s:s, s:b, s:I}", "Name", args_text(ctl, "--name"), "Role",
                         or_default(args_text(ctl, "--role"), "user"), "Identity",
                         or_default(args_text(ctl, "--identity"), "individual"), "Level",
                         or_default(args_text(ctl, "--level"), "standard"), "Verified", args_has(ctl, "--verified"),
                         "Balance", (json_int_t)balance);
}

static res save(struct ctl *ctl, const char *path, const char *data_dir, const char *endpoint, const json_t *answer)
{
        const struct credentials credentials = {
                .secret_id = json_text(answer, "SecretId"),
                .secret_key = json_text(answer, "SecretKey"),
                .endpoint = or_default(args_text(ctl, "--endpoint"), endpoint),
                .ca = arena_printf(ctl->arena, "%s/root.pem", data_dir),
        };

        TRY(credentials_save(ctl, path, &credentials));
        (void)fprintf(stderr, "chancery: credentials are in %s\n", path);
        return RES_OK;
}

res account_create_run(struct ctl *ctl)
{
        const char *data_dir = args_text(ctl, "--data"), *path = args_text(ctl, "--save");
        int64_t balance = 0;
        json_t *body = NULL;
        json_auto_t *answer = NULL;

        if (data_dir == NULL || args_text(ctl, "--name") == NULL)
                return ctl_fail(ctl, ERR_USAGE, "account create wants --data DIR and --name NAME");
        TRY(args_int(ctl, "--balance", 0, &balance));
        body = request(ctl, balance);
        if (body == NULL)
                return ctl_fail(ctl, ERR_USAGE, "--name is not UTF-8");
        TRY(client_control(ctl, data_dir, "/control/account", body, CLIENT_TOTAL_SEC, &answer));
        const char *endpoint = arena_printf(ctl->arena, "%s", json_text(answer, "Endpoint"));

        json_object_del(answer, "Endpoint"); /* for the file */
        TRY(output_json(ctl, answer, /* pretty= */ false));
        return path == NULL ? RES_OK : save(ctl, path, data_dir, endpoint, answer);
}
