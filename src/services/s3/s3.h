/* Amazon S3. */
#ifndef WB_S3_H
#define WB_S3_H

#include "engine/engine.h"

extern const struct wb_module wb_s3_module;

#endif
