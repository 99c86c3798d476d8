/* See order.h.  Tables of parameters first, then one handler an action: bind → act → reply. */
#include "api/order.h"

#include "api/order_out.h"
#include "api/tag.h"

/* ---- parameters ---- */

struct buy_in {
        struct opt_int product_id, domain_num, time_span, auto_voucher, project_id, auto_renew, pay, domain_type, pro;
        struct str client_token, brand, type, standard;
        struct objs tags;
};
#define BUY_FIELDS \
        JSON_FIELD(struct buy_in, domain_num, "DomainNum", JSON_INT, .required = true), \
                JSON_FIELD(struct buy_in, time_span, "TimeSpan", JSON_INT, .required = true), \
                JSON_FIELD(struct buy_in, tags, "Tags", JSON_OBJS, .limit = LIMIT_TAGS, .sub = api_tag_fields, \
                           .sub_size = sizeof(struct tag_pair)), \
                JSON_FIELD(struct buy_in, client_token, "ClientToken", JSON_STR, .limit = LIMIT_CLIENT_TOKEN_BYTES)
static const struct json_field certificate_in_fields[] = {
        JSON_FIELD(struct buy_in, product_id, "ProductId", JSON_INT, .required = true),
        BUY_FIELDS,
        JSON_FIELD(struct buy_in, auto_voucher, "AutoVoucher", JSON_INT),
        JSON_FIELDS_END};
static const struct json_field create_in_fields[] = {
        JSON_FIELD(struct buy_in, product_id, "ProductId", JSON_INT),
        JSON_FIELD(struct buy_in, brand, "Brand", JSON_STR, .limit = 64),
        JSON_FIELD(struct buy_in, type, "Type", JSON_STR, .limit = 8),
        JSON_FIELD(struct buy_in, pro, "Pro", JSON_BOOL),
        JSON_FIELD(struct buy_in, standard, "Standard", JSON_STR, .limit = 16),
        JSON_FIELD(struct buy_in, domain_type, "DomainType", JSON_INT), BUY_FIELDS, JSON_FIELD(struct buy_in, project_id, "ProjectId", JSON_UINT),
        JSON_FIELD(struct buy_in, auto_renew, "AutoRenew", JSON_BOOL), JSON_FIELD(struct buy_in, pay, "Pay", JSON_BOOL),
        JSON_FIELDS_END};

struct order_in {
        struct str order_id;
        struct opt_int auto_renew;
};
static const struct json_field order_in_fields[] = {
        JSON_FIELD(struct order_in, order_id, "OrderId", JSON_STR, .required = true, .limit = 32), JSON_FIELDS_END};
static const struct json_field auto_in_fields[] = {
        JSON_FIELD(struct order_in, order_id, "OrderId", JSON_STR, .required = true, .limit = 32),
        JSON_FIELD(struct order_in, auto_renew, "AutoRenew", JSON_BOOL, .required = true), JSON_FIELDS_END};

struct next_in {
        struct str certificate_id;
        struct opt_int product_id, time_span;
};
static const struct json_field renew_in_fields[] = {
        JSON_FIELD(struct next_in, certificate_id, "CertificateId", JSON_STR, .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct next_in, time_span, "TimeSpan", JSON_INT), JSON_FIELDS_END};
static const struct json_field upgrade_in_fields[] = {
        JSON_FIELD(struct next_in, certificate_id, "CertificateId", JSON_STR, .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct next_in, product_id, "ProductId", JSON_INT), JSON_FIELD(struct next_in, time_span, "TimeSpan", JSON_INT),
        JSON_FIELDS_END};

