/*
 * Orders: what was bought, for how long, for how much.  Rules PUR, UPG, SIL-12, SIL-33; state machine A1's first rows.
 *
 * An order is stored with the product's row as it is now and its price; it is paid in the transaction that makes its
 * certificate, which then waits in Status 5 for its information.  Whatever fails, nothing is stored and no money moves.
 * A foreign order answers like a missing one: ERR_ORDER.
 */
#pragma once

#include "core/catalogue.h"
#include "core/certificate.h"
#include "core/submit_ahead.h"
#include "store/order.h"

/* ---- states ---- */

enum order_state { ORDER_FREE, ORDER_ACME, ORDER_UNPAID, ORDER_PAID, ORDER_REFUNDED, ORDER_CLOSED, ORDER_STATE_COUNT };
enum order_event { ORDER_PAY, ORDER_CLOSE, ORDER_REFUND, ORDER_EVENT_COUNT }; /* closed by its owner or by time */
const char *order_state_name(enum order_state state); /* as stored: "free", "unpaid", … */
MUST res order_state_of(struct str name, enum order_state *ret_state);
/* Money was, is or will be due for it; neither a free application nor what ACME orders is one, and no list of orders shows them. */
bool order_is_bought(const struct order_row *row);
/* ERR_ORDER_STATE where the table has no way. */
MUST res order_state_next(enum order_state state, enum order_event event, enum order_state *ret_next);

/* ---- prices ---- */

struct order_price {
        int64_t full_minor, price_minor; /* before and after the discount (PUR-13) */
};
/* years × (base + further names), less the discount of that many years, rounded in the customer's favour. */
struct order_price order_price(const struct product *product, int64_t names, int64_t months);
const char *order_price_text(struct arena *arena, const struct order_row *row); /* "399.00 CNY", "15 points" */
/* The term in seconds: a year is 365 days, so that it is a row of one-year certificates (PUR-02). */
int64_t order_term_sec(const struct order_row *row);

/* ---- buying ---- */

struct order_buy {
        struct str product;  /* ProductId as text, e.g. "104"; "" = chosen by `wish` */
        struct catalogue_wish wish;
        int64_t names;       /* DomainNum */
        int64_t months;      /* term */
        int64_t project_id;
        struct objs tags;    /* struct tag_pair */
        bool auto_renew;
        struct str client_token; /* "" = none; the same one again gives the first order back */
};

struct order_made {
        struct order_row order;
        struct strs certificate_ids; /* of what was made now, or before; none while unpaid */
};
/* Order and pay at once.  ERR_PARAM_VALUE, ERR_TRADE, ERR_PROJECT, ERR_IDENTITY with a sentence; nothing stored. */
MUST res order_buy(struct act *act, const struct order_buy *in, struct order_made *ret_made);
/* Order without paying: it waits for order_pay, a week at most. */
MUST res order_create(struct act *act, const struct order_buy *in, struct order_made *ret_made);
MUST res order_pay(struct act *act, int64_t order_id, struct order_made *ret_made);
MUST res order_close(struct act *act, int64_t order_id); /* an unpaid one */
/* All the money back, as long as no certificate of it was ever issued; its application is cancelled first (SIL-12). */
MUST res order_refund(struct act *act, int64_t order_id, struct order_made *ret_made);
MUST res order_set_auto_renew(struct act *act, int64_t order_id, bool on); /* PUR-10 */

/* From a free certificate to a paid one with the same, fixed name (UPG).  Empty product and 0 months: the recommended DV one for a year. */
MUST res order_upgrade(struct act *act, struct str certificate_id, struct str product, int64_t months,
                       struct order_made *ret_made);
/*
 * The same product for another term, in the certificate's last 30 days (REN, MSG-05): bought as the catalogue has it
 * now, linked to the old certificate, waiting in Status 5.  months 0 = as before.
 * With `may_stay_unpaid` (auto-renewal) a balance that does not cover it leaves the order unpaid until the old
 * certificate ends, with a notice, and succeeds (SIL-33); order_pay tries again.
 */
struct order_renew {
        struct str certificate_id;
        int64_t months;
        bool may_stay_unpaid;
};
MUST res order_renew(struct act *act, const struct order_renew *in, struct order_made *ret_made);

/* Paid by the points of benefit packages instead of money. */
struct order_package_buy {
        int64_t pid;
        struct strs package_ids;
        int64_t names, months, count, project_id;
        struct objs tags;
        struct str old_certificate_id; /* "" = none; else a renewal */
        struct submit_ahead ahead;     /* a renewal's information, if it is given at once */
};
MUST res order_buy_by_package(struct act *act, const struct order_package_buy *in, struct strs *ret_certificate_ids);

/* ---- looking ---- */

MUST res order_get(struct act *act, int64_t order_id, struct order_row *ret_row);
/* The product of a row as it was bought; in the arena. */
MUST res order_product(struct act *act, const struct order_row *row, const struct product **ret_product);

struct order_query {
        struct str state, package_type, certificate_id;
        int64_t offset, limit, marker;
};
struct order_view {
        struct order_row row;
        const struct product *product; /* as bought */
        const struct certificate_row *certificates; /* the undeleted */
        size_t certificate_count;
        bool is_refundable;
};
struct order_page {
        const struct order_view *v;
        size_t n;
        int64_t total, next_marker; /* 0 = the end */
};
MUST res order_list(struct act *act, const struct order_query *query, struct order_page *ret_page);

/* ---- inside others' transactions ---- */

/* The first certificate of a paid order is issued: the term begins.  Does nothing for later ones.  `order` as read in tx. */
MUST res order_begin_term(struct act *act, struct store_tx *tx, const struct order_row *order, int64_t begin_at);

/* When a term that begins with a certificate of this moment ends. */
MUST res order_term_end(struct act *act, struct store_conn *conn, const struct order_row *row, int64_t begin_at, int64_t *ret_end_at);

struct job_row;
/* Job JOB_ORDER: unpaid orders whose time is over are closed. */
void order_expire_job(struct act *act, const struct job_row *job, void *context);
