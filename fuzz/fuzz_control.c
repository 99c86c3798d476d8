/*
 * What a local program may write to DIR/control.sock: raw bytes, or (first byte odd) a path on the first line and any body
 * under it, to a real listener with the real routes, a real store and the vault's own code.  Never crashes; every
 * answer is a JSON object with a code of the table or with what was asked for, and bad input is never our fault.
 */
#include "fuzz_dir.h"
#include "http_fuzz.h"

#include <jansson.h>
#include <pthread.h>
#include <sys/un.h>

#include "api/api.h"
#include "base/conf.h"
#include "base/log.h"
#include "core/account_cache.h"
#include "core/catalogue.h"
#include "core/domain.h"
#include "core/issuers.h"
#include "ipc/channel.h"
#include "ipc/frame.h"
#include "server/routes.h"
#include "store/store.h"
#include "vault/vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sockaddr_un address = {.sun_family = AF_UNIX};

/* ---- the vault, in a thread ---------------------------------------------------------------------------- */

static void answer_one(int fd, struct vault *vault, const struct frame *request)
{
        struct answer answer = {.body = {.ceiling = FRAME_BODY_MAX}, .tail = {.ceiling = FRAME_BODY_MAX}};
        const res done = vault_handle(vault, request, &answer);
        const struct frame_out out = {.type = request->head.type,
                                      .slot = request->head.slot,
                                      .err = done.err,
                                      .body = res_is_ok(done) ? buf_bytes(&answer.body) : (struct bytes){0},
                                      .tail = res_is_ok(done) ? buf_bytes(&answer.tail) : (struct bytes){0}};

        FUZZ_CHECK(res_is_ok(frame_send_one(fd, &out)));
        buf_done(&answer.body);
        buf_done(&answer.tail);
}

static void *vault_thread(void *arg)
{
        static struct vault vault = {.magic = VAULT_MAGIC};
        struct frame_reader *reader = frame_reader_new(1);
        const struct frame *frames;
        size_t count;
        const int fd = *(const int *)arg;

        while (res_is_ok(frame_recv(fd, reader, /* wait= */ true, &frames, &count)))
                for (size_t i = 0; i < count; i++)
                        answer_one(fd, &vault, &frames[i]);
        frame_reader_free(reader);
        return NULL;
}

/* ---- the server's side ----------------------------------------------------------------------------------- */

/* What the operator's actions look at: settings, catalogue, rules of names; no CA, so that no reload finds its issuers. */
static void settings_begin(struct core *core, struct buf *why)
{
        static char program[] = "serve", data_flag[] = "--data", set_flag[] = "--set";
        static char catalogue[] = "catalogue.dir=" TEST_SOURCE_DIR "/catalogue";
        char *argv[] = {program, data_flag, fuzz_dir, set_flag, catalogue};
        static struct conf *conf;

        FUZZ_CHECK(res_is_ok(conf_load(5, argv, 1, &conf, why)));
        core->conf = conf;
        FUZZ_CHECK(res_is_ok(catalogue_load(conf->catalogue_dir, &core->catalogue, why)));
        FUZZ_CHECK(res_is_ok(domain_rules_new(&conf->names_private_suffixes, &core->domains, why)));
        FUZZ_CHECK(res_is_ok(issuers_new(conf->catalogue_dir, &core->issuers, why)));
}

static void core_begin(struct core *core)
{
        static int pair[2];
        CLEAN(buf_done) struct buf why = {.ceiling = 4096};
        char path[64];
        pthread_t thread;

        fuzz_dir_make();
        settings_begin(core, &why);
        snprintf(path, sizeof(path), "%s/db", fuzz_dir);
        FUZZ_CHECK(res_is_ok(store_open(path, TEST_SOURCE_DIR "/migrations", &why, &core->store)));
        FUZZ_CHECK(res_is_ok(account_cache_new(&core->accounts)) && res_is_ok(frame_pair(pair)));
        core->vault = channel_new(MSG_PEER_VAULT);
        channel_replace_fd(core->vault, pair[0]);
        FUZZ_CHECK(pthread_create(&thread, NULL, vault_thread, &pair[1]) == 0);
}

/* The audit reads nothing of its request, and needs a signer. */
static void route(void *context, struct http_request *request, struct http_reply *reply)
{
        if (str_equals(request->path, "/control/audit"))
                request->path = STR("/control/nothing");
        routes_control(context, request, reply);
}

static void set_up(void)
{
        static struct server server;
        int fd;

        if (server.control)
                return;
        log_init("fuzz", LOG_ERROR);
        core_begin(&server.core);
        FUZZ_CHECK(res_is_ok(api_new(&(struct api_config){.core = &server.core}, &server.api)));
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", fuzz_dir);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        FUZZ_CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 64) == 0);
        const struct http_config config = {
                .listen_fd = fd, .is_local = true, .workers = 1, .routes = {&server, NULL, route}};
        FUZZ_CHECK(res_is_ok(http_server_start(&config, NULL, &server.control)));
}

static void judge(const struct buf *reply)
{
        static const char json[] = "Content-Type: application/json";
        const char *body = reply->n ? memmem(reply->p, reply->n, "\r\n\r\n", 4) : NULL;
        const int status = fuzz_status(reply);
        json_t *tree;

        FUZZ_CHECK(reply->n == 0 || (status >= 200 && status < 600 && status != 500));
        if (!body || !memmem(reply->p, reply->n, json, sizeof(json) - 1))
                return;
        tree = json_loadb(body + 4, reply->n - (size_t)(body + 4 - (const char *)reply->p),
                          JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, NULL);
        FUZZ_CHECK(json_is_object(tree));
        if (status == 200)
                FUZZ_CHECK(json_object_size(tree) > 0);
        else
                FUZZ_CHECK(json_string_length(json_object_get(json_object_get(tree, "Error"), "Code")) > 0);
        json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEAN(buf_done) struct buf reply = {.ceiling = 16 * 1024 * 1024}, request = {.ceiling = 1024 * 1024};
        struct str body = {(const char *)data + 1, size - 1}, path;

        set_up();
        if (size < 2)
                return 0;
        if (data[0] % 2) {
                path = str_cut(&body, '\n');
                buf_printf(&request, "POST %.*s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", (int)path.n,
                           path.p, body.n);
        }
        buf_add(&request, body.p, body.n);
        fuzz_exchange((const struct sockaddr *)&address, sizeof(address), buf_bytes(&request), data[0] % 2, &reply);
        judge(&reply);
        return 0;
}
