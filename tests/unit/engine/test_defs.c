#include "world.h"

#define T_DEF 0xfff1

struct object {
    uint64_t version;
};
static int living, loads;

static void *load(struct wb_tx *tx, struct wb_slice key)
{
    struct wb_slice v;
    loads++;
    if (!wb_tx_get(tx, wb_key(tx->arena, T_DEF, "s", key), &v))
        return NULL;
    struct wb_rd r = wb_rd(v);
    struct object *o = wb_xcalloc(1, sizeof *o);
    o->version = wb_rd_le64(&r);
    living++;
    return o;
}

static void release(void *o)
{
    living--;
    free(o);
}

static struct wb_def_kind kind = {.name = "object", .load = load, .free = release};

static void module_start(struct wb_engine *e)
{
    wb_def_register(e, &kind);
}
static const struct wb_module module = {.start = module_start};

static void set(struct wb_tx *tx, const char *key, uint64_t version)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_le64(&b, version);
    wb_tx_put(tx, wb_key(tx->arena, T_DEF, "z", key), wb_buf_slice(&b));
    wb_def_changed(tx, &kind, wb_slice_str(key));
}

static uint64_t version(struct wb_tx *tx, const char *key)
{
    const struct object *o = wb_def(tx, &kind, wb_slice_str(key));
    return o ? o->version : 0;
}

static void set_a(struct wb_tx *tx, void *arg)
{
    set(tx, "a", *(uint64_t *)arg);
    assert_int_equal(version(tx, "a"), *(uint64_t *)arg);
}

static void del_a(struct wb_tx *tx, void *arg)
{
    wb_tx_del(tx, wb_key(tx->arena, T_DEF, "z", "a"));
    wb_def_changed(tx, &kind, WB_S("a"));
    assert_null(wb_def(tx, &kind, WB_S("a")));
}

static void get_a(struct wb_tx *tx, void *arg)
{
    *(uint64_t *)arg = version(tx, "a");
}

static void begin(struct world *w)
{
    living = loads = 0;
    world_open(w, &module, NULL);
}

static void end(struct world *w)
{
    world_close(w);
    assert_int_equal(living, 0); /* nothing leaks, nothing is freed twice */
}

static void test_load_once(void **state)
{
    struct world w;
    uint64_t v = 1, seen;
    begin(&w);
    run(&w, set_a, &v);
    int before = loads;
    for (int i = 0; i < 5; i++) {
        look(&w, get_a, &seen);
        assert_int_equal(seen, 1);
    }
    assert_int_equal(loads, before); /* the writer had left it in the cache */
    run(&w, del_a, NULL);
    look(&w, get_a, &seen);
    assert_int_equal(seen, 0);
    assert_int_equal(living, 0);
    end(&w);
}

/* A snapshot sees the object of its own commit, before and after the change. */
struct snapshot {
    struct wb_arena a;
    struct wb_txn *t;
    struct wb_tx tx;
    struct wb_tx_ext x;
};

static void take(struct world *w, struct snapshot *s)
{
    wb_arena_init(&s->a, 0);
    assert_int_equal(wb_txn_begin(w->store, false, &s->t), WB_STORE_OK);
    wb_tx_snapshot(&s->tx, &s->x, w->engine, s->t, &s->a);
}

static void drop(struct snapshot *s)
{
    wb_tx_release(&s->tx);
    wb_txn_abort(s->t);
    wb_arena_release(&s->a);
}

static void test_snapshots(void **state)
{
    struct world w;
    struct snapshot old, older;
    uint64_t v = 1, seen;
    begin(&w);
    take(&w, &older);
    run(&w, set_a, &v);
    take(&w, &old);
    v = 2;
    run(&w, set_a, &v);
    assert_int_equal(version(&older.tx, "a"), 0);
    assert_int_equal(version(&old.tx, "a"), 1);
    look(&w, get_a, &seen);
    assert_int_equal(seen, 2); /* what the slow readers loaded was not left to others */
    const void *first = wb_def(&old.tx, &kind, WB_S("a"));
    assert_ptr_equal(wb_def(&old.tx, &kind, WB_S("a")), first);
    drop(&older);
    drop(&old);
    end(&w);
}

static void test_hold(void **state)
{
    struct world w;
    struct snapshot s;
    uint64_t v = 7;
    begin(&w);
    run(&w, set_a, &v);
    take(&w, &s);
    const struct object *o = wb_def(&s.tx, &kind, WB_S("a"));
    wb_def_hold(o);
    drop(&s);
    run(&w, del_a, NULL);
    assert_int_equal(o->version, 7); /* ASan would tell */
    wb_def_let_go(w.engine, o);
    assert_int_equal(living, 0);
    end(&w);
}

static void change_and_undo(struct wb_tx *tx, void *arg)
{
    struct wb_nest n;
    uint64_t v = 5;
    const void *before = wb_def(tx, &kind, WB_S("a"));
    wb_tx_nest(tx, &n);
    set_a(tx, &v);
    wb_tx_unnest(tx, &n, false);
    assert_int_equal(version(tx, "a"), 1);
    assert_int_equal(((const struct object *)before)->version, 1);
    set(tx, "b", 1); /* so that there is something to commit */
}

