#include "codec/xml_read.h"
#include "base/limits.h"
#include <expat.h>
#include <limits.h>

struct reading {
    struct wb_arena *arena;
    XML_Parser parser;
    struct wb_xml *root, *open;
    unsigned depth, elements;
    bool refused;
};

static void refuse(struct reading *r)
{
    r->refused = true;
    XML_StopParser(r->parser, XML_FALSE);
}

static struct wb_slice local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return wb_slice_str(colon ? colon + 1 : name);
}

static void put_attributes(struct reading *r, struct wb_xml *x, const char **attribute)
{
    size_t n = 0;
    while (attribute[2 * n])
        n++;
    x->attribute = wb_new_n(r->arena, struct wb_pair, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (strncmp(attribute[2 * i], "xmlns", 5) == 0)
            continue;
        struct wb_pair *p = &x->attribute[x->attribute_count++];
        p->name = wb_dup(r->arena, local(attribute[2 * i]));
        p->value = wb_dup(r->arena, wb_slice_str(attribute[2 * i + 1]));
    }
}

static void on_start(void *user, const char *name, const char **attribute)
{
    struct reading *r = user;
    if (r->refused)
        return;
    if (r->depth == WB_XML_DEPTH_MAX || r->elements == WB_XML_ELEMENTS_MAX) {
        refuse(r);
        return;
    }
    struct wb_xml *x = wb_new(r->arena, struct wb_xml);
    r->depth++;
    r->elements++;
    x->name = wb_dup(r->arena, local(name));
    x->buf = wb_buf_in(r->arena);
    x->parent = r->open;
    if (attribute[0])
        put_attributes(r, x, attribute);
    if (!r->open)
        r->root = x;
    else if (!r->open->last)
        r->open->child = x;
    else
        r->open->last->next = x;
    if (r->open)
        r->open->last = x;
    r->open = x;
}

static void on_end(void *user, const char *name)
{
    struct reading *r = user;
    if (r->refused)
        return;
    (void)name;
    r->open->text = r->open->buf.n ? wb_buf_slice(&r->open->buf) : WB_S("");
    r->open = r->open->parent;
    r->depth--;
}

static void on_text(void *user, const char *text, int n)
{
    struct reading *r = user;
    if (!r->refused)
        wb_buf_put(&r->open->buf, text, (size_t)n);
}

static void on_doctype(void *user, const char *name, const char *system, const char *public,
                       int internal)
{
    refuse(user);
}

struct wb_xml *wb_xml_read(struct wb_arena *a, struct wb_slice text)
{
    struct reading r = {.arena = a};
    if (text.n == 0 || text.n > WB_XML_MAX)
        return NULL;
    r.parser = XML_ParserCreate(NULL);
    if (!r.parser)
        return NULL;
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    enum XML_Status s = XML_Parse(r.parser, text.p, (int)text.n, XML_TRUE);
    XML_ParserFree(r.parser);
    return s == XML_STATUS_OK && !r.refused ? r.root : NULL;
}

struct wb_xml *wb_xml_child(const struct wb_xml *x, const char *name)
{
    struct wb_xml *c = x ? x->child : NULL;
    while (c && !wb_slice_is(c->name, name))
        c = c->next;
    return c;
}

struct wb_slice wb_xml_attribute(const struct wb_xml *x, const char *name)
{
    for (size_t i = 0; i < x->attribute_count; i++)
        if (wb_slice_is(x->attribute[i].name, name))
            return x->attribute[i].value;
    return WB_SLICE_NULL;
}
