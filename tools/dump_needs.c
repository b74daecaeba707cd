/*
 * What an operation needs to be allowed, told by the operation itself: its resources function is
 * run on an input whose texts are the members' names in braces, in an empty store.
 */
#include "dump_needs.h"

#include "base/seam.h"
#include "engine/identity.h"
#include "services/modules.h"
#include <stdio.h>

#define DEPTH_MAX 4

static struct wb_seam_sim seam;
static struct wb_store *store;
static struct wb_engine *engine;
static struct wb_reader *reader;

void needs_open(void)
{
    static const struct wb_config config = {
        .data_dir = "", .account = "{Account}", .region = "{Region}"};
    wb_seam_sim_init(&seam, 1, 0);
    store = wb_store_open_mem();
    engine = wb_engine_new(&config, store, &seam.seam, NULL, wb_modules);
    reader = wb_reader_new(engine);
}

void needs_close(void)
{
    wb_reader_free(reader);
    wb_engine_free(engine);
    wb_store_close(store);
}

static void put_sample(struct wb_json_writer *w, const struct wb_shape *s, const char *name,
                       unsigned depth);

static void put_members(struct wb_json_writer *w, const struct wb_shape *s, unsigned depth)
{
    wb_jw_object(w);
    for (const struct wb_member *m = s->member; m && m->name && depth < DEPTH_MAX; m++) {
        wb_jw_key(w, m->name);
        put_sample(w, m->shape, m->name, depth + 1);
    }
    wb_jw_end_object(w);
}

static void put_sample(struct wb_json_writer *w, const struct wb_shape *s, const char *name,
                       unsigned depth)
{
    char text[128];
    snprintf(text, sizeof text, "{%s}", name);
    switch (s->kind) {
    case WB_STRUCTURE:
        put_members(w, s, depth);
        break;
    case WB_LIST:
        wb_jw_array(w);
        if (depth < DEPTH_MAX)
            put_sample(w, s->elem, name, depth + 1);
        wb_jw_end_array(w);
        break;
    case WB_MAP:
        wb_jw_object(w);
        wb_jw_key(w, text);
        put_sample(w, s->elem, name, depth + 1);
        wb_jw_end_object(w);
        break;
    case WB_BOOLEAN:
        wb_jw_bool(w, true);
        break;
    case WB_STRING:
    case WB_BLOB:
        wb_jw_cstr(w, text);
        break;
    default:
        wb_jw_i64(w, 1);
    }
}

static struct wb_json sample(struct wb_arena *a, const struct wb_op *op)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    if (op->input)
        put_sample(&w, op->input, "", 0);
    else
        wb_buf_str(&b, "{}");
    return wb_json_read(a, wb_buf_slice(&b), NULL);
}

/* The same permission twice says nothing new: two targets may have the same role. */
static bool told(const struct wb_call *c, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (wb_slice_eq(c->need[k].action, c->need[i].action) &&
            wb_slice_eq(c->need[k].resource, c->need[i].resource))
            return true;
    return false;
}

void needs_put(struct wb_json_writer *w, const struct wb_service *s, const struct wb_op *op)
{
    struct wb_tx *tx = wb_reader_begin(reader);
    struct wb_call c = {.service = s, .op = op, .engine = engine, .arena = tx->arena, .tx = tx};
    c.ctx.account = c.ctx.principal.account = WB_S("{Account}");
    c.ctx.principal.type = WB_PRINCIPAL_USER;
    c.ctx.principal.arn = WB_S("arn:aws:iam::{Account}:user/{Caller}");
    c.ctx.region = WB_S("{Region}");
    c.in = sample(c.arena, op);
    if (op->resources)
        op->resources(&c);
    if (c.need_count == 0)
        wb_call_resource(&c, WB_S("*"));
    wb_jw_key(w, "needs");
    wb_jw_array(w);
    for (size_t i = 0; i < c.need_count; i++) {
        if (told(&c, i))
            continue;
        wb_jw_object(w);
        wb_jw_kstr(w, "action", c.need[i].action);
        wb_jw_kstr(w, "resource", c.need[i].resource);
        wb_jw_end_object(w);
    }
    wb_jw_end_array(w);
    wb_reader_end(reader);
}
