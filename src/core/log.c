/*
 * Reading the operation log, and the one way to write an entry of it: in the transaction of the act that it tells of.
 */
#include "core/log.h"

#include "core/core.h"
#include "store/account.h"

#define TIMELINE_MAX 10000 /* far over what one certificate lives through; a key opened each minute for a week */

static const char *const log_types[] = {
        /* of the wire */
        "apply", "applyVIP", "renewVIP", "multiYearsRenew", "submitInfo", "uploadConfirmLetter", "downloadConfirmLetter",
        "domainValidationPassed", "issued", "download", "upload", "uploadFromYunAPI", "updateAlias", "changeProject", "replace",
        "revoke", "revoked", "cancelRevoke", "editRevokeLetter", "cancel", "Resubmit", "delete", "transferIn", "transferOut", "refund",
        "modifyDownloadLimit",
        /* our own */
        "reviewFailed", "expired", "updateTags", "updateNotice", "bind", "unbind", "deleteExternalAccount",
        "createExternalAccount", "grant", "approveName", "deactivateAuthorization", "deleteCSR", "modifyCSR",
        "createCSR", "modifyAcmeAccount", "createAcmeAccount", "operator", "project", "remind",
};

bool log_type_is_known(struct str type)
{
        for (size_t i = 0; i < sizeof log_types / sizeof *log_types; i++)
                if (str_equals(type, log_types[i]))
                        return true;
        return false;
}

static int64_t log_limit(int64_t limit)
{
        if (limit <= 0)
                return LIMIT_LOGS_DEFAULT;
        return limit < LIMIT_LIST_MAX ? limit : LIMIT_LIST_MAX; /* cut, not refused (api.md §10.15) */
}

static MUST res log_uin(struct act *act, struct store_conn *c, int64_t user_id, struct str *ret_uin)
{
        struct user_row user;
        res r;

        *ret_uin = STR("");
        if (user_id == 0)
                return RES_OK;
        r = store_user_get(c, act->arena, user_id, &user);
        if (r.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(r);
        *ret_uin = user.uin;
        return RES_OK;
}

/* Few people act in one page: a name looked up for one row serves the rows of the same person. */
static MUST res log_fill_uins(struct act *act, struct store_conn *c, struct log_page *page)
{
        struct str *uins = arena_array_of(act->arena, page->n + 1, struct str);

        for (size_t i = 0; i < page->n; i++) {
                size_t k = 0;
                while (k < i && page->v[k].user_id != page->v[i].user_id)
                        k++;
                if (k < i)
                        uins[i] = uins[k];
                else
                        TRY(log_uin(act, c, page->v[i].user_id, uins + i));
        }
        page->user_uins = uins;
        return RES_OK;
}

res log_list(struct act *act, const struct log_query *query, struct log_page *ret_page)
{
        struct store_conn *c = NULL;
        struct log_page page = {0};
        int64_t to_sec =
                query->to_sec > 0 ? query->to_sec : act->now_sec + 1; /* the end itself does not belong to it */
        int64_t from_sec = query->from_sec > 0 ? query->from_sec : to_sec - LIMIT_LOGS_DAYS * 86400LL;
        int64_t offset = query->offset > 0 ? query->offset : 0;

        TRY(store_read(act->core->store, &c));
        const struct store_log_filter filter = {
                act->account_id, from_sec, to_sec, query->type.p ? query->type : STR(""), offset, log_limit(query->limit)};

        TRY(store_log_list(c, act->arena, &filter, &page.v, &page.n));
        TRY(store_log_count(c, &filter, &page.total));
        TRY(store_log_count_all(c, act->account_id, &page.all_total));
        TRY(log_fill_uins(act, c, &page));
        *ret_page = page;
        return RES_OK;
}

res log_timeline(struct act *act, struct str certificate_id, struct log_page *ret_page)
{
        struct store_conn *c = NULL;
        struct log_page page = {0};

        TRY(store_read(act->core->store, &c));
        TRY(store_log_list_certificate(c, act->arena, act->account_id, certificate_id, TIMELINE_MAX, &page.v, &page.n));
        ENSURE(page.n > 0, ERR_CERT_NOT_FOUND);
        page.total = page.all_total = (int64_t)page.n;
        TRY(log_fill_uins(act, c, &page));
        *ret_page = page;
        return RES_OK;
}

res act_log(struct act *act, struct store_tx *tx, struct str certificate_id, const char *type, const char *action)
{
        return store_log_append(tx, &(struct log_row){
                                            .account_id = act->account_id,
                                            .user_id = act->user_id,
                                            .certificate_id = certificate_id,
                                            .type = str_of(type),
                                            .action = str_of(action),
                                            .created_at = act->now_sec,
                                    });
}
