/*
 * What to type for each ACME client: the lines of docs/acme.md, with everything filled in.
 */
#pragma once

#include "base/arena.h"

#define EAB_CLIENTS "certbot|lego|uacme|dehydrated|caddy|apache"

struct eab_values {
        const char *directory, *key_id, *hmac_key, *name, *email;
};

/*
 * The lines for one of EAB_CLIENTS, in the arena: code by four blanks, words between.  They are those that the client's section of
 * docs/acme.md begins with; tests/acme/clients.test.mjs compares, and runs them.
 */
const char *eab_lines(struct arena *arena, const char *client, const struct eab_values *values);
