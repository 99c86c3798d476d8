/* See deletion.h.  What may be deleted when is the table of certificate_end.c. */
#include "core/deletion.h"

#include "base/log.h"
#include "base/random.h"
#include "core/binding.h"
#include "core/certificate.h"
#include "core/certificate_end.h"
#include "core/core.h"
#include "core/job.h"
#include "core/log.h"
#include "core/quota.h"
#include "core/reissue.h"
#include "core/renew.h"
#include "core/upload_inner.h"
#include "store/binding.h"
#include "store/csr.h"
#include "store/key.h"
#include "store/upload.h"

struct deletion {
        struct act *act;
        struct str id;
        enum deletion_bound bound;
        const char *targets; /* what it is bound to, when that is why it is refused */
};

/* Nobody needs the key any more: no other certificate of the order, no entry of the CSR library. */
static res wipe_key(struct act *act, struct store_tx *tx, const struct certificate_row *row)
{
        struct store_conn *conn = store_tx_conn(tx);
        struct csr_row csr = {0};
        int64_t users = 0;

        if (row->key_id == 0)
                return RES_OK;
        TRY(store_key_count_users(conn, act->account_id, row->key_id, &users));
        if (users > 0)
                return RES_OK;
        res found = store_csr_get_by_key(conn, act->arena, act->account_id, row->key_id, &csr);

        if (found.err != ERR_NOT_FOUND)
                return found;
        res erased = store_key_erase(tx, act->account_id, row->key_id);

        return erased.err == ERR_NOT_FOUND ? RES_OK : erased;
}

static enum err may_delete(const struct certificate_row *row)
{
        return str_equals(row->source, "upload") ? ERR_NONE : certificate_may_delete(row->status); /* DEL-05: any time */
}

static res deletion_check_bound(struct deletion *deletion, struct store_tx *tx, const struct certificate_row *row)
{
        struct act *act = deletion->act;
        const struct binding_row *bindings = NULL;
        size_t n = 0;

        TRY(store_binding_list(store_tx_conn(tx), act->arena, act->account_id, row->certificate_id, &bindings, &n));
        deletion->targets = n > 0 ? binding_text(act->arena, bindings, n) : "";
        ENSURE(n == 0 || deletion->bound == DELETION_ANYWAY, ERR_DELETE_BOUND); /* DEL-08, SIL-53 */
        return RES_OK;
}

static res deletion_tx(struct store_tx *tx, void *arg)
{
        struct deletion *deletion = arg;
        struct act *act = deletion->act;
        struct certificate_row row = {0};

        TRY(certificate_own(act, store_tx_conn(tx), deletion->id, &row));
        ENSURE(may_delete(&row) == ERR_NONE, may_delete(&row));
        TRY(deletion_check_bound(deletion, tx, &row));
        if (row.issued_id == 0) /* never issued: nothing counts any more (SIL-13); issued ones keep the domain's slot (DEL-12) */
                TRY(quota_release(act, tx, row.certificate_id));
        TRY(certificate_end_jobs(act, tx, row.certificate_id));
        TRY(reissue_forget(act, tx, &row));
        TRY(renew_forget(act, tx, &row));
        TRY(store_certificate_delete(tx, act->account_id, row.certificate_id, act->now_sec));
        TRY(store_binding_delete_all(tx, act->account_id, row.certificate_id));
        TRY(store_upload_delete(tx, act->account_id, row.certificate_id)); /* with the key as it came */
        TRY(upload_forget_before(act, tx, row.certificate_id));
        TRY(wipe_key(act, tx, &row));
        return act_log(act, tx, row.certificate_id, "delete",
                       deletion->targets[0] ? arena_printf(act->arena, "Certificate deleted while it was bound to %s", deletion->targets)
                                            : "Certificate deleted");
}

res deletion_run(struct act *act, struct str certificate_id, enum deletion_bound bound)
{
        struct deletion deletion = {act, certificate_id, bound, ""};
        res r = store_run(act->core->store, deletion_tx, &deletion);

        if (r.err == ERR_DELETE_BOUND)
                return act_fail(act, r.err,
                                "The certificate is bound to %s, which may stop working; unbind it (RemoveBinding), or repeat with "
                                "IsCheckResource false to delete it all the same.",
                                deletion.targets);
        return r;
}

res deletion_run_many(struct act *act, struct strs certificate_ids, enum deletion_bound bound, const struct deletion_one **ret_ones)
{
        struct deletion_one *ones = arena_array_of(act->arena, certificate_ids.n + 1, struct deletion_one);

        ENSURE(certificate_ids.n <= LIMIT_TASK_CERTIFICATES, ERR_TASK_COUNT);
        for (size_t i = 0; i < certificate_ids.n; i++) {
                act->detail[0] = '\0';
                res r = deletion_run(act, certificate_ids.v[i], bound);

                ones[i] = (struct deletion_one){.certificate_id = certificate_ids.v[i], .err = r.err, .why = ""};
                if (!res_is_ok(r))
                        ones[i].why = act->detail[0] ? arena_strdup(act->arena, act->detail) : err_sentence(r.err);
        }
        act->detail[0] = '\0';
        *ret_ones = ones;
        return RES_OK;
}

