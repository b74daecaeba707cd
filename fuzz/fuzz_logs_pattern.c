/* Filter patterns of CloudWatch Logs: the pattern, a NUL, the message. */
#include "services/logs/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    struct logs_pattern *p;
    struct wb_arena *a;
    struct wb_slice message;
};

/* What is told of can be asked for by its name, unless the name is taken twice or is a number. */
static void ask(void *arg, struct wb_slice name, struct wb_slice value)
{
    struct told *t = arg;
    struct logs_field *f = logs_pattern_field(t->p, t->a, name);
    struct wb_slice again;
    if (f && !logs_field_value(t->p, f, t->a, t->message, &again))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a, scratch;
    struct wb_slice rest = wb_slice(data, size), text;
    if (size > 4096)
        return 0;
    text = wb_slice_cut(&rest, '\0');
    wb_arena_init(&a, 0);
    wb_arena_init(&scratch, 0);
    struct logs_pattern *p = logs_pattern_compile(&a, text);
    if (p && rest.p) /* the same answer twice: matching leaves nothing behind */
        if (logs_pattern_match(p, &scratch, rest) != logs_pattern_match(p, &scratch, rest))
            __builtin_trap();
    if (p && rest.p)
        logs_pattern_values(p, &scratch, rest, ask, &(struct told){p, &scratch, rest});
    wb_arena_release(&scratch);
    wb_arena_release(&a);
    return 0;
}
