/* The services that this program consists of. */
#ifndef WB_SERVICES_MODULES_H
#define WB_SERVICES_MODULES_H

#include "engine/engine.h"

extern const struct wb_module *const wb_modules[]; /* NULL-terminated */

#endif
