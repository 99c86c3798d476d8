/*
 * Public keys whose private half anybody can have: listed by fingerprint in a file (keys.blocked-list), because no look
 * at the key itself shows it.  Debian's keys of 2048 bits are refused without (weak_file.h); `debian-weak-keys` writes those
 * of other sizes, and lists that others publish fit too.  A line is
 *
 *     20 hexadecimal digits   the last ten bytes of the SHA-1 of "Modulus=<HEX>\n" (as openssl-blacklist writes them)
 *     40                      that SHA-1 whole
 *     64                      the SHA-256 of the SubjectPublicKeyInfo, of any kind of key
 *
 * and `#` begins a comment.  Immutable; it goes with the catalogue that it was read with.
 */
#pragma once

#include "base/buf.h"
#include "base/res.h"
#include "pki/spki.h"

#define WEAK_TAIL_BYTES 10

struct weak_list;

/* ERR_CONFIG: `why` says file, line and mend.  `path` NULL or "" = an empty list. */
MUST res weak_list_load(const char *path, struct weak_list **ret_list, struct buf *why);
MUST res weak_list_parse(const char *path, struct str text, struct weak_list **ret_list, struct buf *why);
void weak_list_free(struct weak_list *list);
size_t weak_list_count(const struct weak_list *list);
/* Is this key listed?  An absent list holds nothing. */
MUST res weak_list_find(const struct weak_list *list, struct pki_kit *kit, const struct pki_spki *spki, bool *ret_listed);
/* The last ten bytes of the SHA-1 of "Modulus=<HEX>\n": how an RSA key is listed.  ERR_KEY_TYPE: beyond 8192 bits. */
MUST res weak_tail(struct pki_kit *kit, struct bytes modulus, uint8_t out[WEAK_TAIL_BYTES]);
