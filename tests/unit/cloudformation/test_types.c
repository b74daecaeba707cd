/*
 * Every resource type against the real services, in one thread over a store in memory: made, read,
 * updated, deleted, deleted again. The cases are data (cloudformation/types.json):
 *
 *   type      of the resource
 *   with      {id: {type, properties}}: what must be there before; made first, removed last
 *   create    properties; ${id} and ${id.Attribute} are those of `with`
 *   ref       what Ref gives; "*" matches a run of characters. attributes: the same of GetAtt
 *   update    list of properties, one after another, each in place
 *   replaces  list of properties of which each means a replacement
 *   refused   list of [properties, text]: making it fails so
 *   blind     properties that reading cannot tell
 *   lacks     attributes that it has not got
 *   needs     [service, operation]: skipped without it
 *   answers   what is put to the resource's address each time it waits; then nothing, until the
 *             time-out
 *   moves     an update may change the physical id
 *
 * After making and after every update, reading must tell each property as it was given.
 */
#include "../data.h"
#include "engine/world.h"
#include "services/cloudformation/types/types.h"
#include "services/modules.h"
#include <ftw.h>
#include <unistd.h>

static char dir[] = "/tmp/waybill-cfn-XXXXXX";
static struct world w;
static struct wb_arena arena;

#define STACK_ID                                                                                   \
    "arn:aws:cloudformation:us-east-1:000000000000:stack/tap/"                                     \
    "11111111-2222-3333-4444-555555555555"

/* --- the host: what the stacks do for a handler --- */

enum action { CREATE, UPDATE, DELETE, READ };

struct made {
    const struct wb_cfn_type *type;
    const char *id;
    struct wb_slice name; /* as the template has it */
    struct wb_slice properties, before, physical_id, attributes, live, ref; /* in arena */
    struct wb_slice code, message;
    struct wb_slice tags; /* of the stack: JSON object */
};

struct step {
    struct made *m;
    enum action action;
    struct wb_slice state;
    enum wb_cfn_result result;
    int64_t after_ms;
};

static struct wb_slice keep(struct wb_slice s)
{
    return s.p ? wb_dup(&arena, s) : s;
}

static size_t stack_tags(struct wb_tx *tx, struct wb_slice json, struct wb_pair **out)
{
    struct wb_json v = json.p ? wb_json_read(tx->arena, json, NULL) : WB_JSON_NONE;
    struct wb_json_iter it = wb_json_iter(v);
    size_t n = 0;
    *out = wb_new_n(tx->arena, struct wb_pair, wb_json_count(v) + 1);
    while (wb_json_next(&it))
        (*out)[n++] =
            (struct wb_pair){wb_json_str(it.key, tx->arena), wb_json_str(it.value, tx->arena)};
    return n;
}

static void call(struct wb_tx *tx, struct step *s, struct wb_cfn_resource *r)
{
    const struct wb_cfn_type *t = s->m->type;
    struct wb_slice why;
    r->properties = wb_json_read(tx->arena, s->m->properties, NULL);
    r->before = s->m->before.p ? wb_json_read(tx->arena, s->m->before, NULL) : WB_JSON_NONE;
    if (!wb_cfn_check(tx->arena, t, r->logical_id, r->properties, true, &why)) {
        s->result = wb_cfn_fail(r, "ValidationError", "%.*s", WB_FMT(why));
        return;
    }
    switch (s->action) {
    case CREATE:
        s->result = t->create(r);
        break;
    case UPDATE:
        s->result = t->update(r);
        break;
    case DELETE:
        s->result = t->delete (r);
        break;
    case READ:
        s->result = t->read(r);
        break;
    }
}

struct attempt {
    struct step *s;
    struct wb_cfn_resource *r;
};

/* A handler that fails leaves nothing. */
static bool attempt(struct wb_tx *tx, void *arg)
{
    struct attempt *a = arg;
    call(tx, a->s, a->r);
    return a->s->result != WB_CFN_FAILED;
}

