/*
 * Validation of a decoded request against its operation's shape, with AWS's texts:
 * "2 validation errors detected: Value '..' at 'tableName' failed to satisfy constraint: Member
 * must have length less than or equal to 255; ...". At most 10 are told.
 */
#ifndef WB_AWS_VALIDATE_H
#define WB_AWS_VALIDATE_H

#include "aws/op.h"

/* Are the members of c->in of the shape's types? False: c->error is a SerializationException.
 * wb_protocol_decode does this; calls from inside do it themselves. */
bool wb_validate_types(struct wb_call *c);

/* Checks c->in against c->op->input; sets c->error when something fails. */
void wb_validate(struct wb_call *c);

/* One value against a shape's pattern, for handlers that must check a name themselves. Patterns are
 * compiled once a process. */
bool wb_shape_matches(const struct wb_shape *s, struct wb_slice text);

#endif
