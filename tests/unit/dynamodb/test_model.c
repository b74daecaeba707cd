/*
 * Random writes on a table with a global and a local index against a plain array: after every few
 * steps all items, both index orders, every page size and both directions must agree, the check of
 * rows must find nothing, and each change must have left one journal row.
 */
#include "calls.h"

/* Range keys of each type in their order. */
static const char *const strings[] = {"\\u0001",   "a",        "a\\u0000", "a\\u0000\\u0000",
                                      "a\\u0000b", "a\\u0001", "aa",       "ab",
                                      "b",         "\\u00e9",  "\\uffff",  "\\ud800\\udc00"};
static const char *const numbers[] = {"-9e125", "-100",   "-99.5", "-1", "-0.5", "-1e-130",
                                      "0",      "1e-130", "0.5",   "1",  "1.5",  "9e125"};
static const char *const binaries[] = {
    "AA==", "AAA=", "AAE=", "AP8=", "AQ==", "fw==", "gA==", "/w==", "/wA=", "//8=", "//8A", "////"};
#define KEYS   12
#define HASHES 3
#define GROUPS 3

struct item {
    bool there;
    int g, r, v; /* -1 = no such attribute */
};

struct model {
    struct world w;
    const char *type; /* of range keys */
    const char *const *key;
    const char *project;
    struct item item[HASHES][KEYS];
    size_t changes;
    struct wb_arena a;
};

static struct model *m;

static struct wb_slice key_json(int h, int k)
{
    return wb_printf(&m->a, "'h':{'S':'h%d'},'k':{'%s':'%s'}", h, m->type, m->key[k]);
}

static void create(void)
{
    DO(&m->w, "CreateTable",
       "{'TableName':'tab','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':["
       "{'AttributeName':'h','AttributeType':'S'},{'AttributeName':'k','AttributeType':'%s'},"
       "{'AttributeName':'g','AttributeType':'S'},{'AttributeName':'r','AttributeType':'%s'}],"
       "'KeySchema':[{'AttributeName':'h','KeyType':'HASH'},{'AttributeName':'k','KeyType':'RANGE'}"
       "],"
       "'GlobalSecondaryIndexes':[{'IndexName':'gsi','Projection':%s,'KeySchema':["
       "{'AttributeName':'g','KeyType':'HASH'},{'AttributeName':'r','KeyType':'RANGE'}]}],"
       "'LocalSecondaryIndexes':[{'IndexName':'lsi','Projection':{'ProjectionType':'ALL'},"
       "'KeySchema':[{'AttributeName':'h','KeyType':'HASH'},{'AttributeName':'r','KeyType':'RANGE'}"
       "]"
       "}],'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'NEW_AND_OLD_IMAGES'}}",
       m->type, m->type, m->project);
}

static void put(struct item *i, int h, int k)
{
    struct item n = {true, rand() % (GROUPS + 1) - 1, rand() % (KEYS + 1) - 1, rand() % 4};
    struct wb_slice g = n.g < 0 ? WB_S("") : wb_printf(&m->a, ",'g':{'S':'g%d'}", n.g);
    struct wb_slice r =
        n.r < 0 ? WB_S("") : wb_printf(&m->a, ",'r':{'%s':'%s'}", m->type, m->key[n.r]);
    bool cond = rand() % 4 == 0;
    struct answer a =
        call(&m->w, "PutItem", "{'TableName':'tab','Item':{%.*s,'v':{'N':'%d'}%.*s%.*s}%s}",
             WB_FMT(key_json(h, k)), n.v, WB_FMT(g), WB_FMT(r),
             cond ? ",'ConditionExpression':'attribute_not_exists(h)'" : "");
    assert_int_equal(a.ok, !cond || !i->there);
    if (a.ok) {
        m->changes += !i->there || n.g != i->g || n.r != i->r || n.v != i->v;
        *i = n;
    }
    answer_free(&a);
}

