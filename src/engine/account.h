/*
 * Accounts of this server. The first is that of the data directory and needs no row; others are
 * made by `waybill account add` and have a row each (tables.h, WB_T_ACCOUNT), a root key, and that
 * key's exports in DATA/credentials-ACCOUNT. An ARN of any other account names nothing.
 */
#ifndef WB_ENGINE_ACCOUNT_H
#define WB_ENGINE_ACCOUNT_H

#include "engine/engine.h"

bool wb_account_exists(struct wb_tx *tx, struct wb_slice account);
/* All of them, the server's own first; their number. In the tx's arena. */
size_t wb_accounts(struct wb_tx *tx, struct wb_slice **account);
/* At start, before any thread: the file of each account's root key, should it be missing. */
enum wb_store_status wb_accounts_ensure(struct wb_engine *e, struct wb_arena *a);

/* Operations of the server's own service (engine/admin.c). */
extern const struct wb_shape wb_account_create_in, wb_account_list_in;
void wb_account_create(struct wb_call *c);
void wb_account_list(struct wb_call *c);

#endif
