/* balance, quota, catalogue: what an account has, may have, and can buy. */
#include <string.h>

#include "ctl/client.h"
#include "ctl/money.h"
#include "ctl/output.h"

#define ENTRY_COLUMNS 4
#define SLOT_COLUMNS 3
#define DOMAIN_COLUMNS 6
#define PRODUCT_COLUMNS 8

static const char *money_text_of(struct ctl *ctl, int64_t minor, const char *currency)
{
        long long whole = (long long)(minor < 0 ? -minor : minor);

        if (strcmp(currency, "points") == 0)
                return arena_printf(ctl->arena, "%lld points", (long long)minor);
        return arena_printf(ctl->arena, "%s%lld.%02lld %s", minor < 0 ? "-" : "", whole / 100, whole % 100, currency);
}

const char *money_of(struct ctl *ctl, const json_t *object, const char *name)
{
        return money_text_of(ctl, json_int(object, name), json_text(object, "Currency"));
}

static const char *number_of(struct ctl *ctl, const json_t *object, const char *name)
{
        return arena_printf(ctl->arena, "%lld", (long long)json_int(object, name));
}

static res ask(struct ctl *ctl, const char *action, json_t *parameters, json_t **ret_response)
{
        CLEAN(client_close) struct client *client = NULL;
        json_auto_t *owned = parameters;

        ENSURE(owned != NULL, ERR_MEMORY);
        TRY(client_open(ctl, &client));
        return client_call(client, action, json_incref(owned), ret_response);
}

/* ---- balance ---- */

static void print_entries(struct ctl *ctl, const json_t *response)
{
        static const char *const heading[ENTRY_COLUMNS] = {"Time", "Amount", "Order", "Note"};
        const json_t *list = json_object_get(response, "Entries");
        size_t count = json_array_size(list);
        const char **cells = output_cells(ctl, heading, ENTRY_COLUMNS, count);

        for (size_t i = 0; i < count; i++) {
                const json_t *entry = json_array_get(list, i);
                const char **row = cells + (i + 1) * ENTRY_COLUMNS;

                row[0] = json_text(entry, "Time");
                row[1] = money_text_of(ctl, json_int(entry, "Amount"), json_text(response, "Currency"));
                row[2] = json_text(entry, "OrderId");
                row[3] = json_text(entry, "Note");
        }
        if (count > 0)
                output_table(stdout, cells, ENTRY_COLUMNS, count + 1, "");
}