static void step_fn(struct wb_tx *tx, void *arg)
{
    struct step *s = arg;
    struct made *m = s->m;
    struct wb_ctx ctx = {.principal = {.type = WB_PRINCIPAL_ROOT,
                                       .account = WB_S("000000000000"),
                                       .arn = WB_S("arn:aws:iam::000000000000:root")},
                         .request_id = WB_S("11111111-1111-1111-1111-111111111111"),
                         .account = WB_S("000000000000"),
                         .region = WB_S("us-east-1")};
    struct wb_pair *tag;
    struct wb_cfn_resource r = {.tx = tx,
                                .ctx = &ctx,
                                .of = m->type,
                                .stack_name = WB_S("tap"),
                                .stack_id = WB_S(STACK_ID),
                                .logical_id = wb_slice_str(m->id),
                                .type = m->name,
                                .token = WB_S("token"),
                                .physical_id = m->physical_id,
                                .attributes = m->attributes,
                                .state = s->state};
    r.tag_count = stack_tags(tx, m->tags, &tag);
    r.tag = tag;
    r.before_tag = tag;
    r.before_tag_count = s->action == UPDATE ? r.tag_count : 0;
    struct attempt a = {s, &r};
    wb_tx_attempt(tx, attempt, &a);
    m->physical_id = keep(r.physical_id);
    m->attributes = keep(r.attributes);
    m->live = keep(r.live);
    m->ref = keep(m->type->ref && s->result == WB_CFN_DONE ? m->type->ref(&r) : r.physical_id);
    m->code = s->result == WB_CFN_FAILED ? keep(wb_slice_str(r.error.code)) : WB_SLICE_NULL;
    m->message = s->result == WB_CFN_FAILED ? keep(r.error.message) : WB_SLICE_NULL;
    s->state = keep(r.state);
    s->after_ms = r.after_ms;
}

/* --- what answers from outside --- */

static struct wb_json answers; /* of the case: the next ones that come */
static uint32_t answer_next;

struct put {
    struct wb_slice query, body;
    struct wb_error error;
};

static void put_fn(struct wb_tx *tx, void *arg)
{
    struct put *p = arg;
    const struct wb_page *page =
        wb_page_find(w.engine, tx->arena, WB_S("PUT"), WB_S("/_waybill/cfn-callback"));
    struct wb_call c = {.engine = w.engine, .arena = tx->arena, .tx = tx, .payload = p->body};
    assert_non_null(page);
    assert_true(page->writes);
    page->handle(&c, p->query);
    p->error = c.error;
}

/* Puts the next answer of the case; of a custom resource with the ids of its request. False: none
 * is left. */
static bool answer(struct made *m, struct wb_slice state)
{
    struct wb_json next = wb_json_item(answers, answer_next++),
                   s = wb_json_read(&arena, state, NULL);
    struct wb_slice token = wb_json_get_str(s, "callback", &arena),
                    request = wb_json_get_str(s, "request", &arena),
                    raw = wb_json_is(next) ? wb_json_raw(next) : WB_SLICE_NULL;
    if (!raw.p)
        return false;
    if (!token.p) {
        struct wb_json properties = wb_json_read(&arena, m->properties, NULL);
        struct wb_slice handle = wb_json_get_str(properties, "Handle", &arena);
        token =
            wb_slice_sub(handle, (size_t)wb_slice_find(handle, WB_S("?token="), 0) + 7, handle.n);
    }
    struct put p = {.query = wb_printf(&arena, "token=%.*s", WB_FMT(token)), .body = raw};
    if (request.p)
        p.body = wb_printf(&arena,
                           "{\"StackId\":\"" STACK_ID
                           "\",\"LogicalResourceId\":\"%s\",\"RequestId\":\"%.*s\",%.*s",
                           m->id, WB_FMT(request), (int)raw.n - 1, raw.p + 1);
    assert_int_equal(run(&w, put_fn, &p), WB_COMMITTED);
    assert_null(p.error.code);
    p.query = WB_S("token=0123456789012345678901234567890123456789");
    assert_int_equal(run(&w, put_fn, &p), WB_COMMITTED);
    assert_string_equal(p.error.code, "AccessDenied");
    return true;
}

