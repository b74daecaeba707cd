/*
 * The answer's document. A handler writes members once; the back end makes JSON or XML of it.
 * The document itself (the outer structure) is opened by wb_out_init (wb_protocol_route calls it)
 * and closed by wb_out_done (wb_protocol_answer calls it). A call that runs again is initialised
 * again.
 *
 *   wb_out_str(o, "TopicArn", arn);
 *   wb_out_list(o, "Subscriptions");
 *   for (...) { wb_out_object(o, NULL); wb_out_str(o, "Protocol", p); wb_out_end(o); }
 *   wb_out_end(o);
 *
 * Inside a list the name is NULL. Slices that are null write nothing.
 */
#ifndef WB_AWS_OUT_H
#define WB_AWS_OUT_H

#include "base/buf.h"
#include "base/time.h"
#include "codec/json.h"
#include "codec/text.h"

#define WB_OUT_DEPTH 32
#define WB_HIDDEN    "HIDDEN_DUE_TO_SECURITY_REASONS" /* CloudTrail's word for it */

struct wb_out {
    struct wb_buf buf;
    bool xml;
    bool cbor; /* JSON with the marks that codec/cbor.h needs */
    struct wb_json_writer json;
    const char *open[WB_OUT_DEPTH]; /* XML: element names to close */
    const char *item[WB_OUT_DEPTH]; /* XML: element name of a list's items */
    unsigned char kind[WB_OUT_DEPTH];
    unsigned depth;
    struct wb_out *record; /* everything is written there, too; NULL = nowhere */
    bool is_record;
    unsigned hidden; /* record: open containers whose content is not written */
};

void wb_out_init(struct wb_out *o, struct wb_arena *a, bool xml);
/* Begins anew in the same form. */
void wb_out_again(struct wb_out *o, struct wb_arena *a);
/* From now on all is written a second time into o->record, as CloudTrail has answers: JSON whatever
 * the protocol, members begin with a lower-case letter, secrets are hidden. */
void wb_out_keep(struct wb_out *o, struct wb_arena *a);
/* Closes the document and returns it: a JSON object, or the XML of its members without an element
 * around them. */
struct wb_slice wb_out_done(struct wb_out *o);
void wb_out_object(struct wb_out *o, const char *name);
void wb_out_list(struct wb_out *o, const char *name); /* XML: items are <member> */
void wb_out_list_of(struct wb_out *o, const char *name,
                    const char *item); /* XML: items are <item> */
/* XML: items are <item> elements of the structure itself ("Contents" of ListObjects). */
void wb_out_list_flat(struct wb_out *o, const char *name, const char *item);
/* Of the object just opened, before its members: XML: an attribute of S3's kind ("xsi:type", with
 * its name space); JSON: the member `name`. */
void wb_out_attribute(struct wb_out *o, const char *attribute, const char *name,
                      struct wb_slice value);
void wb_out_map(struct wb_out *o,
                const char *name); /* string to string: <entry><key/><value/></entry> in XML */
void wb_out_map_str(struct wb_out *o, struct wb_slice key, struct wb_slice value);
void wb_out_map_double(struct wb_out *o, struct wb_slice key, double value); /* NaN: nothing */
void wb_out_end(struct wb_out *o); /* closes object, list or map */
void wb_out_str(struct wb_out *o, const char *name, struct wb_slice s);
void wb_out_bytes(struct wb_out *o, const char *name, struct wb_slice bytes); /* a blob */
void wb_out_cstr(struct wb_out *o, const char *name, const char *s);
void wb_out_i64(struct wb_out *o, const char *name, int64_t v);
void wb_out_double(struct wb_out *o, const char *name, double v);
void wb_out_bool(struct wb_out *o, const char *name, bool v);
/* JSON: epoch seconds with fraction (the JSON protocols' default); XML: ISO with ms. */
void wb_out_time(struct wb_out *o, const char *name, int64_t ms);
void wb_out_json(struct wb_out *o, const char *name,
                 struct wb_slice json); /* JSON back end only: a complete value */

#endif
