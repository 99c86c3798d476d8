/*
 * A package for one kind of server alone: the folder <name>_<kind> with what that server wants, names as in api.md §6.
 */
#pragma once

#include "core/package.h"

enum package_kind { /* the wire's ServiceType */
                    PACKAGE_NGINX,
                    PACKAGE_APACHE,
                    PACKAGE_TOMCAT,
                    PACKAGE_IIS,
                    PACKAGE_JKS,
                    PACKAGE_OTHER,
                    PACKAGE_ROOT,
                    PACKAGE_KIND_COUNT
};

/* By the wire's word, either case; "" is nginx.  PACKAGE_KIND_COUNT = there is none. */
enum package_kind package_kind_find(struct str word);
const char *package_kind_word(enum package_kind kind);
/* Is it a keystore, which needs the private key in the open? */
bool package_kind_is_keystore(enum package_kind kind);
/* ERR_DOWNLOAD_KIND: a keystore, and the parts have none. */
MUST res package_write_kind(const struct package_parts *parts, enum package_kind kind, int64_t now_sec,
                            struct buf *ret_zip);