static enum wb_cfn_result act(struct made *m, enum action action)
{
    struct step s = {.m = m, .action = action};
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(run(&w, step_fn, &s), WB_COMMITTED);
        settle(&w);
        if (s.result == WB_CFN_WAIT) {
            if (!answer(m, s.state))
                wb_seam_sim_advance(&w.seam, 3601 * 1000);
            continue;
        }
        if (s.result != WB_CFN_AGAIN)
            return s.result;
        assert_true(s.after_ms > 0);
        wb_seam_sim_advance(&w.seam, s.after_ms);
        settle(&w);
    }
    fail_msg("%s never ends", m->type->name);
    return WB_CFN_FAILED;
}

static void must(struct made *m, enum action action, const char *what)
{
    if (act(m, action) != WB_CFN_DONE)
        fail_msg("%s %s: %.*s: %.*s", what, m->type->name, WB_FMT(m->code), WB_FMT(m->message));
}

/* --- what a case says --- */

/* "*" in the pattern matches any run. */
static bool like(const char *p, const char *pe, const char *s, const char *se)
{
    for (; p < pe; p++, s++) {
        if (*p == '*') {
            for (const char *t = s; t <= se; t++)
                if (like(p + 1, pe, t, se))
                    return true;
            return false;
        }
        if (s == se || *s != *p)
            return false;
    }
    return s == se;
}

static void is_like(const char *what, struct wb_slice pattern, struct wb_slice got)
{
    if (!like(pattern.p, pattern.p + pattern.n, got.p, got.p + got.n))
        fail_msg("%s\n want %.*s\n got  %.*s", what, WB_FMT(pattern), WB_FMT(got));
}

static struct made *others;
static size_t other_count;

/* ${id}, ${id.Attribute} */
static struct wb_slice fill(struct wb_slice text)
{
    struct wb_buf b = wb_buf_in(&arena);
    for (size_t i = 0; i < text.n; i++) {
        ptrdiff_t end = wb_slice_chr(text, '}', i);
        if (text.p[i] != '$' || i + 1 == text.n || text.p[i + 1] != '{' || end < 0) {
            wb_buf_char(&b, text.p[i]);
            continue;
        }
        struct wb_slice attribute = wb_slice_sub(text, i + 2, (size_t)end);
        struct wb_slice id = wb_slice_cut(&attribute, '.');
        bool found = false;
        for (size_t k = 0; k < other_count; k++) {
            struct made *m = &others[k];
            if (!wb_slice_is(id, m->id))
                continue;
            found = true;
            wb_buf_slice_put(&b, attribute.p
                                     ? wb_json_get_str(wb_json_read(&arena, m->attributes, NULL),
                                                       wb_dup_cstr(&arena, attribute), &arena)
                                     : m->ref);
        }
        if (found)
            i = (size_t)end;
        else
            wb_buf_char(&b, text.p[i]);
    }
    return wb_buf_slice(&b);
}

static struct wb_slice text_of(struct wb_json v)
{
    return fill(wb_json_raw(v));
}

static bool in_list(struct wb_json list, struct wb_slice name)
{
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        if (wb_slice_eq(wb_json_str(it.value, &arena), name))
            return true;
    return false;
}

