/*
 * Elastic Container Registry, as far as deployment tools need it: repositories and what is set for
 * them. There is no registry behind it, so nothing can be pushed or pulled: a repository has no
 * images, and the token for docker is refused with a sentence that says so.
 *
 * A repository's row is a JSON object: {"created": ms, "mutability", "scan": bool, "encryption":
 * {...}, "policy": text, "lifecycle": text, "number"}. Tags are in engine/tags.h.
 */
#ifndef WB_ECR_ECR_H
#define WB_ECR_ECR_H

#include "engine/engine.h"

extern const struct wb_module wb_ecr_module;
extern const struct wb_service ecr_service;

/* --- resources --- */
wb_resource_fn ecr_of_repository, ecr_of_new_repository, ecr_of_repositories, ecr_of_arn;

/* --- handlers (repository.c) --- */
wb_handler_fn ecr_create, ecr_describe, ecr_delete, ecr_put_lifecycle, ecr_get_lifecycle,
    ecr_delete_lifecycle, ecr_set_policy, ecr_get_policy, ecr_delete_policy, ecr_put_mutability,
    ecr_put_scanning, ecr_list_images, ecr_describe_images, ecr_token, ecr_tag, ecr_untag,
    ecr_list_tags;

#endif
