/* Money and benefit packages.  docs/api/DescribeBalance.md, DescribePackages.md, CreateCertificateByPackage.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_balance_describe_in, api_balance_describe_out;
extern const struct api_message api_balance_packages_in, api_balance_packages_out;
extern const struct api_message api_balance_buy_in, api_balance_buy_out;
MUST res api_balance_describe(struct req *req);
MUST res api_balance_packages(struct req *req);
MUST res api_balance_buy(struct req *req);
