/*
 * CAA (RFC 8659, RFC 8657): the judgement over one record set.  Pure; the climb through the tree is caa.c's.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct caa_question {
        bool wildcard;          /* issuewild counts, and issue only when there is no issuewild */
        struct str identities;  /* ours, comma-separated */
        struct str account_uri; /* of the applicant, "" = none */
        struct str method;      /* name of the validation method, "" = none */
};

enum caa_judgement { CAA_PERMITS, CAA_FORBIDS };

/*
 * `data` is a record set that is not empty.  The sentence fragment in *ret_why ("…: allows only x.test") lives in the
 * arena and may hold foreign bytes: print it with care.
 */
enum caa_judgement caa_judge(struct arena *arena, const struct bytes *data, size_t count,
                             const struct caa_question *question, const char **ret_why);
