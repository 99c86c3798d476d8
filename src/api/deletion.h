/* Deletion, one or many, at once or as tasks.  A page an action in docs/api/. */
#pragma once

#include "api/action.h"

extern const struct api_message api_deletion_one_in, api_deletion_one_out;
extern const struct api_message api_deletion_many_in, api_deletion_many_out;
extern const struct api_message api_deletion_tasks_in, api_deletion_tasks_out;

/* DeleteCertificate – remove one from the list for good. */
MUST res api_deletion_one(struct req *req);
/* DeleteCertificates – up to 100. */
MUST res api_deletion_many(struct req *req);
/* DescribeDeleteCertificatesTaskResult – what became of deletions that look first. */
MUST res api_deletion_tasks(struct req *req);
