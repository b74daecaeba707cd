#include "engine/paging.h"

#include "codec/text.h"
#include "engine/engine.h"

#define VERSION 1 /* of the token's content */

/* What the token is bound to. */
static struct wb_slice place(struct wb_call *c, struct wb_slice filter)
{
    return wb_printf(c->arena, "page %d|%s|%s|%.*s|%.*s|%.*s", VERSION, c->service->name,
                     c->op->name, WB_FMT(c->ctx.account), WB_FMT(c->ctx.region), WB_FMT(filter));
}

struct wb_slice wb_page_token(struct wb_call *c, struct wb_slice filter, struct wb_slice last_key)
{
    struct wb_slice sealed =
        wb_keyring_seal(c->arena, wb_engine_keyring(c->engine), last_key, place(c, filter));
    return wb_base64_encode(c->arena, sealed);
}

bool wb_page_open(struct wb_call *c, struct wb_slice token, struct wb_slice filter,
                  struct wb_slice *last_key)
{
    struct wb_slice sealed;
    return wb_base64_decode(c->arena, token, &sealed) &&
           wb_keyring_unseal(c->arena, wb_engine_keyring(c->engine), sealed, place(c, filter),
                             last_key);
}