/* Reading tells what was given. */
static void no_drift(struct made *m, struct wb_json blind, const char *when)
{
    if (!m->type->read)
        return;
    must(m, READ, when);
    struct wb_json live = wb_json_read(&arena, m->live, NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_read(&arena, m->properties, NULL));
    assert_int_equal(wb_json_type(live), WB_JSON_OBJECT);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, &arena);
        struct wb_json there = wb_json_get_slice(live, name);
        if (in_list(blind, name) || wb_cfn_same(it.value, there))
            continue;
        struct wb_slice got = wb_json_is(there) ? wb_json_raw(there) : WB_S("nothing");
        fail_msg("%s %s: %.*s\n given %.*s\n read  %.*s", m->type->name, when, WB_FMT(name),
                 (int)wb_json_raw(it.value).n, wb_json_raw(it.value).p, WB_FMT(got));
    }
}

static void check_attributes(struct made *m, struct wb_json want, struct wb_json lacks)
{
    struct wb_json have = wb_json_read(&arena, m->attributes.n ? m->attributes : WB_S("{}"), NULL);
    struct wb_json_iter it = wb_json_iter(want);
    while (wb_json_next(&it)) {
        struct wb_json got = wb_json_get_slice(have, wb_json_str(it.key, &arena));
        is_like(wb_dup_cstr(&arena, wb_json_str(it.key, &arena)),
                fill(wb_json_str(it.value, &arena)),
                wb_json_type(got) == WB_JSON_STRING ? wb_json_str(got, &arena) : wb_json_raw(got));
    }
    /* What GetAtt may be asked for is there, and nothing else. */
    for (const char *const *a = m->type->attribute; a && *a; a++)
        if (strcmp(*a, "*") != 0 && !wb_json_is(wb_json_get(have, *a)) &&
            !in_list(lacks, wb_slice_str(*a)))
            fail_msg("%s has no attribute %s: %.*s", m->type->name, *a, WB_FMT(m->attributes));
}

static enum wb_cfn_update change(struct made *m, struct wb_slice properties)
{
    struct wb_ctx ctx = {.account = WB_S("000000000000"), .region = WB_S("us-east-1")};
    struct wb_tx tx = {.arena = &arena, .engine = w.engine};
    struct wb_cfn_resource r = {.tx = &tx, .ctx = &ctx, .of = m->type};
    r.properties = wb_json_read(&arena, properties, NULL);
    r.before = wb_json_read(&arena, m->properties, NULL);
    return wb_cfn_change(&r);
}

static struct made start(const char *id, struct wb_json type, struct wb_json properties)
{
    struct made m = {.id = id, .type = wb_cfn_type_find(wb_json_str(type, &arena))};
    if (!m.type)
        fail_msg("no type %.*s", WB_FMT(wb_json_raw(type)));
    m.name = wb_json_str(type, &arena);
    m.properties = text_of(properties);
    m.tags = WB_S("{\"team\":\"blue\"}");
    return m;
}

/* Made, read, updated, deleted, deleted again. */
static void life(struct wb_json c)
{
    struct wb_json blind = wb_json_get(c, "blind");
    struct wb_json_iter it;
    struct made m = start("Thing", wb_json_get(c, "type"), wb_json_get(c, "create"));
    must(&m, CREATE, "create");
    is_like("Ref", fill(wb_json_get_str(c, "ref", &arena)), m.ref);
    check_attributes(&m, wb_json_get(c, "attributes"), wb_json_get(c, "lacks"));
    no_drift(&m, blind, "after create");
    it = wb_json_iter(wb_json_get(c, "replaces"));
    while (wb_json_next(&it))
        if (change(&m, text_of(it.value)) != WB_CFN_REPLACEMENT)
            fail_msg("%s: no replacement for %.*s", m.type->name, (int)wb_json_raw(it.value).n,
                     wb_json_raw(it.value).p);
    it = wb_json_iter(wb_json_get(c, "update"));
    while (wb_json_next(&it)) {
        struct wb_slice after = text_of(it.value), id = m.physical_id;
        if (change(&m, after) != WB_CFN_IN_PLACE)
            fail_msg("%s: not in place: %.*s", m.type->name, WB_FMT(after));
        m.before = m.properties;
        m.properties = after;
        must(&m, UPDATE, "update");
        assert_true(wb_slice_eq(id, m.physical_id) || wb_json_bool(wb_json_get(c, "moves"), false));
        check_attributes(&m, wb_json_get(c, "attributes"), wb_json_get(c, "lacks"));
        no_drift(&m, blind, "after update");
    }
    m.before = WB_SLICE_NULL;
    must(&m, DELETE, "delete");
    if (m.type->read && !wb_json_bool(wb_json_get(c, "stays"), false)) {
        assert_int_equal(act(&m, READ), WB_CFN_FAILED);
        if (!wb_slice_is(m.code, "NotFound"))
            fail_msg("%s deleted: %.*s %.*s", m.type->name, WB_FMT(m.code), WB_FMT(m.message));
    }
    must(&m, DELETE, "second delete");
}

