/*
 * import: move in from certbot, acme.sh, lego or plain files.  Each certificate is one upload that stores nothing twice, so
 * that the command can be run again; what was refused says why, and the rest goes on.
 */
#include "ctl/import.h"

#include <string.h>

#include "base/secret.h"
#include "ctl/client.h"
#include "ctl/output.h"
#include "ctl/pem_file.h"
#include "ctl/upload.h"

#define BAR_WIDTH 24

enum outcome { TAKEN, KNOWN, REFUSED, FOUND, OUTCOME_COUNT };
static const char *const outcome_words[OUTCOME_COUNT] = {"taken", "already known", "refused", "found"};
static const char *const outcome_fields[OUTCOME_COUNT] = {"Taken", "Known", "Refused", "Found"};

struct import {
        struct ctl *ctl;
        struct client *client;
        struct import_list list;
        struct result {
                enum outcome outcome;
                const char *detail; /* its id, or why not */
        } *results;
        size_t counts[OUTCOME_COUNT];
};

static void show_bar(const struct import *import, size_t done)
{
        char bar[BAR_WIDTH + 1];
        size_t full = import->list.n > 0 ? done * BAR_WIDTH / import->list.n : BAR_WIDTH;

        memset(bar, '.', BAR_WIDTH);
        memset(bar, '#', full);
        bar[BAR_WIDTH] = '\0';
        output_progress("[%s] %zu/%zu %.60s", bar, done, import->list.n,
                        done < import->list.n ? import->list.v[done].name : "");
}

static res read_item(struct ctl *ctl, const struct import_item *item, json_t *request)
{
        struct pem_file certificate = {0}, chain = {0}, key = {0};

        TRY(pem_file_read(ctl, item->certificate_path, &certificate));
        if (item->chain_path != NULL)
                TRY(pem_file_read(ctl, item->chain_path, &chain));
        if (item->key_path != NULL)
                TRY(pem_file_read(ctl, item->key_path, &key));
        struct str text = certificate.certificates, key_text = key.key.n > 0 ? key.key : certificate.key;

        if (chain.certificates.n > 0)
                text = str_of(arena_printf(ctl->arena, "%.*s\n%.*s", (int)text.n, text.p, (int)chain.certificates.n,
                                           chain.certificates.p));
        if (text.n == 0)
                return ctl_fail(ctl, ERR_PARAM, "there is no certificate in %s", item->certificate_path);
        if (key_text.n == 0)
                return ctl_fail(ctl, ERR_PARAM, "there is no private key for it beside %s", item->certificate_path);
        json_object_set_new(request, "CertificatePublicKey", json_stringn(text.p, text.n));
        json_object_set_new(request, "CertificatePrivateKey", json_stringn(key_text.p, key_text.n));
        json_object_set_new(request, "Alias", json_string(item->name));
        json_object_set_new(request, "Repeatable", json_false());
        return upload_add_password(ctl, request);
}

/* Files are read into an arena of their own: there may be thousands. */
static res make_item(struct import *import, const struct import_item *item, json_t *request)
{
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(PEM_FILE_ARENA);
        struct ctl scratch = *import->ctl;

        scratch.arena = arena;
        res r = read_item(&scratch, item, request);

        return res_is_ok(r) ? r : ctl_fail(import->ctl, r.err, "%s", scratch.why);
}

static res upload_item(struct import *import, const struct import_item *item, struct result *result)
{
        json_auto_t *request = json_object(), *response = NULL;
        int64_t project = 0;

        TRY(args_int(import->ctl, "--project", 0, &project));
        TRY(make_item(import, item, request));
        if (project != 0)
                json_object_set_new(request, "ProjectId", json_integer((json_int_t)project));
        TRY(client_call(import->client, "UploadCertificate", json_incref(request), &response));
        result->outcome = json_text(response, "RepeatCertId")[0] != '\0' ? KNOWN : TAKEN;
        result->detail = arena_strdup(import->ctl->arena, json_text(response, "CertificateId"));
        return RES_OK;
}

/* A server that cannot be reached ends it all; anything else is one certificate's business. */
static res import_one(struct import *import, size_t i)
{
        struct result *result = &import->results[i];
        const struct import_item *item = &import->list.v[i];
        res r = RES_OK;

        *result = (struct result){FOUND, item->certificate_path};
        if (!args_has(import->ctl, "--dry-run"))
                r = upload_item(import, item, result);
        if (r.err == ERR_IPC_LOST || r.err == ERR_USAGE)
                return r;
        if (!res_is_ok(r))
                *result = (struct result){REFUSED, arena_strdup(import->ctl->arena, import->ctl->why)};
        import->counts[result->outcome]++;
        return RES_OK;
}

static res tell_text(const struct import *import)
{
        static const char *const heading[] = {"NAME", "LAYOUT", "RESULT", ""};
        size_t n = import->list.n;
        const char **cells = output_cells(import->ctl, heading, 4, n);

        for (size_t i = 0; i < n; i++) {
                const char **row = cells + 4 * (i + 1);

                row[0] = import->list.v[i].name;
                row[1] = import->list.v[i].layout;
                row[2] = outcome_words[import->results[i].outcome];
                row[3] = import->results[i].detail;
        }
        output_table(stdout, cells, 4, n + 1, "");
        if (import->counts[FOUND] > 0)
                (void)printf("%zu found, nothing was uploaded\n", import->counts[FOUND]);
        else
                (void)printf("%zu taken, %zu already known, %zu refused\n", import->counts[TAKEN], import->counts[KNOWN],
                             import->counts[REFUSED]);
        return output_finish(import->ctl);
}

static res tell_json(const struct import *import)
{
        json_auto_t *report = json_object();

        for (int i = 0; i < OUTCOME_COUNT; i++)
                json_object_set_new(report, outcome_fields[i], json_array());
        for (size_t i = 0; i < import->list.n; i++) {
                const struct import_item *item = &import->list.v[i];
                const struct result *result = &import->results[i];

                json_array_append_new(json_object_get(report, outcome_fields[result->outcome]),
                                      json_pack("{s:s,s:s,s:s,s:s}", "Name", item->name, "Layout", item->layout, "Path",
                                                item->certificate_path,
                                                result->outcome == REFUSED ? "Message" : "CertificateId",
                                                result->outcome == FOUND ? "" : result->detail));
        }
        return output_json(import->ctl, report, /* pretty= */ false);
}

res import_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        struct import import = {.ctl = ctl};

        import.list.v = arena_array_of(ctl->arena, IMPORT_ITEMS_MAX, struct import_item);
        for (size_t i = 0; i < ctl->argument_count; i++)
                TRY(import_find(ctl, ctl->arguments[i], &import.list));
        if (import.list.n == 0)
                return ctl_fail(ctl, ERR_NOT_FOUND, "there are no certificates in %s", ctl->arguments[0]);
        if (!args_has(ctl, "--dry-run"))
                TRY(client_open(ctl, &client));
        import.client = client;
        import.results = arena_array_of(ctl->arena, import.list.n, struct result);
        res r = RES_OK;

        for (size_t i = 0; i < import.list.n && res_is_ok(r); i++) {
                show_bar(&import, i);
                r = import_one(&import, i);
        }
        output_progress_end();
        TRY(r);
        TRY(args_has(ctl, "--json") ? tell_json(&import) : tell_text(&import));
        if (import.counts[REFUSED] > 0)
                return ctl_fail(ctl, ERR_PARAM, "%zu of %zu were refused", import.counts[REFUSED], import.list.n);
        return RES_OK;
}
