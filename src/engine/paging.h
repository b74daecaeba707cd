/*
 * Paging tokens, one mechanism for all services: what the client gets back is the last key it has
 * seen, sealed together with operation, scope and filter, so that a token cannot be forged, moved
 * to another request, or pin anything on the server.
 */
#ifndef WB_ENGINE_PAGING_H
#define WB_ENGINE_PAGING_H

#include "aws/op.h"

/* A token that goes on after last_key. filter: the inputs that must be the same on the next page,
 * in any form; or the null slice. */
struct wb_slice wb_page_token(struct wb_call *c, struct wb_slice filter, struct wb_slice last_key);
/* False when the token was not made by this operation, scope and filter; the caller answers with
 * its service's error. */
bool wb_page_open(struct wb_call *c, struct wb_slice token, struct wb_slice filter,
                  struct wb_slice *last_key);

#endif