static void del(struct item *i, int h, int k)
{
    int v = rand() % 4;
    bool cond = rand() % 2;
    struct answer a =
        call(&m->w, "DeleteItem", "{'TableName':'tab','Key':{%.*s}%.*s}", WB_FMT(key_json(h, k)),
             WB_FMT(cond ? wb_printf(&m->a,
                                     ",'ConditionExpression':'v = :v',"
                                     "'ExpressionAttributeValues':{':v':{'N':'%d'}}",
                                     v)
                         : WB_S("")));
    assert_int_equal(a.ok, !cond || (i->there && i->v == v));
    if (a.ok) {
        m->changes += i->there;
        i->there = false;
    }
    answer_free(&a);
}

static void update(struct item *i, int h, int k)
{
    struct item n = *i;
    const char *text = "SET v = :v", *values = "':v':{'N':'2'}";
    struct wb_slice s;
    if (!n.there)
        n = (struct item){true, -1, -1, -1};
    switch (rand() % 5) {
    case 0:
        n.v = 2;
        break;
    case 1:
        n.g = rand() % GROUPS;
        text = "SET g = :v";
        s = wb_printf(&m->a, "':v':{'S':'g%d'}", n.g);
        values = s.p;
        break;
    case 2:
        n.r = rand() % KEYS;
        text = "SET r = :v";
        s = wb_printf(&m->a, "':v':{'%s':'%s'}", m->type, m->key[n.r]);
        values = s.p;
        break;
    case 3:
        n.g = n.r = -1;
        n.there = i->there; /* removals make no item */
        text = "REMOVE g, r";
        values = NULL;
        break;
    default:
        n.v = (n.v < 0 ? 0 : n.v) + 1;
        text = "ADD v :v";
        values = "':v':{'N':'1'}";
    }
    DO(&m->w, "UpdateItem", "{'TableName':'tab','Key':{%.*s},'UpdateExpression':'%s'%s%s%s}",
       WB_FMT(key_json(h, k)), text, values ? ",'ExpressionAttributeValues':{" : "",
       values ? values : "", values ? "}" : "");
    m->changes += n.there && (!i->there || n.g != i->g || n.r != i->r || n.v != i->v);
    *i = n;
}

/* --- looking --- */

static int key_index(struct wb_json item, const char *name)
{
    struct wb_json v = wb_json_get(item, name);
    if (!wb_json_is(v))
        return -1;
    struct wb_slice text = wb_json_get_str(v, m->type, &m->a);
    for (int k = 0; k < KEYS; k++) {
        struct wb_slice want =
            wb_json_str(wb_json_read(&m->a, wb_printf(&m->a, "\"%s\"", m->key[k]), NULL), &m->a);
        struct wb_decimal x, y;
        if (wb_slice_eq(text, want))
            return k;
        if (m->type[0] == 'N' && wb_decimal_parse(text, &x) == WB_DEC_OK &&
            wb_decimal_parse(want, &y) == WB_DEC_OK && wb_decimal_cmp(&x, &y) == 0)
            return k;
    }
    fail_msg("no key is %.*s", WB_FMT(text));
    return -1;
}

static int64_t number_of(struct wb_json item, const char *name)
{
    int64_t n;
    struct wb_slice s = wb_json_get_str(wb_json_get(item, name), "N", &m->a);
    return wb_slice_i64(s, &n) ? n : -1;
}

struct list {
    struct wb_slice item[HASHES * KEYS];
    size_t count;
};

