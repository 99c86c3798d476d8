/* Proving control of the names of a certificate.  docs/api/CheckCertificateDomainVerification.md, CompleteCertificate.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_validation_check_in, api_validation_check_out;
extern const struct api_message api_validation_complete_in, api_validation_complete_out;
/* CheckCertificateDomainVerification – look now and say what was found for each name. */
MUST res api_validation_check(struct req *req);
/* CompleteCertificate – look soon; the caller goes on. */
MUST res api_validation_complete(struct req *req);
/* RemindReviewers – ask for a faster review.  docs/api/RemindReviewers.md */
MUST res api_validation_remind(struct req *req);
