/* Tags of objects. */
#include "services/s3/notify.h"
#include "services/s3/object.h"

void s3_get_object_tagging(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_object o;
    if (!s3_call_object(c, &b, &o))
        return;
    s3_version_header(c, &b, &o);
    wb_out_list_of(&c->out, "TagSet", "Tag");
    for (size_t i = 0; i < o.about.tag_count; i++) {
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "Key", o.about.tag[i].name);
        wb_out_str(&c->out, "Value", o.about.tag[i].value);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

static void change(struct wb_call *c, const struct s3_bucket *b, struct s3_object *o,
                   const char *event)
{
    s3_object_update(c->tx, b, o);
    s3_event(c->tx, &c->ctx, b, o, event);
    s3_version_header(c, b, o);
}

void s3_put_object_tagging(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_object o;
    struct wb_json set = wb_json_get(wb_in(c, "Tagging"), "TagSet");
    if (!s3_call_object(c, &b, &o) || !s3_call_tags(c, set, &o.about.tag, &o.about.tag_count))
        return;
    change(c, &b, &o, "ObjectTagging:Put");
}

void s3_delete_object_tagging(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_object o;
    if (!s3_call_object(c, &b, &o))
        return;
    o.about.tag_count = 0;
    change(c, &b, &o, "ObjectTagging:Delete");
}
