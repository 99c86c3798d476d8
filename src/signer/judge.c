/*
 * The rules, from the cheapest to the dearest.  Each has a sentence, because a refusal here means that the server and the
 * signer disagree, and somebody will want to know about what.
 */
#include "signer/judge.h"

#include "base/digest.h"
#include "base/limits.h"
#include "signer/signer.h"

struct method {
        const char *family; /* the word of issuance.off for all of it, besides its own name */
        bool covers_below; /* BR 3.2.2.4.7: DNS proves the name and what is below it; files prove the very name */
};

static const struct method methods[MSG_METHOD_COUNT] = {
        [MSG_METHOD_DNS_TXT] = {"dns", true},
        [MSG_METHOD_DNS_CNAME] = {"dns", true},
        [MSG_METHOD_FILE] = {"file", false},
        [MSG_METHOD_HTTP_01] = {"http-01", false},
        [MSG_METHOD_DNS_01] = {"dns", true},
        [MSG_METHOD_TLS_ALPN_01] = {"tls-alpn-01", false},
        [MSG_METHOD_APPROVED] = {"approved", true},
};

/* ---- form ---------------------------------------------------------------------------------------- */

static res cut_names(struct judge_request *request, struct bytes bytes)
{
        struct frame_tail tail = {.rest = bytes};

        for (size_t i = 0; i < request->name_count; i++) {
                struct bytes length = frame_tail_cut(&tail, 1);
                request->names[i] = frame_tail_cut_str(&tail, length.n ? *length.p : 0);
        }
        return frame_tail_end(&tail);
}

static res cut_evidence(struct judge_request *request, struct bytes bytes)
{
        struct frame_tail tail = {.rest = bytes};

        for (size_t i = 0; i < request->evidence_count; i++) {
                struct msg_evidence head = {0};
                struct bytes part = frame_tail_cut(&tail, sizeof(head));
                if (part.n)
                        memcpy(&head, part.p, sizeof(head));
                request->evidence[i] = (struct judge_evidence){.proved_at = head.proved_at,
                                                               .method = head.method,
                                                               .name = frame_tail_cut_str(&tail, head.name_len)};
        }
        return frame_tail_end(&tail);
}

MUST res judge_parse(const struct frame *frame, struct judge_request *ret_request)
{
        const struct msg_signer_issue *head = FRAME_BODY(frame, struct msg_signer_issue);
        struct frame_tail tail = frame_tail(frame);

        ENSURE(head, ERR_IPC_FRAME);
        ENSURE(frame_text_is_good(head->issuer, sizeof(head->issuer)) &&
                       frame_text_is_good(head->profile, sizeof(head->profile)),
               ERR_IPC_FRAME);
        ENSURE(head->name_count <= LIMIT_NAMES_PER_CERT && head->evidence_count <= JUDGE_EVIDENCE_MAX, ERR_IPC_FRAME);
        ret_request->head = head;
        ret_request->spki = frame_tail_cut(&tail, head->spki_len);
        ret_request->common_name = frame_tail_cut_str(&tail, head->common_name_len);
        ret_request->names_bytes = frame_tail_cut(&tail, head->names_len);
        ret_request->name_count = head->name_count;
        ret_request->evidence_count = head->evidence_count;
        struct bytes evidence = frame_tail_cut(&tail, head->evidence_len);
        TRY(frame_tail_end(&tail));
        TRY(cut_names(ret_request, ret_request->names_bytes));
        return cut_evidence(ret_request, evidence);
}

