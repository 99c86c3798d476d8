/*
 * What goes into a download: a folder for each server kind, names as in api.md §6.  Each folder is one function over the
 * same parts; a new kind is a row of the table in package.c.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "pki/keystore.h"
#include "pki/zip.h"

struct package_parts {
        struct arena *arena;
        const char *name; /* the domain as a file name: "*" becomes "_wildcard" */
        const char *leaf_pem, *intermediates_pem, *root_pem;
        const char *key_pem; /* NULL = the customer has it */
        bool key_is_encrypted;
        const char *csr_pem; /* NULL = none */
        const struct pki_keystore *
                keystore; /* what JKS and PFX hold; NULL = the key is not here, or under a password that was not told */
        const char *keystore_password; /* for keystorePass.txt; NULL = the owner knows it (PKP-02) */
};

/* The whole archive: every folder that the parts allow. */
MUST res package_write(const struct package_parts *parts, int64_t now_sec, struct buf *ret_zip);
