/* What calls on objects need to be allowed. */
#include "services/s3/copy.h"

static struct wb_slice object_arn(struct wb_arena *a, struct wb_slice bucket, struct wb_slice key)
{
    return wb_printf(a, "arn:aws:s3:::%.*s/%.*s", WB_FMT(bucket), WB_FMT(key));
}

static struct wb_slice target(struct wb_call *c)
{
    return object_arn(c->arena, wb_in_str(c, "Bucket"), wb_in_str(c, "Key"));
}

void s3_of_key(struct wb_call *c)
{
    wb_call_resource(c, target(c));
}

/* A version has an action of its own: "s3:GetObject" becomes "s3:GetObjectVersion",
 * "s3:GetObjectTagging" "s3:GetObjectVersionTagging". */
void s3_of_version(struct wb_call *c)
{
    struct wb_slice action = wb_call_action(c);
    if (!wb_in_str(c, "VersionId").p) {
        s3_of_key(c);
        return;
    }
    size_t at = (size_t)wb_slice_find(action, WB_S("Object"), 0) + 6;
    wb_call_also(c,
                 wb_printf(c->arena, "%.*sVersion%.*s", (int)at, action.p, (int)(action.n - at),
                           action.p + at)
                     .p,
                 target(c));
}

/* Who may not list the bucket does not learn that there is no such object. */
void s3_of_read(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_object o;
    s3_of_version(c);
    if (!wb_in_str(c, "VersionId").p && s3_bucket_read(c->tx, wb_in_str(c, "Bucket"), &b) &&
        !s3_object_current(c->tx, &b, wb_in_str(c, "Key"), &o))
        wb_call_also(c, "s3:ListBucket", s3_bucket_arn(c->arena, b.name));
}

void s3_of_put(struct wb_call *c)
{
    s3_of_key(c);
    if (wb_in_str(c, "Tagging").n)
        wb_call_also(c, "s3:PutObjectTagging", target(c));
    if (wb_in_str(c, "ACL").p)
        wb_call_also(c, "s3:PutObjectAcl", target(c));
}

static void of_source(struct wb_call *c, bool tags)
{
    struct s3_source s;
    if (!s3_copy_source(c->arena, wb_in_str(c, "CopySource"), &s))
        return; /* will be refused */
    struct wb_slice arn = object_arn(c->arena, s.bucket, s.key);
    wb_call_also(c, s.version.p ? "s3:GetObjectVersion" : "s3:GetObject", arn);
    if (tags)
        wb_call_also(c, s.version.p ? "s3:GetObjectVersionTagging" : "s3:GetObjectTagging", arn);
}

void s3_of_copy(struct wb_call *c)
{
    s3_of_put(c);
    of_source(c, false);
}

void s3_of_part_copy(struct wb_call *c)
{
    s3_of_key(c);
    of_source(c, false);
}

void s3_of_attributes(struct wb_call *c)
{
    bool version = wb_in_str(c, "VersionId").p;
    s3_of_version(c);
    wb_call_also(c, version ? "s3:GetObjectVersionAttributes" : "s3:GetObjectAttributes",
                 target(c));
}

void s3_of_deletes(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(wb_in(c, "Delete"), "Objects"));
    while (wb_json_next(&it)) {
        struct wb_slice arn = object_arn(c->arena, wb_in_str(c, "Bucket"),
                                         wb_json_get_str(it.value, "Key", c->arena));
        if (wb_json_get_str(it.value, "VersionId", c->arena).p)
            wb_call_also(c, "s3:DeleteObjectVersion", arn);
        else
            wb_call_resource(c, arn);
    }
}
