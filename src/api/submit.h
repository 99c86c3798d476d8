/*
 * Submitting a bought certificate, in its older and its current form, cancelling and taking it up again.
 * docs/api/SubmitCertificateInformation.md, CommitCertificateInformation.md, CertificateInfoSubmit.md,
 * CertificateOrderSubmit.md, CancelCertificateOrder.md, ModifyCertificateResubmit.md
 */
#pragma once

#include "api/action.h"

extern const struct api_message api_submit_information_in, api_submit_information_out;
extern const struct api_message api_submit_commit_in, api_submit_commit_out;
extern const struct api_message api_submit_info_in, api_submit_info_out;
extern const struct api_message api_submit_order_in, api_submit_order_out;
extern const struct api_message api_submit_cancel_in, api_submit_cancel_out;
extern const struct api_message api_submit_again_in, api_submit_again_out;
/* SubmitCertificateInformation – information, the older form. */
MUST res api_submit_information(struct req *req);
/* CommitCertificateInformation – on to validation, the older form. */
MUST res api_submit_commit(struct req *req);
/* CertificateInfoSubmit – information, the current form. */
MUST res api_submit_info(struct req *req);
/* CertificateOrderSubmit – on to validation, the current form. */
MUST res api_submit_order(struct req *req);
/* CancelCertificateOrder – at once, in any state before issue. */
MUST res api_submit_cancel(struct req *req);
/* ModifyCertificateResubmit – a failed or cancelled one is open for information again. */
MUST res api_submit_again(struct req *req);
