/* The package: one zip with a folder for each server kind (DL, api.md §6). */
#pragma once

#include "base/buf.h"
#include "core/act.h"
#include "core/package_kind.h"

/*
 * ERR_CERT_DOWNLOAD_STATE unless issued (or expired); the key's release is logged first.  `key_password` ("" = not told)
 * opens a key that is kept under its owner's password, for the keystores; ERR_KEY_PASSWORD when it does not.  It is of no
 * use to a key without one (PKP-01 to PKP-03).
 */
MUST res download_package(struct act *act, struct str certificate_id, struct str key_password, struct buf *ret_zip);
/*
 * The folder for one kind of server alone.  ERR_DOWNLOAD_KIND: a keystore, and there is no key, or one under a password.
 * ret_name, in the arena: "<name>_nginx.zip".
 */
MUST res download_kind(struct act *act, struct str certificate_id, enum package_kind kind, struct buf *ret_zip,
                       const char **ret_name);
/* Would that work, and what would the file be called?  Opens and records nothing. */
MUST res download_kind_name(struct act *act, struct str certificate_id, enum package_kind kind, const char **ret_name);
