/*
 * Stands between this process and the kernel for file output: a program that links io.c has its own
 * open, write, fsync and so on, and the libraries it uses (LMDB) call those too. A test sets a hook
 * to record what is written and synced, or to make it fail.
 */
#ifndef WB_TEST_IO_H
#define WB_TEST_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum io_kind {
    IO_OPEN,     /* path, flags; result: the descriptor */
    IO_CLOSE,    /* fd */
    IO_WRITE,    /* fd, data, n, at */
    IO_SYNC,     /* fd: fsync, fdatasync, msync (fd -1) */
    IO_TRUNCATE, /* fd, at = the new length */
};

struct io_call {
    enum io_kind kind;
    int fd, flags;
    const char *path;
    const void *data;
    size_t n;
    int64_t at;
};

/* Before a call: true = do not make it, its result is *result (negative: an errno). */
extern bool (*io_instead)(const struct io_call *c, ssize_t *result);
/* After a call that was made and did not fail. */
extern void (*io_after)(const struct io_call *c, ssize_t result);

#endif
