/* The index of operations, shared by the files that route. Private to src/aws. */
#ifndef WB_AWS_ROUTE_H
#define WB_AWS_ROUTE_H

#include "auth/sigv4.h"
#include "aws/op.h"

struct wb_entry {
    const struct wb_service *service;
    const struct wb_op *op;
};

#define SEGMENTS_MAX 12

struct wb_uri {
    struct wb_entry e;
    struct wb_slice method;
    struct wb_slice segment[SEGMENTS_MAX]; /* "{Name}" binds, "{Name+}" binds the rest */
    unsigned count, literals;
};

#define CONDITIONS_MAX 4

/* REST-XML (S3): what the path names, and what else must be there. */
struct wb_xml_uri {
    const struct wb_entry *e;
    struct wb_slice method;
    unsigned level;                       /* 0 = the service, 1 = a bucket, 2 = an object */
    struct wb_pair query[CONDITIONS_MAX]; /* value null: any */
    size_t query_count;
    struct wb_pair header; /* the value's beginning; name null: none is asked for */
};

struct wb_services {
    struct wb_arena arena;
    const struct wb_service *const *list;
    struct wb_map *target; /* "DynamoDB_20120810.PutItem" -> entry */
    struct wb_map *prefix; /* "DynamoDB_20120810" -> service */
    struct wb_map *action; /* "2010-03-31/Publish" -> entry */
    struct wb_uri *rest;
    size_t rest_count;
    const struct wb_service *xml_service; /* NULL: none speaks REST-XML */
    struct wb_xml_uri *xml;
    size_t xml_count;
    struct wb_slice host; /* public; without a port */
};

/* route_xml.c */
void wb_route_xml_add(struct wb_services *x, const struct wb_entry *e);
/* Does the Host name a bucket, or the service? */
bool wb_route_xml_host(const struct wb_services *x, const struct wb_sig_request *r);
/* NULL: there is none. */
const struct wb_entry *wb_route_xml_find(const struct wb_services *x, struct wb_arena *a,
                                         const struct wb_sig_request *r);
/* Binds the labels, too. NULL: c->error is set. */
const struct wb_entry *wb_route_xml(const struct wb_services *x, struct wb_call *c,
                                    const struct wb_sig_request *r);

#endif
