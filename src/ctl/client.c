/*
 * libcurl, a signed POST, and the envelope of the answer.  The server's certificate is always checked.
 */
#include "ctl/client.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/tc3.h"
#include "ctl/credentials.h"

#define CLIENT_CONNECT_SEC 10L
#define CLIENT_API_VERSION "2019-12-05"
#define CLIENT_TAG_VERSION "2018-08-13" /* the companion service's */

struct client {
        struct ctl *ctl;
        struct credentials credentials;
        CURL *curl;
        char curl_why[CURL_ERROR_SIZE];
};

static void easy_free(CURL **curl)
{
        curl_easy_cleanup(*curl);
}

static void slist_free(struct curl_slist **list)
{
        curl_slist_free_all(*list);
}

void json_put_text(json_t *object, const char *name, const char *text)
{
        if (text != NULL)
                json_object_set_new(object, name, json_string(text));
}

const char *json_text(const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));

        return text == NULL ? "" : text;
}

const char *json_joined(struct ctl *ctl, const json_t *object, const char *name)
{
        const char *text = "";
        const json_t *value = NULL;
        size_t i;

        json_array_foreach (json_object_get(object, name), i, value)
                text = arena_printf(ctl->arena, "%s%s%s", text, i == 0 ? "" : ", ", json_string_value(value));
        return text;
}

int64_t json_int(const json_t *object, const char *name)
{
        return (int64_t)json_integer_value(json_object_get(object, name));
}

res client_open(struct ctl *ctl, struct client **ret_client)
{
        struct client *client = arena_new_of(ctl->arena, struct client);

        TRY(credentials_find(ctl, &client->credentials));
        client->ctl = ctl;
        client->curl = curl_easy_init();
        ENSURE(client->curl != NULL, ERR_MEMORY);
        *ret_client = client;
        return RES_OK;
}

void client_close(struct client **client)
{
        if (*client != NULL)
                curl_easy_cleanup((*client)->curl);
}

const char *client_endpoint(const struct client *client)
{
        return client->credentials.endpoint;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
        struct buf *body = context;

        buf_add(body, bytes, size * count);
        return res_is_ok(buf_check(body)) ? size * count : 0;
}

static bool add_header(struct curl_slist **list, const char *line)
{
        struct curl_slist *longer = curl_slist_append(*list, line);

        if (longer != NULL)
                *list = longer;
        return longer != NULL;
}

/* What both kinds of request have in common. */
static void prepare(CURL *curl, char *why, struct buf *reply, const char *url, const char *body,
                    struct curl_slist *headers)
{
        curl_easy_reset(curl);
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CLIENT_CONNECT_SEC);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, CLIENT_TOTAL_SEC);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "chancery/" CHANCERY_VERSION);
        why[0] = '\0';
}

/* host[:port] of the endpoint, as curl sends it in Host: the default port is left out. */
static const char *host_of(struct client *client, struct arena *arena)
{
        CURLU *url = curl_url();
        char *host = NULL, *port = NULL;
        const char *text = "";

        if (curl_url_set(url, CURLUPART_URL, client->credentials.endpoint, 0) == CURLUE_OK &&
            curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK)
                text = curl_url_get(url, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT) == CURLUE_OK
                               ? arena_printf(arena, "%s:%s", host, port)
                               : arena_strdup(arena, host);
        curl_free(host);
        curl_free(port);
        curl_url_cleanup(url);
        return text;
}

/* Which of the two services on the address an action belongs to. */
static const char *version_header(const char *action)
{
        static const char *const of_tag[] = {"AddProject", "DescribeProjects", "DescribeResourceTagsByResourceIds", "ModifyResourceTags",
                                             "UpdateProject"};

        for (size_t i = 0; i < sizeof of_tag / sizeof *of_tag; i++)
                if (strcmp(action, of_tag[i]) == 0)
                        return "X-TC-Version: " CLIENT_TAG_VERSION;
        return "X-TC-Version: " CLIENT_API_VERSION;
}

static res sign(struct client *client, struct arena *arena, const char *action, const char *body,
                struct curl_slist **headers)
{
        const struct credentials *c = &client->credentials;
        const char *host = host_of(client, arena);
        int64_t now = clock_now_sec();
        CLEAN(buf_wipe) struct buf authorization = {0};

        if (host[0] == '\0')
                return ctl_fail(client->ctl, ERR_CONFIG, "the endpoint '%s' is no address", c->endpoint);
        buf_init(&authorization, LIMIT_AUTH_HEADER);
        tc3_sign_post(str_of(c->secret_id), bytes_of(c->secret_key, strlen(c->secret_key)), str_of(host), now,
                      bytes_of(body, strlen(body)), &authorization);
        TRY(buf_check(&authorization));
        ENSURE(add_header(headers, arena_printf(arena, "Authorization: %s", buf_c(&authorization))) &&
                       add_header(headers, arena_printf(arena, "Host: %s", host)) &&
                       add_header(headers, arena_printf(arena, "X-TC-Action: %s", action)) &&
                       add_header(headers, arena_printf(arena, "X-TC-Timestamp: %lld", (long long)now)) &&
                       add_header(headers, version_header(action)) &&
                       add_header(headers, "Content-Type: application/json") && add_header(headers, "Expect:"),
               ERR_MEMORY);
        return RES_OK;
}

