/* XML bodies: what is read stays within its limits, and its texts lie in memory that is ours. */
#include "base/limits.h"
#include "codec/text.h"
#include "codec/xml_read.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned walk(const struct wb_xml *x, unsigned depth, struct wb_buf *text)
{
    unsigned n = 1;
    assert(depth <= WB_XML_DEPTH_MAX && x->name.n);
    wb_xml_text(text, x->text);
    for (size_t i = 0; i < x->attribute_count; i++)
        wb_xml_text(text, x->attribute[i].value);
    for (const struct wb_xml *c = x->child; c; c = c->next)
        n += walk(c, depth + 1, text);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_buf text = wb_buf_in(&a);
    const struct wb_xml *x = wb_xml_read(&a, wb_slice(data, size));
    assert(!x || walk(x, 1, &text) <= WB_XML_ELEMENTS_MAX);
    wb_arena_release(&a);
    return 0;
}
