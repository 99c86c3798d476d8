/*
 * The one way to fail.  Whatever can fail returns `res`; the codes live in err.def.
 * A res holds nothing but its code: the sentence for people goes to the act (core/act.h)
 * or is looked up with err_sentence().
 */
#pragma once

#include <stdbool.h>

enum err {
        ERR_NONE = 0,
#define ERR(name, api, http, acme, sentence) ERR_##name,
#include "base/err.def"
#undef ERR
        ERR_COUNT
};

typedef struct res {
        enum err err;
} res;

/* Written before every function that returns a res, so that the compiler catches an ignored one. */
#define MUST __attribute__((warn_unused_result))

#define RES_OK ((res){ERR_NONE})
#define FAIL(code) ((res){(code)})

static inline bool res_is_ok(res r)
{
        return r.err == ERR_NONE;
}

/* Return the failure upward. */
#define TRY(call) \
        do { \
                res try_res_ = (call); \
                if (try_res_.err != ERR_NONE) \
                        return try_res_; \
        } while (0)

/* Create a failure. */
#define ENSURE(cond, code) \
        do { \
                if (!(cond)) \
                        return FAIL(code); \
        } while (0)

/* Clean-up beside the declaration: CLEAN(buf_done) struct buf b = {0}; the function takes a pointer to the variable. */
#define CLEAN(fn) __attribute__((cleanup(fn)))

/* The table's columns.  api: "" where the wire never shows it (then InternalError). */
const char *err_name(enum err e);      /* "STORE_FULL" */
const char *err_api_code(enum err e);  /* "FailedOperation.SystemError" */
const char *err_acme_type(enum err e); /* "serverInternal" (RFC 8555 §6.7), "" if none */
const char *err_sentence(enum err e);  /* default sentence for people */
bool err_is_of_store(enum err e);      /* STORE … STORE_UNKNOWN: not the request's fault */
int err_http_status(enum err e);       /* used outside the action API, which answers 200 always */
