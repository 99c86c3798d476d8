/* The handlers of the resources, one file each; private to acme/. */
#pragma once

#include "acme/call.h"

void acme_directory(struct acme_call *call);
MUST res acme_directory_resource(struct acme_call *call); /* by POST-as-GET; so is the next */
MUST res acme_new_nonce_resource(struct acme_call *call);
MUST res acme_new_account(struct acme_call *call);
MUST res acme_account_resource(struct acme_call *call);
MUST res acme_account_orders(struct acme_call *call);
MUST res acme_key_change(struct acme_call *call);
MUST res acme_new_order(struct acme_call *call);
MUST res acme_order_resource(struct acme_call *call);
MUST res acme_finalize(struct acme_call *call);
MUST res acme_authz(struct acme_call *call);
MUST res acme_challenge(struct acme_call *call);
MUST res acme_certificate(struct acme_call *call);
MUST res acme_revoke(struct acme_call *call);
MUST res acme_renewal_info_resource(struct acme_call *call);
