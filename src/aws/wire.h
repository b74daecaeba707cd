/*
 * What the parts of the protocol layer tell each other about a request. Private to src/aws.
 */
#ifndef WB_AWS_WIRE_H
#define WB_AWS_WIRE_H

#include "auth/sigv4.h"
#include "aws/op.h"

#define WB_MALFORMED_XML                                                                           \
    "The XML you provided was not well-formed or did not validate against our published schema"
#define WB_LABELS_MAX 8 /* {Label}s of one URI template */

/* call->wire, set by wb_protocol_route. */
struct wb_wire {
    bool query;           /* Query protocol: `form` holds the parameters */
    struct wb_pair *form; /* decoded, sorted by name */
    size_t form_count;
    struct wb_pair label[WB_LABELS_MAX]; /* REST: name from the template, value as sent */
    size_t label_count;
    struct wb_slice path; /* as sent */
    bool head;            /* HEAD: errors have no body */
};

/* The first value of a header, or the null slice. */
struct wb_slice wb_wire_header(const struct wb_sig_request *r, const char *name);
/* The value of a form field by its exact name, or the null slice. */
struct wb_slice wb_wire_field(const struct wb_wire *w, struct wb_slice name);

/* One per protocol: the request as JSON text in *text, or c->error set and false. */
bool wb_wire_from_query(struct wb_call *c, struct wb_slice *text);
bool wb_wire_from_rest(struct wb_call *c, const struct wb_sig_request *r, struct wb_slice *text);
bool wb_wire_from_xml(struct wb_call *c, const struct wb_sig_request *r, struct wb_slice *text);
/* A member of URI, query or headers, behind its key, if it is there. False with *why: it is badly
 * encoded or no value of its kind; *found = its text. */
bool wb_wire_rest_member(struct wb_call *c, const struct wb_sig_request *r,
                         struct wb_json_writer *w, const struct wb_member *m,
                         struct wb_slice *found, const char **why);
/* REST-XML: the body of an answer, "" when it has none. */
struct wb_slice wb_wire_xml_answer(struct wb_call *c);
struct wb_slice wb_wire_xml_error(struct wb_call *c);
/* Text of a scalar in a form field, header, label or query parameter as JSON of the shape's kind.
 * False when it cannot be one; *why says so. */
bool wb_wire_scalar(struct wb_arena *a, struct wb_json_writer *w, const struct wb_shape *shape,
                    struct wb_slice text, const char **why);

/* "NaN", "Infinity", "-Infinity": how protocols write them as text. */
bool wb_not_finite(struct wb_slice text);

#endif
