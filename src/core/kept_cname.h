/*
 * The kept CNAME (DCV-35): where validation.cname-zone is set, an account has one host and one target a name, the same
 * for every order.  Who leaves the record in place proves the name anew at each renewal without doing anything.
 */
#pragma once

#include "core/act.h"

/* Read, or make at the first start, what targets are derived from. */
MUST res kept_cname_begin(struct act *act);
/* Is validation.cname-zone set? */
bool kept_cname_is_on(const struct core *core);
/* Host (below `name`) and target of the act's account.  Both unguessable to others: 155 bits each (BR 1.6.1 wants 112). */
void kept_cname_make(struct act *act, struct str name, struct str *ret_record, struct str *ret_value);
