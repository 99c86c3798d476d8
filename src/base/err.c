/* The table of err.def, turned into one array; a number outside it reads as an inner fault. */
#include "base/res.h"

struct err_row {
        const char *name, *api, *acme, *sentence;
        int http;
};

static const struct err_row err_rows[ERR_COUNT] = {
        [ERR_NONE] = {.name = "NONE", .api = "", .acme = "", .sentence = "", .http = 200},
#define ERR(name_, api_, http_, acme_, sentence_) \
        [ERR_##name_] = {.name = #name_, .api = api_, .acme = acme_, .sentence = sentence_, .http = http_},
#include "base/err.def"
#undef ERR
};

static const struct err_row *err_row(enum err e)
{
        return &err_rows[(unsigned)e < ERR_COUNT ? e : ERR_INTERNAL];
}

const char *err_name(enum err e)
{
        return err_row(e)->name;
}

const char *err_api_code(enum err e)
{
        const char *api = err_row(e)->api;

        return e == ERR_NONE || api[0] ? api : "InternalError";
}

const char *err_acme_type(enum err e)
{
        return err_row(e)->acme;
}

const char *err_sentence(enum err e)
{
        return err_row(e)->sentence;
}

int err_http_status(enum err e)
{
        return err_row(e)->http;
}

bool err_is_of_store(enum err e)
{
        return e >= ERR_STORE && e <= ERR_STORE_UNKNOWN;
}
