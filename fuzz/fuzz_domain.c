/*
 * domain_parse over any bytes: never crashes, and what it accepts is a host name that parses to itself again.
 */
#include <stdlib.h>

#include "core/core.h"
#include "core/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct domain_rules *fuzz_rules(void)
{
        static char corp[] = "corp", lan[] = "lan.example";
        static char *suffixes[] = {corp, lan};
        struct conf_list list = {suffixes, 2};
        struct domain_rules *rules = NULL;
        struct buf why;

        buf_init(&why, 1024);
        if (!res_is_ok(domain_rules_new(&list, &rules, &why)))
                abort();
        buf_done(&why);
        return rules;
}

static void fuzz_check(struct act *act, const struct domain_name *name)
{
        static const struct product product = {
                .package_type = "1", .name = "P", .domain_type = 1, .www_free = true, .parent_free = true};
        struct domain_name again;
        struct strs names = {0};

        if (!name->ascii || !name->registrable || strlen(name->ascii) > LIMIT_NAME_BYTES)
                abort();
        if (!res_is_ok(domain_parse(act, str_of(name->ascii), &again)) || strcmp(again.ascii, name->ascii) != 0 ||
            strcmp(again.registrable, name->registrable) != 0 || again.space != name->space)
                abort();
        if (!name->is_ip && strspn(name->ascii, "abcdefghijklmnopqrstuvwxyz0123456789-.*") != strlen(name->ascii))
                abort();
        if (!str_ends_with(str_of(name->ascii), str_of(name->registrable)))
                abort();
        if (!res_is_ok(domain_check(act, name, &product)) && act->detail[0] == '\0')
                abort();
        if (!res_is_ok(domain_expand(act, name, &product, &names)) || names.n < 1 || names.n > 2)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct core core;
        struct act act = {.core = &core};
        struct domain_name name;
        struct str typed = {(const char *)data, size};

        if (!core.domains)
                core.domains = fuzz_rules();
        act.arena = arena_new(1024 * 1024);
        if (res_is_ok(domain_parse(&act, typed, &name)))
                fuzz_check(&act, &name);
        else if (act.detail[0] == '\0' || !str_is_utf8(str_of(act.detail)))
                abort();
        (void)domain_email_is_valid(typed);
        arena_free(act.arena);
        return 0;
}
