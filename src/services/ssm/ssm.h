/*
 * Systems Manager Parameter Store: named values with versions, labels, tags and policies.
 *
 * Rows: a parameter by its path, with a number; its versions by that number, each a snapshot of
 * value and settings; an index from label to version; a count of parameters by tier. The value of a
 * SecureString is sealed with the data directory's key and bound to its version; the key id that
 * the client names is kept and shown, nothing more. Policies that act later (Expiration and the
 * notifications) have one work row a parameter, for the earliest of them.
 */
#ifndef WB_SSM_SSM_H
#define WB_SSM_SSM_H

#include "engine/engine.h"

extern const struct wb_module wb_ssm_module;

#endif
