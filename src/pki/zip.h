/*
 * Zip archives, written into memory (libzip).  Names come from fixed lists of the caller; times are a parameter,
 * so that the same content gives the same bytes.
 */
#pragma once

#include "base/buf.h"

struct pki_zip;

MUST res pki_zip_new(int64_t mtime_sec, size_t ceiling_bytes, struct pki_zip **ret_zip);
/* Copies the bytes.  Name: relative, '/' between, no "..", no backslash, printable ASCII; ERR_FORMAT.  Twice the same: ERR_FORMAT. */
MUST res pki_zip_add(struct pki_zip *zip, const char *name, struct bytes content);
/* Appends the archive to out. */
MUST res pki_zip_end(struct pki_zip *zip, struct buf *out);
void pki_zip_free(struct pki_zip *zip); /* wipes what was added */
void pki_zip_free_ptr(struct pki_zip **zip);
