/*
 * From a request's head (and, for Query, its form) to an operation.
 *
 * Three indexes, made once: "Prefix.Op" for the X-Amz-Target header, "version/Action" for forms,
 * and a short list of URI templates. The signature's scope names the service too; it is used where
 * the rest leaves a choice: an Action without its Version, a path that two services could mean.
 */
#include "aws/route.h"
#include "aws/protocol.h"
#include "aws/wire.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/utf8.h"
#include "codec/text.h"
#include <assert.h>
#include <stdlib.h>

static bool speaks_query(const struct wb_service *s)
{
    return s->protocol == WB_QUERY || (s->protocol != WB_REST_XML && s->version && s->xmlns);
}

/* --- the index --- */

static void add_template(struct wb_services *x, struct wb_entry e)
{
    struct wb_slice rest = wb_slice_str(e.op->http);
    struct wb_uri *t = &x->rest[x->rest_count++];
    t->e = e;
    t->method = wb_slice_cut(&rest, ' ');
    rest = wb_slice_cut(&rest, '?'); /* a constant query does not help to tell ours apart */
    wb_slice_cut(&rest, '/');
    while (rest.p) {
        struct wb_slice s = wb_slice_cut(&rest, '/');
        if (s.n == 0)
            continue;
        assert(t->count < SEGMENTS_MAX);
        t->segment[t->count++] = s;
        t->literals += s.p[0] != '{';
    }
}

/* Older clients send a target with its package (CloudTrail's), newer ones without. */
static const char *without_package(const char *target)
{
    const char *dot = strrchr(target, '.');
    return dot ? dot + 1 : target;
}

static void add_service(struct wb_services *x, const struct wb_service *s)
{
    const char *name = s->target ? without_package(s->target) : NULL;
    if (s->protocol == WB_REST_XML)
        x->xml_service = s;
    if (s->target)
        wb_map_put(x->prefix, wb_slice_str(name), (void *)(uintptr_t)s);
    for (size_t i = 0; i < s->op_count; i++) {
        struct wb_entry *e = wb_new(&x->arena, struct wb_entry);
        *e = (struct wb_entry){s, &s->op[i]};
        if (s->target) {
            wb_map_put(x->target, wb_printf(&x->arena, "%s.%s", s->target, e->op->name), e);
            wb_map_put(x->target, wb_printf(&x->arena, "%s.%s", name, e->op->name), e);
        }
        if (speaks_query(s))
            wb_map_put(x->action, wb_printf(&x->arena, "%s/%s", s->version, e->op->name), e);
        if (e->op->http && s->protocol == WB_REST_XML)
            wb_route_xml_add(x, e);
        else if (e->op->http)
            add_template(x, *e);
    }
}

struct wb_services *wb_services_new(const struct wb_service *const *list)
{
    struct wb_services *x = wb_xcalloc(1, sizeof *x);
    wb_arena_init(&x->arena, 0);
    x->list = list;
    x->target = wb_map_new();
    x->prefix = wb_map_new();
    x->action = wb_map_new();
    size_t ops = 0;
    for (size_t i = 0; list[i]; i++)
        ops += list[i]->op_count;
    x->rest = wb_new_n(&x->arena, struct wb_uri, ops + 1);
    x->xml = wb_new_n(&x->arena, struct wb_xml_uri, ops + 1);
    for (size_t i = 0; list[i]; i++)
        add_service(x, list[i]);
    return x;
}

void wb_services_free(struct wb_services *x)
{
    if (!x)
        return;
    wb_map_free(x->target);
    wb_map_free(x->prefix);
    wb_map_free(x->action);
    wb_arena_release(&x->arena);
    free(x);
}

void wb_services_host(struct wb_services *x, struct wb_slice host)
{
    x->host = wb_dup(&x->arena, host);
}

const struct wb_service *wb_services_find(const struct wb_services *x, struct wb_slice name)
{
    for (size_t i = 0; x->list[i]; i++)
        if (wb_slice_is(name, x->list[i]->name))
            return x->list[i];
    return NULL;
}

