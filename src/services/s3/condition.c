/* Which object a call names, and on what conditions it may have it. */
#include "base/limits.h"
#include "services/s3/object.h"

bool s3_call_key(struct wb_call *c, struct s3_bucket *b, struct wb_slice *key)
{
    *key = wb_in_str(c, "Key");
    if (!s3_call_bucket(c, b))
        return false;
    if (key->n <= WB_S3_KEY_MAX)
        return true;
    s3_fail(c, "KeyTooLongError", 400, "Size", wb_printf(c->arena, "%zu", key->n),
            "Your key is too long");
    c->error.extra =
        wb_printf(c->arena, "%.*s,\"MaxSizeAllowed\":%d", WB_FMT(c->error.extra), WB_S3_KEY_MAX);
    return false;
}

/* --- which --- */

static bool no_such_key(struct wb_call *c, struct wb_slice key)
{
    s3_fail(c, "NoSuchKey", 404, "Key", key, "The specified key does not exist.");
    return false;
}

static bool no_such_version(struct wb_call *c, struct wb_slice key, struct wb_slice version)
{
    s3_fail(c, "NoSuchVersion", 404, "VersionId", version, "The specified version does not exist.");
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_buf_str(&b, "\"Key\":");
    wb_jw_str(&w, key);
    wb_buf_printf(&b, ",%.*s", WB_FMT(c->error.extra));
    c->error.extra = wb_buf_slice(&b);
    return false;
}

bool s3_version_valid(struct wb_call *c, struct wb_slice version)
{
    if (wb_slice_is(version, "null") || s3_version_stamp(version, &(uint64_t){0}))
        return true;
    s3_fail_argument(c, "versionId", version, "Invalid version id specified");
    return false;
}

/* A delete marker can only be deleted. Without a version asked for, there is no object. */
static bool refuse_marker(struct wb_call *c, const struct s3_object *o, bool asked)
{
    wb_call_header(c, "x-amz-delete-marker", WB_S("true"));
    wb_call_header(c, "x-amz-version-id", s3_version_text(o));
    if (!asked)
        return no_such_key(c, o->key);
    wb_call_header(c, "Allow", WB_S("DELETE"));
    wb_call_header(c, "Last-Modified", wb_time_str(c->arena, o->modified_ms, WB_TIME_HTTP));
    s3_fail(c, "MethodNotAllowed", 405, "ResourceType", WB_S("DeleteMarker"),
            "The specified method is not allowed against this resource.");
    return false;
}

bool s3_find_object(struct wb_call *c, const struct s3_bucket *b, struct wb_slice key,
                    struct wb_slice version, struct s3_object *o)
{
    if (version.p && !s3_version_valid(c, version))
        return false;
    if (version.p ? !s3_object_version(c->tx, b, key, version, o)
                  : !s3_object_newest(c->tx, b, key, o))
        return version.p ? no_such_version(c, key, version) : no_such_key(c, key);
    return !o->marker || refuse_marker(c, o, version.p);
}

bool s3_call_object(struct wb_call *c, struct s3_bucket *b, struct s3_object *o)
{
    struct wb_slice key;
    return s3_call_key(c, b, &key) && s3_find_object(c, b, key, wb_in_str(c, "VersionId"), o);
}

/* --- on what conditions --- */

/* One entity tag, or several with commas between them; quotes and W/ do not matter. */
bool s3_etag_matches(struct wb_slice list, struct wb_slice etag)
{
    while (list.p) {
        struct wb_slice one = wb_slice_trim(wb_slice_cut(&list, ','));
        if (wb_slice_starts(one, WB_S("W/")))
            one = wb_slice_sub(one, 2, one.n);
        if (one.n >= 2 && one.p[0] == '"' && one.p[one.n - 1] == '"')
            one = wb_slice_sub(one, 1, one.n - 1);
        if (wb_slice_is(one, "*") || wb_slice_eq(one, etag))
            return true;
    }
    return false;
}

static bool failed(struct wb_call *c, const char *header)
{
    s3_fail(c, "PreconditionFailed", 412, "Condition", wb_slice_str(header),
            "At least one of the pre-conditions you specified did not hold");
    return false;
}

/* Seconds since 1970 of a date; one that cannot be read does not count, nor one to come. */
static bool read_date(struct wb_call *c, const char *member, int64_t *seconds)
{
    struct wb_json v = wb_in(c, member);
    struct wb_slice s =
        wb_json_type(v) == WB_JSON_STRING ? wb_json_str(v, c->arena) : wb_json_raw(v);
    int64_t ms;
    if (!wb_json_is(v))
        return false;
    if (!wb_time_parse_http(s, &ms) && !wb_time_parse_iso(s, &ms, NULL))
        return wb_slice_i64(s, seconds);
    *seconds = ms / 1000;
    return true;
}

/* RFC 9110's order, which S3 documents in the examples of GetObject: an entity tag that matches
 * outdoes a date. */
bool s3_read_allowed(struct wb_call *c, const struct s3_object *o)
{
    struct wb_slice match = wb_in_str(c, "IfMatch"), none = wb_in_str(c, "IfNoneMatch");
    int64_t modified = o->modified_ms / 1000, since;
    if (match.p ? !s3_etag_matches(match, o->etag)
                : read_date(c, "IfUnmodifiedSince", &since) && modified > since)
        return failed(c, match.p ? "If-Match" : "If-Unmodified-Since");
    bool same = none.p ? s3_etag_matches(none, o->etag)
                       : read_date(c, "IfModifiedSince", &since) && modified <= since &&
                             since <= c->tx->now_ms / 1000;
    if (same)
        wb_fail(c, "NotModified", 304, "Not Modified");
    return !same;
}

/* Of a copy: the same, but there is no 304. */
bool s3_source_allowed(struct wb_call *c, const struct s3_object *o)
{
    struct wb_slice match = wb_in_str(c, "CopySourceIfMatch"),
                    none = wb_in_str(c, "CopySourceIfNoneMatch");
    int64_t modified = o->modified_ms / 1000, since;
    if (match.p ? !s3_etag_matches(match, o->etag)
                : read_date(c, "CopySourceIfUnmodifiedSince", &since) && modified > since)
        return failed(c, match.p ? "x-amz-copy-source-If-Match"
                                 : "x-amz-copy-source-If-Unmodified-Since");
    if (none.p ? s3_etag_matches(none, o->etag)
               : read_date(c, "CopySourceIfModifiedSince", &since) && modified <= since)
        return failed(c, none.p ? "x-amz-copy-source-If-None-Match"
                                : "x-amz-copy-source-If-Modified-Since");
    return true;
}

bool s3_write_allowed(struct wb_call *c, const struct s3_bucket *b, struct wb_slice key)
{
    struct wb_slice match = wb_in_str(c, "IfMatch"), none = wb_in_str(c, "IfNoneMatch");
    struct s3_object o;
    if (!match.p && !none.p)
        return true;
    if ((none.p && !wb_slice_is(none, "*")) || (match.p && none.p)) {
        s3_fail(c, "NotImplemented", 501, "Header",
                match.p ? WB_S("If-Match") : WB_S("If-None-Match"),
                "A header you provided implies functionality that is not implemented");
        return false;
    }
    bool there = s3_object_current(c->tx, b, key, &o);
    if (none.p)
        return !there || failed(c, "If-None-Match");
    if (!there)
        return no_such_key(c, key);
    return s3_etag_matches(match, o.etag) || failed(c, "If-Match");
}
