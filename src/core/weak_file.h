/*
 * The keys of Debian's broken generator (CVE-2008-0166, BR 6.1.1.3 (5)) as they are installed: weak-keys/debian-rsa2048.txt
 * has every RSA key of 2048 bits that i386 and amd64 could make, a line each.  A line is the last six bytes of the SHA-1 of
 * "Modulus=<HEX>\n" in base64url, eight characters; the lines are sorted, so a key is found by halving, and nothing is read
 * before somebody asks.  Of a thousand million good keys about one looks like one of them by chance; it is refused, and the
 * next one is not.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "pki/spki.h"

#define WEAK_FILE_LINE 9              /* characters, with the line feed */
#define WEAK_FILE_DEBIAN_LINES 196602 /* six a process number: two machines, three ways to start */

struct weak_file;

/* ERR_CONFIG: it is not there, or has not just so many lines; `why` says so. */
MUST res weak_file_open(const char *path, size_t lines, struct weak_file **ret_file, struct buf *why);
void weak_file_free(struct weak_file *file);
/* Is it the fingerprint of one of its keys?  No file holds none. */
MUST res weak_file_find(const struct weak_file *file, struct pki_kit *kit, const struct pki_spki *spki, bool *ret_listed);
