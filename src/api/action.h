/*
 * The action table: one row an action.  What a caller must be and have before a handler runs – signature, method,
 * rate class, verified identity, the right to change – are columns, so that no handler can forget them; the tables of
 * parameters and answers are columns too, so that documents and tests can walk them.
 *
 * A handler reads bind → check → act → reply.  It is given parameters as JSON text whatever way they came in
 * (body, query, form), and writes only the members of the answer; the envelope adds the rest.
 */
#pragma once

#include "api/api.h"
#include "base/json.h"
#include "core/act.h"
#include "http/http.h"

struct api_rate;
struct nonces;

struct api {
        struct core *core;
        struct nonces *nonces;
        struct api_rate *rate; /* NULL = limits.rate is off */
        uint8_t link_key[32];  /* of links to downloads: link.h */
};

enum api_rate_class {
        API_RATE_READ,  /* looks at rows */
        API_RATE_WRITE, /* changes rows */
        API_RATE_HEAVY, /* makes keys or packages, or asks other servers */
        API_RATE_COUNT
};

enum api_service { API_SSL, API_TAG, API_SERVICE_COUNT };

enum api_right { API_LOOKS, API_CHANGES, API_OPERATES }; /* an auditor only looks; operators alone operate */

/* A message's table and the struct that it fills or reads; NULL fields = no members. */
struct api_message {
        const struct json_field *fields;
        size_t size;
};

struct req {
        struct api *api;
        struct http_request *http;
        const struct api_action *action; /* NULL until it is known */
        struct act act;
        struct str action_name; /* as asked for; for the log */
        struct str secret_id;   /* likewise */
        struct str params;      /* JSON text */
        struct buf *out;        /* members of Response */
};

struct api_action {
        const char *name;
        enum api_service service;
        enum api_rate_class rate;
        enum api_right right;
        bool needs_identity;          /* ACC-02 */
        bool is_quick;                /* a few reads by key: answered on the listener's thread (api_handle_quick) */
        const struct api_message *in; /* NULL = parameters are not looked at */
        const struct api_message *out;
        res (*handle)(struct req *req); /* NULL = known to the public API, not built here: UnsupportedOperation */
};

/* Exact name; NULL = nobody knows it. */
const struct api_action *api_action_find(struct str name);
/* For tests and documents: the row at i; NULL past the end.  Sorted by name. */
const struct api_action *api_action_at(size_t i);
/* The version that a service answers to: "2019-12-05". */
const char *api_service_version(enum api_service service);

/* Parameters into the struct of the action's table.  The failure's sentence names the field. */
MUST res req_bind(struct req *req, void *ret_in, size_t in_size);
#define REQ_BIND(req, in) req_bind((req), (in), sizeof *(in))
/* The answer's members by the action's table. */
MUST res req_reply(struct req *req, const void *out, size_t out_size);
#define REQ_REPLY(req, out) req_reply((req), (out), sizeof *(out))
/* Empty, or one of the words without regard to case; else ERR_PARAM_VALUE naming them all. */
MUST res req_check_word(struct req *req, const char *field, struct str value, const char *const *words, size_t count);
/* Wipe a text in the request's arena when the arena goes: for passwords that came in as parameters. */
void req_wipe_later(struct req *req, struct str secret);

/* Small helps for filling answers. */
static inline struct opt_int api_int(int64_t v)
{
        return (struct opt_int){true, v};
}
static inline struct opt_int api_bool(bool v)
{
        return (struct opt_int){true, v ? 1 : 0};
}
/* GMT+8 text in the arena; "" for 0. */
struct str api_time(struct arena *arena, int64_t sec);
struct str api_number_text(struct arena *arena, int64_t v);
