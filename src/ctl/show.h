/* What several commands say about one certificate. */
#pragma once

#include <jansson.h>

#include "ctl/client.h"

/* DescribeCertificate. */
MUST res show_fetch(struct client *client, const char *id, json_t **ret_certificate);
/* The table of records or files that the applicant places (DCV-05), nothing once there are none. */
void show_proofs(struct ctl *ctl, const json_t *certificate);
