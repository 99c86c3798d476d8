/* Shared by the two kinds of keystore; private to this room. */
#pragma once

#include "pki/keystore.h"

/* What both need: a chain whose leaf fits the key, a password, an alias.  ERR_FORMAT. */
MUST res pki_keystore_check(const struct pki_keystore *store);
