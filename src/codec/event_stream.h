/*
 * Messages of application/vnd.amazon.eventstream: total length, length of the headers, CRC-32 of
 * these, headers, payload, CRC-32 of all before. (Smithy, "Amazon Event Stream specification")
 */
#ifndef WB_CODEC_EVENT_STREAM_H
#define WB_CODEC_EVENT_STREAM_H

#include "base/buf.h"

/* Appends a message; header values are strings. */
void wb_event_message_put(struct wb_buf *b, const struct wb_pair *header, size_t count,
                          struct wb_slice payload);
/* An event of that name with a JSON payload, and an exception the same way. */
void wb_event_put(struct wb_buf *b, const char *name, struct wb_slice type, struct wb_slice json);
void wb_event_exception_put(struct wb_buf *b, const char *name, struct wb_slice type,
                            struct wb_slice message);

struct wb_event_message {
    struct wb_slice headers, payload;
};
enum wb_event_read {
    WB_EVENT_READ,
    WB_EVENT_MORE, /* the message is not complete */
    WB_EVENT_BAD,
};
/* Takes the first message off *in; its slices point there. */
enum wb_event_read wb_event_message_next(struct wb_slice *in, struct wb_event_message *m);
/* Value of a string header; the null slice when there is none. */
struct wb_slice wb_event_header(const struct wb_event_message *m, const char *name);

#endif
