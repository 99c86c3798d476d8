/*
 * buy, orders and what is done with an order: pay, close, refund, renew, upgrade.  Each is one call; text for people is a
 * table or one line, --json the answer as it came.
 */
#include <string.h>

#include "base/str.h"
#include "ctl/client.h"
#include "ctl/money.h"
#include "ctl/output.h"

#define ORDERS_DEFAULT 20
#define ORDERS_COLUMNS 8

static const char *order_ids(struct ctl *ctl, const json_t *order)
{
        const json_t *ids = json_object_get(order, "CertificateIds");
        const char *text = "";

        for (size_t i = 0; i < json_array_size(ids); i++)
                text = arena_printf(ctl->arena, "%s%s%s", text, i ? " " : "", json_string_value(json_array_get(ids, i)));
        return text;
}

/* "order 7 is paid: TrustAsia DV, 1 year(s), 399.00 CNY; certificate Ab12Cd34" */
static void print_order(struct ctl *ctl, const json_t *order)
{
        const char *ids = order_ids(ctl, order);

        (void)printf("order %s is %s: %s, %lld year(s), %s%s%s\n", json_text(order, "OrderId"), json_text(order, "State"),
                     json_text(order, "ProductName"), (long long)json_int(order, "TimeSpan"), money_of(ctl, order, "Price"),
                     *ids ? "; certificate " : "", ids);
}

