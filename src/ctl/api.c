/* api: any action, parameters as JSON, the Response as it came. */
#include <unistd.h>

#include "base/limits.h"
#include "ctl/client.h"
#include "ctl/file.h"
#include "ctl/output.h"

static res parameters(struct ctl *ctl, json_t **ret_json)
{
        struct str text = ctl->argument_count > 1 ? str_of(ctl->arguments[1]) : STR("{}");
        json_error_t error;
        json_t *json = NULL;

        if (str_equals(text, "-"))
                TRY(file_read(ctl, "-", LIMIT_HTTP_BODY, &text));
        json = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
        if (json_is_object(json)) {
                *ret_json = json;
                return RES_OK;
        }
        json_decref(json);
        return ctl_fail(ctl, ERR_USAGE, "the parameters are no JSON object%s%s", json == NULL ? ": " : "",
                        json == NULL ? error.text : "");
}

res api_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *response = NULL, *json = NULL;

        TRY(parameters(ctl, &json));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, ctl->arguments[0], json_incref(json), &response));
        return output_json(ctl, response, !args_has(ctl, "--json"));
}
