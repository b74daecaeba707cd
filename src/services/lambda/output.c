/*
 * What a function prints becomes log lines. They are gathered per environment and stored in blocks,
 * at the latest with the outcome of the invocation they belong to. A function that floods its
 * output is slowed down by its own pipe: beyond WB_LAMBDA_OUTPUT_RATE in a second, or while too
 * much waits to be stored, the pipe is not read.
 */
#include "services/lambda/fleet.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

/* Lines on their way into the store. */
struct flush {
    struct wb_command command;
    struct wb_post post;
    struct lambda *l;
    struct env *e; /* NULL once it is gone */
    struct wb_arena arena;
    struct wb_slice account, region, group, stream;
    struct wb_log_line *line;
    size_t count, bytes;
};

static void add_line(struct env *e, struct wb_slice text)
{
    struct env_output *o = &e->out;
    if (o->count == o->cap) {
        o->cap = o->cap ? o->cap * 2 : 32;
        o->line = wb_xrealloc(o->line, o->cap * sizeof *o->line);
    }
    int64_t now = wb_engine_now(e->l->e);
    o->line[o->count++] = (struct env_line){now, o->text.n, text.n};
    wb_buf_slice_put(&o->text, text);
    if (!o->since_ms)
        o->since_ms = lambda_mono_ms(e->l);
    wb_buf_slice_put(&o->tail, text);
    wb_buf_char(&o->tail, '\n');
    if (o->tail.n > 4 * WB_LAMBDA_TAIL)
        wb_buf_drop(&o->tail, o->tail.n - WB_LAMBDA_TAIL);
}

void env_output_line(struct env *e, const char *fmt, ...)
{
    struct wb_arena a;
    va_list ap;
    wb_arena_init(&a, 0);
    va_start(ap, fmt);
    add_line(e, wb_vprintf(&a, fmt, ap));
    va_end(ap);
    wb_arena_release(&a);
}

/* --- reading --- */

static void add_bytes(struct env *e, int which, struct wb_slice s)
{
    struct wb_buf *part = &e->out.part[which];
    while (s.n) {
        ptrdiff_t nl = wb_slice_chr(s, '\n', 0);
        size_t n = nl < 0 ? s.n : (size_t)nl, room = WB_LAMBDA_LINE_MAX - part->n;
        size_t take = n < room ? n : room;
        wb_buf_put(part, s.p, take);
        bool whole = nl >= 0 && take == n;
        if (whole || part->n == WB_LAMBDA_LINE_MAX) {
            if (part->n || whole)
                add_line(e, wb_buf_slice(part));
            part->n = 0;
            if (part->cap > 64 << 10)
                wb_buf_release(part);
        }
        s = wb_slice_sub(s, take + (whole ? 1 : 0), s.n);
    }
}

static bool may_read(const struct env_output *o)
{
    return o->window_bytes < WB_LAMBDA_OUTPUT_RATE &&
           o->text.n + o->in_flight < WB_LAMBDA_OUTPUT_PENDING;
}

static void watch(struct env *e, bool on)
{
    e->out.paused = !on;
    for (int i = 0; i < 2; i++) {
        if (e->pipe[i])
            wb_watch_set(e->pipe[i], on ? WB_WATCH_READ : 0);
    }
}

/* False at the end of the pipe. */
static bool read_some(struct env *e, int which, size_t max)
{
    char b[16384];
    while (max) {
        ssize_t n = read(e->fd[which], b, max < sizeof b ? max : sizeof b);
        if (n == 0)
            return false;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        e->out.window_bytes += n;
        add_bytes(e, which, wb_slice(b, (size_t)n));
        max -= (size_t)n;
    }
    return true;
}

static void on_pipe(struct env *e, int which)
{
    if (!may_read(&e->out)) {
        watch(e, false);
        return;
    }
    if (!read_some(e, which, 64 << 10)) {
        wb_watch_free(e->pipe[which]);
        e->pipe[which] = NULL;
    }
    if (e->out.text.n >= WB_LAMBDA_FLUSH_BYTES)
        env_output_flush(e);
}

static void on_stdout(void *arg, int events)
{
    on_pipe(arg, 0);
}

static void on_stderr(void *arg, int events)
{
    on_pipe(arg, 1);
}

void env_output_open(struct env *e)
{
    e->pipe[0] = wb_watch_new(e->l->loop, e->fd[0], WB_WATCH_READ, on_stdout, e);
    e->pipe[1] = wb_watch_new(e->l->loop, e->fd[1], WB_WATCH_READ, on_stderr, e);
}

