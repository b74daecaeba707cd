/* The feed: who hears what, when, and what happens when nobody listens fast enough. One thread: the
 * writer and the listener's loop are stepped by hand. */
#include "world.h"

static const struct wb_module no_module = {0};
static struct world w;
static struct wb_loop *loop;

struct ear {
    struct wb_feed_listener l;
    struct wb_slice name[2];
    unsigned began, told, gone;
    uint64_t stamp;
    bool keeps; /* takes nothing by itself */
    struct wb_buf heard;
    bool lost;
};

static void began(struct wb_feed_listener *l, uint64_t stamp)
{
    struct ear *e = WB_CONTAINER(l, struct ear, l);
    e->began++;
    e->stamp = stamp;
}

static void take(struct ear *e)
{
    const struct wb_feed_item *i;
    while ((i = wb_feed_take(&e->l)))
        wb_buf_put(&e->heard, i->body.p, i->body.n < 8 ? i->body.n : 1);
    e->lost |= wb_feed_lost(&e->l);
}

static void told(struct wb_feed_listener *l)
{
    struct ear *e = WB_CONTAINER(l, struct ear, l);
    e->told++;
    if (!e->keeps)
        take(e);
}

static void gone(struct wb_feed_listener *l)
{
    struct ear *e = WB_CONTAINER(l, struct ear, l);
    e->gone++;
    wb_buf_release(&e->heard);
}

static void ear_init(struct ear *e, const char *account, const char *one, const char *two)
{
    *e = (struct ear){.name = {wb_slice_str(one), wb_slice_str(two)}};
    e->l = (struct wb_feed_listener){.engine = w.engine,
                                     .loop = loop,
                                     .kind = WB_FEED_EVENT,
                                     .account = wb_slice_str(account),
                                     .region = WB_S("r"),
                                     .name = e->name,
                                     .names = two ? 2 : 1,
                                     .began = began,
                                     .told = told,
                                     .gone = gone};
}

static void step(void)
{
    while (wb_writer_step(w.engine))
        ;
    for (int i = 0; i < 3; i++)
        wb_loop_step(loop, false);
}

struct say {
    const char *account, *name, *text;
    size_t size; /* of the body; 0: that of the text */
    bool fail;
};

static bool wanted(const struct say *s)
{
    return wb_feed_wanted(w.engine, WB_FEED_EVENT, wb_slice_str(s->account), WB_S("r"),
                          wb_slice_str(s->name));
}

static void say_run(struct wb_tx *tx, void *arg)
{
    const struct say *s = arg;
    struct wb_slice body = wb_slice_str(s->text);
    if (s->size) {
        char *p = wb_alloc(tx->arena, s->size);
        memset(p, s->text[0], s->size);
        body = wb_slice(p, s->size);
    }
    wb_tx_put(tx, wb_key(tx->arena, 0xfff0, "s", WB_S("row")), WB_S("value"));
    if (wanted(s))
        wb_feed_put(tx, &(struct wb_feed_item){.kind = WB_FEED_EVENT,
                                               .account = wb_slice_str(s->account),
                                               .region = WB_S("r"),
                                               .name = wb_slice_str(s->name),
                                               .stamp = wb_tx_stamp(tx),
                                               .body = body});
    if (s->fail)
        wb_tx_error(tx, WB_STORE_ERROR);
}

static void say_all(struct say s)
{
    struct act a;
    act_submit(&w, &a, WB_LANE_CLIENT, say_run, &s);
    while (wb_writer_step(w.engine))
        ;
    assert_int_equal(a.result, s.fail ? WB_FAILED : WB_COMMITTED);
}

static void say(const char *name, const char *text)
{
    say_all((struct say){"1", name, text});
}

static void begin(void)
{
    world_open(&w, &no_module, NULL);
    loop = wb_loop_new();
}

static void end(void)
{
    wb_loop_free(loop);
    world_close(&w);
}

#define HEARD(ear, text) assert_true(wb_slice_is(wb_buf_slice(&(ear).heard), text))

