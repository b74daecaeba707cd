#include "auth/memo.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/map.h"
#include "crypto/crypto.h"
#include <pthread.h>
#include <stdlib.h>

struct slot {
    const struct wb_memo_kind *kind; /* NULL = free */
    char *text;
    size_t n;
    void *value;
};

struct memo {
    struct slot slot[WB_MEMO_KINDS][WB_MEMO_SLOTS];
};

static _Thread_local struct memo *memo;
static pthread_key_t at_exit;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A token's text is as good as a password. */
static void clear(struct slot *s)
{
    if (!s->kind)
        return;
    s->kind->forget(s->value);
    explicit_bzero(s->text, s->n);
    free(s->text);
    *s = (struct slot){0};
}

static void forget_all(void *arg)
{
    struct memo *m = arg;
    for (unsigned k = 0; k < WB_MEMO_KINDS; k++)
        for (unsigned i = 0; i < WB_MEMO_SLOTS; i++)
            clear(&m->slot[k][i]);
    free(m);
    memo = NULL;
}

static void make_key(void)
{
    if (pthread_key_create(&at_exit, forget_all) != 0)
        abort();
}

static struct slot *slot_of(const struct wb_memo_kind *kind, struct wb_slice text)
{
    return &memo->slot[kind->number][wb_hash(text) % WB_MEMO_SLOTS];
}

void *wb_memo_get(const struct wb_memo_kind *kind, struct wb_slice text)
{
    if (!memo)
        return NULL;
    const struct slot *s = slot_of(kind, text);
    return s->kind && s->n == text.n && wb_const_eq(s->text, text.p, text.n) ? s->value : NULL;
}

bool wb_memo_put(const struct wb_memo_kind *kind, struct wb_slice text, void *value)
{
    if (text.n > WB_MEMO_TEXT_MAX) {
        kind->forget(value);
        return false;
    }
    if (!memo) {
        pthread_once(&once, make_key);
        memo = wb_xcalloc(1, sizeof *memo);
        pthread_setspecific(at_exit, memo);
    }
    struct slot *s = slot_of(kind, text);
    clear(s);
    *s = (struct slot){kind, wb_xstrndup(text.p, text.n), text.n, value};
    return true;
}
