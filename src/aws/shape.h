/*
 * Shapes: what an operation takes, as data. Decoding, validation (with AWS's messages), protocol
 * encoding and documentation come from them; tools/check-shapes compares them with public service
 * models.
 */
#ifndef WB_AWS_SHAPE_H
#define WB_AWS_SHAPE_H

#include "base/slice.h"

enum wb_kind {
    WB_STRING,
    WB_INTEGER, /* 32 bit */
    WB_LONG,
    WB_DOUBLE,
    WB_BOOLEAN,
    WB_BLOB, /* base64 text in JSON and Query */
    WB_TIMESTAMP,
    WB_LIST,
    WB_MAP,
    WB_STRUCTURE,
    WB_ANY, /* checked by the handler (DynamoDB's AttributeValue: the service validates it itself)
             */
};

struct wb_member;

struct wb_shape {
    enum wb_kind kind;
    const char *name; /* the model's name */
    int64_t min, max; /* length, count or value; applies when has_min / has_max */
    bool has_min, has_max;
    const char *pattern;      /* matched whole. POSIX ERE plus \d \w \s \S, \xNN and escapes inside
                                 brackets: AWS's own text unless it has look-ahead or \p{..} */
    const char *pattern_text; /* as AWS prints it, when it differs from `pattern` */
    const char *pattern_rule; /* IAM: told instead of the pattern, alone, after "The specified value
                                 for <member> is invalid. " */
    const char *const *values;      /* enum, NULL-terminated, in the order AWS prints them */
    const struct wb_member *member; /* structure; ends with a member without name */
    const struct wb_shape *elem;    /* list element, map value */
    const struct wb_shape *key;     /* map key */
    const char *item_name; /* Query and XML: element name of a list ("member" unless said) or
                              "entry" for maps */
    bool flattened; /* Query: Name.1 instead of Name.member.1; XML: no element around the list */
    const char *key_name, *value_name; /* Query: of a map's entries; NULL = "key", "value" */
    const char *values_code; /* enum: code of an error told alone, when the service does so
                                (Lambda's runtime: InvalidParameterValueException) */
    const char *values_more; /* what AWS prints after such a set (" or be a valid ARN") */
    bool or_arn;             /* an ARN will do as well: the service checks it */
    bool sensitive;          /* a secret or somebody's payload: hidden in the audit log */
};

enum wb_where {
    WB_IN_BODY,
    WB_IN_URI,
    WB_IN_QUERY,
    WB_IN_HEADER,
    WB_IN_PAYLOAD,
    WB_IN_STATUS,
    WB_IN_HEADERS, /* a map: all headers that begin with `wire`, keys without it, lower case */
};

struct wb_member {
    const char *name;
    const struct wb_shape *shape;
    bool required;
    enum wb_where where; /* REST protocols */
    const char *wire;    /* name of the header, URI label, query parameter, element or attribute
                            when it differs; of a payload in XML the root */
    bool attribute;      /* XML: an attribute of the element around it ("xsi:type") */
};

#endif
