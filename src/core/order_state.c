/* The states of an order as a table, and what it costs: the two things about it that are plain arithmetic. */
#include "core/order.h"

#include <string.h>

static const char *const order_names[ORDER_STATE_COUNT] = {
        [ORDER_FREE] = "free", [ORDER_ACME] = "acme",         [ORDER_UNPAID] = "unpaid",
        [ORDER_PAID] = "paid", [ORDER_REFUNDED] = "refunded", [ORDER_CLOSED] = "closed",
};

/* Absent cells: there is no way. */
static const struct order_way {
        bool exists;
        enum order_state next;
} order_ways[ORDER_STATE_COUNT][ORDER_EVENT_COUNT] = {
        [ORDER_UNPAID] = {[ORDER_PAY] = {true, ORDER_PAID}, [ORDER_CLOSE] = {true, ORDER_CLOSED}},
        [ORDER_PAID] = {[ORDER_REFUND] = {true, ORDER_REFUNDED}},
};

const char *order_state_name(enum order_state state)
{
        return state < ORDER_STATE_COUNT ? order_names[state] : "";
}

res order_state_of(struct str name, enum order_state *ret_state)
{
        for (enum order_state state = 0; state < ORDER_STATE_COUNT; state++)
                if (str_equals(name, order_names[state])) {
                        *ret_state = state;
                        return RES_OK;
                }
        return FAIL(ERR_PARAM_VALUE);
}

bool order_is_bought(const struct order_row *row)
{
        enum order_state state;

        return !res_is_ok(order_state_of(row->state, &state)) || (state != ORDER_FREE && state != ORDER_ACME);
}

res order_state_next(enum order_state state, enum order_event event, enum order_state *ret_next)
{
        ENSURE(state < ORDER_STATE_COUNT && event < ORDER_EVENT_COUNT && order_ways[state][event].exists, ERR_ORDER_STATE);
        *ret_next = order_ways[state][event].next;
        return RES_OK;
}

static int64_t order_discount(const struct product *product, int64_t months)
{
        if (months >= 36)
                return product->discount_3;
        return months >= 24 ? product->discount_2 : 0;
}

struct order_price order_price(const struct product *product, int64_t names, int64_t months)
{
        int64_t further = names > product->names_included ? names - product->names_included : 0;
        int64_t full = months / 12 * (product->price_year + further * product->price_name);

        /* What is left of the hundredths after the discount is let go: the customer never pays a part of a unit more. */
        return (struct order_price){full, full * (100 - order_discount(product, months)) / 100};
}

int64_t order_term_sec(const struct order_row *row)
{
        return row->term_months / 12 * 365 * 86400 + row->term_months % 12 * 30 * 86400;
}
