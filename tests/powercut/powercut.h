/*
 * The power-cut test in two halves: a workload whose outcome is known for every commit, with a
 * record of all that reached the disk (workload.c), and images of the disk as a power cut could
 * have left it, each opened and compared (powercut.c).
 */
#ifndef WB_TEST_POWERCUT_H
#define WB_TEST_POWERCUT_H

#include "base/buf.h"
#include "store/store.h"

enum entry_kind { ENTRY_WRITE, ENTRY_SYNC, ENTRY_TRUNCATE, ENTRY_ACK };

struct entry {
    enum entry_kind kind;
    bool durable; /* written through a descriptor with O_DSYNC: on disk when the call is back */
    uint64_t at;  /* offset; TRUNCATE: the new length */
    size_t n;     /* bytes of data */
    char *data;   /* WRITE: what was written; ACK: what DIR/acked holds from now on */
    uint64_t sequence; /* ACK: this commit was acknowledged */
};

struct record {
    struct entry *entries;
    size_t n, cap;
};

uint64_t rnd(void);
size_t below(size_t n);
void rnd_seed(uint64_t seed);

/* Runs `commits` transactions on a new store in dir. False when the store fails. */
bool workload_run(const char *dir, int commits, struct record *out);

enum verdict {
    WHOLE = 0,
    LOST = 10,    /* opens, but an acknowledged commit is not there */
    WRONG = 11,   /* opens, but rows differ from the commit it says it ends at */
    REFUSED = 12, /* does not open, and says why */
};
/* Opens dir and compares it with what the workload had committed, then goes on writing and compares
 * again. `acked` is the last acknowledged commit. */
enum verdict workload_verify(const char *dir, uint64_t acked, bool verbose);

#endif
