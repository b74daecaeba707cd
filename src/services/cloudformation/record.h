/*
 * Rows as JSON objects, from a table of a struct's members: what a row holds is said once. Members
 * without a value are left out. Secrets are sealed with the data directory's key, bound to their
 * row by `place`.
 */
#ifndef WB_CFN_RECORD_H
#define WB_CFN_RECORD_H

#include "engine/engine.h"

enum cfn_member_kind {
    CFN_TEXT,   /* struct wb_slice: text */
    CFN_JSON,   /* struct wb_slice: a JSON value as it stands */
    CFN_SECRET, /* struct wb_slice: any bytes, sealed */
    CFN_BYTES,  /* struct wb_slice: any bytes */
    CFN_NUMBER, /* int64_t or uint64_t */
    CFN_FLAG,   /* bool */
};

struct cfn_member {
    const char *name; /* NULL ends the table */
    size_t at;
    enum cfn_member_kind kind;
};
#define CFN_MEMBER(type, member, k)                                                                \
    {                                                                                              \
        .name = #member, .at = offsetof(type, member), .kind = (k)                                 \
    }

struct wb_slice cfn_record_write(struct wb_tx *tx, const struct cfn_member *m, const void *from,
                                 struct wb_slice place);
/* Slices in the tx's arena. False: the row is damaged, or sealed under another key. */
bool cfn_record_read(struct wb_tx *tx, const struct cfn_member *m, struct wb_slice row,
                     struct wb_slice place, void *to);

#endif
