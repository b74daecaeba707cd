/* Compiled patterns belong to a thread, because each holds the working memory of its matches. */
#include "aws/pattern.h"
#include "base/map.h"
#include "codec/regex.h"
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct compiled {
    struct wb_map *map; /* the pattern's address to its expression */
    struct wb_arena arena;
};

static _Thread_local struct compiled *compiled;
static pthread_key_t at_exit;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void forget(void *all)
{
    struct compiled *c = all;
    wb_map_free(c->map);
    wb_arena_release(&c->arena);
    free(c);
    compiled = NULL;
}

/* Threads that end free theirs by the key's destructor; the main thread, which just returns, by
 * this. */
static void forget_main(void)
{
    if (compiled)
        forget(compiled);
}

static void set_up(void)
{
    int rc = pthread_key_create(&at_exit, forget);
    assert(rc == 0);
    (void)rc;
    atexit(forget_main);
}

static void begin(void)
{
    pthread_once(&once, set_up);
    compiled = wb_xcalloc(1, sizeof *compiled);
    compiled->map = wb_map_new();
    wb_arena_init(&compiled->arena, 0);
    pthread_setspecific(at_exit, compiled);
}

/* A pattern is part of the program: one that cannot be compiled is a programmer's error. */
static struct wb_regex *find(const char *pattern)
{
    struct wb_slice key = wb_slice(&pattern, sizeof pattern);
    if (!compiled)
        begin();
    struct wb_regex *r = wb_map_get(compiled->map, key);
    if (!r) {
        const char *why;
        r = wb_regex_compile(&compiled->arena, wb_slice_str(pattern), &why);
        assert(r && "a shape's pattern does not compile");
        wb_regex_trust(r);
        wb_map_put(compiled->map, key, r);
    }
    return r;
}

bool wb_pattern_match(const char *pattern, struct wb_slice text)
{
    return wb_regex_match(find(pattern), text) == WB_REGEX_YES;
}
