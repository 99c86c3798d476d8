/* See catalogue.h.  The public API has no such list: its console knows the products by heart. */
#include "api/catalogue.h"

#include "core/catalogue.h"
#include "core/money.h"
#include "core/order.h"

struct catalogue_in {
        struct str brand, type, standard;
        struct opt_int domain_type, product_id, buyable;
};
static const struct json_field catalogue_in_fields[] = {
        JSON_FIELD(struct catalogue_in, product_id, "ProductId", JSON_INT),
        JSON_FIELD(struct catalogue_in, brand, "Brand", JSON_STR, .limit = 64),
        JSON_FIELD(struct catalogue_in, type, "Type", JSON_STR, .limit = 8),
        JSON_FIELD(struct catalogue_in, standard, "Standard", JSON_STR, .limit = 16),
        JSON_FIELD(struct catalogue_in, domain_type, "DomainType", JSON_INT),
        JSON_FIELD(struct catalogue_in, buyable, "Buyable", JSON_BOOL),
        JSON_FIELDS_END};

struct price_out {
        struct opt_int time_span, full_price, price;
};
static const struct json_field price_fields[] = {JSON_FIELD(struct price_out, time_span, "TimeSpan", JSON_INT),
                                                 JSON_FIELD(struct price_out, full_price, "FullPrice", JSON_INT),
                                                 JSON_FIELD(struct price_out, price, "Price", JSON_INT), JSON_FIELDS_END};

struct product_out {
        struct str package_type, name, brand, type, standard, reason, review, letter, currency;
        struct opt_int product_id, pro, is_free, recommended, buyable, domain_type, min_domains, max_domains, validity, life_days,
                deadline_days, ip, www, parent, auto_multi_year, pre_review, reminder, support, price_year, price_name, included,
                discount_2, discount_3, pid, points;
        struct strs methods, keys, csr_keys, hashes;
        struct objs prices;
};
#define P(member, name, kind) JSON_FIELD(struct product_out, member, name, kind)
static const struct json_field product_fields[] = {
        P(product_id, "ProductId", JSON_INT),
        P(package_type, "PackageType", JSON_STR),
        P(name, "Name", JSON_STR),
        P(brand, "Brand", JSON_STR),
        P(type, "Type", JSON_STR),
        P(pro, "Pro", JSON_BOOL),
        P(standard, "Standard", JSON_STR),
        P(is_free, "Free", JSON_BOOL),
        P(recommended, "Recommended", JSON_BOOL),
        P(buyable, "Buyable", JSON_BOOL),
        P(reason, "Reason", JSON_STR),
        P(domain_type, "DomainType", JSON_INT),
        P(min_domains, "MinDomains", JSON_INT),
        P(max_domains, "MaxDomains", JSON_INT),
        P(validity, "ValidityMonths", JSON_INT),
        P(life_days, "LifeDays", JSON_INT),
        P(deadline_days, "DeadlineDays", JSON_INT),
        P(methods, "Methods", JSON_STRS),
        P(auto_multi_year, "AutoMultiYear", JSON_BOOL),
        P(ip, "IpBinding", JSON_BOOL),
        P(www, "FreeWww", JSON_BOOL),
        P(parent, "FreeParent", JSON_BOOL),
        P(keys, "Keys", JSON_STRS),
        P(csr_keys, "CsrKeys", JSON_STRS),
        P(hashes, "Hashes", JSON_STRS),
        P(review, "Review", JSON_STR),
        P(pre_review, "PreReview", JSON_BOOL),
        P(letter, "Letter", JSON_STR),
        P(reminder, "Reminder", JSON_BOOL),
        P(support, "Support", JSON_BOOL),
        P(currency, "Currency", JSON_STR),
        P(price_year, "PriceYear", JSON_INT),
        P(price_name, "PriceName", JSON_INT),
        P(included, "NamesIncluded", JSON_INT),
        P(discount_2, "Discount2", JSON_INT),
        P(discount_3, "Discount3", JSON_INT),
        JSON_FIELD(struct product_out, prices, "Prices", JSON_OBJS, .sub = price_fields, .sub_size = sizeof(struct price_out)),
        P(pid, "ProductPid", JSON_INT),
        P(points, "Points", JSON_INT),
        JSON_FIELDS_END};

struct catalogue_out {
        struct opt_int total;
        struct objs products;
};
static const struct json_field catalogue_out_fields[] = {
        JSON_FIELD(struct catalogue_out, total, "TotalCount", JSON_UINT),
        JSON_FIELD(struct catalogue_out, products, "Products", JSON_OBJS, .sub = product_fields, .sub_size = sizeof(struct product_out)),
        JSON_FIELDS_END};
const struct api_message api_catalogue_describe_in = {catalogue_in_fields, sizeof(struct catalogue_in)};
const struct api_message api_catalogue_describe_out = {catalogue_out_fields, sizeof(struct catalogue_out)};