const struct wb_op *wb_service_op(const struct wb_service *s, struct wb_slice name)
{
    for (size_t i = 0; i < s->op_count; i++)
        if (wb_slice_is(name, s->op[i].name))
            return &s->op[i];
    return NULL;
}

static const struct wb_service *by_scope(const struct wb_services *x,
                                         const struct wb_signature *sig)
{
    for (size_t i = 0; sig && x->list[i]; i++)
        if (wb_slice_is(sig->service, x->list[i]->signing_name))
            return x->list[i];
    return NULL;
}

struct wb_slice wb_wire_header(const struct wb_sig_request *r, const char *name)
{
    struct wb_slice want = wb_slice_str(name);
    for (size_t i = 0; i < r->header_count; i++)
        if (wb_slice_ieq(r->header[i].name, want))
            return r->header[i].value;
    return WB_SLICE_NULL;
}

/* --- REST --- */

static unsigned split_path(struct wb_slice path, struct wb_slice segment[SEGMENTS_MAX + 1],
                           struct wb_slice *tail)
{
    unsigned n = 0;
    wb_slice_cut(&path, '/');
    while (path.p && n <= SEGMENTS_MAX) {
        struct wb_slice s = wb_slice_cut(&path, '/');
        if (s.n)
            segment[n++] = s;
    }
    *tail = path;
    return n;
}

static bool is_greedy(struct wb_slice s)
{
    return s.n > 2 && s.p[0] == '{' && s.p[s.n - 2] == '+';
}

/* Signers resolve "." and ".." before they sign; nothing may be called by what is left of them. */
static bool is_dots(struct wb_slice s)
{
    return wb_slice_is(s, ".") || wb_slice_is(s, "..");
}

static bool template_fits(const struct wb_uri *t, const struct wb_slice *segment, unsigned n)
{
    bool greedy = t->count && is_greedy(t->segment[t->count - 1]);
    if (greedy ? n < t->count : n != t->count)
        return false;
    for (unsigned i = 0; i < t->count; i++) {
        bool label = t->segment[i].p[0] == '{';
        if (label ? is_dots(segment[i]) && !is_greedy(t->segment[i])
                  : !wb_slice_eq(t->segment[i], segment[i]))
            return false;
    }
    return true;
}

/* The best template: of the scope's service when there is one, then the most literal. */
static const struct wb_uri *find_template(const struct wb_services *x,
                                          const struct wb_service *scope,
                                          const struct wb_sig_request *r)
{
    struct wb_slice segment[SEGMENTS_MAX + 1], tail;
    unsigned n = split_path(r->path, segment, &tail);
    const struct wb_uri *best = NULL;
    if (tail.p)
        return NULL;
    for (size_t i = 0; i < x->rest_count; i++) {
        const struct wb_uri *t = &x->rest[i];
        if ((scope && t->e.service != scope) || !wb_slice_eq(t->method, r->method) ||
            !template_fits(t, segment, n))
            continue;
        if (!best || t->literals > best->literals)
            best = t;
    }
    return best;
}

static void bind_labels(struct wb_wire *w, const struct wb_uri *t, struct wb_slice path)
{
    struct wb_slice segment[SEGMENTS_MAX + 1], tail;
    unsigned n = split_path(path, segment, &tail);
    for (unsigned i = 0; i < t->count; i++) {
        struct wb_slice s = t->segment[i];
        if (s.p[0] != '{')
            continue;
        assert(w->label_count < WB_LABELS_MAX);
        struct wb_pair *l = &w->label[w->label_count++];
        l->value = segment[i];
        if (is_greedy(s)) {
            l->name = wb_slice_sub(s, 1, s.n - 2);
            l->value.n = (size_t)(segment[n - 1].p + segment[n - 1].n - segment[i].p);
        } else {
            l->name = wb_slice_sub(s, 1, s.n - 1);
        }
    }
}

