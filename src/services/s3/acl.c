/*
 * Access control lists, as far as there are any: none. The bucket's owner owns every object, and
 * policies say who else may do what. The answers and refusals are those of a bucket with the
 * ownership "bucket owner enforced".
 */
#include "services/s3/object.h"

static bool harmless(struct wb_slice canned)
{
    return !canned.p || wb_slice_is(canned, "private") ||
           wb_slice_is(canned, "bucket-owner-full-control");
}

static bool has_grants(struct wb_call *c)
{
    static const char *const members[] = {"GrantFullControl", "GrantRead", "GrantReadACP",
                                          "GrantWrite", "GrantWriteACP"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (wb_in_str(c, members[i]).p)
            return true;
    return false;
}

static void refuse(struct wb_call *c)
{
    wb_fail(c, "AccessControlListNotSupported", 400, "The bucket does not allow ACLs");
}

bool s3_acl_ok(struct wb_call *c)
{
    if (harmless(wb_in_str(c, "ACL")) && !has_grants(c))
        return true;
    refuse(c);
    return false;
}

static void put_acl(struct wb_call *c, struct wb_slice owner)
{
    s3_owner_out(c, "Owner", owner);
    wb_out_list_of(&c->out, "AccessControlList", "Grant");
    wb_out_object(&c->out, NULL);
    wb_out_object(&c->out, "Grantee");
    wb_out_attribute(&c->out, "xsi:type", "Type", WB_S("CanonicalUser"));
    wb_out_str(&c->out, "ID", s3_canonical_id(c->arena, owner));
    wb_out_end(&c->out);
    wb_out_cstr(&c->out, "Permission", "FULL_CONTROL");
    wb_out_end(&c->out);
    wb_out_end(&c->out);
}

void s3_get_acl(struct wb_call *c)
{
    struct s3_bucket b;
    if (s3_call_bucket(c, &b))
        put_acl(c, b.account);
}

void s3_get_object_acl(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_object o;
    if (!s3_call_object(c, &b, &o))
        return;
    s3_version_header(c, &b, &o);
    put_acl(c, b.account);
}

void s3_put_object_acl(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_object o;
    if (s3_call_object(c, &b, &o))
        refuse(c);
}

void s3_put_acl(struct wb_call *c)
{
    struct s3_bucket b;
    if (s3_call_bucket(c, &b))
        refuse(c);
}
