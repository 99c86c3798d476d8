/*
 * A certificate as it is held: its bytes and those of its issuers, whether we issued it or its owner brought it.
 * Details, packages and keystores are made from this, so that none of them asks where a certificate came from.
 */
#pragma once

#include "core/act.h"
#include "store/certificate.h"

#define HELD_UPLOAD "upload" /* certificate.source of those that their owner brought */

struct held {
        const char *public_pem;     /* as it was uploaded, byte for byte; else leaf and intermediates */
        struct bytes leaf;          /* DER; the first one of a CA bundle */
        const struct bytes *issuers; /* DER, from the leaf's upwards, the root among them when it is known */
        size_t issuer_count;
        bool ends_in_root;
};

bool held_is_uploaded(const struct certificate_row *row);
/* Is there a certificate yet? */
bool held_is_there(const struct certificate_row *row);
/* Everything in act->arena.  ERR_NOT_FOUND: not issued yet. */
MUST res held_get(struct act *act, const struct certificate_row *row, struct held *ret_held);
/* PEM of the issuers, with or without the root (CON-19); "" when there are none. */
const char *held_issuers_pem(struct act *act, const struct held *held);
const char *held_root_pem(struct act *act, const struct held *held);
const char *held_leaf_pem(struct act *act, const struct held *held);
