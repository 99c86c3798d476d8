/* A small stock of fresh keys, filled in idle time: an RSA key takes tenths of a second, RSA-4096 seconds. */
#pragma once

#include "pki/key.h"

struct stock;

MUST res stock_new(struct stock **ret_stock);
void stock_free(struct stock *stock);
/* From the stock, or made now. */
MUST res stock_take(struct stock *stock, enum pki_key_type key_type, struct pki_key **ret_key);
/* Make one key that is lacking; whether more are. */
bool stock_fill_one(struct stock *stock);
