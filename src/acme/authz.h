/* How authorizations and challenges look on the wire; private to acme/. */
#pragma once

#include "acme/resource.h"
#include "core/authorization.h"

void acme_write_challenge(struct acme_call *call, const struct acme_authorization_row *row, enum msg_method method, struct buf *out);