/* All pages of a query or scan. */
static struct list pages(const char *op, struct wb_slice what, int limit, bool forward)
{
    struct list l = {0};
    struct wb_slice start = WB_SLICE_NULL;
    size_t turns = 0;
    do {
        struct answer a = call(&m->w, op, "{'TableName':'tab'%.*s%.*s%s%.*s%.*s}", WB_FMT(what),
                               WB_FMT(limit ? wb_printf(&m->a, ",'Limit':%d", limit) : WB_S("")),
                               op[0] == 'S' ? ""
                               : forward    ? ",'ScanIndexForward':true"
                                            : ",'ScanIndexForward':false",
                               start.p ? 21 : 0, ",'ExclusiveStartKey':", WB_FMT(start));
        if (!a.ok)
            fail_msg("%s: %.*s", op, WB_FMT(a.message));
        struct wb_json items = wb_json_get(a.doc, "Items"),
                       last = wb_json_get(a.doc, "LastEvaluatedKey");
        struct wb_json_iter it = wb_json_iter(items);
        while (wb_json_next(&it)) {
            assert_true(l.count < HASHES * KEYS);
            l.item[l.count++] = wb_dup(&m->a, wb_json_raw(it.value));
        }
        if (limit)
            assert_true(wb_json_count(items) <= (uint32_t)limit);
        start = wb_json_is(last) ? wb_dup(&m->a, wb_json_raw(last)) : WB_SLICE_NULL;
        answer_free(&a);
        assert_true(++turns < 200);
    } while (start.p);
    return l;
}

static void same(const struct list *x, const struct list *y, bool reversed)
{
    assert_int_equal(x->count, y->count);
    for (size_t i = 0; i < x->count; i++)
        assert_true(wb_slice_eq(x->item[i], y->item[reversed ? y->count - 1 - i : i]));
}

/* Every page size and both directions give the same list. */
static struct list walk(const char *op, struct wb_slice what)
{
    struct list all = pages(op, what, 0, true);
    for (int limit = 1; limit <= (int)all.count + 1; limit += limit < 4 ? 1 : 5) {
        struct list some = pages(op, what, limit, true);
        same(&all, &some, false);
        if (op[0] != 'S') {
            some = pages(op, what, limit, false);
            same(&all, &some, true);
        }
    }
    return all;
}

static void compare(struct wb_slice text, const struct item *i, bool whole)
{
    struct wb_json v = wb_json_read(&m->a, text, NULL);
    assert_true(i->there);
    if (whole) {
        assert_int_equal(number_of(v, "v"), i->v);
        assert_int_equal(key_index(v, "r"), i->r);
    }
    struct wb_slice g = wb_json_get_str(wb_json_get(v, "g"), "S", &m->a);
    assert_int_equal(g.p ? g.p[1] - '0' : -1, i->g);
}

static struct item *model_of(struct wb_slice text, int *h, int *k)
{
    struct wb_json v = wb_json_read(&m->a, text, NULL);
    *h = wb_json_get_str(wb_json_get(v, "h"), "S", &m->a).p[1] - '0';
    *k = key_index(v, "k");
    return &m->item[*h][*k];
}

static void check_table(int h)
{
    int k, was = -1, x;
    size_t want = 0;
    struct list l = walk("Query", wb_printf(&m->a,
                                            ",'KeyConditionExpression':'h = :h',"
                                            "'ExpressionAttributeValues':{':h':{'S':'h%d'}}",
                                            h));
    for (k = 0; k < KEYS; k++)
        want += m->item[h][k].there;
    assert_int_equal(l.count, want);
    for (size_t i = 0; i < l.count; i++, was = k) {
        compare(l.item[i], model_of(l.item[i], &x, &k), true);
        assert_true(x == h && k > was);
    }
}

static void check_index(const char *index, const char *attr, int value, bool whole)
{
    size_t want = 0;
    int h, k, was = -1;
    struct list l = walk("Query", wb_printf(&m->a,
                                            ",'IndexName':'%s','KeyConditionExpression':'%s = :v',"
                                            "'ExpressionAttributeValues':{':v':{'S':'%s%d'}}",
                                            index, attr, attr, value));
    for (h = 0; h < HASHES; h++)
        for (k = 0; k < KEYS; k++) {
            const struct item *i = &m->item[h][k];
            want += i->there && i->r >= 0 && (attr[0] == 'h' ? h : i->g) == value;
        }
    assert_int_equal(l.count, want);
    for (size_t i = 0; i < l.count; i++) {
        struct item *x = model_of(l.item[i], &h, &k);
        compare(l.item[i], x, whole);
        assert_int_equal(attr[0] == 'h' ? h : x->g, value);
        assert_true(x->r >= was);
        was = x->r;
    }
}

