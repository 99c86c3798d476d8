/* See quota.h.  An action of our own: the public API shows these figures only in its console (QTA-19). */
#include "api/quota.h"

#include "core/quota.h"

struct counter_out {
        struct opt_int limit, used, remaining;
};

struct slot_out {
        struct str certificate_id, domain, return_time;
};

struct domain_out {
        struct str domain, next_return_time;
        struct opt_int limit, used, external, remaining;
};

struct quota_out {
        const struct counter_out *home, *any, *package;
        struct opt_int domain_limit;
        struct objs slots, domains;
};

static const struct json_field counter_fields[] = {JSON_FIELD(struct counter_out, limit, "Limit", JSON_INT),
                                                   JSON_FIELD(struct counter_out, used, "Used", JSON_INT),
                                                   JSON_FIELD(struct counter_out, remaining, "Remaining", JSON_INT),
                                                   JSON_FIELDS_END};
static const struct json_field slot_fields[] = {JSON_FIELD(struct slot_out, certificate_id, "CertificateId", JSON_STR),
                                                JSON_FIELD(struct slot_out, domain, "Domain", JSON_STR),
                                                JSON_FIELD(struct slot_out, return_time, "ReturnTime", JSON_STR),
                                                JSON_FIELDS_END};
static const struct json_field domain_fields[] = {
        JSON_FIELD(struct domain_out, domain, "Domain", JSON_STR),
        JSON_FIELD(struct domain_out, limit, "Limit", JSON_INT),
        JSON_FIELD(struct domain_out, used, "Used", JSON_INT),
        JSON_FIELD(struct domain_out, external, "External", JSON_INT),
        JSON_FIELD(struct domain_out, remaining, "Remaining", JSON_INT),
        JSON_FIELD(struct domain_out, next_return_time, "NextReturnTime", JSON_STR),
        JSON_FIELDS_END};
static const struct json_field describe_fields[] = {
        JSON_FIELD(struct quota_out, home, "HomeDomains", JSON_OBJ, .sub = counter_fields),
        JSON_FIELD(struct quota_out, any, "AnyDomains", JSON_OBJ, .sub = counter_fields),
        JSON_FIELD(struct quota_out, package, "Package", JSON_OBJ, .sub = counter_fields),
        JSON_FIELD(struct quota_out, domain_limit, "PrimaryDomainLimit", JSON_INT),
        JSON_FIELD(struct quota_out, slots, "Slots", JSON_OBJS, .sub = slot_fields,
                   .sub_size = sizeof(struct slot_out)),
        JSON_FIELD(struct quota_out, domains, "PrimaryDomains", JSON_OBJS, .sub = domain_fields,
                   .sub_size = sizeof(struct domain_out)),
        JSON_FIELDS_END};
struct quota_in {
        struct str domain;
};
static const struct json_field quota_in_fields[] = {
        JSON_FIELD(struct quota_in, domain, "Domain", JSON_STR, .limit = LIMIT_TYPED_NAME_BYTES), JSON_FIELDS_END};
const struct api_message api_quota_describe_in = {quota_in_fields, sizeof(struct quota_in)};
const struct api_message api_quota_describe_out = {describe_fields, sizeof(struct quota_out)};

static const struct counter_out *counter_of(struct req *req, int64_t limit, int64_t used)
{
        struct counter_out *out = arena_new_of(req->act.arena, struct counter_out);

        *out = (struct counter_out){api_int(limit), api_int(used), api_int(limit > used ? limit - used : 0)};
        return out;
}

static struct objs slots_of(struct req *req, const struct quota_state *state)
{
        struct slot_out *out = arena_array_of(req->act.arena, state->slot_count, struct slot_out);

        for (size_t i = 0; i < state->slot_count; i++)
                out[i] = (struct slot_out){state->slots[i].certificate_id, state->slots[i].domain,
                                           api_time(req->act.arena, state->slots[i].returns_at)};
        return (struct objs){out, state->slot_count};
}

static struct objs domains_of(struct req *req, const struct quota_state *state)
{
        struct domain_out *out = arena_array_of(req->act.arena, state->domain_count + 1, struct domain_out);

        for (size_t i = 0; i < state->domain_count; i++) {
                const struct quota_domain *d = state->domains + i;
                int64_t left = state->domain_limit - d->used - d->external;
                out[i] = (struct domain_out){.domain = d->domain,
                                             .limit = api_int(state->domain_limit),
                                             .used = api_int(d->used),
                                             .external = api_int(d->external),
                                             .remaining = api_int(left > 0 ? left : 0),
                                             .next_return_time = api_time(req->act.arena, d->next_return_at)};
        }
        return (struct objs){out, state->domain_count};
}

res api_quota_describe(struct req *req)
{
        struct quota_in in = {0};
        struct quota_state state = {0};
        struct quota_out out = {0};

        TRY(REQ_BIND(req, &in));
        TRY(quota_describe(&req->act, in.domain, &state));
        out.home = counter_of(req, state.home_limit, state.home_used);
        out.any = counter_of(req, state.any_limit, state.any_used);
        out.package = counter_of(req, state.package_limit, state.package_used);
        out.domain_limit = api_int(state.domain_limit);
        out.slots = slots_of(req, &state);
        out.domains = domains_of(req, &state);
        return REQ_REPLY(req, &out);
}
