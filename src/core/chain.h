/* A chain that somebody brought: complete, right, and known to end in a CA that is trusted here (CON-19, UPL). */
#pragma once

#include "core/act.h"
#include "core/chain_read.h"

struct chain_report {
        bool is_valid;     /* one chain without gap that `openssl verify -x509_strict` takes today, its root known or there */
        bool is_trusted;   /* its end is one of our CAs, or of the machine's trusted ones, or signed by one */
        struct strs names; /* common names, leaf first (in the order given when it is no chain) */
};

/* PEM in any order, or DER in base64.  ERR_CERT_INVALID: it is not one to ten certificates. */
MUST res chain_check(struct act *act, struct str text, struct chain_report *ret_report);
/* Is `top` a root, or signed by a root that is trusted here?  Then nothing is missing above it. */
MUST res chain_is_complete(struct act *act, const struct pki_cert *top, bool *ret_complete);
