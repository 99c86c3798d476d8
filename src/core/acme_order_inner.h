/* What the files of ACME orders share. */
#pragma once

#include "core/acme_order.h"

/* Everything but the row, from the row. */
MUST res acme_order_fill(struct act *act, struct store_conn *conn, struct acme_order *order);
