/*
 * Macros for files that are tables of shapes (shape.h), and only for them: their names are short.
 * Of a length or count, 0 means no bound.
 */
#ifndef WB_AWS_SHAPE_TABLE_H
#define WB_AWS_SHAPE_TABLE_H

#include "aws/shape.h"

#define INT(id, text, lo, hi)                                                                      \
    static const struct wb_shape id = {                                                            \
        .kind = WB_INTEGER, .name = text, .min = lo, .max = hi, .has_min = true, .has_max = true}
#define LIST(id, text, lo, hi, of)                                                                 \
    static const struct wb_shape id = {.kind = WB_LIST,                                            \
                                       .name = text,                                               \
                                       .min = lo,                                                  \
                                       .max = hi,                                                  \
                                       .has_min = (lo) > 0,                                        \
                                       .has_max = (hi) > 0,                                        \
                                       .elem = &(of)}
#define MEMBERS(...)                                                                               \
    .member = (const struct wb_member[])                                                           \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            .name = NULL                                                                           \
        }                                                                                          \
    }
#define STRUCT(id, text, ...)                                                                      \
    static const struct wb_shape id = {.kind = WB_STRUCTURE, .name = text, MEMBERS(__VA_ARGS__)}
#define INPUT(id, text, ...)                                                                       \
    const struct wb_shape id = {.kind = WB_STRUCTURE, .name = text, MEMBERS(__VA_ARGS__)}
#define M(n, s)                                                                                    \
    {                                                                                              \
        .name = n, .shape = &(s)                                                                   \
    }
#define R(n, s)                                                                                    \
    {                                                                                              \
        .name = n, .shape = &(s), .required = true                                                 \
    }
/* The contents of a string's shape. */
#define TEXT(shape_name, shortest, longest, ...)                                                   \
    {                                                                                              \
        .kind = WB_STRING, .name = shape_name, .min = shortest, .has_min = true, .max = longest,   \
        .has_max = true, __VA_ARGS__                                                               \
    }

#endif
