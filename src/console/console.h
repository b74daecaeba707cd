/*
 * The console's server side: the files of web/, built into the program, under /_waybill/console/;
 * signing in with an access key; and the door by which its pages call operations as who signed in.
 *
 * A session is a cookie that only this server can read or make: the access key's id, sealed under
 * the master key, for WB_CONSOLE_SESSION_MS. Nothing is stored. A deleted or deactivated key ends
 * its sessions at once, because the key is looked up for each call. The cookie is HttpOnly and
 * SameSite=Strict, and a call must carry a header that no foreign page may send, so another site
 * can make the browser do nothing. With --auth off everybody is the account's root, as with
 * signatures.
 */
#ifndef WB_CONSOLE_CONSOLE_H
#define WB_CONSOLE_CONSOLE_H

#include "engine/engine.h"

void wb_console_register(struct wb_engine *e); /* at start, before any thread */

/* session.c */
void console_session_register(struct wb_engine *e);
/* Who is signed in, as JSON, what GET session answers; in the call's arena. */
struct wb_slice console_session(struct wb_call *c);
/* assets.c */
void console_assets_register(struct wb_engine *e);

#endif