/* What was written before the answer is in the pipes now: at most their capacity. */
void env_output_drain(struct env *e, bool all)
{
    for (int i = 0; i < 2; i++) {
        if (e->fd[i] < 0)
            continue;
        read_some(e, i, 64 << 10);
        if (all && e->out.part[i].n) {
            add_line(e, wb_buf_slice(&e->out.part[i]));
            e->out.part[i].n = 0;
        }
    }
}

/* --- storing --- */

static struct wb_log_line *copy_lines(struct env *e, struct wb_arena *a)
{
    struct env_output *o = &e->out;
    struct wb_log_line *line = wb_new_n(a, struct wb_log_line, o->count);
    struct wb_slice text = wb_dup(a, wb_buf_slice(&o->text));
    for (size_t i = 0; i < o->count; i++)
        line[i] = (struct wb_log_line){o->line[i].time_ms,
                                       wb_slice(text.p + o->line[i].off, o->line[i].len)};
    return line;
}

static void forget_lines(struct env_output *o)
{
    o->text.n = 0;
    o->count = 0;
    o->since_ms = 0;
    if (o->text.cap > 2 * WB_LAMBDA_FLUSH_BYTES)
        wb_buf_release(&o->text);
}

static void flush_run(struct wb_command *c, struct wb_tx *tx)
{
    struct flush *f = WB_CONTAINER(c, struct flush, command);
    wb_write_log(tx, f->account, f->region, f->group, f->stream, f->line, f->count);
}

static void flush_posted(struct wb_post *p)
{
    struct flush *f = WB_CONTAINER(p, struct flush, post);
    if (f->e) {
        f->e->flush = NULL;
        f->e->out.in_flight = 0;
        if (f->e->out.paused && may_read(&f->e->out))
            watch(f->e, true);
    }
    wb_arena_release(&f->arena);
    free(f);
}

static void flush_done(struct wb_command *c, enum wb_commit result)
{
    struct flush *f = WB_CONTAINER(c, struct flush, command);
    f->post.run = flush_posted;
    wb_loop_post(f->l->loop, &f->post);
}

void env_output_flush(struct env *e)
{
    struct env_output *o = &e->out;
    if (o->count == 0 || e->flush)
        return;
    struct flush *f = wb_xcalloc(1, sizeof *f);
    wb_arena_init(&f->arena, 4096);
    f->l = e->l;
    f->e = e;
    f->account = wb_dup(&f->arena, e->f->account);
    f->region = wb_dup(&f->arena, e->f->region);
    f->group = wb_printf(&f->arena, "/aws/lambda/%.*s", WB_FMT(e->f->name));
    f->stream = wb_dup(&f->arena, e->stream);
    f->count = o->count;
    f->bytes = o->in_flight = o->text.n;
    f->line = copy_lines(e, &f->arena);
    f->command = (struct wb_command){.lane = WB_LANE_INSIDE, .run = flush_run, .done = flush_done};
    e->flush = f;
    forget_lines(o);
    wb_submit(e->l->e, &f->command);
}

void env_output_tick(struct env *e, int64_t now_ms)
{
    struct env_output *o = &e->out;
    if (now_ms - o->window_ms >= 1000) {
        o->window_ms = now_ms;
        o->window_bytes = 0;
    }
    if (o->since_ms && now_ms - o->since_ms >= WB_LAMBDA_FLUSH_MS)
        env_output_flush(e);
    if (o->paused && may_read(o))
        watch(e, true);
}

void env_output_take(struct env *e, struct wb_arena *a, struct lambda_report *r)
{
    r->line = copy_lines(e, a);
    r->line_count = e->out.count;
    forget_lines(&e->out);
}

void env_output_close(struct env *e)
{
    struct env_output *o = &e->out;
    for (int i = 0; i < 2; i++) {
        wb_watch_free(e->pipe[i]);
        e->pipe[i] = NULL;
        if (e->fd[i] >= 0)
            close(e->fd[i]);
        e->fd[i] = -1;
        wb_buf_release(&o->part[i]);
    }
    if (e->flush)
        e->flush->e = NULL;
    wb_buf_release(&o->text);
    wb_buf_release(&o->tail);
    free(o->line);
    o->line = NULL;
    o->count = o->cap = 0;
}
