/* AWS::Serverless-2016-10-31: shared by its files. */
#ifndef WB_CFN_SERVERLESS_H
#define WB_CFN_SERVERLESS_H

#include "services/cloudformation/template_transform.h"

/* One resource of the transform's types, and where what is made of it goes. */
struct wb_sam {
    struct wb_transform *x;
    struct wb_arena *a;
    struct wb_slice id;
    struct wb_tree *source;     /* the resource */
    struct wb_tree *properties; /* with Globals merged in */
    struct wb_tree *out;        /* Resources */
    struct wb_tree *resources;  /* of the source template: buckets of S3 events */
    struct wb_tree *tags;       /* as a list; of the function and its role */
};

/* "Resource with id [X] is invalid. ..." */
bool wb_sam_fail(struct wb_sam *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct wb_tree *wb_sam_object(struct wb_sam *s);
void wb_sam_put(struct wb_sam *s, struct wb_tree *t, const char *name, struct wb_tree *v);
/* Copies the member, under another name when `as` is not NULL; nothing when it is not there. */
void wb_sam_take(struct wb_sam *s, struct wb_tree *to, const struct wb_tree *from, const char *name,
                 const char *as);
struct wb_tree *wb_sam_item(struct wb_sam *s, struct wb_tree *list, struct wb_tree *v); /* = list */
struct wb_tree *wb_sam_ref(struct wb_sam *s, struct wb_slice id);
struct wb_tree *wb_sam_getatt(struct wb_sam *s, struct wb_slice id, const char *attribute);
struct wb_slice wb_sam_id(struct wb_sam *s, struct wb_slice event, const char *suffix);
/* Adds a resource ID of that type; conditions and policies of the source go with it. */
bool wb_sam_add(struct wb_sam *s, struct wb_slice id, const char *type, struct wb_tree *properties);
/* Only these members (NULL-terminated) may be there. */
bool wb_sam_only(struct wb_sam *s, const struct wb_tree *t, const char *const *names,
                 const char *where);

bool wb_sam_function(struct wb_sam *s);
bool wb_sam_role(struct wb_sam *s); /* FunctionRole, when there is no Role */
bool wb_sam_event(struct wb_sam *s, struct wb_slice name, struct wb_tree *event);

#endif
