/* The package: one zip with a folder for each server kind (DL, api.md §6). */
#pragma once

#include "base/buf.h"
#include "core/act.h"

/* ERR_CERT_DOWNLOAD_STATE unless issued (or expired); the key's release is logged first. */
MUST res download_package(struct act *act, struct str certificate_id, struct str key_password, struct buf *ret_zip);
