/* A chain that somebody brought: complete, right, and known to end in a CA that is trusted here (CON-19, UPL). */
#pragma once

#include "core/act.h"

struct chain_report {
        bool is_valid;     /* one chain without gap, every link proved, every certificate in date */
        bool is_trusted;   /* its end is one of our CAs, or of the machine's trusted ones, or signed by one */
        struct strs names; /* common names, leaf first (in the order given when it is no chain) */
};

/* ERR_CERT_INVALID: the text is not one to ten certificates in PEM. */
MUST res chain_check(struct act *act, struct str pem, struct chain_report *ret_report);
