/* An order as the API shows it, in answers and in lists. */
#pragma once

#include "api/action.h"
#include "core/order.h"

struct order_out {
        struct str order_id, package_type, product_name, state, paid_by, currency, create_time, pay_time, expire_time, end_time,
                term_begin, term_end, fixed_domain, origin_id, renews_order_id;
        struct opt_int product_id, time_span, domain_num, full_price, price, saved, auto_renew, refundable;
        struct strs certificate_ids;
};
extern const struct json_field api_order_out_fields[];

/* `made` or a view: what is not known without the product's name is looked up in the row as bought. */
MUST res api_order_out_made(struct req *req, const struct order_made *made, struct order_out *ret_out);
void api_order_out_view(struct req *req, const struct order_view *view, struct order_out *ret_out);
