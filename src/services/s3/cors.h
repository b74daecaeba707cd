/* Cross-origin requests: what a bucket's rules let a page of another origin do. */
#ifndef WB_S3_CORS_H
#define WB_S3_CORS_H

#include "services/s3/config.h"

/* The headers for the call's Origin and method, when a rule allows it. */
void s3_cors_headers(struct wb_call *c, const struct s3_config *b);
/* OPTIONS: the browser asks first. */
void s3_preflight(struct wb_call *c);
extern const struct wb_shape s3_in_preflight;

#endif