/* Range conditions on a random hash key against the model. */
static void check_ranges(void)
{
    static const char *const signs[] = {"=", "<", "<=", ">", ">="};
    int h = rand() % HASHES, from = rand() % KEYS, to = from + rand() % (KEYS - from),
        kind = rand() % 6;
    struct wb_slice cond =
        kind == 5 ? WB_S("k BETWEEN :a AND :b") : wb_printf(&m->a, "k %s :a", signs[kind]);
    struct wb_slice values =
        wb_printf(&m->a, "':h':{'S':'h%d'},':a':{'%s':'%s'}%s%s%s%s%s", h, m->type, m->key[from],
                  kind == 5 ? ",':b':{'" : "", kind == 5 ? m->type : "", kind == 5 ? "':'" : "",
                  kind == 5 ? m->key[to] : "", kind == 5 ? "'}" : "");
    struct list l = walk("Query", wb_printf(&m->a,
                                            ",'KeyConditionExpression':'h = :h AND %.*s',"
                                            "'ExpressionAttributeValues':{%.*s}",
                                            WB_FMT(cond), WB_FMT(values)));
    size_t want = 0;
    for (int k = 0; k < KEYS; k++) {
        bool in = kind == 0   ? k == from
                  : kind == 1 ? k < from
                  : kind == 2 ? k <= from
                  : kind == 3 ? k > from
                  : kind == 4 ? k >= from
                              : k >= from && k <= to;
        want += in && m->item[h][k].there;
    }
    assert_int_equal(l.count, want);
}

static void check_all(void)
{
    size_t want = 0;
    bool keys_only = strstr(m->project, "KEYS_ONLY");
    for (int h = 0; h < HASHES; h++) {
        check_table(h);
        check_index("lsi", "h", h, true);
        for (int k = 0; k < KEYS; k++)
            want += m->item[h][k].there;
    }
    for (int g = 0; g < GROUPS; g++)
        check_index("gsi", "g", g, !keys_only);
    check_ranges();
    struct list l = walk("Scan", WB_S(""));
    assert_int_equal(l.count, want);
    l.count = 0;
    for (int s = 0; s < 3; s++)
        l.count +=
            pages("Scan", wb_printf(&m->a, ",'Segment':%d,'TotalSegments':3", s), 2, true).count;
    assert_int_equal(l.count, want);
    check_world(&m->w);
    assert_int_equal(rows_in(&m->w, WB_T_JOURNAL), m->changes);
    wb_arena_reset(&m->a);
}

static void play(unsigned seed, const char *type, const char *const *key, const char *project)
{
    struct model model = {.type = type, .key = key, .project = project};
    m = &model;
    wb_arena_init(&model.a, 0);
    world_open(&model.w, &wb_dynamodb_module, NULL);
    srand(seed);
    create();
    for (int step = 0; step < 600; step++) {
        int h = rand() % HASHES, k = rand() % KEYS, what = rand() % 10;
        struct item *i = &model.item[h][k];
        if (what < 5)
            put(i, h, k);
        else if (what < 7)
            del(i, h, k);
        else
            update(i, h, k);
        if (step % 60 == 59)
            check_all();
        if (step == 300)
            world_restart(&model.w);
    }
    world_close(&model.w);
    wb_arena_release(&model.a);
}

static void test_strings(void **state)
{
    play(1, "S", strings, "{'ProjectionType':'ALL'}");
}

static void test_numbers(void **state)
{
    play(2, "N", numbers, "{'ProjectionType':'KEYS_ONLY'}");
}

static void test_binaries(void **state)
{
    play(3, "B", binaries, "{'ProjectionType':'INCLUDE','NonKeyAttributes':['v']}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_binaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