static void test_nested_undo(void **state)
{
    struct world w;
    uint64_t v = 1, seen;
    begin(&w);
    run(&w, set_a, &v);
    run(&w, change_and_undo, NULL);
    look(&w, get_a, &seen);
    assert_int_equal(seen, 1);
    end(&w);
}

static void change_then_fail(struct wb_tx *tx, void *arg)
{
    uint64_t v = 9;
    set_a(tx, &v);
    wb_tx_undo(tx);
}

static void test_failed_command(void **state)
{
    struct world w;
    uint64_t v = 1, seen;
    begin(&w);
    w.engine->strict = false;
    run(&w, set_a, &v);
    run(&w, change_then_fail, NULL);
    look(&w, get_a, &seen);
    assert_int_equal(seen, 1);
    end(&w);
}

/* Many names made and removed leave no memory behind that grows without end. */
static void churn(struct wb_tx *tx, void *arg)
{
    char name[32];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "n-%d-%d", *(int *)arg, i);
        if (*(int *)arg % 2 == 0)
            set(tx, name, 1);
        else {
            snprintf(name, sizeof name, "n-%d-%d", *(int *)arg - 1, i);
            wb_tx_del(tx, wb_key(tx->arena, T_DEF, "z", name));
            wb_def_changed(tx, &kind, wb_slice_str(name));
        }
    }
}

static void test_churn(void **state)
{
    struct world w;
    uint64_t v = 1, seen;
    begin(&w);
    run(&w, set_a, &v);
    for (int i = 0; i < 400; i++) {
        run(&w, churn, &i);
        look(&w, get_a, &seen);
        assert_int_equal(seen, 1);
    }
    assert_in_range(wb_defs_entries(w.engine), 1, 16 * 400);
    end(&w);
}

/* --- a write that is prepared on a snapshot --- */

struct watched {
    struct snapshot s;
    struct wb_reads *reads;
    bool same;
};

static void put_row(struct wb_tx *tx, void *arg)
{
    wb_tx_put(tx, wb_key(tx->arena, T_DEF, "zz", "row", (const char *)arg), WB_S("1"));
}

static void put_other(struct wb_tx *tx, void *arg)
{
    wb_tx_put(tx, wb_key(tx->arena, T_DEF, "zz", "other", (const char *)arg), WB_S("1"));
}

static void del_row(struct wb_tx *tx, void *arg)
{
    wb_tx_del(tx, wb_key(tx->arena, T_DEF, "zz", "row", (const char *)arg));
}

static void watch(struct world *w, struct watched *x)
{
    struct wb_slice key, value;
    take(w, &x->s);
    struct wb_tx *tx = &x->s.tx;
    x->reads = wb_tx_watch(tx);
    assert_non_null(x->reads);
    version(tx, "a");
    wb_tx_get(tx, wb_key(tx->arena, T_DEF, "zz", "other", "absent"), &value);
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, T_DEF, "z", "row"));
    while (wb_tx_next(tx, s, &key, &value))
        ;
    wb_scan_close(s);
}

static void ask(struct wb_tx *tx, void *arg)
{
    struct watched *x = arg;
    assert_null(wb_tx_watch(tx));
    x->same = wb_tx_reads_same(tx, x->reads);
}

/* Whether it is still the same after the change. */
static bool same_after(struct world *w, void (*change)(struct wb_tx *, void *), void *arg)
{
    struct watched x;
    watch(w, &x);
    run(w, change, arg);
    run(w, ask, &x);
    drop(&x.s);
    return x.same;
}

static void nothing(struct wb_tx *tx, void *arg) {}

static void test_watch(void **state)
{
    struct world w;
    uint64_t v = 1;
    begin(&w);
    run(&w, set_a, &v);
    run(&w, put_row, "b");
    assert_true(same_after(&w, nothing, NULL));
    assert_false(same_after(&w, set_a, &v)); /* another object, though it says the same */
    assert_false(same_after(&w, put_other, "absent"));
    assert_false(same_after(&w, put_row, "c"));
    assert_false(same_after(&w, del_row, "b"));
    assert_true(same_after(&w, del_row, "unheard of"));
    assert_false(same_after(&w, del_a, NULL));
    end(&w);
}

/* An object made ahead is what load would have made, in its command and after it. */
static void give(struct wb_tx *tx, void *arg)
{
    int before = loads;
    set(tx, "a", 7);
    wb_def_give(tx, &kind, WB_S("a"), arg);
    assert_ptr_equal(wb_def(tx, &kind, WB_S("a")), arg);
    assert_int_equal(loads, before);
}

static void test_give(void **state)
{
    struct world w;
    struct snapshot s;
    uint64_t seen;
    begin(&w);
    take(&w, &s);
    struct object *o = wb_xcalloc(1, sizeof *o);
    o->version = 7;
    living++;
    wb_def_made(&s.tx, &kind, o);
    run(&w, give, o);
    drop(&s);
    look(&w, get_a, &seen);
    assert_int_equal(seen, 7);
    assert_int_equal(loads, 0);
    run(&w, del_a, NULL);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watch),          cmocka_unit_test(test_give),
        cmocka_unit_test(test_load_once),      cmocka_unit_test(test_snapshots),
        cmocka_unit_test(test_hold),           cmocka_unit_test(test_nested_undo),
        cmocka_unit_test(test_failed_command), cmocka_unit_test(test_churn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
