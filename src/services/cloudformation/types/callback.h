/*
 * One-time addresses that somebody outside answers to: custom resources' ResponseURL and wait
 * handles. An address is PUBLIC_URL/_waybill/cfn-callback?token=T; T is random and is the row's
 * key, so who knows it may answer, without a signature, as with AWS's presigned URLs. An answer is
 * kept in the row until its handler takes it.
 */
#ifndef WB_CFN_TYPES_CALLBACK_H
#define WB_CFN_TYPES_CALLBACK_H

#include "engine/engine.h"
#include "services/cloudformation/types/kit.h"

/* Registers the page. At the module's start. */
void cfn_callback_start(struct wb_engine *e);

/* A new address for this call of r's handler; the row goes by itself some time after until_ms
 * (0: it stays). The token. */
struct wb_slice cfn_callback_make(struct wb_cfn_resource *r, int64_t until_ms);
struct wb_slice cfn_callback_url(struct wb_cfn_resource *r, struct wb_slice token);
struct wb_slice cfn_callback_token(struct wb_slice url); /* null: not such an address */
/* The answers so far, an array of JSON objects in the order of coming; false: no such address. */
bool cfn_callback_answers(struct wb_cfn_resource *r, struct wb_slice token, struct wb_json *list);
/* From now on this resource, too, is told of answers (a wait condition of its handle). */
bool cfn_callback_listen(struct wb_cfn_resource *r, struct wb_slice token);
void cfn_callback_drop(struct wb_cfn_resource *r, struct wb_slice token);

#endif
