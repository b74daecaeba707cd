#include "auth/session.h"

static void member(struct wb_json_writer *w, const char *name, struct wb_slice text)
{
    if (text.n)
        wb_jw_kstr(w, name, text);
}

static void value(struct wb_json_writer *w, const char *name, struct wb_json v)
{
    if (wb_json_count(v))
        wb_jw_kraw(w, name, wb_json_raw(v));
}

struct wb_slice wb_session_write(struct wb_arena *a, const struct wb_session *s)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "issued", s->issued_ms);
    member(&w, "key", s->key);
    member(&w, "name", s->name);
    member(&w, "source", s->source);
    member(&w, "function", s->function);
    member(&w, "kind", s->kind);
    if (s->policy.p)
        wb_jw_kraw(&w, "policy", s->policy);
    value(&w, "policies", s->policies);
    value(&w, "tags", s->tags);
    value(&w, "transitive", s->transitive);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

bool wb_session_read(struct wb_arena *a, struct wb_slice json, struct wb_session *out)
{
    *out = (struct wb_session){.policies = WB_JSON_NONE, .tags = WB_JSON_NONE};
    out->transitive = WB_JSON_NONE;
    if (!json.p)
        return true;
    struct wb_json v = wb_json_read(a, json, NULL);
    if (wb_json_type(v) != WB_JSON_OBJECT)
        return false;
    out->issued_ms = wb_json_get_i64(v, "issued", 0);
    out->key = wb_json_get_str(v, "key", a);
    out->name = wb_json_get_str(v, "name", a);
    out->source = wb_json_get_str(v, "source", a);
    out->function = wb_json_get_str(v, "function", a);
    out->kind = wb_json_get_str(v, "kind", a);
    out->policy = wb_json_raw(wb_json_get(v, "policy"));
    out->policies = wb_json_get(v, "policies");
    out->tags = wb_json_get(v, "tags");
    out->transitive = wb_json_get(v, "transitive");
    return true;
}
