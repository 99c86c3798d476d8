/*
 * The CSR library: five actions of the international API.
 * docs/api/CreateCSR.md, DescribeCSR.md, DescribeCSRSet.md, ModifyCSR.md, BatchDeleteCSR.md
 */
#pragma once

#include "api/action.h"

extern const struct api_message api_csr_create_in, api_csr_create_out;
extern const struct api_message api_csr_describe_in, api_csr_describe_out;
extern const struct api_message api_csr_list_in, api_csr_list_out;
extern const struct api_message api_csr_modify_in, api_csr_modify_out;
extern const struct api_message api_csr_delete_in, api_csr_delete_out;
/* CreateCSR – a new entry, generated at once or kept as a draft. */
MUST res api_csr_create(struct req *req);
/* DescribeCSR – one entry with its request and its private key. */
MUST res api_csr_describe(struct req *req);
/* DescribeCSRSet – a page of the library. */
MUST res api_csr_list(struct req *req);
/* ModifyCSR – a draft's fields, anybody's remark; generates a draft. */
MUST res api_csr_modify(struct req *req);
/* BatchDeleteCSR – up to 100 entries. */
MUST res api_csr_delete(struct req *req);
