/* The library that zygotes load (zygote.c); plain C types only, for foreign-function interfaces. */
#ifndef WB_PROCESS_ZYGOTE_LIB_H
#define WB_PROCESS_ZYGOTE_LIB_H

#include <stddef.h>

/* Once: this process dies with its parent. -1 when that is dead already. */
__attribute__((visibility("default"))) int wb_zygote_bind(int parent);
/* In a fork: confines it. Returns the environment ("K=V", NULL-terminated) in the process that is
 * to become the runtime; NULL when the settings are broken. `settings` must stay. */
__attribute__((visibility("default"))) const char *const *wb_zygote_enter(char *settings, size_t n,
                                                                          int status_fd);

#endif
