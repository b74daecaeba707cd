/* Tags of groups and sampling rules; the encryption setting. */
#include "engine/tags.h"
#include "services/xray/xray.h"

static bool tagged(struct wb_call *c, struct wb_slice *arn)
{
    *arn = wb_in_str(c, "ResourceARN");
    if (xray_group_exists(c, *arn) || xray_rule_exists(c, *arn))
        return true;
    wb_fail(c, "ResourceNotFoundException", 404, "The resource was not found: %.*s", WB_FMT(*arn));
    return false;
}

void xray_tag(struct wb_call *c)
{
    struct wb_slice arn, why;
    struct wb_pair *tag;
    size_t count;
    if (!tagged(c, &arn))
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "Tags"), &tag, &count, &why))
        xray_invalid(c, "Invalid tags: %.*s.", WB_FMT(why));
    else if (!wb_tags_put(c->tx, arn, tag, count))
        wb_fail(c, "TooManyTagsException", 400, "A resource can have at most %d tags.",
                WB_TAGS_MAX);
}

void xray_untag(struct wb_call *c)
{
    struct wb_slice arn;
    if (!tagged(c, &arn))
        return;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "TagKeys"));
    while (wb_json_next(&it))
        wb_tags_remove(c->tx, arn, wb_json_str(it.value, c->arena));
}

void xray_list_tags(struct wb_call *c)
{
    struct wb_slice arn;
    if (tagged(c, &arn))
        wb_tags_out(c->tx, arn, &c->out, "Tags");
}

/* --- encryption --- */

void xray_get_encryption(struct wb_call *c)
{
    wb_out_object(&c->out, "EncryptionConfig");
    wb_out_cstr(&c->out, "Status", "ACTIVE");
    wb_out_cstr(&c->out, "Type", "NONE");
    wb_out_end(&c->out);
}

/* The store is not encrypted by keys of KMS: who asks for it must not be told that it is. */
void xray_put_encryption(struct wb_call *c)
{
    if (!wb_slice_is(wb_in_str(c, "Type"), "NONE"))
        xray_invalid(c, "Traces cannot be encrypted with a KMS key here.");
    else if (wb_in_str(c, "KeyId").p)
        xray_invalid(c, "KeyId must not be given with the type NONE.");
    else
        xray_get_encryption(c);
}
