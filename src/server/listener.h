/*
 * The TLS listener's own key and certificate: made by the key maker and the built-in CA at first start, kept sealed in
 * the store, renewed by itself when two thirds of its life have passed or server.name has changed.
 */
#pragma once

#include "core/job.h"
#include "http/http.h"
#include "server/server.h"

/* PEM texts in the arena; the key's is wiped with it. */
MUST res listener_begin(struct act *act, struct http_tls *ret_tls);
/* Job JOB_LISTENER, once an hour.  context = the server. */
void listener_job(struct act *act, const struct job_row *job, void *context);