/* --- Query --- */

static int by_name(const void *x, const void *y)
{
    const struct wb_pair *a = x, *b = y;
    return wb_slice_cmp(a->name, b->name);
}

struct wb_slice wb_wire_field(const struct wb_wire *w, struct wb_slice name)
{
    size_t lo = 0, hi = w->form_count;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (wb_slice_cmp(w->form[mid].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < w->form_count && wb_slice_eq(w->form[lo].name, name) ? w->form[lo].value
                                                                     : WB_SLICE_NULL;
}

static bool is_form(const struct wb_sig_request *r)
{
    struct wb_slice type = wb_wire_header(r, "content-type");
    return wb_slice_is(r->method, "POST") &&
           wb_slice_ieq(wb_slice_sub(type, 0, 33), WB_S("application/x-www-form-urlencoded"));
}

/* The fields of the query string and of a form body, sorted. False when they are malformed. */
static bool read_form(struct wb_arena *a, const struct wb_sig_request *r, struct wb_wire *w)
{
    struct wb_pair *in_query = NULL, *in_body = NULL;
    size_t n = 0, m = 0;
    if (r->query.n && !wb_form_parse(a, r->query, WB_FORM_FIELDS_MAX, &in_query, &n))
        return false;
    if (is_form(r) && r->body.n && !wb_form_parse(a, r->body, WB_FORM_FIELDS_MAX, &in_body, &m))
        return false;
    w->form = wb_new_n(a, struct wb_pair, n + m + 1);
    if (n)
        memcpy(w->form, in_query, n * sizeof *in_query);
    if (m)
        memcpy(w->form + n, in_body, m * sizeof *in_body);
    w->form_count = n + m;
    for (size_t i = 0; i < n + m; i++)
        if (wb_utf8_check(w->form[i].name) >= 0 || wb_utf8_check(w->form[i].value) >= 0)
            return false;
    qsort(w->form, w->form_count, sizeof *w->form, by_name);
    return true;
}

/* An Action without a Version belongs to the service of the scope, or to the one that has it. */
static const struct wb_entry *find_action(const struct wb_services *x, struct wb_call *c,
                                          const struct wb_service *scope, struct wb_slice action,
                                          struct wb_slice version)
{
    if (scope && version.n == 0)
        version = wb_slice_str(scope->version);
    if (version.n)
        return wb_map_get(x->action,
                          wb_printf(c->arena, "%.*s/%.*s", WB_FMT(version), WB_FMT(action)));
    for (size_t i = 0; x->list[i]; i++) {
        if (!speaks_query(x->list[i]))
            continue;
        const struct wb_entry *e = wb_map_get(
            x->action, wb_printf(c->arena, "%s/%.*s", x->list[i]->version, WB_FMT(action)));
        if (e)
            return e;
    }
    return NULL;
}

static const struct wb_service *by_version(const struct wb_services *x, struct wb_slice version)
{
    for (size_t i = 0; x->list[i]; i++)
        if (speaks_query(x->list[i]) && wb_slice_is(version, x->list[i]->version))
            return x->list[i];
    return NULL;
}

/* --- the decision --- */

static bool settle(struct wb_call *c, enum wb_protocol p, const struct wb_entry *e)
{
    c->protocol = p;
    if (e) {
        c->service = e->service;
        c->op = e->op;
    }
    wb_out_init(&c->out, c->arena, p == WB_QUERY || p == WB_REST_XML);
    c->out.cbor = p == WB_RPC_CBOR;
    return e != NULL;
}

static bool unknown(struct wb_call *c, enum wb_protocol p, const struct wb_service *s)
{
    c->service = s;
    settle(c, p, NULL);
    wb_fail(c, "UnknownOperationException", 400, "%s", "");
    c->error.message = WB_SLICE_NULL; /* AWS sends none */
    return false;
}

static bool route_target(const struct wb_services *x, struct wb_call *c, struct wb_slice target,
                         const struct wb_service *scope, const struct wb_sig_request *r)
{
    const struct wb_entry *e = wb_map_get(x->target, target);
    struct wb_slice rest = target;
    const struct wb_service *s = wb_map_get(x->prefix, wb_slice_cut(&rest, '.'));
    enum wb_protocol p = s && s->protocol == WB_JSON11 ? WB_JSON11 : WB_JSON10;
    c->query_mode = wb_slice_ieq(wb_wire_header(r, "x-amzn-query-mode"), WB_S("true"));
    return e ? settle(c, p, e) : unknown(c, p, s ? s : scope);
}

/* POST /service/NAME/operation/OPERATION, where NAME is that of the JSON protocol. */
static bool route_cbor(const struct wb_services *x, struct wb_call *c,
                       const struct wb_service *scope, const struct wb_sig_request *r)
{
    struct wb_slice path = r->path, part[5] = {{0}};
    for (int i = 0; i < 5 && path.p; i++)
        part[i] = wb_slice_cut(&path, '/');
    bool shaped = wb_slice_is(r->method, "POST") && part[0].n == 0 && !path.p &&
                  wb_slice_is(part[1], "service") && wb_slice_is(part[3], "operation");
    const struct wb_entry *e =
        shaped ? wb_map_get(x->target,
                            wb_printf(c->arena, "%.*s.%.*s", WB_FMT(part[2]), WB_FMT(part[4])))
               : NULL;
    c->query_mode = wb_slice_ieq(wb_wire_header(r, "x-amzn-query-mode"), WB_S("true"));
    return e && e->service->cbor ? settle(c, WB_RPC_CBOR, e) : unknown(c, WB_RPC_CBOR, scope);
}

static bool route_query(const struct wb_services *x, struct wb_call *c,
                        const struct wb_service *scope, struct wb_slice action)
{
    struct wb_wire *w = c->wire;
    struct wb_slice version = wb_wire_field(w, WB_S("Version"));
    w->query = true;
    if (scope && !speaks_query(scope))
        scope = NULL;
    const struct wb_entry *e = find_action(x, c, scope, action, version);
    if (e && (!scope || strcmp(scope->version, e->service->version) == 0))
        return settle(c, WB_QUERY, e);
    const struct wb_service *s = scope ? scope : by_version(x, version);
    c->service = s;
    settle(c, WB_QUERY, NULL);
    if (version.n == 0 && s)
        version = wb_slice_str(s->version);
    wb_fail(c, "InvalidAction", 400, "Could not find operation %.*s for version %.*s",
            WB_FMT(action), WB_FMT(version));
    return false;
}

static bool route_xml(const struct wb_services *x, struct wb_call *c,
                      const struct wb_sig_request *r)
{
    const struct wb_entry *e = wb_route_xml(x, c, r);
    c->service = x->xml_service;
    return settle(c, WB_REST_XML, e);
}

bool wb_protocol_route(const struct wb_services *x, struct wb_call *c,
                       const struct wb_sig_request *r, const struct wb_signature *sig)
{
    const struct wb_service *scope = by_scope(x, sig);
    struct wb_wire *w = wb_new(c->arena, struct wb_wire);
    c->wire = w;
    w->path = r->path;
    w->head = wb_slice_is(r->method, "HEAD");
    struct wb_slice target = wb_wire_header(r, "x-amz-target");
    if (target.p)
        return route_target(x, c, target, scope, r);
    if (wb_slice_is(wb_wire_header(r, "smithy-protocol"), "rpc-v2-cbor"))
        return route_cbor(x, c, scope, r);
    if (scope ? scope == x->xml_service : !sig && wb_route_xml_host(x, r))
        return route_xml(x, c, r);

    const struct wb_uri *t = find_template(x, scope, r);
    if (t) {
        bind_labels(w, t, r->path);
        return settle(c, WB_REST_JSON, &t->e);
    }
    if (scope && scope->protocol == WB_REST_JSON)
        return unknown(c, WB_REST_JSON, scope);
    if (is_form(r) || wb_slice_find(r->query, WB_S("Action="), 0) >= 0) {
        if (!read_form(c->arena, r, w)) {
            c->service = scope;
            settle(c, WB_QUERY, NULL);
            wb_fail(c, "MalformedQueryString", 400, "The query string contains a syntax error.");
            return false;
        }
        struct wb_slice action = wb_wire_field(w, WB_S("Action"));
        if (action.n)
            return route_query(x, c, scope, action);
    }
    if (scope && scope->protocol == WB_QUERY) {
        c->service = scope;
        settle(c, WB_QUERY, NULL);
        wb_fail(c, "MissingAction", 400, "The request is missing an action.");
        return false;
    }
    if (!sig && x->xml_service && !is_form(r)) /* nobody else's, and nobody says who signs */
        return route_xml(x, c, r);
    return unknown(c, scope ? scope->protocol : WB_JSON11, scope);
}

/* The service in the credential's scope, without looking at the rest of the signature. */
static struct wb_slice scope_name(const struct wb_sig_request *r)
{
    struct wb_slice s = wb_wire_header(r, "authorization"), sep = WB_S("/"), term;
    if (!s.p) {
        s = r->query;
        sep = wb_slice_find(s, WB_S("%2faws4_request"), 0) >= 0 ? WB_S("%2f") : WB_S("%2F");
    }
    term = sep.n == 1        ? WB_S("/aws4_request")
           : sep.p[2] == 'f' ? WB_S("%2faws4_request")
                             : WB_S("%2Faws4_request");
    ptrdiff_t end = wb_slice_find(s, term, 0), at;
    if (end < 0)
        return WB_SLICE_NULL;
    s = wb_slice_sub(s, 0, (size_t)end);
    while ((at = wb_slice_find(s, sep, 0)) >= 0)
        s = wb_slice_sub(s, (size_t)at + sep.n, s.n);
    return s;
}

/* Is the request, by its head alone, one for the REST-XML service? */
static bool is_for_xml(const struct wb_services *x, const struct wb_sig_request *r)
{
    if (!x->xml_service || wb_wire_header(r, "x-amz-target").p)
        return false;
    struct wb_slice scope = scope_name(r);
    if (scope.p)
        return wb_slice_is(scope, x->xml_service->signing_name);
    return wb_route_xml_host(x, r) || (!find_template(x, NULL, r) && !is_form(r) &&
                                       wb_slice_find(r->query, WB_S("Action="), 0) < 0);
}

int64_t wb_protocol_body_max(const struct wb_services *x, struct wb_arena *a,
                             const struct wb_sig_request *r, bool *blob)
{
    struct wb_slice target = wb_wire_header(r, "x-amz-target");
    const struct wb_op *op = NULL;
    if (is_for_xml(x, r)) {
        const struct wb_entry *e = wb_route_xml_find(x, a, r);
        *blob = e && e->op->body_blob;
        return !e ? WB_XML_MAX : e->op->body_max ? e->op->body_max : WB_XML_MAX;
    }
    if (target.p) {
        const struct wb_entry *e = wb_map_get(x->target, target);
        op = e ? e->op : NULL;
    } else {
        const struct wb_uri *t = find_template(x, NULL, r);
        if (!t)
            return WB_FORM_BODY_MAX;
        op = t->e.op;
    }
    return op && op->body_max ? op->body_max : WB_HTTP_BODY_MAX;
}

struct wb_slice wb_protocol_request_id(const struct wb_call *c, struct wb_seam *seam)
{
    if (c->service && c->service->crc32)
        return wb_id_dynamodb_request(c->arena, seam);
    if (c->protocol == WB_REST_XML)
        return wb_slice_sub(wb_id_dynamodb_request(c->arena, seam), 0, 16);
    return wb_id_uuid(c->arena, seam);
}
