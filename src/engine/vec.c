#include "engine/internal.h"

void *wb_vec_push(struct wb_vec *v, struct wb_arena *a, size_t size)
{
    if (v->n == v->cap) {
        size_t cap = v->cap ? v->cap * 2 : 16;
        void *p = wb_alloc(a, cap * size);
        if (v->n)
            memcpy(p, v->p, v->n * size);
        v->p = p;
        v->cap = cap;
    }
    void *at = (char *)v->p + v->n++ * size;
    memset(at, 0, size);
    return at;
}
