/* Reissue.  docs/api/ReplaceCertificate.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_reissue_file_in, api_reissue_file_out;

/* ReplaceCertificate – another certificate of the same order, with the same names and the same end. */
MUST res api_reissue_file(struct req *req);
