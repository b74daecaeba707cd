/*
 * What a thread has worked out lately, by the text it came from: opened session tokens, parsed
 * session policies. Each kind has WB_MEMO_SLOTS places; a newcomer takes the place of whoever is
 * there. Each thread has its own, so there are no locks; it goes with the thread.
 */
#ifndef WB_AUTH_MEMO_H
#define WB_AUTH_MEMO_H

#include "base/slice.h"

struct wb_memo_kind {
    unsigned number; /* below WB_MEMO_KINDS; each kind has its own */
    void (*forget)(void *value);
};
#define WB_MEMO_KINDS 2

/* NULL when it is not there. The value stays the memo's, until this thread's next wb_memo_put. */
void *wb_memo_get(const struct wb_memo_kind *kind, struct wb_slice text);
/* Takes the value; one whose text is longer than WB_MEMO_TEXT_MAX is forgotten at once, false. */
bool wb_memo_put(const struct wb_memo_kind *kind, struct wb_slice text, void *value);

#endif