struct list_in {
        struct opt_int offset, limit, product_id;
        struct str state, certificate_id, marker;
};
static const struct json_field list_in_fields[] = {
        JSON_FIELD(struct list_in, offset, "Offset", JSON_UINT),
        JSON_FIELD(struct list_in, limit, "Limit", JSON_UINT),
        JSON_FIELD(struct list_in, marker, "Marker", JSON_STR, .limit = 32),
        JSON_FIELD(struct list_in, state, "State", JSON_STR, .limit = 16),
        JSON_FIELD(struct list_in, product_id, "ProductId", JSON_INT),
        JSON_FIELD(struct list_in, certificate_id, "CertificateId", JSON_STR, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELDS_END};

/* ---- answers ---- */

struct certificate_made_out {
        struct strs certificate_ids, deal_ids, resource_ids;
};
static const struct json_field certificate_out_fields[] = {
        JSON_FIELD(struct certificate_made_out, certificate_ids, "CertificateIds", JSON_STRS),
        JSON_FIELD(struct certificate_made_out, deal_ids, "DealIds", JSON_STRS),
        JSON_FIELD(struct certificate_made_out, resource_ids, "ResourceIds", JSON_STRS), JSON_FIELDS_END};

struct one_out {
        const struct order_out *order;
};
static const struct json_field one_out_fields[] = {
        JSON_FIELD(struct one_out, order, "Order", JSON_OBJ, .sub = api_order_out_fields), JSON_FIELDS_END};

struct list_out {
        struct opt_int total;
        struct objs orders;
        struct str next_marker;
};
static const struct json_field list_out_fields[] = {
        JSON_FIELD(struct list_out, total, "TotalCount", JSON_UINT),
        JSON_FIELD(struct list_out, orders, "Orders", JSON_OBJS, .sub = api_order_out_fields, .sub_size = sizeof(struct order_out)),
        JSON_FIELD(struct list_out, next_marker, "NextMarker", JSON_STR), JSON_FIELDS_END};

const struct api_message api_order_certificate_in = {certificate_in_fields, sizeof(struct buy_in)};
const struct api_message api_order_certificate_out = {certificate_out_fields, sizeof(struct certificate_made_out)};
const struct api_message api_order_create_in = {create_in_fields, sizeof(struct buy_in)};
const struct api_message api_order_create_out = {one_out_fields, sizeof(struct one_out)};
const struct api_message api_order_pay_in = {order_in_fields, sizeof(struct order_in)};
const struct api_message api_order_pay_out = {one_out_fields, sizeof(struct one_out)};
const struct api_message api_order_close_in = {order_in_fields, sizeof(struct order_in)};
const struct api_message api_order_close_out = {one_out_fields, sizeof(struct one_out)};
const struct api_message api_order_refund_in = {order_in_fields, sizeof(struct order_in)};
const struct api_message api_order_refund_out = {one_out_fields, sizeof(struct one_out)};
const struct api_message api_order_auto_in = {auto_in_fields, sizeof(struct order_in)};
const struct api_message api_order_auto_out = {one_out_fields, sizeof(struct one_out)};
const struct api_message api_order_renew_in = {renew_in_fields, sizeof(struct next_in)};
const struct api_message api_order_renew_out = {one_out_fields, sizeof(struct one_out)};
const struct api_message api_order_upgrade_in = {upgrade_in_fields, sizeof(struct next_in)};
const struct api_message api_order_upgrade_out = {one_out_fields, sizeof(struct one_out)};
const struct api_message api_order_list_in = {list_in_fields, sizeof(struct list_in)};
const struct api_message api_order_list_out = {list_out_fields, sizeof(struct list_out)};

/* ---- help ---- */

/* A TimeSpan beyond any term is as wrong as one that is not sold; multiplying it must not overflow. */
static int64_t months_of(struct opt_int years)
{
        return years.v >= 0 && years.v <= 100 ? years.v * 12 : -1;
}

static struct order_buy wish_of(struct req *req, const struct buy_in *in)
{
        return (struct order_buy){
                .product = in->product_id.set ? api_number_text(req->act.arena, in->product_id.v) : STR(""),
                .wish = {.brand = in->brand, .level = in->type, .standard = in->standard, .domain_type = in->domain_type.v,
                         .is_pro = in->pro.v != 0},
                .names = in->domain_num.v,
                .months = months_of(in->time_span),
                .project_id = in->project_id.v,
                .tags = in->tags,
                .auto_renew = in->auto_renew.v != 0,
                .client_token = in->client_token,
        };
}

/* What is no number names no order either: the same answer as for one that is not there. */
static res id_of(struct str text, int64_t *ret_id)
{
        return res_is_ok(str_to_int64(text, ret_id)) && *ret_id > 0 ? RES_OK : FAIL(ERR_ORDER);
}

static res reply_order(struct req *req, const struct order_made *made)
{
        struct order_out order;

        TRY(api_order_out_made(req, made, &order));
        return REQ_REPLY(req, &(struct one_out){&order});
}

static res reply_row(struct req *req, int64_t order_id)
{
        struct order_made made = {0};

        TRY(order_get(&req->act, order_id, &made.order));
        return reply_order(req, &made);
}

/* ---- handlers ---- */

res api_order_certificate(struct req *req)
{
        struct buy_in in = {0};
        struct order_made made;

        TRY(REQ_BIND(req, &in));
        const struct order_buy wish = wish_of(req, &in);

        TRY(order_buy(&req->act, &wish, &made));
        const struct str deal = api_number_text(req->act.arena, made.order.order_id);

        return REQ_REPLY(req, (&(struct certificate_made_out){made.certificate_ids, {&deal, 1}, made.certificate_ids}));
}

res api_order_create(struct req *req)
{
        struct buy_in in = {0};
        struct order_made made;

        TRY(REQ_BIND(req, &in));
        if (!in.product_id.set && in.type.n == 0)
                return act_fail(&req->act, ERR_PARAM_MISSING, "Send ProductId, or Type with Brand and DomainType as you like.");
        const struct order_buy wish = wish_of(req, &in);

        if (in.pay.v != 0)
                TRY(order_buy(&req->act, &wish, &made));
        else
                TRY(order_create(&req->act, &wish, &made));
        return reply_order(req, &made);
}

res api_order_pay(struct req *req)
{
        struct order_in in = {0};
        struct order_made made;
        int64_t id = 0;

        TRY(REQ_BIND(req, &in));
        TRY(id_of(in.order_id, &id));
        TRY(order_pay(&req->act, id, &made));
        return reply_order(req, &made);
}

res api_order_close(struct req *req)
{
        struct order_in in = {0};
        int64_t id = 0;

        TRY(REQ_BIND(req, &in));
        TRY(id_of(in.order_id, &id));
        TRY(order_close(&req->act, id));
        return reply_row(req, id);
}

res api_order_refund(struct req *req)
{
        struct order_in in = {0};
        struct order_made made;
        int64_t id = 0;

        TRY(REQ_BIND(req, &in));
        TRY(id_of(in.order_id, &id));
        TRY(order_refund(&req->act, id, &made));
        return reply_order(req, &made);
}

res api_order_auto(struct req *req)
{
        struct order_in in = {0};
        int64_t id = 0;

        TRY(REQ_BIND(req, &in));
        TRY(id_of(in.order_id, &id));
        TRY(order_set_auto_renew(&req->act, id, in.auto_renew.v != 0));
        return reply_row(req, id);
}

res api_order_renew(struct req *req)
{
        struct next_in in = {0};
        struct order_made made;

        TRY(REQ_BIND(req, &in));
        TRY(order_renew(&req->act, &(struct order_renew){in.certificate_id, in.time_span.set ? months_of(in.time_span) : 0, false},
                        &made));
        return reply_order(req, &made);
}

res api_order_upgrade(struct req *req)
{
        struct next_in in = {0};
        struct order_made made;

        TRY(REQ_BIND(req, &in));
        TRY(order_upgrade(&req->act, in.certificate_id,
                          in.product_id.set ? api_number_text(req->act.arena, in.product_id.v) : STR(""),
                          in.time_span.set ? months_of(in.time_span) : 0, &made));
        return reply_order(req, &made);
}

static res list_reply(struct req *req, const struct order_page *page)
{
        struct order_out *orders = arena_array_of(req->act.arena, page->n + 1, struct order_out);
        struct str marker = page->next_marker ? api_number_text(req->act.arena, page->next_marker) : STR("");

        for (size_t i = 0; i < page->n; i++)
                api_order_out_view(req, &page->v[i], &orders[i]);
        return REQ_REPLY(req, (&(struct list_out){api_int(page->total), {orders, page->n}, marker}));
}

res api_order_list(struct req *req)
{
        struct list_in in = {0};
        struct order_page page;
        struct order_query query;

        TRY(REQ_BIND(req, &in));
        query = (struct order_query){
                .state = in.state,
                .package_type = in.product_id.set ? api_number_text(req->act.arena, in.product_id.v) : STR(""),
                .certificate_id = in.certificate_id,
                .offset = in.offset.v,
                .limit = in.limit.v,
        };
        if (in.marker.n > 0 && !res_is_ok(str_to_int64(in.marker, &query.marker)))
                return act_fail(&req->act, ERR_PARAM_VALUE, "Marker is the NextMarker of the page before.");
        TRY(order_list(&req->act, &query, &page));
        return list_reply(req, &page);
}
