/* Operations of the service in a world of one thread, without the wire. */
#ifndef WB_TEST_DYNAMODB_CALLS_H
#define WB_TEST_DYNAMODB_CALLS_H

#include "engine/world.h"
#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/ops.h"

struct answer {
    struct wb_arena arena; /* owns what follows */
    bool ok;
    struct wb_slice text; /* the answer's document */
    struct wb_json doc;
    struct wb_slice code, message, extra; /* of an error */
};

struct call {
    const char *op;
    struct wb_slice in;
    struct answer *out;
};

static inline void call_fn(struct wb_tx *tx, void *arg)
{
    struct call *c = arg;
    struct wb_ctx ctx = {
        .principal = {.type = WB_PRINCIPAL_ROOT, .account = WB_S("000000000000")},
        .account = WB_S("000000000000"),
        .region = WB_S("us-east-1"),
    };
    struct wb_error e = {0};
    struct wb_slice answer;
    wb_arena_release(&c->out->arena); /* the command may run again */
    *c->out = (struct answer){0};
    wb_arena_init(&c->out->arena, 0);
    struct wb_arena *a = &c->out->arena;
    c->out->ok = wb_call_service(tx, &ctx, "dynamodb", c->op, c->in, &answer, &e);
    if (c->out->ok) {
        c->out->text = wb_dup(a, answer);
        c->out->doc = wb_json_read(a, c->out->text, NULL);
        assert_true(wb_json_is(c->out->doc));
    } else {
        c->out->code = wb_dup(a, wb_slice_str(e.code));
        c->out->message = wb_dup(a, e.message);
        c->out->extra = wb_dup(a, e.extra);
    }
}

/* Runs an operation; the input is JSON with ' for ". answer_free it. */
static inline struct answer call_slice(struct world *w, const char *op, struct wb_slice in)
{
    struct answer out = {0};
    wb_arena_init(&out.arena, 0);
    struct call c = {op, in, &out};
    assert_int_equal(run(w, call_fn, &c), WB_COMMITTED);
    return out;
}

static inline struct answer call(struct world *w, const char *op, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static inline struct answer call(struct world *w, const char *op, const char *fmt, ...)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice in = wb_vprintf(&a, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < in.n; i++)
        if (in.p[i] == '\'')
            ((char *)in.p)[i] = '"';
    struct answer out = call_slice(w, op, in);
    wb_arena_release(&a);
    return out;
}

static inline void answer_free(struct answer *a)
{
    wb_arena_release(&a->arena);
}

/* The operation must succeed; nothing of the answer is wanted. */
#define DO(w, op, ...)                                                                             \
    do {                                                                                           \
        struct answer do_answer = call(w, op, __VA_ARGS__);                                        \
        if (!do_answer.ok)                                                                         \
            fail_msg("%s: %.*s: %.*s", op, WB_FMT(do_answer.code), WB_FMT(do_answer.message));     \
        answer_free(&do_answer);                                                                   \
    } while (0)

static inline void check_bad(void *arg, const char *what)
{
    fail_msg("check: %s", what);
}

static inline void check_fn(struct wb_tx *tx, void *arg)
{
    wb_dynamodb_module.check(tx, check_bad, NULL);
}

/* What `waybill check` looks at must be in order. */
static inline void check_world(struct world *w)
{
    look(w, check_fn, NULL);
}

#endif
