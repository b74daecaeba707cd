/*
 * S3's operations: the path says bucket and key, query parameters and a header say which operation
 * it is. The bucket stands first in the path or in the host's name. The key is all that follows as
 * it is: empty segments, dots and a trailing slash belong to it.
 *
 * A parameter that names a sub-resource ("?policy") fits only operations whose template has it:
 * otherwise DELETE with one that is not known here would delete the bucket itself.
 */
#include "aws/route.h"
#include "aws/wire.h"
#include "codec/text.h"
#include <assert.h>

static const char *const sub_resources[] = {"abac",
                                            "accelerate",
                                            "acl",
                                            "analytics",
                                            "annotation",
                                            "attributes",
                                            "cors",
                                            "delete",
                                            "encryption",
                                            "encryptionConfiguration",
                                            "intelligent-tiering",
                                            "inventory",
                                            "legal-hold",
                                            "lifecycle",
                                            "location",
                                            "logging",
                                            "metadataConfiguration",
                                            "metadataInventoryTable",
                                            "metadataJournalTable",
                                            "metadataTable",
                                            "metrics",
                                            "notification",
                                            "object-lock",
                                            "ownershipControls",
                                            "policy",
                                            "policyStatus",
                                            "publicAccessBlock",
                                            "renameObject",
                                            "replication",
                                            "requestPayment",
                                            "restore",
                                            "retention",
                                            "select",
                                            "session",
                                            "tagging",
                                            "torrent",
                                            "uploadId",
                                            "uploads",
                                            "versioning",
                                            "versions",
                                            "website",
                                            NULL};

static struct wb_pair pair(struct wb_slice s)
{
    struct wb_slice name = wb_slice_cut(&s, '=');
    return (struct wb_pair){name, s};
}

void wb_route_xml_add(struct wb_services *x, const struct wb_entry *e)
{
    struct wb_slice rest = wb_slice_str(e->op->http);
    struct wb_xml_uri *t = &x->xml[x->xml_count++];
    t->e = e;
    t->method = wb_slice_cut(&rest, ' ');
    struct wb_slice query = wb_slice_cut(&rest, ' ');
    struct wb_slice path = wb_slice_cut(&query, '?');
    t->level = wb_slice_is(path, "/") ? 0 : wb_slice_is(path, "/{Bucket}") ? 1 : 2;
    assert(t->level < 2 || wb_slice_is(path, "/{Bucket}/{Key+}"));
    while (query.p) {
        assert(t->query_count < CONDITIONS_MAX);
        t->query[t->query_count++] = pair(wb_slice_cut(&query, '&'));
    }
    if (rest.p) {
        t->header = pair(rest);
        t->header.name = wb_slice_str(wb_dup_cstr(&x->arena, t->header.name));
    }
}

/* --- bucket and key --- */

static struct wb_slice host_of(const struct wb_sig_request *r)
{
    struct wb_slice host = wb_wire_header(r, "host");
    if (host.n && host.p[0] == '[')
        return WB_SLICE_NULL;
    return wb_slice_cut(&host, ':');
}

static bool cut_end(struct wb_slice *s, struct wb_slice end)
{
    if (end.n == 0 || s->n <= end.n || !wb_slice_ieq(wb_slice_sub(*s, s->n - end.n, s->n), end))
        return false;
    s->n -= end.n;
    return true;
}

/* "s3.amazonaws.com", "s3.eu-west-1.amazonaws.com", with a bucket and a dot before it or not. */
static bool cut_amazon(struct wb_slice *s)
{
    struct wb_slice all = *s;
    if (!cut_end(s, WB_S(".amazonaws.com")))
        return false;
    struct wb_slice last = wb_slice_last(*s, '.');
    if (!wb_slice_ieq(last, WB_S("s3"))) {
        s->n -= last.n;
        if (!cut_end(s, WB_S(".")))
            s->n = 0;
        last = wb_slice_last(*s, '.');
        if (wb_slice_ieq(last, WB_S("dualstack"))) {
            s->n -= last.n;
            if (!cut_end(s, WB_S(".")))
                s->n = 0;
            last = wb_slice_last(*s, '.');
        }
    }
    if (!wb_slice_ieq(last, WB_S("s3"))) {
        *s = all;
        return false;
    }
    return true; /* "bucket.s3" or "s3" */
}

/* What stands before the server's own name: "bucket", "bucket.s3", "s3"; null: nothing. */
static struct wb_slice before_host(const struct wb_services *x, struct wb_slice host)
{
    const struct wb_slice own[] = {x->host, WB_S("localhost")};
    if (cut_amazon(&host))
        return host;
    for (size_t i = 0; i < 2; i++)
        if (cut_end(&host, own[i]))
            return cut_end(&host, WB_S(".")) ? host : WB_SLICE_NULL;
    return WB_SLICE_NULL;
}

