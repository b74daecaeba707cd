/* AWS KMS: symmetric keys, aliases, and what is encrypted under them. */
#ifndef WB_KMS_KMS_H
#define WB_KMS_KMS_H

#include "engine/engine.h"

extern const struct wb_module wb_kms_module;

#endif
