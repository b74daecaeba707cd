/*
 * Reading XML (S3's request bodies) into a small tree, over expat. Names are without their prefix
 * ("xsi:type" -> "type"), namespaces are not looked at. Documents with a DTD are refused, and with
 * it every entity but the five of XML itself; depth, size and the number of elements are limited
 * (limits.h). Everything lives in the arena.
 */
#ifndef WB_CODEC_XML_READ_H
#define WB_CODEC_XML_READ_H

#include "base/arena.h"
#include "base/buf.h"

struct wb_xml {
    struct wb_slice name;
    struct wb_slice text; /* directly inside, without that of the children; "" when none */
    struct wb_pair *attribute;
    size_t attribute_count;
    struct wb_xml *child, *next; /* first child, next sibling */
    /* Private. */
    struct wb_xml *parent, *last;
    struct wb_buf buf;
};

/* The root, or NULL: not well-formed, or beyond a limit. */
struct wb_xml *wb_xml_read(struct wb_arena *a, struct wb_slice text);
/* The first child of that name; NULL when absent. x may be NULL. */
struct wb_xml *wb_xml_child(const struct wb_xml *x, const char *name);
/* The null slice when absent. */
struct wb_slice wb_xml_attribute(const struct wb_xml *x, const char *name);

#endif