res balance_run(struct ctl *ctl)
{
        json_auto_t *response = NULL;
        int64_t limit = 0;

        TRY(args_int(ctl, "--limit", 10, &limit));
        TRY(ask(ctl, "DescribeBalance", json_pack("{s:I}", "Limit", (json_int_t)limit), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        output_pair(stdout, "Balance", money_of(ctl, response, "Balance"));
        print_entries(ctl, response);
        return RES_OK;
}

/* ---- quota ---- */

static void print_counter(struct ctl *ctl, const json_t *response, const char *name, const char *label)
{
        const json_t *counter = json_object_get(response, name);

        output_pair(stdout, label,
                    arena_printf(ctl->arena, "%lld of %lld in use, %lld left", (long long)json_int(counter, "Used"),
                                 (long long)json_int(counter, "Limit"), (long long)json_int(counter, "Remaining")));
}

static void print_slots(struct ctl *ctl, const json_t *response)
{
        static const char *const heading[SLOT_COLUMNS] = {"Certificate", "Primary domain", "Comes back"};
        const json_t *list = json_object_get(response, "Slots");
        size_t count = json_array_size(list);
        const char **cells = output_cells(ctl, heading, SLOT_COLUMNS, count);

        for (size_t i = 0; i < count; i++) {
                const json_t *slot = json_array_get(list, i);
                const char **row = cells + (i + 1) * SLOT_COLUMNS, *time = json_text(slot, "ReturnTime");

                row[0] = json_text(slot, "CertificateId");
                row[1] = json_text(slot, "Domain");
                row[2] = *time ? time : "when it fails or is cancelled";
        }
        if (count > 0)
                output_table(stdout, cells, SLOT_COLUMNS, count + 1, "");
}

static void print_domains(struct ctl *ctl, const json_t *response)
{
        static const char *const heading[DOMAIN_COLUMNS] = {"Primary domain", "Limit", "Used", "Elsewhere", "Left", "Next comes back"};
        const json_t *list = json_object_get(response, "PrimaryDomains");
        size_t count = json_array_size(list);
        const char **cells = output_cells(ctl, heading, DOMAIN_COLUMNS, count);

        for (size_t i = 0; i < count; i++) {
                const json_t *domain = json_array_get(list, i);
                const char **row = cells + (i + 1) * DOMAIN_COLUMNS;

                row[0] = json_text(domain, "Domain");
                row[1] = number_of(ctl, domain, "Limit");
                row[2] = number_of(ctl, domain, "Used");
                row[3] = number_of(ctl, domain, "External");
                row[4] = number_of(ctl, domain, "Remaining");
                row[5] = json_text(domain, "NextReturnTime");
        }
        if (count > 0)
                output_table(stdout, cells, DOMAIN_COLUMNS, count + 1, "");
}

res quota_run(struct ctl *ctl)
{
        json_auto_t *response = NULL;

        TRY(ask(ctl, "DescribeFreeQuota",
                ctl->argument_count ? json_pack("{s:s}", "Domain", ctl->arguments[0]) : json_object(), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        print_counter(ctl, response, "HomeDomains", "Home domains");
        print_counter(ctl, response, "AnyDomains", "Any domain");
        print_counter(ctl, response, "Package", "Packages");
        print_slots(ctl, response);
        print_domains(ctl, response);
        return RES_OK;
}

/* ---- catalogue ---- */

static void print_products(struct ctl *ctl, const json_t *response)
{
        static const char *const heading[PRODUCT_COLUMNS] = {"Number", "Name", "Type", "Names", "Years", "A year", "Methods", "Not for sale because"};
        static const char *const kinds[] = {"", "one", "several", "wildcard", "several wildcards"};
        const json_t *list = json_object_get(response, "Products");
        size_t count = json_array_size(list);
        const char **cells = output_cells(ctl, heading, PRODUCT_COLUMNS, count);

        for (size_t i = 0; i < count; i++) {
                const json_t *product = json_array_get(list, i), *methods = json_object_get(product, "Methods");
                const char **row = cells + (i + 1) * PRODUCT_COLUMNS, *words = "";
                size_t terms = json_array_size(json_object_get(product, "Prices"));
                int64_t kind = json_int(product, "DomainType");

                for (size_t k = 0; k < json_array_size(methods); k++)
                        words = arena_printf(ctl->arena, "%s%s%s", words, k ? " " : "", json_string_value(json_array_get(methods, k)));
                row[0] = json_text(product, "PackageType");
                row[1] = json_text(product, "Name");
                row[2] = json_text(product, "Type");
                row[3] = kind >= 1 && kind <= 4 ? kinds[kind] : "";
                row[4] = terms ? arena_printf(ctl->arena, "1%s", terms == 1 ? "" : terms == 2 ? "-2" : "-3") : "";
                row[5] = terms ? money_of(ctl, product, "PriceYear") : "free";
                row[6] = words;
                row[7] = json_text(product, "Reason");
        }
        output_table(stdout, cells, PRODUCT_COLUMNS, count + 1, "");
}

res catalogue_run(struct ctl *ctl)
{
        json_auto_t *query = json_object(), *response = NULL;

        if (args_text(ctl, "--type") != NULL)
                json_object_set_new(query, "Type", json_string(args_text(ctl, "--type")));
        if (args_text(ctl, "--brand") != NULL)
                json_object_set_new(query, "Brand", json_string(args_text(ctl, "--brand")));
        if (args_has(ctl, "--buyable"))
                json_object_set_new(query, "Buyable", json_true());
        TRY(ask(ctl, "DescribeCatalogue", json_incref(query), &response));
        if (args_has(ctl, "--json"))
                return output_json(ctl, response, /* pretty= */ false);
        print_products(ctl, response);
        return RES_OK;
}
