/* What the files of ACME accounts share. */
#pragma once

#include "core/acme_account.h"

bool acme_cache_get(struct act *act, int64_t acme_id, struct acme_account *ret_account, uint64_t *ret_generation);
void acme_cache_put(struct act *act, const struct acme_account *account, uint64_t generation);
void acme_cache_forget(struct act *act, int64_t acme_id);
/* Lets the act's arena hold the key once more. */
void acme_account_hold(struct act *act, struct pki_public *key);
