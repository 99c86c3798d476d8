/* Orders: buying, paying, refunds, renewal, upgrade.  docs/api/CreateCertificate.md and the pages of the others. */
#pragma once

#include "api/action.h"

struct tag_pair;

extern const struct api_message api_order_certificate_in, api_order_certificate_out; /* CreateCertificate */
extern const struct api_message api_order_create_in, api_order_pay_in, api_order_close_in, api_order_refund_in, api_order_renew_in,
        api_order_upgrade_in, api_order_auto_in;
extern const struct api_message api_order_create_out, api_order_pay_out, api_order_close_out, api_order_refund_out,
        api_order_renew_out, api_order_upgrade_out, api_order_auto_out;
extern const struct api_message api_order_list_in, api_order_list_out;
MUST res api_order_certificate(struct req *req);
MUST res api_order_create(struct req *req);
MUST res api_order_pay(struct req *req);
MUST res api_order_close(struct req *req);
MUST res api_order_refund(struct req *req);
MUST res api_order_renew(struct req *req);
MUST res api_order_upgrade(struct req *req);
MUST res api_order_auto(struct req *req);
MUST res api_order_list(struct req *req);
