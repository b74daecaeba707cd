/*
 * A line is put together on the stack, within the size that a pipe takes in one piece (PIPE_BUF),
 * and written at once, so lines of several threads never mix. What does not fit is left out,
 * a pair at a time; a long value is cut.
 */
#include "base/log.h"
#include "base/seam.h"
#include "base/time.h"
#include "base/utf8.h"
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define VALUE_MAX   1024 /* bytes of one value, before escaping */
#define EX_SOFTWARE 70

struct line {
    char p[PIPE_BUF];
    size_t n;
    bool full;
};

static _Atomic int level_min = WB_LOG_INFO;

void wb_log_level_set(enum wb_log_level min)
{
    atomic_store(&level_min, (int)min);
}

/* Two bytes stay free for the closing brace and the line end. */
static void put(struct line *l, const char *p, size_t n)
{
    if (l->full || n > sizeof l->p - 2 - l->n) {
        l->full = true;
        return;
    }
    memcpy(l->p + l->n, p, n);
    l->n += n;
}

static void put_str(struct line *l, const char *s)
{
    static const char hex[] = "0123456789abcdef";
    struct wb_slice in = wb_slice_str(s);
    size_t at = 0;
    if (!s) {
        put(l, "null", 4);
        return;
    }
    put(l, "\"", 1);
    while (at < in.n && at < VALUE_MAX) {
        size_t from = at;
        int32_t cp = wb_utf8_next(in, &at);
        if (cp < 0) {
            at++;
            put(l, "\xef\xbf\xbd", 3);
        } else if (cp == '"' || cp == '\\') {
            put(l, (char[]){'\\', (char)cp}, 2);
        } else if (cp == '\n') {
            put(l, "\\n", 2);
        } else if (cp < 0x20 || cp == 0x7f) {
            put(l, (char[]){'\\', 'u', '0', '0', hex[cp >> 4], hex[cp & 15]}, 6);
        } else {
            put(l, in.p + from, at - from);
        }
    }
    put(l, "\"", 1);
}

static void put_pair(struct line *l, const char *name, const char *value)
{
    size_t before = l->n;
    put(l, before > 1 ? "," : "", before > 1);
    put_str(l, name);
    put(l, ":", 1);
    put_str(l, value);
    if (l->full)
        l->n = before; /* a line ends with a whole pair */
}

static void write_line(enum wb_log_level level, const char *area, const char *message, va_list ap)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char time[WB_TIME_MAX];
    struct wb_seam *os = wb_seam_os();
    struct line l = {.n = 0};
    int saved = errno;
    put(&l, "{", 1);
    wb_time_format(time, os->wall_ms(os), WB_TIME_ISO_MS);
    put_pair(&l, "time", time);
    put_pair(&l, "level", names[level]);
    put_pair(&l, "area", area);
    put_pair(&l, "message", message);
    for (const char *name; (name = va_arg(ap, const char *));) {
        const char *value = va_arg(ap, const char *);
        put_pair(&l, name, value);
    }
    l.p[l.n++] = '}';
    l.p[l.n++] = '\n';
    /* When stderr is gone there is nobody left to tell. */
    while (write(STDERR_FILENO, l.p, l.n) < 0 && errno == EINTR)
        ;
    errno = saved;
}

void wb_log(enum wb_log_level level, const char *area, const char *message, ...)
{
    va_list ap;
    if ((int)level < atomic_load_explicit(&level_min, memory_order_relaxed))
        return;
    va_start(ap, message);
    write_line(level, area, message, ap);
    va_end(ap);
}

void wb_fatal(int status, const char *area, const char *message, ...)
{
    va_list ap;
    va_start(ap, message);
    write_line(WB_LOG_ERROR, area, message, ap);
    va_end(ap);
    /* Not exit(): other threads are still running in what its handlers would take down. */
    _exit(status ? status : EX_SOFTWARE);
}