static void one_case(struct wb_json c)
{
    struct wb_json with = wb_json_get(c, "with");
    struct wb_json_iter it = wb_json_iter(with);
    struct made of_with[16];
    others = of_with;
    other_count = 0;
    answers = wb_json_get(c, "answers");
    answer_next = 0;
    while (wb_json_next(&it)) {
        struct made *m = &of_with[other_count];
        *m = start(wb_dup_cstr(&arena, wb_json_str(it.key, &arena)), wb_json_get(it.value, "type"),
                   wb_json_get(it.value, "properties"));
        must(m, CREATE, "before");
        other_count++;
    }
    if (wb_json_is(wb_json_get(c, "create")))
        life(c);
    const char *name = wb_dup_cstr(&arena, wb_json_get_str(c, "type", &arena));
    it = wb_json_iter(wb_json_get(c, "refused"));
    while (wb_json_next(&it)) {
        struct made bad = start("Bad", wb_json_get(c, "type"), wb_json_item(it.value, 0));
        assert_int_equal(act(&bad, CREATE), WB_CFN_FAILED);
        is_like(name, wb_json_str(wb_json_item(it.value, 1), &arena), bad.message);
    }
    while (other_count)
        must(&of_with[--other_count], DELETE, "after");
}

static bool possible(struct wb_json needs)
{
    if (!wb_json_is(needs))
        return true;
    struct wb_slice service = wb_json_str(wb_json_item(needs, 0), &arena),
                    op = wb_json_str(wb_json_item(needs, 1), &arena);
    return wb_call_op(w.engine, wb_dup_cstr(&arena, service), wb_dup_cstr(&arena, op)) != NULL;
}

static void test_cases(void **state)
{
    struct wb_json_error why = {0};
    struct wb_json all =
        wb_json_read(&arena, wb_test_data(&arena, "cloudformation/types.json"), &why);
    if (!wb_json_is(all))
        fail_msg("types.json: %s at %zu", why.reason, why.offset);
    struct wb_json_iter it = wb_json_iter(all);
    const char *only = getenv("ONLY");
    while (wb_json_next(&it)) {
        struct wb_slice type = wb_json_get_str(it.value, "type", &arena);
        if ((!only || wb_slice_is(type, only)) && possible(wb_json_get(it.value, "needs")))
            one_case(it.value);
    }
}

/* Every type has a case; nested stacks need the stacks themselves (tests/e2e). */
static void test_covered(void **state)
{
    struct wb_slice data = wb_test_data(&arena, "cloudformation/types.json");
    for (const struct wb_cfn_type *const *t = wb_cfn_types(); *t; t++) {
        struct wb_slice name = wb_printf(&arena, "\"%s\"", (*t)->name);
        if (wb_slice_find(data, name, 0) < 0 && *t != &cfn_nested_stack)
            fail_msg("no case for %s", (*t)->name);
        if (t[1])
            assert_true(strcmp((*t)->name, t[1]->name) < 0);
    }
}

static const struct wb_cfn_property *property(const struct wb_cfn_type *t, struct wb_slice name)
{
    for (const struct wb_cfn_property *p = t->property; p && p->name; p++)
        if (wb_slice_is(name, p->name))
            return p;
    return NULL;
}

