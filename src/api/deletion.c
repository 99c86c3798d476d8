/* See deletion.h. */
#include "api/deletion.h"

#include "core/certificate.h"
#include "core/deletion.h"

struct one_in {
        struct str certificate_id;
        struct opt_int check;
};

struct one_out {
        struct opt_int result;
        struct str task_id;
};

struct many_in {
        struct strs ids;
        struct opt_int check;
};

struct fail_out {
        struct str certificate_id, why;
};

struct task_id_out {
        struct str certificate_id, task_id;
};

struct many_out {
        struct strs success;
        struct objs fail, tasks;
};

struct tasks_in {
        struct strs ids;
};

struct task_out {
        struct str task_id, certificate_id, why, time;
        struct opt_int status;
        struct strs domains;
};

struct tasks_out {
        struct objs results;
};

static const struct json_field one_in_fields[] = {
        JSON_FIELD(struct one_in, certificate_id, "CertificateId", JSON_STR, .required = true, .limit = LIMIT_CERTIFICATE_ID_TEXT),
        JSON_FIELD(struct one_in, check, "IsCheckResource", JSON_BOOL), JSON_FIELDS_END};
static const struct json_field one_out_fields[] = {JSON_FIELD(struct one_out, result, "DeleteResult", JSON_BOOL),
                                                   JSON_FIELD(struct one_out, task_id, "TaskId", JSON_STR), JSON_FIELDS_END};
/* How many ids may come is core's to say, with the API's own code. */
static const struct json_field many_in_fields[] = {
        JSON_FIELD(struct many_in, ids, "CertificateIds", JSON_STRS, .required = true, .limit = LIMIT_LIST_MAX),
        JSON_FIELD(struct many_in, check, "IsSync", JSON_BOOL), JSON_FIELDS_END};
static const struct json_field fail_fields[] = {JSON_FIELD(struct fail_out, certificate_id, "CertId", JSON_STR),
                                                JSON_FIELD(struct fail_out, why, "Msg", JSON_STR), JSON_FIELDS_END};
static const struct json_field task_id_fields[] = {JSON_FIELD(struct task_id_out, certificate_id, "CertId", JSON_STR),
                                                   JSON_FIELD(struct task_id_out, task_id, "TaskId", JSON_STR), JSON_FIELDS_END};
static const struct json_field many_out_fields[] = {
        JSON_FIELD(struct many_out, success, "Success", JSON_STRS),
        JSON_FIELD(struct many_out, fail, "Fail", JSON_OBJS, .sub = fail_fields, .sub_size = sizeof(struct fail_out)),
        JSON_FIELD(struct many_out, tasks, "CertTaskIds", JSON_OBJS, .sub = task_id_fields, .sub_size = sizeof(struct task_id_out)),
        JSON_FIELDS_END};
static const struct json_field tasks_in_fields[] = {
        JSON_FIELD(struct tasks_in, ids, "TaskIds", JSON_STRS, .required = true, .limit = LIMIT_TASK_CERTIFICATES), JSON_FIELDS_END};
static const struct json_field task_fields[] = {JSON_FIELD(struct task_out, task_id, "TaskId", JSON_STR),
                                                JSON_FIELD(struct task_out, certificate_id, "CertId", JSON_STR),
                                                JSON_FIELD(struct task_out, status, "Status", JSON_UINT),
                                                JSON_FIELD(struct task_out, why, "Error", JSON_STR),
                                                JSON_FIELD(struct task_out, time, "CacheTime", JSON_STR),
                                                JSON_FIELD(struct task_out, domains, "Domains", JSON_STRS),
                                                JSON_FIELDS_END};
static const struct json_field tasks_out_fields[] = {
        JSON_FIELD(struct tasks_out, results, "DeleteTaskResult", JSON_OBJS, .sub = task_fields, .sub_size = sizeof(struct task_out)),
        JSON_FIELDS_END};
