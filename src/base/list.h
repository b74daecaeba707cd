/*
 * A doubly linked list threaded through the elements. The head is a link too; an empty head points
 * to itself.
 */
#ifndef WB_BASE_LIST_H
#define WB_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct wb_link {
    struct wb_link *prev, *next;
};

#define WB_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void wb_list_init(struct wb_link *head)
{
    head->prev = head->next = head;
}

static inline bool wb_list_empty(const struct wb_link *head)
{
    return head->next == head;
}

static inline void wb_list_append(struct wb_link *head, struct wb_link *l)
{
    l->prev = head->prev;
    l->next = head;
    head->prev->next = l;
    head->prev = l;
}

/* Safe on an element already removed. */
static inline void wb_list_remove(struct wb_link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    l->prev = l->next = l;
}

#endif
