/* See action.h.  The table is sorted by name (a test watches), so that it is searched by halves. */
#include "api/action.h"

#include "api/approval.h"
#include "api/balance.h"
#include "api/catalogue.h"
#include "api/binding.h"
#include "api/certificate.h"
#include "api/chain.h"
#include "api/csr.h"
#include "api/deletion.h"
#include "api/download.h"
#include "api/external_account.h"
#include "api/host.h"
#include "api/label.h"
#include "api/log.h"
#include "api/notice.h"
#include "api/operator.h"
#include "api/order.h"
#include "api/project.h"
#include "api/quota.h"
#include "api/reissue.h"
#include "api/replacement.h"
#include "api/submit.h"
#include "api/revoke.h"
#include "api/tag.h"
#include "api/upload.h"
#include "api/validation.h"

#include <stdlib.h>

#include "base/timetext.h"

/* Columns: name, service, rate class, right, needs a verified identity, parameters, answer, handler. */
#define ACTION(name_, service_, rate_, right_, identity_, in_, out_, handle_) \
        { \
                .name = (name_), .service = (service_), .rate = (rate_), .right = (right_), \
                .needs_identity = (identity_), .in = (in_), .out = (out_), .handle = (handle_) \
        }
#define SSL(name, rate, right, identity, message, handle) \
        ACTION(name, API_SSL, rate, right, identity, &message##_in, &message##_out, handle)
#define TAG(name, rate, right, message, handle) \
        ACTION(name, API_TAG, rate, right, false, &message##_in, &message##_out, handle)
#define QUICK(name_, message, handle_) \
        {.name = (name_), .service = API_SSL, .rate = API_RATE_READ, .right = API_LOOKS, .is_quick = true, .in = &message##_in, \
         .out = &message##_out, .handle = (handle_)}
#define UNBUILT(name) ACTION(name, API_SSL, API_RATE_READ, API_LOOKS, false, NULL, NULL, NULL)
#define HOST_LIST(name, out) ACTION(name, API_SSL, API_RATE_READ, API_LOOKS, false, NULL, out, api_host_list_empty)

static const struct api_action actions[] = {
        TAG("AddProject", API_RATE_WRITE, API_CHANGES, api_project_add, api_project_add),
        SSL("ApplyCertificate", API_RATE_HEAVY, API_CHANGES, true, api_certificate_apply, api_certificate_apply),
        SSL("ApproveName", API_RATE_WRITE, API_OPERATES, false, api_approval_name, api_approval_name),
        SSL("BatchDeleteCSR", API_RATE_WRITE, API_CHANGES, false, api_csr_delete, api_csr_delete),
        SSL("CancelAuditCertificate", API_RATE_WRITE, API_CHANGES, false, api_certificate_cancel,
            api_certificate_cancel),
        SSL("CancelCertificateOrder", API_RATE_WRITE, API_CHANGES, false, api_submit_cancel, api_submit_cancel),
        SSL("CertificateInfoSubmit", API_RATE_HEAVY, API_CHANGES, true, api_submit_info, api_submit_info),
        SSL("CertificateOrderSubmit", API_RATE_WRITE, API_CHANGES, true, api_submit_order, api_submit_order),
        SSL("CheckCertificateChain", API_RATE_HEAVY, API_LOOKS, false, api_chain_check, api_chain_check),
        SSL("CheckCertificateDomainVerification", API_RATE_HEAVY, API_LOOKS, false, api_validation_check,
            api_validation_check),
        SSL("CheckCertificateExist", API_RATE_HEAVY, API_LOOKS, false, api_upload_find, api_upload_find),
        SSL("CloseOrder", API_RATE_WRITE, API_CHANGES, false, api_order_close, api_order_close),
        SSL("CommitCertificateInformation", API_RATE_WRITE, API_CHANGES, true, api_submit_commit, api_submit_commit),
        SSL("CompleteCertificate", API_RATE_WRITE, API_CHANGES, false, api_validation_complete,
            api_validation_complete),
        SSL("CreateCSR", API_RATE_HEAVY, API_CHANGES, false, api_csr_create, api_csr_create),
        SSL("CreateCertificate", API_RATE_WRITE, API_CHANGES, true, api_order_certificate, api_order_certificate),
        SSL("CreateCertificateBindResourceSyncTask", API_RATE_WRITE, API_CHANGES, false, api_binding_look_up, api_binding_look_up),
        SSL("CreateCertificateByPackage", API_RATE_WRITE, API_CHANGES, true, api_balance_buy, api_balance_buy),
        SSL("CreateExternalAccount", API_RATE_HEAVY, API_CHANGES, false, api_external_account_create,
            api_external_account_create),
        SSL("CreateOrder", API_RATE_WRITE, API_CHANGES, true, api_order_create, api_order_create),
        SSL("CreateReplacement", API_RATE_HEAVY, API_OPERATES, false, api_replacement_create, api_replacement_create),
        SSL("CreditAccount", API_RATE_WRITE, API_OPERATES, false, api_operator_credit, api_operator_credit),
        SSL("DeleteCertificate", API_RATE_WRITE, API_CHANGES, false, api_deletion_one, api_deletion_one),
        SSL("DeleteCertificates", API_RATE_HEAVY, API_CHANGES, false, api_deletion_many, api_deletion_many),
        SSL("DeleteExternalAccount", API_RATE_WRITE, API_CHANGES, false, api_external_account_delete,
            api_external_account_delete),
        UNBUILT("DeleteManager"),
        UNBUILT("DeployCertificateInstance"),
        UNBUILT("DeployCertificateRecordRetry"),
        UNBUILT("DeployCertificateRecordRollback"),
        SSL("DescribeAccount", API_RATE_READ, API_OPERATES, false, api_operator_account, api_operator_account),
        SSL("DescribeBalance", API_RATE_READ, API_LOOKS, false, api_balance_describe, api_balance_describe),
        SSL("DescribeBindings", API_RATE_READ, API_LOOKS, false, api_binding_list, api_binding_list),
        SSL("DescribeCSR", API_RATE_READ, API_CHANGES, false, api_csr_describe, api_csr_describe),
        SSL("DescribeCSRSet", API_RATE_READ, API_LOOKS, false, api_csr_list, api_csr_list),
        SSL("DescribeCatalogue", API_RATE_READ, API_LOOKS, false, api_catalogue_describe, api_catalogue_describe),
        QUICK("DescribeCertificate", api_certificate_describe, api_certificate_describe),
        SSL("DescribeCertificateBindResourceTaskDetail", API_RATE_READ, API_LOOKS, false, api_binding_detail, api_binding_detail),
        SSL("DescribeCertificateBindResourceTaskResult", API_RATE_READ, API_LOOKS, false, api_binding_result, api_binding_result),
        SSL("DescribeCertificateDetail", API_RATE_READ, API_LOOKS, false, api_certificate_detail,
            api_certificate_detail),
        SSL("DescribeCertificateOperateLogs", API_RATE_READ, API_LOOKS, false, api_log_list, api_log_list),
        SSL("DescribeCertificateTimeline", API_RATE_READ, API_LOOKS, false, api_log_timeline, api_log_timeline),
        SSL("DescribeCertificates", API_RATE_READ, API_LOOKS, false, api_certificate_list, api_certificate_list),
        UNBUILT("DescribeCompanies"),
        SSL("DescribeDeleteCertificatesTaskResult", API_RATE_READ, API_LOOKS, false, api_deletion_tasks, api_deletion_tasks),
        SSL("DescribeDeployedResources", API_RATE_READ, API_LOOKS, false, api_binding_deployed, api_binding_deployed),
        SSL("DescribeDownloadCertificateUrl", API_RATE_READ, API_LOOKS, false, api_download_link, api_download_link),
        SSL("DescribeExternalAccounts", API_RATE_READ, API_LOOKS, false, api_external_account_list,
            api_external_account_list),
        SSL("DescribeFreeQuota", API_RATE_READ, API_LOOKS, false, api_quota_describe, api_quota_describe),
        HOST_LIST("DescribeHostApiGatewayInstanceList", &api_host_list_out),
        HOST_LIST("DescribeHostCdnInstanceList", &api_host_list_async_out),
        HOST_LIST("DescribeHostClbInstanceList", &api_host_list_async_out),
        HOST_LIST("DescribeHostCosInstanceList", &api_host_list_async_out),
        HOST_LIST("DescribeHostDdosInstanceList", &api_host_list_out),
        UNBUILT("DescribeHostDeployRecord"),
        UNBUILT("DescribeHostDeployRecordDetail"),
        HOST_LIST("DescribeHostLighthouseInstanceList", &api_host_list_out),
        HOST_LIST("DescribeHostLiveInstanceList", &api_host_list_out),
        HOST_LIST("DescribeHostTeoInstanceList", &api_host_list_out),
        HOST_LIST("DescribeHostTkeInstanceList", &api_host_list_async_out),
        UNBUILT("DescribeHostUpdateRecord"),
        UNBUILT("DescribeHostUpdateRecordDetail"),
        SSL("DescribeHostUploadUpdateRecord", API_RATE_READ, API_LOOKS, false, api_upload_records, api_upload_records),
        SSL("DescribeHostUploadUpdateRecordDetail", API_RATE_READ, API_LOOKS, false, api_upload_record,
            api_upload_record),
        HOST_LIST("DescribeHostVodInstanceList", &api_host_list_out),
        HOST_LIST("DescribeHostWafInstanceList", &api_host_list_out),
        UNBUILT("DescribeManagerDetail"),
        UNBUILT("DescribeManagers"),
        SSL("DescribeOrders", API_RATE_READ, API_LOOKS, false, api_order_list, api_order_list),
        SSL("DescribePackages", API_RATE_READ, API_LOOKS, false, api_balance_packages, api_balance_packages),
        TAG("DescribeProjects", API_RATE_READ, API_LOOKS, api_project_list, api_project_list),
        SSL("DescribeReplacements", API_RATE_READ, API_OPERATES, false, api_replacement_list, api_replacement_list),
        TAG("DescribeResourceTagsByResourceIds", API_RATE_READ, API_LOOKS, api_tag_list, api_tag_list),
        SSL("DescribeRevocations", API_RATE_READ, API_LOOKS, false, api_revoke_queue, api_revoke_queue),
        SSL("DownloadCertificate", API_RATE_HEAVY, API_LOOKS, false, api_download_package, api_download_package),
        SSL("GrantPackage", API_RATE_WRITE, API_OPERATES, false, api_operator_package, api_operator_package),
        UNBUILT("HostCertificate"),
        SSL("ModifyAccount", API_RATE_WRITE, API_OPERATES, false, api_operator_modify, api_operator_modify),
        SSL("ModifyCSR", API_RATE_HEAVY, API_CHANGES, false, api_csr_modify, api_csr_modify),
        SSL("ModifyCertificateAlias", API_RATE_WRITE, API_CHANGES, false, api_label_alias, api_label_alias),
        SSL("ModifyCertificateProject", API_RATE_WRITE, API_CHANGES, false, api_label_project, api_label_project),
        SSL("ModifyCertificateResubmit", API_RATE_WRITE, API_CHANGES, false, api_submit_again, api_submit_again),
        SSL("ModifyCertificatesExpiringNotificationSwitch", API_RATE_WRITE, API_CHANGES, false, api_notice_switch,
            api_notice_switch),
        SSL("ModifyExternalCount", API_RATE_WRITE, API_OPERATES, false, api_operator_external, api_operator_external),
        SSL("ModifyHomeDomains", API_RATE_WRITE, API_OPERATES, false, api_operator_homes, api_operator_homes),
        SSL("ModifyOrderAutoRenew", API_RATE_WRITE, API_CHANGES, false, api_order_auto, api_order_auto),
        TAG("ModifyResourceTags", API_RATE_WRITE, API_CHANGES, api_tag_modify, api_tag_modify),
        SSL("PayOrder", API_RATE_WRITE, API_CHANGES, true, api_order_pay, api_order_pay),
        SSL("RefundOrder", API_RATE_WRITE, API_CHANGES, false, api_order_refund, api_order_refund),
        SSL("RegisterBinding", API_RATE_WRITE, API_CHANGES, false, api_binding_register, api_binding_register),
        SSL("ReloadCatalogue", API_RATE_HEAVY, API_OPERATES, false, api_operator_catalogue, api_operator_catalogue),
        SSL("RemindReviewers", API_RATE_WRITE, API_CHANGES, false, api_validation_complete, api_validation_remind),
        SSL("RemoveBinding", API_RATE_WRITE, API_CHANGES, false, api_binding_remove, api_binding_remove),
        SSL("RenewCertificate", API_RATE_WRITE, API_CHANGES, true, api_order_renew, api_order_renew),
        SSL("ReplaceCertificate", API_RATE_HEAVY, API_CHANGES, true, api_reissue_file, api_reissue_file),
        SSL("ReportKeyCompromise", API_RATE_HEAVY, API_CHANGES, false, api_revoke_key, api_revoke_key),
        SSL("ReviewRevocation", API_RATE_WRITE, API_CHANGES, false, api_revoke_review, api_revoke_review),
        SSL("RevokeCertificate", API_RATE_WRITE, API_CHANGES, false, api_revoke_file, api_revoke_file),
        SSL("RevokeForAccount", API_RATE_WRITE, API_OPERATES, false, api_operator_revoke, api_operator_revoke),
        SSL("StopReplacement", API_RATE_WRITE, API_OPERATES, false, api_replacement_stop, api_replacement_stop),
        UNBUILT("SubmitAuditManager"),
        SSL("SubmitCertificateInformation", API_RATE_HEAVY, API_CHANGES, true, api_submit_information, api_submit_information),
        UNBUILT("UpdateCertificateInstance"),
        UNBUILT("UpdateCertificateRecordRetry"),
        UNBUILT("UpdateCertificateRecordRollback"),
        TAG("UpdateProject", API_RATE_WRITE, API_CHANGES, api_project_update, api_project_update),
        SSL("UpgradeCertificate", API_RATE_WRITE, API_CHANGES, true, api_order_upgrade, api_order_upgrade),
        SSL("UploadCertificate", API_RATE_HEAVY, API_CHANGES, false, api_upload_put, api_upload_put),
        UNBUILT("UploadConfirmLetter"),
        UNBUILT("UploadRevokeLetter"),
        SSL("UploadUpdateCertificateInstance", API_RATE_HEAVY, API_CHANGES, false, api_upload_exchange,
            api_upload_exchange),
        SSL("UploadUpdateCertificateRecordRetry", API_RATE_WRITE, API_CHANGES, false, api_upload_retry, api_upload_retry),
        SSL("UploadUpdateCertificateRecordRollback", API_RATE_HEAVY, API_CHANGES, false, api_upload_rollback, api_upload_rollback),
        UNBUILT("VerifyManager"),
};

#define ACTION_COUNT (sizeof actions / sizeof *actions)

static int action_compare(const void *key, const void *row)
{
        const struct str *name = key;
        const char *other = ((const struct api_action *)row)->name;
        size_t n = strlen(other);
        int order = memcmp(name->p, other, name->n < n ? name->n : n);

        return order != 0 ? order : (name->n > n) - (name->n < n);
}

const struct api_action *api_action_find(struct str name)
{
        return str_is_empty(name) ? NULL : bsearch(&name, actions, ACTION_COUNT, sizeof *actions, action_compare);
}

const struct api_action *api_action_at(size_t i)
{
        return i < ACTION_COUNT ? &actions[i] : NULL;
}

struct str api_time(struct arena *arena, int64_t sec)
{
        char text[TIMETEXT_SIZE];

        if (sec <= 0)
                return STR("");
        timetext_api(sec, text);
        return str_of(arena_strdup(arena, text));
}

struct str api_number_text(struct arena *arena, int64_t v)
{
        return str_of(arena_printf(arena, "%lld", (long long)v));
}
