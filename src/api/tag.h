/*
 * The companion service `tag`, version 2018-08-13: the two actions that tools for the `ssl` service call.
 * docs/api/DescribeResourceTagsByResourceIds.md, ModifyResourceTags.md
 */
#pragma once

#include "api/action.h"

/* TagKey and TagValue of struct tag_pair, wherever tags are given or shown. */
extern const struct json_field api_tag_fields[];

extern const struct api_message api_tag_list_in, api_tag_list_out;
extern const struct api_message api_tag_modify_in, api_tag_modify_out;
/* DescribeResourceTagsByResourceIds – the tags of certificates. */
MUST res api_tag_list(struct req *req);
/* ModifyResourceTags – set and remove tags of one certificate, named by a resource text. */
MUST res api_tag_modify(struct req *req);
