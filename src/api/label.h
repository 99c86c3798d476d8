/* Alias and project of certificates.  docs/api/ModifyCertificateAlias.md, ModifyCertificateProject.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_label_alias_in, api_label_alias_out;
extern const struct api_message api_label_project_in, api_label_project_out;
/* ModifyCertificateAlias – another name for a certificate, or none. */
MUST res api_label_alias(struct req *req);
/* ModifyCertificateProject – move certificates to a project; tells which could not be moved. */
MUST res api_label_project(struct req *req);
