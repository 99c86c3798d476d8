/*
 * The keystore of a package: the opened key with its chain, under a password made for this package or, where the owner
 * gave one at application, under the owner's, told again for this request (PKP-01 to PKP-03, SIL-54).
 */
#pragma once

#include "core/act.h"
#include "core/held.h"
#include "core/key_open.h"
#include "core/package.h"

struct keystore_subject {
        struct str domain;
        const struct held *held; /* the certificate; its issuers, without the root, go in too */
        struct str key_password; /* "" = not told; of no use to a key without one */
};
/*
 * Fill keystore and keystore_password of `parts`, or leave them NULL where the key's password was not told.  What is
 * secret lives in act->arena and is wiped with it.  ERR_KEY_PASSWORD.
 */
MUST res keystore_add(struct act *act, const struct key_opened *opened, const struct keystore_subject *subject,
                      struct package_parts *parts);
