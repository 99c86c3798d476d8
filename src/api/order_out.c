/* See order_out.h. */
#include "api/order_out.h"

const struct json_field api_order_out_fields[] = {
        JSON_FIELD(struct order_out, order_id, "OrderId", JSON_STR),
        JSON_FIELD(struct order_out, product_id, "ProductId", JSON_INT),
        JSON_FIELD(struct order_out, package_type, "PackageType", JSON_STR),
        JSON_FIELD(struct order_out, product_name, "ProductName", JSON_STR),
        JSON_FIELD(struct order_out, time_span, "TimeSpan", JSON_INT),
        JSON_FIELD(struct order_out, domain_num, "DomainNum", JSON_INT),
        JSON_FIELD(struct order_out, state, "State", JSON_STR),
        JSON_FIELD(struct order_out, full_price, "FullPrice", JSON_INT),
        JSON_FIELD(struct order_out, saved, "Saved", JSON_INT),
        JSON_FIELD(struct order_out, price, "Price", JSON_INT),
        JSON_FIELD(struct order_out, currency, "Currency", JSON_STR),
        JSON_FIELD(struct order_out, paid_by, "PaidBy", JSON_STR),
        JSON_FIELD(struct order_out, create_time, "CreateTime", JSON_STR),
        JSON_FIELD(struct order_out, pay_time, "PayTime", JSON_STR),
        JSON_FIELD(struct order_out, expire_time, "ExpireTime", JSON_STR),
        JSON_FIELD(struct order_out, end_time, "EndTime", JSON_STR),
        JSON_FIELD(struct order_out, term_begin, "TermBeginTime", JSON_STR),
        JSON_FIELD(struct order_out, term_end, "TermEndTime", JSON_STR),
        JSON_FIELD(struct order_out, auto_renew, "AutoRenew", JSON_BOOL),
        JSON_FIELD(struct order_out, refundable, "Refundable", JSON_BOOL),
        JSON_FIELD(struct order_out, fixed_domain, "FixedDomain", JSON_STR),
        JSON_FIELD(struct order_out, origin_id, "OriginCertificateId", JSON_STR),
        JSON_FIELD(struct order_out, renews_order_id, "RenewsOrderId", JSON_STR),
        JSON_FIELD(struct order_out, certificate_ids, "CertificateIds", JSON_STRS),
        JSON_FIELDS_END};

static void order_out_row(struct req *req, const struct order_row *row, const struct product *product, struct order_out *out)
{
        struct arena *arena = req->act.arena;
        int64_t number = 0;

        if (!res_is_ok(str_to_int64(row->package_type, &number)))
                number = 0;
        *out = (struct order_out){
                .order_id = api_number_text(arena, row->order_id),
                .product_id = api_int(number),
                .package_type = row->package_type,
                .product_name = str_of(product->name ? product->name : ""),
                .time_span = api_int(row->term_months / 12),
                .domain_num = api_int(row->domain_count),
                .state = row->state,
                .full_price = api_int(row->full_minor),
                .saved = api_int(row->full_minor - row->price_minor),
                .price = api_int(row->price_minor),
                .currency = row->currency,
                .paid_by = row->paid_by,
                .create_time = api_time(arena, row->created_at),
                .pay_time = api_time(arena, row->paid_at),
                .expire_time = api_time(arena, row->expires_at),
                .end_time = api_time(arena, row->ended_at),
                .term_begin = api_time(arena, row->term_start_at),
                .term_end = api_time(arena, row->term_end_at),
                .auto_renew = api_bool(row->auto_renew != 0),
                .fixed_domain = row->fixed_domain,
                .origin_id = row->origin_certificate_id,
                .renews_order_id = row->renews_order_id ? api_number_text(arena, row->renews_order_id) : STR(""),
        };
}

res api_order_out_made(struct req *req, const struct order_made *made, struct order_out *ret_out)
{
        const struct product *product = NULL;

        TRY(order_product(&req->act, &made->order, &product));
        order_out_row(req, &made->order, product, ret_out);
        ret_out->certificate_ids = made->certificate_ids;
        ret_out->refundable = api_bool(str_equals(made->order.state, "paid") && made->order.term_start_at == 0);
        return RES_OK;
}

void api_order_out_view(struct req *req, const struct order_view *view, struct order_out *ret_out)
{
        struct str *ids = arena_array_of(req->act.arena, view->certificate_count + 1, struct str);

        order_out_row(req, &view->row, view->product, ret_out);
        for (size_t i = 0; i < view->certificate_count; i++)
                ids[i] = view->certificates[i].certificate_id;
        ret_out->certificate_ids = (struct strs){ids, view->certificate_count};
        ret_out->refundable = api_bool(view->is_refundable);
}
