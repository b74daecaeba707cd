/*
 * The outbox (DATA/outbox: the mails of a server without a relay, written by SNS's mail executor)
 * as operations of the server's own service: ListMails, newest first, and GetMail. Only names that
 * the writer makes are looked at, and only plain files of that one folder are opened.
 */
#ifndef WB_ENGINE_MAILS_H
#define WB_ENGINE_MAILS_H

#include "engine/engine.h"

extern const struct wb_shape wb_mail_list_in, wb_mail_get_in;
void wb_mail_list(struct wb_call *c);
void wb_mail_get(struct wb_call *c);

/* STAMP.mmmZ-ID.eml, ID of letters, digits, '-' and '.': *ms (may be NULL) is the stamp. */
bool wb_mail_name_read(struct wb_slice name, int64_t *ms);

#endif
