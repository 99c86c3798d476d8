/* history: the life of one certificate, oldest first. */
#include <string.h>

#include "base/str.h"
#include "ctl/client.h"
#include "ctl/output.h"

#define HISTORY_COLUMNS 4

res history_run(struct ctl *ctl)
{
        static const char *const heading[HISTORY_COLUMNS] = {"Time", "Type", "Who", "What"};
        static const char *const members[HISTORY_COLUMNS] = {"CreatedOn", "Type", "SubAccountUin", "Action"};
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *response = NULL;

        TRY(client_open(ctl, &client));
        TRY(client_call(client, "DescribeCertificateTimeline", json_pack("{s:s}", "CertificateId", ctl->arguments[0]), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        const json_t *list = json_object_get(response, "Timeline");
        size_t rows = json_array_size(list) + 1;
        const char **cells = arena_array_of(ctl->arena, rows * HISTORY_COLUMNS, const char *);

        memcpy(cells, heading, sizeof(heading));
        for (size_t i = 1; i < rows; i++)
                for (size_t k = 0; k < HISTORY_COLUMNS; k++)
                        cells[i * HISTORY_COLUMNS + k] = json_text(json_array_get(list, i - 1), members[k]);
        output_table(stdout, cells, HISTORY_COLUMNS, rows, "");
        return RES_OK;
}