res judge_hash(const struct judge_request *request, uint8_t ret_hash[MSG_HASH_SIZE])
{
        CLEAN(buf_done) struct buf text = {0};
        const struct msg_signer_issue *head = request->head;

        buf_init(&text, LIMIT_IPC_FRAME);
        buf_add(&text, head->serial, sizeof(head->serial));
        buf_add(&text, head->issuer, sizeof(head->issuer));
        buf_add(&text, head->profile, sizeof(head->profile));
        buf_add(&text, head->profile_hash, sizeof(head->profile_hash));
        buf_add_u64(&text, (uint64_t)head->not_before);
        buf_add_u64(&text, (uint64_t)head->not_after);
        buf_add_u32(&text, head->crl_shard);
        buf_add_u32(&text, head->spki_len);
        buf_add_u32(&text, head->common_name_len);
        buf_add_u32(&text, head->names_len);
        buf_add(&text, request->spki.p, request->spki.n);
        buf_add_str(&text, request->common_name);
        buf_add(&text, request->names_bytes.p, request->names_bytes.n);
        TRY(buf_check(&text));
        digest_sha256(buf_bytes(&text), ret_hash);
        return RES_OK;
}

/* ---- rules ---------------------------------------------------------------------------------------- */

#define REFUSE_UNLESS(cond, ...) \
        do { \
                if (!(cond)) { \
                        buf_printf(why, __VA_ARGS__); \
                        return FAIL(ERR_ISSUE_REFUSED); \
                } \
        } while (0)

/* One immutable profile from the order to the signature (incident 12 of 2023: it changed between two signatures). */
static res judge_profile(const struct judge_request *request, const struct judge_view *view, struct buf *why)
{
        const struct msg_signer_issue *head = request->head;

        REFUSE_UNLESS(view->profile, "The signer has no profile of this name.");
        REFUSE_UNLESS(view->profile->kind == PKI_PROFILE_LEAF && !view->profile->internal_names,
                      "This profile is not one that certificates are ordered by.");
        REFUSE_UNLESS(memcmp(view->profile->hash, head->profile_hash, MSG_HASH_SIZE) == 0,
                      "The profile has changed: the signer's copy of %s has another hash; restart the service.",
                      head->profile);
        size_t level = strcspn(head->issuer, "-");
        REFUSE_UNLESS(strncmp(head->issuer, head->profile, level) == 0 &&
                              (head->profile[level] == 0 || head->profile[level] == '-'),
                      "The issuer is not of the profile's level.");
        return RES_OK;
}

static res judge_serial(const struct judge_request *request, struct buf *why)
{
        uint8_t any = 0;

        REFUSE_UNLESS((request->head->serial[0] & 0xc0) == 0x40,
                      "The serial number is not of the form that is made here.");
        for (size_t i = 1; i < MSG_SERIAL_SIZE; i++)
                any |= request->head->serial[i];
        REFUSE_UNLESS(any, "The serial number is not random.");
        return RES_OK;
}

static res judge_dates(const struct judge_request *request, const struct judge_view *view, struct buf *why)
{
        int64_t begin = request->head->not_before, end = request->head->not_after, now = view->now;
        int64_t days = pki_profile_max_days(view->profile, begin);

        days = days < view->max_days ? days : view->max_days;
        REFUSE_UNLESS(now >= view->last_signed_at - SIGNER_CLOCK_BACK_SEC,
                      "The clock stands before the last signature; it went back.");
        REFUSE_UNLESS(begin >= now - SIGNER_BACKDATE_SEC && begin <= now + SIGNER_BACKDATE_SEC,
                      "notBefore is more than 48 hours from now.");
        REFUSE_UNLESS(end > begin && end > now, "notAfter has passed or lies before notBefore.");
        REFUSE_UNLESS(end - begin < days * 86400, "The certificate would live longer than %lld days.", (long long)days);
        REFUSE_UNLESS(end <= view->issuer_not_after, "The certificate would live longer than its issuer.");
        return RES_OK;
}

static res judge_caa(const struct judge_request *request, const struct judge_view *view, struct buf *why)
{
        int64_t at = request->head->caa_checked_at;

        REFUSE_UNLESS(at <= view->now + SIGNER_FUTURE_SEC, "The CAA verdict is from the future.");
        REFUSE_UNLESS(at >= view->now - LIMIT_CAA_AGE_SEC, "The CAA verdict is older than 8 hours.");
        return RES_OK;
}

