/* PostObject: an object put by a browser's form. */
#ifndef WB_S3_POST_H
#define WB_S3_POST_H

#include "engine/engine.h"

/* The form against the policy that was signed with it. False: the call has failed. */
bool s3_post_allowed(struct wb_call *c);
wb_handler_fn s3_post_prepare, s3_post_object;

#endif
