/* Facts of this installation by name: node name, set-up token's hash, sealed listener key, … */
#pragma once

#include "store/store.h"

MUST res store_instance_put(struct store_tx *tx, struct str name, struct str value);
MUST res store_instance_get(struct store_conn *c, struct arena *a, struct str name, struct str *ret_value); /* ERR_NOT_FOUND */
MUST res store_instance_delete(struct store_tx *tx, struct str name); /* none is fine */