/* ---- tasks ---- */

struct filing_many {
        struct act *act;
        struct strs ids;
        struct deletion_one *ones;
};

static res file_one(struct filing_many *filing, struct store_tx *tx, struct deletion_one *one)
{
        struct act *act = filing->act;
        struct certificate_row row = {0};
        res found = store_certificate_get(store_tx_conn(tx), act->arena, act->account_id, one->certificate_id, &row);

        one->err = found.err == ERR_NOT_FOUND ? ERR_CERT_NOT_FOUND : ERR_NONE;
        if (found.err == ERR_NOT_FOUND)
                return RES_OK;
        TRY(found);
        TRY(life_task_add(act, tx, &(struct life_task_row){
                                           .task_id = one->task_id,
                                           .account_id = act->account_id,
                                           .kind = STR("delete"),
                                           .certificate_id = row.certificate_id,
                                           .status = LIFE_TASK_RUNNING,
                                           .message = STR(""),
                                           .names = row.names,
                                           .user_id = act->user_id,
                                           .created_at = act->now_sec,
                                   }));
        return job_put(tx, JOB_DELETE, act->account_id, str_of(arena_printf(act->arena, "%lld", (long long)one->task_id)), act->now_sec,
                       act->now_sec);
}

static res file_tx(struct store_tx *tx, void *arg)
{
        struct filing_many *filing = arg;

        for (size_t i = 0; i < filing->ids.n; i++)
                TRY(file_one(filing, tx, &filing->ones[i]));
        return RES_OK;
}

res deletion_file(struct act *act, struct strs certificate_ids, const struct deletion_one **ret_ones)
{
        struct filing_many filing = {act, certificate_ids, arena_array_of(act->arena, certificate_ids.n + 1, struct deletion_one)};

        ENSURE(certificate_ids.n <= LIMIT_TASK_CERTIFICATES, ERR_TASK_COUNT);
        for (size_t i = 0; i < certificate_ids.n; i++)
                filing.ones[i] = (struct deletion_one){.certificate_id = certificate_ids.v[i], .why = "", .task_id = random_row_id(act->now_ms)};
        TRY(store_run(act->core->store, file_tx, &filing));
        for (size_t i = 0; i < certificate_ids.n; i++)
                if (filing.ones[i].err != ERR_NONE)
                        filing.ones[i].why = err_sentence(filing.ones[i].err);
        job_runner_wake(act->core->jobs);
        *ret_ones = filing.ones;
        return RES_OK;
}

res deletion_task_get(struct act *act, struct str task_id, struct life_task_row *ret_row)
{
        return life_task_find(act, task_id, "delete", ret_row);
}

struct task_end {
        struct act *act;
        struct life_task_row task;
        struct str subject;
};

static res task_end_tx(struct store_tx *tx, void *arg)
{
        struct task_end *end = arg;
        res updated = store_life_task_update(tx, &end->task);

        if (updated.err != ERR_NOT_FOUND) /* it was asked for too long ago */
                TRY(updated);
        return job_end(tx, JOB_DELETE, end->subject);
}

/* Deleted already by a run before this one, which ended before it could say so: that is done too. */
static void task_judge(struct act *act, struct life_task_row *task)
{
        res r = deletion_run(act, task->certificate_id, DELETION_ASKS);
        bool again = r.err == ERR_CERT_NOT_FOUND;

        task->status = res_is_ok(r) || again ? LIFE_TASK_DONE : r.err == ERR_DELETE_BOUND ? LIFE_TASK_BOUND : LIFE_TASK_FAILED;
        task->message = task->status == LIFE_TASK_DONE ? STR("") : str_of(act->detail[0] ? act->detail : err_sentence(r.err));
        task->finished_at = act->now_sec;
}

void deletion_job(struct act *act, const struct job_row *job, void *context)
{
        struct task_end end = {.act = act, .subject = job->subject};
        (void)context;
        res found = life_task_find(act, job->subject, "delete", &end.task);

        act->user_id = end.task.user_id; /* on whose behalf it is */
        if (res_is_ok(found) && end.task.status == LIFE_TASK_RUNNING)
                task_judge(act, &end.task);
        res r = res_is_ok(found) || found.err == ERR_TASK ? store_run(act->core->store, task_end_tx, &end) : found;

        if (!res_is_ok(r))
                log_line(LOG_WARNING, "deletion", "task=%s err=%s", log_quote(job->subject), err_name(r.err));
}
