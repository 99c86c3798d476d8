/* See label.h.  Each change is one transaction with its entry in the record. */
#include "core/label.h"

#include "core/core.h"
#include "core/log.h"
#include "store/project.h"
#include "store/tag.h"

/* ---- checks ---- */

/* UTF-8 characters, not bytes: FREE-13 counts what a person sees. */
static size_t count_chars(struct str s)
{
        size_t n = 0;

        for (size_t i = 0; i < s.n; i++)
                n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
        return n;
}

bool label_has_control_chars(struct str s)
{
        for (size_t i = 0; i < s.n; i++)
                if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
                        return true;
        return false;
}

bool label_text_is_short(struct str s, size_t chars)
{
        return count_chars(s) <= chars && !label_has_control_chars(s);
}

res label_check_alias(struct act *act, struct str alias)
{
        if (count_chars(alias) > LIMIT_ALIAS_CHARS || label_has_control_chars(alias))
                return act_fail(act, ERR_PARAM_VALUE, "Alias may have at most %d printable characters.",
                                LIMIT_ALIAS_CHARS);
        return RES_OK;
}

res label_check_tags(struct act *act, const struct tag_pair *tags, size_t count)
{
        if (count > LIMIT_TAGS)
                return act_fail(act, ERR_PARAM_VALUE, "A certificate may carry at most %d tags.", LIMIT_TAGS);
        for (size_t i = 0; i < count; i++) {
                if (tags[i].key.n == 0 || tags[i].key.n > LIMIT_TAG_BYTES ||
                    tags[i].value.n > LIMIT_TAG_BYTES)
                        return act_fail(act, ERR_PARAM_VALUE,
                                        "A tag needs a TagKey, and key and value may have at most %d bytes.",
                                        LIMIT_TAG_BYTES);
                for (size_t k = 0; k < i; k++)
                        if (str_equal(tags[i].key, tags[k].key))
                                return act_fail(act, ERR_PARAM_VALUE, "The same TagKey stands twice.");
        }
        return RES_OK;
}

res label_check_project(struct act *act, int64_t project_id)
{
        struct store_conn *reader = NULL;
        struct project_row project = {0};

        if (project_id == 0) /* ACC-11 */
                return RES_OK;
        TRY(store_read(act->core->store, &reader));
        res found = store_project_get(reader, act->arena, act->account_id, project_id, &project);

        if (found.err == ERR_NOT_FOUND)
                return act_fail(act, ERR_PROJECT,
                                "There is no project %lld in this account; 0 is the default project.",
                                (long long)project_id);
        TRY(found);
        if (project.disabled)
                return act_fail(act, ERR_PROJECT, "Project %lld takes nothing more; open it (UpdateProject), or choose another.",
                                (long long)project_id);
        return RES_OK;
}

/* ---- changes ---- */

struct alias_change {
        struct act *act;
        struct str id, alias;
};

static res alias_tx(struct store_tx *tx, void *arg)
{
        struct alias_change *change = arg;
        struct act *act = change->act;
        res set = store_certificate_set_alias(tx, act->account_id, change->id, change->alias);

        if (set.err == ERR_NOT_FOUND)
                return FAIL(ERR_CERT_NOT_FOUND);
        TRY(set);
        return act_log(act, tx, change->id, "updateAlias", "Alias changed");
}

res label_set_alias(struct act *act, struct str id, struct str alias)
{
        struct alias_change change = {act, id, alias.p != NULL ? alias : STR("")};

        TRY(label_check_alias(act, alias));
        return store_run(act->core->store, alias_tx, &change);
}

struct project_change {
        struct act *act;
        struct strs ids;
        int64_t project_id;
        struct str *done, *failed;
        size_t done_count, failed_count;
};

static res project_tx(struct store_tx *tx, void *arg)
{
        struct project_change *change = arg;
        struct act *act = change->act;

        change->done_count = change->failed_count = 0; /* it may run again */
        for (size_t i = 0; i < change->ids.n; i++) {
                struct str id = change->ids.v[i];
                res set = store_certificate_set_project(tx, act->account_id, id, change->project_id);

                if (set.err == ERR_NOT_FOUND) {
                        change->failed[change->failed_count++] = id;
                        continue;
                }
                TRY(set);
                TRY(act_log(act, tx, id, "changeProject", "Project changed"));
                change->done[change->done_count++] = id;
        }
        return RES_OK;
}

res label_set_project(struct act *act, struct strs ids, int64_t project_id, struct label_moved *ret_moved)
{
        struct project_change change = {
                .act = act,
                .ids = ids,
                .project_id = project_id,
                .done = arena_array_of(act->arena, ids.n + 1, struct str),
                .failed = arena_array_of(act->arena, ids.n + 1, struct str),
        };

        TRY(label_check_project(act, project_id));
        TRY(store_run(act->core->store, project_tx, &change));
        *ret_moved =
                (struct label_moved){{change.done, change.done_count}, {change.failed, change.failed_count}};
        return RES_OK;
}

struct tags_change {
        struct act *act;
        struct str id;
        const struct label_tags *tags;
};

static res tags_write(struct store_tx *tx, const struct tags_change *change)
{
        int64_t account_id = change->act->account_id;

        for (size_t i = 0; i < change->tags->drop.n; i++)
                TRY(store_tag_delete(tx, account_id, change->id, change->tags->drop.v[i]));
        for (size_t i = 0; i < change->tags->put_count; i++) {
                const struct tag_pair *tag = &change->tags->put[i];

                TRY(store_tag_put(tx, &(struct tag_row){account_id, change->id, tag->key,
                                                        tag->value.p ? tag->value : STR("")}));
        }
        return RES_OK;
}

static res tags_tx(struct store_tx *tx, void *arg)
{
        const struct tags_change *change = arg;
        struct act *act = change->act;
        struct certificate_row row = {0};
        const struct tag_row *rows = NULL;
        size_t n = 0;

        TRY(certificate_own(act, store_tx_conn(tx), change->id, &row));
        TRY(tags_write(tx, change));
        TRY(store_tag_list(store_tx_conn(tx), act->arena, act->account_id, change->id, &rows, &n));
        if (n > LIMIT_TAGS)
                return act_fail(act, ERR_PARAM_VALUE, "A certificate may carry at most %d tags.", LIMIT_TAGS);
        return act_log(act, tx, change->id, "updateTags", "Tags changed");
}

res label_set_tags(struct act *act, struct str id, const struct label_tags *tags)
{
        struct tags_change change = {act, id, tags};

        TRY(label_check_tags(act, tags->put, tags->put_count));
        return store_run(act->core->store, tags_tx, &change);
}

res label_list_tags(struct act *act, struct strs ids, const struct label_tag **ret_tags, size_t *ret_n)
{
        struct store_conn *reader = NULL;
        struct label_tag *tags = arena_array_of(act->arena, ids.n * LIMIT_TAGS + 1, struct label_tag);
        size_t count = 0;

        TRY(store_read(act->core->store, &reader));
        for (size_t i = 0; i < ids.n; i++) {
                const struct tag_row *rows = NULL;
                size_t n = 0;

                TRY(store_tag_list(reader, act->arena, act->account_id, ids.v[i], &rows, &n));
                for (size_t k = 0; k < n && k < LIMIT_TAGS; k++)
                        tags[count++] = (struct label_tag){rows[k].certificate_id, rows[k].tag_key,
                                                           rows[k].tag_value};
        }
        *ret_tags = tags;
        *ret_n = count;
        return RES_OK;
}
