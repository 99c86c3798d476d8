/* Shared by the files of the lint. */
#pragma once

#include "pki/der.h"
#include "pki/lint.h"
#include "pki/spki.h"

enum lint_id {
#define LINT(id, name, rule, sentence) LINT_##id,
#include "pki/lint.def"
#undef LINT
        LINT_COUNT
};

struct lint {
        const struct pki_lint_context *context;
        enum lint_id found;
        bool has_found;
        struct pki_spki spki;
        struct bytes subject;   /* content of the Name */
        struct str common_name; /* n = 0: none */
        struct bytes san;       /* content of GeneralNames; p = NULL: none */
};

res lint_fail(struct lint *lint, enum lint_id id);

/* One rule: when it does not hold, its finding goes up. */
#define RULE(lint, cond, id) \
        do { \
                if (!(cond)) \
                        return lint_fail((lint), LINT_##id); \
        } while (0)

MUST res lint_subject(struct lint *lint);
MUST res lint_extensions(struct lint *lint, struct der *tbs);
MUST res lint_names(struct lint *lint);
bool lint_is_punycode(struct str label); /* without "xn--" */
static inline bool lint_is_ca(const struct lint *lint)
{
        return lint->context->profile->kind == PKI_PROFILE_ROOT ||
               lint->context->profile->kind == PKI_PROFILE_INTERMEDIATE;
}