/* The bucket in the host's name, or null: it is in the path. No bucket is called "s3". */
static struct wb_slice host_bucket(const struct wb_services *x, const struct wb_sig_request *r)
{
    struct wb_slice s = before_host(x, host_of(r));
    if (wb_slice_ieq(s, WB_S("s3")) || wb_slice_starts(s, WB_S("s3.")))
        return WB_SLICE_NULL;
    cut_end(&s, WB_S(".s3"));
    return s.n ? s : WB_SLICE_NULL;
}

bool wb_route_xml_host(const struct wb_services *x, const struct wb_sig_request *r)
{
    return x->xml_service && before_host(x, host_of(r)).n;
}

struct place {
    struct wb_slice bucket, key; /* as sent; n = 0: none */
    unsigned level;
};

static struct place place_of(const struct wb_services *x, const struct wb_sig_request *r)
{
    struct place p = {.bucket = host_bucket(x, r)};
    struct wb_slice rest = wb_slice_sub(r->path, 1, r->path.n);
    if (!p.bucket.p)
        p.bucket = wb_slice_cut(&rest, '/');
    p.key = rest;
    p.level = !p.bucket.n ? 0 : !p.key.n ? 1 : 2;
    return p;
}

/* --- which operation --- */

struct asked {
    struct wb_pair *p; /* of the query, decoded */
    size_t n;
    bool sub_resource;
};

static bool is_sub_resource(struct wb_slice name)
{
    for (size_t i = 0; sub_resources[i]; i++)
        if (wb_slice_is(name, sub_resources[i]))
            return true;
    return false;
}

static bool read_query(struct wb_arena *a, struct wb_slice query, struct asked *q)
{
    size_t max = 1;
    for (size_t i = 0; i < query.n; i++)
        max += query.p[i] == '&';
    q->p = wb_new_n(a, struct wb_pair, max);
    while (query.n) {
        struct wb_pair p = pair(wb_slice_cut(&query, '&'));
        if (!wb_percent_decode(a, p.name, true, &p.name) ||
            !wb_percent_decode(a, p.value.p ? p.value : WB_S(""), true, &p.value))
            return false;
        q->p[q->n++] = p;
        q->sub_resource |= is_sub_resource(p.name);
    }
    return true;
}

static bool is_asked(const struct asked *q, const struct wb_pair *want)
{
    for (size_t i = 0; i < q->n; i++)
        if (wb_slice_eq(q->p[i].name, want->name))
            return !want->value.p || wb_slice_eq(q->p[i].value, want->value);
    return false;
}

static bool names(const struct wb_xml_uri *t, struct wb_slice name)
{
    for (size_t i = 0; i < t->query_count; i++)
        if (wb_slice_eq(t->query[i].name, name))
            return true;
    return false;
}

static bool fits(const struct wb_xml_uri *t, const struct wb_sig_request *r, unsigned level,
                 const struct asked *q)
{
    if (t->level != level || !wb_slice_eq(t->method, r->method))
        return false;
    for (size_t i = 0; i < t->query_count; i++)
        if (!is_asked(q, &t->query[i]))
            return false;
    for (size_t i = 0; q->sub_resource && i < q->n; i++)
        if (is_sub_resource(q->p[i].name) && !names(t, q->p[i].name))
            return false;
    if (!t->header.name.p)
        return true;
    struct wb_slice h = wb_wire_header(r, t->header.name.p);
    return h.p && wb_slice_ieq(wb_slice_sub(h, 0, t->header.value.n), t->header.value);
}

static const struct wb_entry *find(const struct wb_services *x, const struct wb_sig_request *r,
                                   unsigned level, const struct asked *q)
{
    const struct wb_xml_uri *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < x->xml_count; i++) {
        const struct wb_xml_uri *t = &x->xml[i];
        size_t says = 1 + t->query_count + (t->header.name.p ? 1 : 0);
        if (says > most && fits(t, r, level, q)) {
            best = t;
            most = says;
        }
    }
    return best ? best->e : NULL;
}

const struct wb_entry *wb_route_xml_find(const struct wb_services *x, struct wb_arena *a,
                                         const struct wb_sig_request *r)
{
    struct asked q = {0};
    return read_query(a, r->query, &q) ? find(x, r, place_of(x, r).level, &q) : NULL;
}

static void bind(struct wb_wire *w, const char *name, struct wb_slice value)
{
    if (value.n)
        w->label[w->label_count++] = (struct wb_pair){wb_slice_str(name), value};
}

const struct wb_entry *wb_route_xml(const struct wb_services *x, struct wb_call *c,
                                    const struct wb_sig_request *r)
{
    struct asked q = {0};
    struct place p = place_of(x, r);
    if (!read_query(c->arena, r->query, &q)) {
        wb_fail(c, "InvalidURI", 400, "Couldn't parse the specified URI.");
        return NULL;
    }
    bind(c->wire, "Bucket", p.bucket);
    bind(c->wire, "Key", p.key);
    const struct wb_entry *e = find(x, r, p.level, &q);
    if (e)
        return e;
    if (q.sub_resource)
        wb_fail(c, "NotImplemented", 501,
                "A header or query you provided implies functionality that is not implemented.");
    else
        wb_fail(c, "MethodNotAllowed", 405,
                "The specified method is not allowed against this resource.");
    return NULL;
}
