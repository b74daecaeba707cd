/* The permissions of operations, for dump-shapes. */
#ifndef WB_TOOLS_DUMP_NEEDS_H
#define WB_TOOLS_DUMP_NEEDS_H

#include "aws/op.h"

void needs_open(void);
void needs_close(void);
/* Writes the member "needs": [{action, resource}]. */
void needs_put(struct wb_json_writer *w, const struct wb_service *s, const struct wb_op *op);

#endif
