/*
 * AWS CloudTrail: the event history, read from the audit log (engine/audit.h). There are no trails:
 * nothing is copied anywhere, and what a trail is needed for on AWS (events on the bus) is always
 * on. What is recorded can be looked up, data events and their denials included.
 */
#ifndef WB_CLOUDTRAIL_H
#define WB_CLOUDTRAIL_H

#include "engine/engine.h"

extern const struct wb_service wb_cloudtrail_service;
extern const struct wb_module wb_cloudtrail_module;

/* lookup.c */
wb_handler_fn wb_cloudtrail_lookup;
/* trail.c */
wb_handler_fn wb_cloudtrail_describe, wb_cloudtrail_list, wb_cloudtrail_status;
wb_resource_fn wb_cloudtrail_of_trail;

#endif
