/* Projects, as the companion service `tag` has them.  docs/api/AddProject.md, DescribeProjects.md, UpdateProject.md */
#pragma once

#include "api/action.h"

extern const struct api_message api_project_add_in, api_project_add_out;
extern const struct api_message api_project_list_in, api_project_list_out;
extern const struct api_message api_project_update_in, api_project_update_out;
MUST res api_project_add(struct req *req);
MUST res api_project_list(struct req *req);
MUST res api_project_update(struct req *req);
