#include "services/ssm/name.h"

#include "base/arn.h"
#include "base/limits.h"

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

/* Levels of a path that begins with a slash; 0 when one is empty or holds another character. */
static size_t levels(struct wb_slice path)
{
    size_t n = 0;
    for (size_t i = 0; i < path.n; i++) {
        bool slash = path.p[i] == '/';
        if (!slash && !name_char(path.p[i]))
            return 0;
        if (slash && (i + 1 == path.n || path.p[i + 1] == '/'))
            return 0;
        n += slash;
    }
    return n;
}

static bool begins(struct wb_slice path, const char *word)
{
    return wb_slice_ieq(wb_slice_sub(path, 1, 4), wb_slice_str(word));
}

/* The part of an ARN that is the name, with what follows a colon. */
static bool open_arn(struct wb_arena *a, struct wb_slice s, struct ssm_name *out,
                     struct wb_slice *rest)
{
    struct wb_arn arn;
    if (!wb_arn_parse(s, &arn) || !wb_slice_is(arn.service, "ssm") || !arn.region.n ||
        !arn.account.n || !wb_slice_starts(arn.resource, WB_S("parameter/")))
        return false;
    out->arn = true;
    out->region = arn.region;
    out->account = arn.account;
    *rest = wb_printf(a, "/%.*s", WB_FMT(wb_slice_sub(arn.resource, 10, arn.resource.n)));
    return true;
}

enum ssm_name_error ssm_name_parse(struct wb_arena *a, struct wb_slice s, struct ssm_name *out)
{
    struct wb_slice rest = s;
    *out = (struct ssm_name){.name = s};
    if (wb_slice_starts(s, WB_S("arn:")) && !open_arn(a, s, out, &rest))
        return SSM_NAME_MALFORMED;
    out->name = wb_slice_cut(&rest, ':');
    out->selector = rest;
    if (out->name.n == 0 || (rest.p && (rest.n == 0 || wb_slice_chr(rest, ':', 0) >= 0)))
        return SSM_NAME_MALFORMED;
    out->path = out->name.p[0] == '/' ? out->name : wb_printf(a, "/%.*s", WB_FMT(out->name));
    size_t n = levels(out->path);
    if (n == 0)
        return SSM_NAME_MALFORMED;
    if (n > 1 && out->name.p[0] != '/')
        return SSM_NAME_RELATIVE;
    if (begins(out->path, "ssm"))
        return SSM_NAME_RESERVED;
    if (begins(out->path, "aws"))
        return SSM_NAME_AWS;
    return n > WB_SSM_LEVELS_MAX ? SSM_NAME_LEVELS : SSM_NAME_OK;
}

bool ssm_path_parse(struct wb_slice s, struct wb_slice *out)
{
    if (s.n == 0 || s.p[0] != '/')
        return false;
    *out = wb_slice_sub(s, 0, s.n - (s.p[s.n - 1] == '/'));
    return out->n == 0 || levels(*out) > 0;
}

bool ssm_label_valid(struct wb_slice s)
{
    if (s.n == 0 || s.n > 100 || (s.p[0] >= '0' && s.p[0] <= '9'))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!name_char(s.p[i]))
            return false;
    struct wb_slice first = wb_slice_sub(s, 0, 3);
    return !wb_slice_ieq(first, WB_S("aws")) && !wb_slice_ieq(first, WB_S("ssm"));
}