static void test_hearing(void **state)
{
    struct ear a, b;
    begin();
    say("x", "0");
    assert_false(wanted(&(struct say){"1", "x", ""}));
    ear_init(&a, "1", "x", "y");
    assert_true(wb_feed_listen(&a.l));
    assert_true(wanted(&(struct say){"1", "x", ""}));
    assert_false(wanted(&(struct say){"1", "z", ""}));
    assert_false(wanted(&(struct say){"2", "x", ""}));
    wb_loop_step(loop, false);
    assert_int_equal(a.began, 0); /* not before the writer was there */
    step();
    assert_int_equal(a.began, 1);
    assert_true(a.stamp > 0);
    ear_init(&b, "1", "y", NULL);
    assert_true(wb_feed_listen(&b.l));
    step();
    say("x", "1");
    say("y", "2");
    say("z", "3");
    say_all((struct say){"2", "x", "4"});
    say_all((struct say){.account = "1", .name = "x", .text = "5", .fail = true});
    say("x", "6");
    HEARD(a, ""); /* it lies in the queue: the writer calls nobody */
    step();
    HEARD(a, "126");
    HEARD(b, "2");
    assert_false(a.lost || b.lost);
    wb_feed_leave(&a.l); /* nothing is on its way: it is gone at once */
    assert_int_equal(a.gone, 1);
    say("x", "7");
    say("y", "8");
    wb_feed_leave(&b.l); /* a message is: it is gone when that was there */
    assert_int_equal(b.gone, 0);
    assert_false(wanted(&(struct say){"1", "y", ""}));
    step();
    assert_int_equal(b.gone, 1);
    assert_int_equal(b.told, 2); /* its beginning and "2" */
    end();
}

/* Who leaves before the writer came round, is gone after that. */
static void test_leaving_early(void **state)
{
    struct ear a;
    begin();
    ear_init(&a, "1", "x", NULL);
    assert_true(wb_feed_listen(&a.l));
    wb_feed_leave(&a.l);
    wb_loop_step(loop, false);
    assert_int_equal(a.gone, 0);
    step();
    assert_int_equal(a.gone, 1);
    assert_int_equal(a.began, 0);
    end();
}

/* What does not fit is lost, and all behind it until the listener knows: what it has has no gap. */
static void test_too_slow(void **state)
{
    struct ear a;
    begin();
    ear_init(&a, "1", "x", NULL);
    a.keeps = true;
    assert_true(wb_feed_listen(&a.l));
    step();
    const size_t half = WB_FEED_QUEUE_BYTES / 2;
    say_all((struct say){"1", "x", "a", half});
    say_all((struct say){"1", "x", "b", half - 1});
    say_all((struct say){"1", "x", "c", 2}); /* one too many */
    say_all((struct say){"1", "x", "d", 1}); /* would fit */
    step();
    assert_true(a.l.bytes <= WB_FEED_QUEUE_BYTES);
    take(&a);
    HEARD(a, "ab");
    assert_true(a.lost);
    a.lost = false;
    say("x", "e");
    say_all((struct say){"1", "x", "f", 2 * WB_FEED_QUEUE_BYTES}); /* too large with another */
    take(&a);
    assert_true(a.lost);
    say_all((struct say){"1", "x", "g", 2 * WB_FEED_QUEUE_BYTES}); /* alone it is taken */
    take(&a);
    HEARD(a, "abeg");
    wb_feed_leave(&a.l);
    step();
    assert_int_equal(a.gone, 1);
    end();
}

static void test_again(void **state)
{
    struct ear a;
    begin();
    ear_init(&a, "1", "x", NULL);
    a.keeps = true;
    assert_true(wb_feed_listen(&a.l));
    say("x", "1");
    step();
    unsigned before = a.told;
    step();
    assert_int_equal(a.told, before);
    wb_feed_again(&a.l);
    wb_feed_again(&a.l);
    step();
    assert_int_equal(a.told, before + 1);
    wb_feed_leave(&a.l); /* with an item in the queue */
    assert_int_equal(a.gone, 1);
    end();
}

static void test_limit(void **state)
{
    struct ear many[WB_TAIL_SESSIONS_MAX], other, one_more;
    begin();
    for (size_t i = 0; i < WB_TAIL_SESSIONS_MAX; i++) {
        ear_init(&many[i], "1", "x", NULL);
        assert_true(wb_feed_listen(&many[i].l));
    }
    ear_init(&other, "2", "x", NULL);
    ear_init(&one_more, "1", "y", NULL);
    assert_true(wb_feed_listen(&other.l));
    assert_false(wb_feed_listen(&one_more.l));
    one_more.l.kind = WB_FEED_LINES;
    assert_true(wb_feed_listen(&one_more.l));
    step();
    say("x", "1");
    step();
    for (size_t i = 0; i < WB_TAIL_SESSIONS_MAX; i++) {
        HEARD(many[i], "1");
        wb_feed_leave(&many[i].l);
    }
    HEARD(other, "");
    wb_feed_leave(&other.l);
    wb_feed_leave(&one_more.l);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hearing),  cmocka_unit_test(test_leaving_early),
        cmocka_unit_test(test_too_slow), cmocka_unit_test(test_again),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
