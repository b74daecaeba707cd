/*
 * What the files under types/ write their handlers with. Everything lives in the resource's arena.
 *
 * A handler reads properties, writes an operation's input member by member, calls, and sets the
 * physical id and the attributes. Members whose property is absent are left out.
 */
#ifndef WB_CFN_TYPES_KIT_H
#define WB_CFN_TYPES_KIT_H

#include "base/arn.h"
#include "services/cloudformation/type.h"

/* --- tables --- */

#define CFN_P(name, kind, update)                                                                  \
    {                                                                                              \
        name, WB_CFN_##kind, false, WB_CFN_##update, false                                         \
    }
#define CFN_REQUIRED(name, kind, update)                                                           \
    {                                                                                              \
        name, WB_CFN_##kind, true, WB_CFN_##update, false                                          \
    }
#define CFN_END                                                                                    \
    {                                                                                              \
        NULL, WB_CFN_STRING, false, WB_CFN_IN_PLACE, false                                         \
    }
#define CFN_ATTRIBUTES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* --- properties --- */

struct wb_json cfn_prop(const struct wb_cfn_resource *r, const char *name); /* or WB_JSON_NONE */
/* A scalar's text, a JSON property's document; null when absent. */
struct wb_slice cfn_text(const struct wb_cfn_resource *r, const char *name);
struct wb_slice cfn_json_text(struct wb_arena *a, struct wb_json v); /* the same of a value */
bool cfn_true(const struct wb_cfn_resource *r, const char *name);
bool cfn_is_true(struct wb_json v);
bool cfn_changed(const struct wb_cfn_resource *r, const char *name);             /* in an update */
bool cfn_any_changed(const struct wb_cfn_resource *r, const char *const *names); /* NULL ends */
/* Of the properties before. */
struct wb_json cfn_was(const struct wb_cfn_resource *r, const char *name);
bool cfn_has(struct wb_json list, struct wb_json value); /* a value like it is in the list */
/* The element of the list whose member `key` is like that of `as`; WB_JSON_NONE: none. */
struct wb_json cfn_find(struct wb_json list, const char *key, struct wb_json as);
/* Properties for which there is nothing here: given and not switched off ({"Enabled": false}, an
 * empty list), the resource is refused. */
#define cfn_refused(r, ...) cfn_refused_names(r, (const char *const[]){__VA_ARGS__, NULL})
bool cfn_refused_names(struct wb_cfn_resource *r, const char *const *names);

/* --- inputs and other documents --- */

struct cfn_in {
    struct wb_cfn_resource *r;
    struct wb_buf b;
    struct wb_json_writer w;
};
void cfn_begin(struct cfn_in *in, struct wb_cfn_resource *r);               /* opens the object */
void cfn_put(struct cfn_in *in, const char *member, struct wb_slice value); /* null: nothing */
void cfn_put_json(struct cfn_in *in, const char *member, struct wb_json value);
/* Properties under their own names. */
#define cfn_copy(in, ...) cfn_copy_names(in, (const char *const[]){__VA_ARGS__, NULL})
void cfn_copy_names(struct cfn_in *in, const char *const *names);
void cfn_copy_as(struct cfn_in *in, const char *member, const char *property);
/* A document as text: what operations take. */
void cfn_copy_text(struct cfn_in *in, const char *member, const char *property);
struct wb_slice cfn_end(struct cfn_in *in);
bool cfn_call(struct cfn_in *in, const char *service, const char *operation,
              struct wb_json *answer); /* ends the object; answer may be NULL */
/* The call with one member. */
bool cfn_call_with(struct wb_cfn_resource *r, const char *service, const char *operation,
                   const char *member, struct wb_slice value, struct wb_json *answer);
bool cfn_call_with2(struct wb_cfn_resource *r, const char *service, const char *operation,
                    const char *m1, struct wb_slice v1, const char *m2, struct wb_slice v2,
                    struct wb_json *answer);

/* Read: a list whose order means nothing, in the order of the property, so that only differences
 * differ; strangers last. `key`: the member that elements are known by, NULL: the whole. Elements
 * of `there` may be objects of which `take` is the value. */
void cfn_live_list(struct cfn_in *live, const char *property, struct wb_json there,
                   const char *take, const char *key);

/* --- results --- */

/* After a failed call of a delete: gone already is success. */
enum wb_cfn_result cfn_gone(struct wb_cfn_resource *r, const char *code);
/* After a failed call of a read: absent when the code says so. */
enum wb_cfn_result cfn_unread(struct wb_cfn_resource *r, const char *code);
/* Adds to GetAtt's values; the first call of a handler follows cfn_attributes_clear. */
void cfn_attributes_clear(struct wb_cfn_resource *r);
void cfn_attribute(struct wb_cfn_resource *r, const char *name, struct wb_slice value);
struct wb_slice cfn_attribute_of(const struct wb_cfn_resource *r, const char *name);
struct wb_slice cfn_arn(const struct wb_cfn_resource *r, const char *service, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))); /* in the deployment's account and region */

/* --- tags --- */

enum cfn_tag_form { CFN_TAG_LIST, CFN_TAG_MAP, CFN_TAG_KMS /* TagKey, TagValue */ };
/* How a service changes tags. `keys` NULL: the list of keys has another form, see retag. */
struct cfn_tagging {
    const char *service, *tag, *untag; /* operations */
    const char *resource;              /* member that names the resource */
    const char *tags, *keys;           /* members */
    enum cfn_tag_form form;
    const char *extra, *extra_value; /* a further member, or NULL */
};
/* The tags of the property Tags and of the stack (the property's win), as member `member`. Nothing
 * when there are none. */
void cfn_tags(struct cfn_in *in, const char *member, enum cfn_tag_form form);
/* Those CloudFormation itself gives: aws:cloudformation:stack-name, stack-id, logical-id. They are
 * written past the service, which refuses such keys from clients. */
void cfn_system_tags(struct wb_cfn_resource *r, struct wb_slice arn);
/* Update: from the tags before to those now. Tags that others added stay. */
bool cfn_retag(struct wb_cfn_resource *r, const struct cfn_tagging *t, struct wb_slice resource);
/* Read: the resource's tags but CloudFormation's and the stack's, as the property Tags. */
void cfn_live_tags(struct cfn_in *live, struct wb_slice arn, enum cfn_tag_form form);

#endif