/* Why not, for people. */
static const char *reason_of(const struct product *product)
{
        if (product->is_free)
                return "Free: apply with ApplyCertificate.";
        if (!product->is_orderable)
                return "Not sold under this number.";
        return product->profile ? "" : "This installation does not issue it yet.";
}

static struct strs methods_of(struct req *req, const struct product *product)
{
        struct str *v = arena_array_of(req->act.arena, 4, struct str);
        size_t n = 0;

        if (product->allows_dns)
                v[n++] = STR("DNS");
        if (product->allows_file)
                v[n++] = STR("FILE");
        if (product->allows_auto)
                v[n++] = STR("AUTO");
        if (product->allows_ca)
                v[n++] = STR("CA");
        return (struct strs){v, n};
}

/* For the names that are included, each term. */
static struct objs prices_of(struct req *req, const struct product *product)
{
        struct price_out *out = arena_array_of(req->act.arena, product->terms.n + 1, struct price_out);

        for (size_t i = 0; i < product->terms.n; i++) {
                struct order_price price = order_price(product, product->names_included, product->terms.v[i]);
                out[i] = (struct price_out){api_int(product->terms.v[i] / 12), api_int(price.full_minor), api_int(price.price_minor)};
        }
        return (struct objs){out, product->terms.n};
}

static void fill_flags(const struct product *product, struct product_out *out)
{
        bool is_many = product->domain_type == 2 || product->domain_type == 4;

        out->pro = api_bool(product->is_pro);
        out->is_free = api_bool(product->is_free);
        out->recommended = api_bool(product->is_recommended);
        out->buyable = api_bool(product_can_be_bought(product));
        out->domain_type = api_int(product->domain_type);
        out->min_domains = api_int(is_many ? 2 : 1);
        out->max_domains = api_int(product->domain_max);
        out->validity = api_int(product->validity_months);
        out->life_days = api_int(product->life_days);
        out->deadline_days = api_int(product->deadline_days);
        out->auto_multi_year = api_bool(product->needs_auto_multi_year);
        out->ip = api_bool(product->allows_ip);
        out->www = api_bool(product->www_free);
        out->parent = api_bool(product->parent_free);
        out->pre_review = api_bool(product->has_pre_review);
        out->reminder = api_bool(product->has_reminder);
        out->support = api_bool(!product->is_free); /* FREE-19, CAT-26 */
}

static void fill(struct req *req, const struct product *product, struct product_out *out)
{
        int64_t number = 0;

        (void)str_to_int64(str_of(product->package_type), &number).err;
        fill_flags(product, out);
        out->product_id = api_int(number);
        out->package_type = str_of(product->package_type);
        out->name = str_of(product->name);
        out->brand = str_of(product->brand);
        out->type = str_of(product->level);
        out->standard = str_of(product->standard);
        out->reason = str_of(reason_of(product));
        out->methods = methods_of(req, product);
        out->keys = product->keys;
        out->csr_keys = product->csr_keys;
        out->hashes = product->hashes;
        out->review = str_of(product->review);
        out->letter = str_of(product->letter);
        out->currency = MONEY_CURRENCY;
        out->price_year = api_int(product->price_year);
        out->price_name = api_int(product->price_name);
        out->included = api_int(product->names_included);
        out->discount_2 = api_int(product->discount_2);
        out->discount_3 = api_int(product->discount_3);
        out->prices = prices_of(req, product);
        out->pid = api_int(product->pid);
        out->points = api_int(product->points);
}

static bool fits(const struct catalogue_in *in, const struct product *product)
{
        int64_t number = 0;

        (void)str_to_int64(str_of(product->package_type), &number).err;
        return (!in->product_id.set || in->product_id.v == number) &&
               (in->brand.n == 0 || str_equal_nocase(in->brand, str_of(product->brand))) &&
               (in->type.n == 0 || str_equal_nocase(in->type, str_of(product->level))) &&
               (in->standard.n == 0 || str_equal_nocase(in->standard, str_of(product->standard))) &&
               (!in->domain_type.set || in->domain_type.v == product->domain_type) &&
               (!in->buyable.set || (in->buyable.v != 0) == product_can_be_bought(product));
}

res api_catalogue_describe(struct req *req)
{
        struct catalogue_in in = {0};
        const struct catalogue *catalogue = act_catalogue(&req->act);
        struct product_out *out = arena_array_of(req->act.arena, catalogue_count(catalogue) + 1, struct product_out);
        size_t n = 0;

        TRY(REQ_BIND(req, &in));
        for (size_t i = 0; i < catalogue_count(catalogue); i++)
                if (fits(&in, catalogue_at(catalogue, i)))
                        fill(req, catalogue_at(catalogue, i), &out[n++]);
        return REQ_REPLY(req, (&(struct catalogue_out){api_int((int64_t)n), {out, n}}));
}