static res lost(struct client *client, CURLcode code)
{
        const char *why = client->curl_why[0] != '\0' ? client->curl_why : curl_easy_strerror(code);
        const char *endpoint = client->credentials.endpoint;

        if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
                return ctl_fail(client->ctl, ERR_IPC_LOST, "%s is not trusted: %s (--ca FILE names its root.pem)",
                                endpoint, why);
        return ctl_fail(client->ctl, ERR_IPC_LOST, "cannot reach %s: %s", endpoint, why);
}

static res read_envelope(struct client *client, struct str text, json_t **ret_response)
{
        json_auto_t *envelope = json_loadb(text.p == NULL ? "" : text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
        json_t *response = json_object_get(envelope, "Response");
        const json_t *error = json_object_get(response, "Error");

        if (!json_is_object(response))
                return ctl_fail(client->ctl, ERR_IPC_LOST, "%s did not answer in the API's form; is it a Chancery server?",
                                client->credentials.endpoint);
        if (error != NULL)
                return ctl_fail(client->ctl, ERR_PARAM, "%s: %s", json_text(error, "Code"), json_text(error, "Message"));
        *ret_response = json_incref(response);
        return RES_OK;
}

static res post(struct client *client, const char *action, const char *body, json_t **ret_response)
{
        /* of its own: a command that polls for days must not grow */
        CLEAN(arena_free_ptr) struct arena *arena = arena_new(LIMIT_REQUEST_ARENA);
        CLEAN(slist_free) struct curl_slist *headers = NULL;
        CLEAN(buf_wipe) struct buf reply = {0};
        const char *ca = client->credentials.ca;
        CURLcode code;

        buf_init(&reply, LIMIT_REPLY_BYTES);
        TRY(sign(client, arena, action, body, &headers));
        prepare(client->curl, client->curl_why, &reply, arena_printf(arena, "%s/", client->credentials.endpoint), body,
                headers);
        if (ca != NULL)
                curl_easy_setopt(client->curl, CURLOPT_CAINFO, ca);
        code = curl_easy_perform(client->curl);
        if (code != CURLE_OK)
                return lost(client, code);
        return read_envelope(client, buf_str(&reply), ret_response);
}

static void text_free(char **text)
{
        if (*text == NULL)
                return;
        secret_wipe(*text, strlen(*text));
        free(*text);
}

res client_call(struct client *client, const char *action, json_t *parameters, json_t **ret_response)
{
        json_auto_t *owned = parameters == NULL ? json_object() : parameters;
        CLEAN(text_free) char *body = json_dumps(owned, JSON_COMPACT);

        ENSURE(body != NULL, ERR_MEMORY);
        return post(client, action, body, ret_response);
}

/* A socket's address holds 107 bytes; a longer path is named through an open directory. */
static const char *socket_path(struct ctl *ctl, const char *data_dir, int *ret_fd)
{
        *ret_fd = -1;
        if (strlen(data_dir) < 90)
                return arena_printf(ctl->arena, "%s/control.sock", data_dir);
        *ret_fd = open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return arena_printf(ctl->arena, "/proc/self/fd/%d/control.sock", *ret_fd);
}

static res read_control(struct ctl *ctl, struct str text, json_t **ret_answer)
{
        json_auto_t *answer = json_loadb(text.p == NULL ? "" : text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
        const json_t *error = json_object_get(answer, "Error");

        if (!json_is_object(answer))
                return ctl_fail(ctl, ERR_IPC_LOST, "the server's answer on the control socket is no JSON object");
        if (error != NULL)
                return ctl_fail(ctl, ERR_PARAM, "%s: %s", json_text(error, "Code"), json_text(error, "Message"));
        *ret_answer = json_incref(answer);
        return RES_OK;
}

static res control_post(struct ctl *ctl, const char *socket, const char *url, const char *body, const char *data_dir,
                        long wait_sec, json_t **ret_answer)
{
        CLEAN(slist_free) struct curl_slist *headers = NULL;
        CLEAN(easy_free) CURL *curl = curl_easy_init();
        CLEAN(buf_wipe) struct buf reply = {0};
        char why[CURL_ERROR_SIZE];
        CURLcode code;

        buf_init(&reply, LIMIT_REPLY_BYTES);
        ENSURE(curl != NULL && add_header(&headers, "Content-Type: application/json"), ERR_MEMORY);
        prepare(curl, why, &reply, url, body, headers);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, wait_sec);
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
        code = curl_easy_perform(curl);
        if (code == CURLE_COULDNT_CONNECT)
                return ctl_fail(ctl, ERR_IPC_LOST,
                                "no server is running on %s that this user may ask; start one with "
                                "`chancery serve --data %s`",
                                data_dir, data_dir);
        if (code != CURLE_OK)
                return ctl_fail(ctl, ERR_IPC_LOST, "the control socket of %s failed: %s", data_dir,
                                why[0] != '\0' ? why : curl_easy_strerror(code));
        return read_control(ctl, buf_str(&reply), ret_answer);
}

res client_control(struct ctl *ctl, const char *data_dir, const char *path, json_t *body, long wait_sec, json_t **ret_answer)
{
        json_auto_t *owned = body;
        CLEAN(text_free) char *text = json_dumps(owned, JSON_COMPACT);
        int fd = -1;
        const char *socket = socket_path(ctl, data_dir, &fd);
        res result;

        ENSURE(text != NULL, ERR_MEMORY);
        result = control_post(ctl, socket, arena_printf(ctl->arena, "http://localhost%s", path), text, data_dir,
                              wait_sec, ret_answer);
        if (fd >= 0)
                (void)close(fd);
        return result;
}