const struct api_message api_deletion_one_in = {one_in_fields, sizeof(struct one_in)};
const struct api_message api_deletion_one_out = {one_out_fields, sizeof(struct one_out)};
const struct api_message api_deletion_many_in = {many_in_fields, sizeof(struct many_in)};
const struct api_message api_deletion_many_out = {many_out_fields, sizeof(struct many_out)};
const struct api_message api_deletion_tasks_in = {tasks_in_fields, sizeof(struct tasks_in)};
const struct api_message api_deletion_tasks_out = {tasks_out_fields, sizeof(struct tasks_out)};

/* An explicit "no look" is the second word that SIL-53 wants; absent, a bound one is refused. */
static enum deletion_bound bound_of(struct opt_int check)
{
        return check.set && check.v == 0 ? DELETION_ANYWAY : DELETION_ASKS;
}

static res one_as_task(struct req *req, struct str id)
{
        const struct deletion_one *one = NULL;

        TRY(deletion_file(&req->act, (struct strs){&id, 1}, &one));
        ENSURE(one->err == ERR_NONE, one->err);
        return REQ_REPLY(req, &((struct one_out){api_bool(true), api_number_text(req->act.arena, one->task_id)}));
}

res api_deletion_one(struct req *req)
{
        struct one_in in = {0};

        TRY(REQ_BIND(req, &in));
        if (in.check.v != 0)
                return one_as_task(req, in.certificate_id);
        TRY(deletion_run(&req->act, in.certificate_id, bound_of(in.check)));
        return REQ_REPLY(req, &((struct one_out){.result = api_bool(true)}));
}

static void many_fill(struct req *req, const struct deletion_one *ones, size_t n, struct many_out *ret_out)
{
        struct str *success = arena_array_of(req->act.arena, n + 1, struct str);
        struct fail_out *fail = arena_array_of(req->act.arena, n + 1, struct fail_out);
        struct task_id_out *tasks = arena_array_of(req->act.arena, n + 1, struct task_id_out);
        size_t success_count = 0, fail_count = 0, task_count = 0;

        for (size_t i = 0; i < n; i++) {
                if (ones[i].err != ERR_NONE)
                        fail[fail_count++] = (struct fail_out){ones[i].certificate_id, str_of(ones[i].why)};
                else if (ones[i].task_id != 0)
                        tasks[task_count++] =
                                (struct task_id_out){ones[i].certificate_id, api_number_text(req->act.arena, ones[i].task_id)};
                else
                        success[success_count++] = ones[i].certificate_id;
        }
        *ret_out = (struct many_out){{success, success_count}, {fail, fail_count}, {tasks, task_count}};
}

res api_deletion_many(struct req *req)
{
        struct many_in in = {0};
        const struct deletion_one *ones = NULL;
        struct many_out out = {0};

        TRY(REQ_BIND(req, &in));
        if (in.check.v != 0)
                TRY(deletion_file(&req->act, in.ids, &ones));
        else
                TRY(deletion_run_many(&req->act, in.ids, bound_of(in.check), &ones));
        many_fill(req, ones, in.ids.n, &out);
        return REQ_REPLY(req, &out);
}

static struct task_out task_of(struct req *req, const struct life_task_row *task)
{
        return (struct task_out){
                .task_id = api_number_text(req->act.arena, task->task_id),
                .certificate_id = task->certificate_id,
                .status = api_int(task->status),
                .why = task->message,
                .time = api_time(req->act.arena, task->finished_at),
                .domains = certificate_names(req->act.arena, task->names),
        };
}

res api_deletion_tasks(struct req *req)
{
        struct tasks_in in = {0};
        struct task_out *out = NULL;

        TRY(REQ_BIND(req, &in));
        out = arena_array_of(req->act.arena, in.ids.n + 1, struct task_out);
        for (size_t i = 0; i < in.ids.n; i++) {
                struct life_task_row task = {0};

                TRY(deletion_task_get(&req->act, in.ids.v[i], &task));
                out[i] = task_of(req, &task);
        }
        return REQ_REPLY(req, &((struct tasks_out){{out, in.ids.n}}));
}
