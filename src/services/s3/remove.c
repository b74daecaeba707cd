/* DeleteObject and DeleteObjects. */
#include "base/limits.h"
#include "services/s3/notify.h"
#include "services/s3/object.h"

static void tell(struct wb_call *c, const struct s3_bucket *b, struct wb_slice key,
                 const struct s3_removed *r)
{
    if (!r->found)
        return;
    s3_event(c->tx, &c->ctx, b,
             &(struct s3_object){.key = key, .version = r->version, .marker = r->marker},
             r->made ? "ObjectRemoved:DeleteMarkerCreated" : "ObjectRemoved:Delete");
}

void s3_delete_object(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_removed r;
    struct wb_slice key, version = wb_in_str(c, "VersionId");
    if (!s3_call_key(c, &b, &key) || (version.p && !s3_version_valid(c, version)))
        return;
    s3_object_remove(c->tx, &b, key, version, &r);
    tell(c, &b, key, &r);
    if (r.marker)
        wb_call_header(c, "x-amz-delete-marker", WB_S("true"));
    if (version.p && r.versioned)
        wb_call_header(c, "x-amz-version-id", version);
    else if (r.made)
        wb_call_header(c, "x-amz-version-id", r.version.p ? r.version : WB_S("null"));
}

/* --- many --- */

static void put_deleted(struct wb_call *c, struct wb_slice key, struct wb_slice version,
                        const struct s3_removed *r)
{
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "Key", key);
    wb_out_str(&c->out, "VersionId", version);
    if (r->marker) {
        wb_out_bool(&c->out, "DeleteMarker", true);
        wb_out_str(&c->out, "DeleteMarkerVersionId", r->version.p ? r->version : WB_S("null"));
    }
    wb_out_end(&c->out);
}

struct deletion {
    struct wb_slice key, version;
    const char *code; /* why it is not; NULL: it is */
    struct wb_slice message;
};

/* Each is allowed or denied by itself; s3_of_deletes names one need for each, in this order. */
static struct deletion deletion_of(struct wb_call *c, struct wb_json item, size_t place)
{
    struct deletion d = {.key = wb_json_get_str(item, "Key", c->arena),
                         .version = wb_json_get_str(item, "VersionId", c->arena)};
    if (place < c->need_count && c->need[place].denied.p) {
        d.code = "AccessDenied";
        d.message = c->need[place].denied;
    } else if (d.key.n > WB_S3_KEY_MAX) {
        d.code = "KeyTooLongError";
        d.message = WB_S("Your key is too long");
    } else if (d.version.p && !wb_slice_is(d.version, "null") &&
               !s3_version_stamp(d.version, &(uint64_t){0})) {
        d.code = "NoSuchVersion";
        d.message = WB_S("The specified version does not exist.");
    }
    return d;
}

static void put_error(struct wb_call *c, const struct deletion *d)
{
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "Key", d->key);
    wb_out_str(&c->out, "VersionId", d->version);
    wb_out_cstr(&c->out, "Code", d->code);
    wb_out_str(&c->out, "Message", d->message);
    wb_out_end(&c->out);
}

void s3_delete_objects(struct wb_call *c)
{
    struct s3_bucket b;
    struct wb_json in = wb_in(c, "Delete"), list = wb_json_get(in, "Objects");
    bool quiet = wb_json_bool(wb_json_get(in, "Quiet"), false);
    if (!s3_call_bucket(c, &b))
        return;
    if (!wb_json_count(list) || wb_json_count(list) > WB_S3_DELETE_MAX) {
        s3_fail_malformed(c);
        return;
    }
    wb_out_list_flat(&c->out, "Deleted", "Deleted");
    struct wb_json_iter it = wb_json_iter(list);
    for (size_t i = 0; wb_json_next(&it); i++) {
        struct deletion d = deletion_of(c, it.value, i);
        struct s3_removed r;
        if (d.code)
            continue;
        s3_object_remove(c->tx, &b, d.key, d.version, &r);
        tell(c, &b, d.key, &r);
        if (!quiet)
            put_deleted(c, d.key, d.version, &r);
    }
    wb_out_end(&c->out);
    wb_out_list_flat(&c->out, "Errors", "Error");
    it = wb_json_iter(list);
    for (size_t i = 0; wb_json_next(&it); i++) {
        struct deletion d = deletion_of(c, it.value, i);
        if (d.code)
            put_error(c, &d);
    }
    wb_out_end(&c->out);
}
