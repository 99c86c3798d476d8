/*
 * Labels: what an owner may hang on a certificate and change at any time, in any state – alias, project, tags
 * (ACC-09, ACC-11, FREE-13, UPL-05).  The checks serve applications too.
 */
#pragma once

#include "core/certificate.h"

/* ERR_PARAM_VALUE: over LIMIT_ALIAS_CHARS characters as a person counts them, or control characters. */
MUST
res label_check_alias(struct act *act, struct str alias);
/* ERR_PROJECT: no such project in the account; 0, the default one, is always there. */
MUST
res label_check_project(struct act *act, int64_t project_id);
/* ERR_PARAM_VALUE: a tag without key, too long, the same key twice, or more than LIMIT_TAGS. */
MUST
res label_check_tags(struct act *act, const struct tag_pair *tags, size_t count);
bool label_has_control_chars(struct str s);
/* At most so many characters as a person counts them, all printable. */
bool label_text_is_short(struct str s, size_t chars);

/* "" takes the alias away.  ERR_CERT_NOT_FOUND. */
MUST
res label_set_alias(struct act *act, struct str id, struct str alias);

struct label_moved {
        struct strs done, failed; /* ids; a foreign or missing one fails by itself */
};
MUST
res label_set_project(struct act *act, struct strs ids, int64_t project_id, struct label_moved *ret_moved);

struct label_tags {
        const struct tag_pair *put; /* a key has one value: the newest */
        size_t put_count;
        struct strs drop; /* keys; one that is not there is fine */
};
MUST
res label_set_tags(struct act *act, struct str id, const struct label_tags *change);

struct label_tag {
        struct str certificate_id, key, value;
};
/* The tags of the given certificates, in the order given; foreign and missing ids have none. */
MUST
res label_list_tags(struct act *act, struct strs ids, const struct label_tag **ret_tags, size_t *ret_n);
