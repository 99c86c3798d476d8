/* See problem.h. */
#include "core/problem.h"

#include "base/json.h"
#include "base/limits.h"
#include "pki/jws.h"

static void problem_write_head(struct buf *out, enum err err, const char *detail)
{
        const char *type = err_acme_type(err);

        buf_printf(out, "{\"type\":\"urn:ietf:params:acme:error:%s\",\"detail\":", type[0] ? type : "serverInternal");
        json_encode_str(out, str_of(detail && detail[0] ? detail : err_sentence(err)));
}

static void problem_write_part(struct buf *out, const struct problem_part *part)
{
        problem_write_head(out, part->err, part->detail);
        buf_add_text(out, ",\"identifier\":{\"type\":");
        json_encode_str(out, str_of(part->kind));
        buf_add_text(out, ",\"value\":");
        json_encode_str(out, str_of(part->name));
        buf_add_text(out, "}}");
}

void problem_write(const struct problem *problem, struct buf *out)
{
        problem_write_head(out, problem->err, problem->detail);
        buf_printf(out, ",\"status\":%d", err_http_status(problem->err));
        if (problem->err == ERR_ACME_ALGORITHM)
                buf_printf(out, ",\"algorithms\":[%s]", jws_algorithms());
        if (problem->instance) {
                buf_add_text(out, ",\"instance\":");
                json_encode_str(out, str_of(problem->instance));
        }
        if (problem->part_count > 0) {
                buf_add_text(out, ",\"subproblems\":[");
                for (size_t i = 0; i < problem->part_count; i++) {
                        buf_add_text(out, i ? "," : "");
                        problem_write_part(out, &problem->parts[i]);
                }
                buf_add_text(out, "]");
        }
        buf_add_text(out, "}");
}

const char *problem_text(struct arena *arena, enum err err, const char *detail)
{
        CLEAN(buf_done) struct buf out = {0};

        buf_init(&out, 8 * LIMIT_ERR_DETAIL);
        problem_write(&(struct problem){.err = err, .detail = detail}, &out);
        return arena_strndup(arena, out.p ? (const char *)out.p : "", out.n);
}