static res judge_off(const struct judge_request *request, const struct judge_view *view, struct buf *why)
{
        const char *words[] = {request->head->issuer, request->head->profile, "all"};

        for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
                if (view->is_off(view->context, words[i])) {
                        buf_printf(why, "Issuing by %s is switched off (issuance.off).", words[i]);
                        return FAIL(ERR_ISSUE_OFF);
                }
        return RES_OK;
}

bool judge_name_is_plain(struct str name)
{
        for (size_t i = 0; i < name.n; i++) {
                char c = name.p[i];
                if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':'))
                        return false;
        }
        return name.n > 0 && name.n <= LIMIT_NAME_BYTES && name.p[0] != '.' && name.p[name.n - 1] != '.';
}

static bool is_below(struct str name, struct str zone)
{
        return name.n > zone.n + 1 && name.p[name.n - zone.n - 1] == '.' && str_ends_with(name, zone);
}

/* Does it prove the name, apart from its age? */
static bool evidence_covers(const struct judge_evidence *evidence, struct str name)
{
        bool wildcard = str_starts_with(name, STR("*."));
        struct str base = wildcard ? (struct str){name.p + 2, name.n - 2} : name;

        if (!*msg_method_name(evidence->method) || !judge_name_is_plain(evidence->name) || !judge_name_is_plain(base))
                return false;
        if (!methods[evidence->method].covers_below)
                return !wildcard && str_equal(evidence->name, name);
        if (str_equal(evidence->name, base))
                return true;
        return memchr(evidence->name.p, '.', evidence->name.n) && is_below(base, evidence->name);
}

static bool evidence_is_fresh(const struct judge_evidence *evidence, const struct judge_view *view)
{
        return evidence->proved_at <= view->now + SIGNER_FUTURE_SEC &&
               evidence->proved_at >= view->now - pki_profile_evidence_days(view->profile, view->now) * 86400;
}

/* A method that was switched off after it proved a name proves nothing now (TLS-SNI-01, 2018). */
static bool method_is_off(const struct judge_evidence *evidence, const struct judge_view *view)
{
        return view->is_off(view->context, msg_method_name(evidence->method)) ||
               view->is_off(view->context, methods[evidence->method].family);
}

static res judge_name(const struct judge_request *request, struct str name, const struct judge_view *view,
                      struct buf *why)
{
        bool off = false, old = false;

        for (size_t i = 0; i < request->evidence_count; i++) {
                const struct judge_evidence *evidence = &request->evidence[i];
                if (!evidence_covers(evidence, name))
                        continue;
                bool this_off = method_is_off(evidence, view), this_old = !evidence_is_fresh(evidence, view);
                if (!this_off && !this_old)
                        return RES_OK;
                off = off || (this_off && !this_old);
                old = old || this_old;
        }
        if (off) {
                buf_printf(why, "The method by which %.*s was proved is switched off (issuance.off).", (int)name.n,
                           name.p);
                return FAIL(ERR_ISSUE_OFF);
        }
        REFUSE_UNLESS(!old, "The evidence for %.*s is too old or from the future.", (int)name.n, name.p);
        REFUSE_UNLESS(false, "There is no evidence that covers %.*s.", (int)name.n, name.p);
        return RES_OK;
}

static res judge_names(const struct judge_request *request, const struct judge_view *view, struct buf *why)
{
        bool common_name_found = request->common_name.n == 0;

        REFUSE_UNLESS(request->name_count > 0, "There is no name.");
        for (size_t i = 0; i < request->name_count; i++) {
                TRY(judge_name(request, request->names[i], view, why));
                common_name_found = common_name_found || str_equal(request->common_name, request->names[i]);
        }
        REFUSE_UNLESS(common_name_found, "The common name is not one of the names.");
        return RES_OK;
}

MUST res judge_issue(const struct judge_request *request, const struct judge_view *view, struct buf *why)
{
        TRY(judge_profile(request, view, why));
        TRY(judge_off(request, view, why));
        TRY(judge_serial(request, why));
        TRY(judge_dates(request, view, why));
        TRY(judge_caa(request, view, why));
        return judge_names(request, view, why);
}