/* What the seed's template and the CDK's bootstrap template have is known. */
static void test_in_use(void **state)
{
    struct wb_json all =
        wb_json_read(&arena, wb_test_data(&arena, "cloudformation/in-use.json"), NULL);
    struct wb_json_iter it = wb_json_iter(all);
    assert_int_equal(wb_json_type(all), WB_JSON_OBJECT);
    while (wb_json_next(&it)) {
        struct wb_slice type = wb_json_str(it.key, &arena);
        const struct wb_cfn_type *t = wb_cfn_type_find(type);
        struct wb_json_iter at = wb_json_iter(it.value);
        if (!t)
            fail_msg("no type %.*s", WB_FMT(type));
        while (t->property && wb_json_next(&at)) {
            struct wb_slice name = wb_json_str(at.value, &arena);
            if (!property(t, name))
                fail_msg("%.*s has no %.*s", WB_FMT(type), WB_FMT(name));
        }
    }
}

/*
 * Updates and required properties as AWS's resource schemas have them (createOnlyProperties,
 * conditionalCreateOnlyProperties, required), in the copies that cfn-lint carries
 * (src/cfnlint/data/schemas/providers/us_east_1); "documented": what only the resource reference
 * says under "Update requires: Replacement".
 */
static void test_schemas(void **state)
{
    struct wb_json all =
        wb_json_read(&arena, wb_test_data(&arena, "cloudformation/schemas.json"), NULL);
    struct wb_json_iter it = wb_json_iter(all);
    assert_int_equal(wb_json_type(all), WB_JSON_OBJECT);
    while (wb_json_next(&it)) {
        const struct wb_cfn_type *t = wb_cfn_type_find(wb_json_str(it.key, &arena));
        assert_non_null(t);
        for (const struct wb_cfn_property *p = t->property; p->name; p++) {
            struct wb_slice name = wb_slice_str(p->name);
            bool fixed = in_list(wb_json_get(it.value, "createOnly"), name) ||
                         in_list(wb_json_get(it.value, "documented"), name);
            enum wb_cfn_update want = fixed ? WB_CFN_REPLACEMENT : WB_CFN_IN_PLACE;
            if (in_list(wb_json_get(it.value, "conditional"), name))
                want = WB_CFN_CONDITIONAL;
            if (p->update != want ||
                p->required != in_list(wb_json_get(it.value, "required"), name))
                fail_msg("%s: %s", t->name, p->name);
        }
        struct wb_json_iter at = wb_json_iter(wb_json_get(it.value, "createOnly"));
        while (wb_json_next(&at))
            if (!property(t, wb_json_str(at.value, &arena)))
                fail_msg("%s has no %.*s", t->name, WB_FMT(wb_json_raw(at.value)));
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    return remove(path);
}

static int setup(void **state)
{
    struct wb_slice why;
    wb_arena_init(&arena, 0);
    assert_non_null(mkdtemp(dir));
    w = (struct world){.store = wb_store_open_mem(), .list = wb_modules};
    w.config.data_dir = dir;
    w.config.public_url = "http://127.0.0.1:4566";
    w.config.account = "000000000000";
    w.config.region = "us-east-1";
    wb_seam_sim_init(&w.seam, 1, WORLD_START_MS);
    w.keyring = wb_keyring_open(dir, NULL, wb_seam_os(), true, &arena, &why);
    assert_non_null(w.keyring);
    world_engine(&w);
    settle(&w);
    return 0;
}

static int teardown(void **state)
{
    wb_engine_stop(w.engine);
    wb_dispatcher_run(w.engine); /* lets the modules stop */
    world_close(&w);
    wb_keyring_free(w.keyring);
    wb_arena_release(&arena);
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_covered),
        cmocka_unit_test(test_in_use),
        cmocka_unit_test(test_schemas),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