static res call_order(struct ctl *ctl, const char *action, json_t *parameters)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *owned = parameters, *response = NULL;

        ENSURE(owned != NULL, ERR_MEMORY);
        TRY(client_open(ctl, &client));
        TRY(client_call(client, action, json_incref(owned), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        print_order(ctl, json_object_get(response, "Order"));
        return RES_OK;
}

/* --product takes the number of DescribeCatalogue. */
static res product_number(struct ctl *ctl, const char *text, int64_t *ret_number)
{
        if (!res_is_ok(str_to_int64(str_of(text), ret_number)))
                return ctl_fail(ctl, ERR_USAGE, "a product is a number, not '%s'; `chancery catalogue` lists them", text);
        return RES_OK;
}

static res add_tags(struct ctl *ctl, json_t *parameters)
{
        json_t *tags = json_array();
        const char *text = NULL;

        for (size_t i = 0; (text = args_text_at(ctl, "--tag", i)) != NULL; i++) {
                const char *equals = strchr(text, '=');
                size_t n = equals ? (size_t)(equals - text) : strlen(text);

                json_array_append_new(tags, json_pack("{s:s%, s:s}", "TagKey", text, n, "TagValue", equals ? equals + 1 : ""));
        }
        json_object_set_new(parameters, "Tags", tags);
        return RES_OK;
}

static res buy_parameters(struct ctl *ctl, json_t **ret_parameters)
{
        int64_t product = 0, names = 1, years = 1, project = 0;

        TRY(product_number(ctl, ctl->arguments[0], &product));
        TRY(args_int(ctl, "--names", 1, &names));
        TRY(args_int(ctl, "--years", 1, &years));
        TRY(args_int(ctl, "--project", 0, &project));
        *ret_parameters = json_pack("{s:I, s:I, s:I, s:I, s:b, s:b}", "ProductId", (json_int_t)product, "DomainNum", (json_int_t)names,
                                    "TimeSpan", (json_int_t)years, "ProjectId", (json_int_t)project, "AutoRenew",
                                    args_has(ctl, "--auto-renew"), "Pay", !args_has(ctl, "--unpaid"));
        ENSURE(*ret_parameters != NULL, ERR_MEMORY);
        return RES_OK;
}

res buy_run(struct ctl *ctl)
{
        json_auto_t *parameters = NULL;

        TRY(buy_parameters(ctl, &parameters));
        TRY(add_tags(ctl, parameters));
        if (args_text(ctl, "--token") != NULL)
                json_object_set_new(parameters, "ClientToken", json_string(args_text(ctl, "--token")));
        return call_order(ctl, "CreateOrder", json_incref(parameters));
}

static res one_order(struct ctl *ctl, const char *action)
{
        return call_order(ctl, action, json_pack("{s:s}", "OrderId", ctl->arguments[0]));
}

res orders_pay_run(struct ctl *ctl)
{
        return one_order(ctl, "PayOrder");
}

res orders_close_run(struct ctl *ctl)
{
        return one_order(ctl, "CloseOrder");
}

res orders_refund_run(struct ctl *ctl)
{
        return one_order(ctl, "RefundOrder");
}

res orders_auto_renew_run(struct ctl *ctl)
{
        const char *word = ctl->arguments[1];

        if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
                return ctl_fail(ctl, ERR_USAGE, "auto-renew is on or off, not '%s'", word);
        return call_order(ctl, "ModifyOrderAutoRenew",
                          json_pack("{s:s, s:b}", "OrderId", ctl->arguments[0], "AutoRenew", strcmp(word, "on") == 0));
}

/* ---- certificates that continue ---- */

static res next_parameters(struct ctl *ctl, json_t **ret_parameters)
{
        json_t *parameters = json_pack("{s:s}", "CertificateId", ctl->arguments[0]);
        int64_t years = 0;

        ENSURE(parameters != NULL, ERR_MEMORY);
        if (args_text(ctl, "--years") != NULL) {
                res r = args_int(ctl, "--years", 1, &years);
                if (!res_is_ok(r)) {
                        json_decref(parameters);
                        return r;
                }
                json_object_set_new(parameters, "TimeSpan", json_integer((json_int_t)years));
        }
        *ret_parameters = parameters;
        return RES_OK;
}

res renew_run(struct ctl *ctl)
{
        json_t *parameters = NULL;

        TRY(next_parameters(ctl, &parameters));
        return call_order(ctl, "RenewCertificate", parameters);
}

res upgrade_run(struct ctl *ctl)
{
        const char *product = args_text(ctl, "--product");
        json_t *parameters = NULL;
        int64_t number = 0;

        if (product != NULL)
                TRY(product_number(ctl, product, &number));
        TRY(next_parameters(ctl, &parameters));
        if (product != NULL)
                json_object_set_new(parameters, "ProductId", json_integer((json_int_t)number));
        return call_order(ctl, "UpgradeCertificate", parameters);
}

/* ---- the list ---- */

static res orders_query(struct ctl *ctl, json_t *query)
{
        int64_t limit = 0, offset = 0;

        TRY(args_int(ctl, "--limit", ORDERS_DEFAULT, &limit));
        TRY(args_int(ctl, "--offset", 0, &offset));
        json_object_set_new(query, "Limit", json_integer((json_int_t)limit));
        json_object_set_new(query, "Offset", json_integer((json_int_t)offset));
        if (args_text(ctl, "--state") != NULL)
                json_object_set_new(query, "State", json_string(args_text(ctl, "--state")));
        return RES_OK;
}

static void print_orders(struct ctl *ctl, const json_t *response)
{
        static const char *const heading[ORDERS_COLUMNS] = {"Order", "State", "Product", "Years", "Names", "Price", "Made", "Certificates"};
        const json_t *list = json_object_get(response, "Orders");
        size_t count = json_array_size(list);
        const char **cells = output_cells(ctl, heading, ORDERS_COLUMNS, count);

        for (size_t i = 0; i < count; i++) {
                const json_t *order = json_array_get(list, i);
                const char **row = cells + (i + 1) * ORDERS_COLUMNS;

                row[0] = json_text(order, "OrderId");
                row[1] = json_text(order, "State");
                row[2] = json_text(order, "ProductName");
                row[3] = arena_printf(ctl->arena, "%lld", (long long)json_int(order, "TimeSpan"));
                row[4] = arena_printf(ctl->arena, "%lld", (long long)json_int(order, "DomainNum"));
                row[5] = money_of(ctl, order, "Price");
                row[6] = json_text(order, "CreateTime");
                row[7] = order_ids(ctl, order);
        }
        output_table(stdout, cells, ORDERS_COLUMNS, count + 1, "");
        if (json_int(response, "TotalCount") > (int64_t)count)
                (void)fprintf(stderr, "%zu of %lld; --offset and --limit show others\n", count, (long long)json_int(response, "TotalCount"));
}

res orders_run(struct ctl *ctl)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *query = json_object(), *response = NULL;

        TRY(orders_query(ctl, query));
        TRY(client_open(ctl, &client));
        TRY(client_call(client, "DescribeOrders", json_incref(query), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        print_orders(ctl, response);
        return RES_OK;
}
