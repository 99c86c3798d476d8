/*
 * One conversation with a server: the API over TLS with a signed POST (api.md §1.1), or the control socket.
 * Connections are kept, so that a command that polls pays for one handshake.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "ctl/command.h"

struct client;

/* Credentials and addresses as credentials.h finds them.  ERR_CONFIG with a sentence. */
MUST res client_open(struct ctl *ctl, struct client **ret_client);
void client_close(struct client **client); /* for CLEAN() */
const char *client_endpoint(const struct client *client); /* https://host:port, no slash at the end */
/*
 * One action.  Takes `parameters` (NULL = none) over.  *ret_response is the Response object, the caller's to release.
 * ERR_PARAM: the API refused, ctl->why says "Code: Message".  ERR_IPC_LOST: the server could not be reached or did not
 * answer in the API's form, so nothing is known about the request.
 */
MUST res client_call(struct client *client, const char *action, json_t *parameters, json_t **ret_response);
#define CLIENT_TOTAL_SEC 120L       /* making an RSA key on a busy machine, with much to spare */
#define CLIENT_AUDIT_SEC (6 * 3600L) /* millions of certificates, each read again */
/* POST to the control socket in data_dir, and wait that long.  ERR_IPC_LOST: nobody listens there. */
MUST res client_control(struct ctl *ctl, const char *data_dir, const char *path, json_t *body, long wait_sec, json_t **ret_answer);

/* Members of an answer; "" or 0 when absent or of another kind. */
const char *json_text(const json_t *object, const char *name);
const char *json_joined(struct ctl *ctl, const json_t *object, const char *name); /* of texts: "a, b" */
/* A member of a query; none where `text` is NULL, as of an option that was not given. */
void json_put_text(json_t *object, const char *name, const char *text);
/* "KEY=VALUE" as the API's tag, the caller's to release.  ERR_USAGE. */
MUST res label_tag_pair(struct ctl *ctl, const char *text, json_t **ret_pair);
int64_t json_int(const json_t *object, const char *name);
