/*
 * What serves a certificate: targets of deployment, registered by hand (RegisterBinding) or by whatever deploys.  A bound
 * certificate is not revoked (RVK-12), and deleted only on a second word (SIL-53).  Look-ups are tasks, as the wire has
 * them; here all is known at once, so a task is done when it is made, and tells what is bound when it is asked.
 */
#pragma once

#include "core/act.h"
#include "store/binding.h"
#include "store/life_task.h"

struct binding_new {
        struct str certificate_id, resource_type, region, resource_id, name, domain;
};
/* Registering the same one again is fine.  ERR_CERT_NOT_FOUND, ERR_CERT_STATE (not issued), ERR_PARAM_VALUE, ERR_BINDING_LIMIT. */
MUST res binding_register(struct act *act, const struct binding_new *in);
/* ERR_CERT_NOT_FOUND; ERR_NOT_FOUND: it is not bound there. */
MUST res binding_remove(struct act *act, const struct binding_new *in);
/* ERR_CERT_NOT_FOUND. */
MUST res binding_list(struct act *act, struct str certificate_id, const struct binding_row **ret_rows, size_t *ret_n);
/* "clb lb-1, cdn www.a.com, …": the first few, for sentences. */
const char *binding_text(struct arena *arena, const struct binding_row *rows, size_t n);

/* One task a certificate, in the order given.  ERR_CERT_NOT_FOUND, ERR_TASK_COUNT. */
MUST res binding_look_up(struct act *act, struct strs certificate_ids, const int64_t **ret_task_ids);
struct binding_task {
        struct life_task_row task;
        const struct binding_row *bindings; /* by type, region and id */
        size_t binding_count;
};
/* ERR_TASK. */
MUST res binding_task_get(struct act *act, struct str task_id, struct binding_task *ret_task);

/* ---- tasks of every kind: life_task.c ---- */

#define LIFE_TASK_KEEP_SEC (7LL * 86400) /* answers are asked for within minutes */
enum life_task_status { LIFE_TASK_RUNNING = 0, LIFE_TASK_DONE = 1, LIFE_TASK_FAILED = 2, LIFE_TASK_BOUND = 4 };
/* Inside a transaction: store it; those of the account that nobody will ask for any more go. */
MUST res life_task_add(struct act *act, struct store_tx *tx, const struct life_task_row *row);
/* By its id as text, of this kind.  ERR_TASK. */
MUST res life_task_find(struct act *act, struct str task_id, const char *kind, struct life_task_row *ret_row);
