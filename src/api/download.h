/* The package of an issued certificate.  docs/api/DownloadCertificate.md, DescribeDownloadCertificateUrl.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_download_package_in, api_download_package_out;
extern const struct api_message api_download_link_in, api_download_link_out;
/* DownloadCertificate – every file form in one zip, as base64. */
MUST res api_download_package(struct req *req);
/* DescribeDownloadCertificateUrl – a link, good for five minutes, to the package for one kind of server. */
MUST res api_download_link(struct req *req);
