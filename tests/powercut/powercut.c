/*
 * What a power cut may leave of a file: everything up to the last completed sync, and of what was
 * written after it any part, in any order, torn at sectors of 512 bytes. This program records what
 * the store writes and syncs under a workload, makes such images at random moments, opens each as a
 * server would, and compares it with what had been acknowledged by then.
 *
 *   powercut [--images N] [--seed S] [--commits C] [--jobs J] [--keep] [--drop data|meta]
 *
 * --drop shows that the test can fail: it makes the images as if the last sync of the data pages
 * (as LMDB's NOSYNC would) or of the meta page (NOMETASYNC) had not happened, and then succeeds
 * only when losses were found, and found silent only without the note of the last commit.
 */
#include "powercut.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTOR 512
#define PAGE   4096

enum drop { DROP_NOTHING, DROP_DATA, DROP_META };

static struct {
    long images, commits, jobs;
    uint64_t seed;
    bool keep;
    enum drop drop;
    char dir[128];
} opt = {2000, 400, 2, 1, false, DROP_NOTHING, ""};

static struct record rec;

struct counts {
    long made, whole, refused, lost, wrong, crashed;
    long silent; /* lost or wrong, with the note in place */
};

/* --- images --- */

struct image {
    char *p;
    size_t n, cap;
};

static void grow(struct image *m, size_t n)
{
    if (n > m->cap) {
        m->p = wb_xrealloc(m->p, n * 2);
        m->cap = n * 2;
    }
    if (n > m->n) {
        memset(m->p + m->n, 0, n - m->n);
        m->n = n;
    }
}

static void apply(struct image *m, const struct entry *e)
{
    if (e->kind == ENTRY_TRUNCATE) {
        if (e->at < m->n)
            m->n = e->at;
        else
            grow(m, e->at);
    } else if (e->kind == ENTRY_WRITE) {
        grow(m, e->at + e->n);
        memcpy(m->p + e->at, e->data, e->n);
    }
}

/* How much of the writes that were not synced reaches the disk. */
enum fate { NONE, ALL, PAGES, SECTORS, PREFIX, SUFFIX, GARBAGE, FATES };

static void apply_part(struct image *m, const struct entry *e, size_t from, size_t to, bool garbage)
{
    from = from < e->n ? from : e->n;
    to = to < e->n ? to : e->n;
    if (from == to)
        return;
    grow(m, e->at + to);
    for (size_t i = from; i < to; i++)
        m->p[e->at + i] = garbage ? (char)rnd() : e->data[i];
}

/* Entry e, `left` entries before the cut, was written but not synced. */
static void apply_torn(struct image *m, const struct entry *e, enum fate fate, size_t index,
                       size_t count)
{
    size_t unit = fate == PAGES ? PAGE : SECTOR;
    size_t lead = unit - (size_t)(e->at % unit); /* the first piece ends at a boundary */
    size_t cut = below(count + 1);
    switch (fate) {
    case NONE:
        return;
    case ALL:
        apply_part(m, e, 0, e->n, false);
        return;
    case PREFIX: /* in order, the last one torn */
        if (index < cut)
            apply_part(m, e, 0, e->n, false);
        else if (index == cut)
            apply_part(m, e, 0, lead % SECTOR + below(e->n / SECTOR + 1) * SECTOR, false);
        return;
    case SUFFIX: /* the later ones only */
        if (index >= cut)
            apply_part(m, e, 0, e->n, false);
        return;
    default:
        for (size_t from = 0, to = lead; from < e->n; from = to, to += unit)
            if (below(2))
                apply_part(m, e, from, to, fate == GARBAGE && !e->durable && below(4) == 0);
    }
}

/* The index behind the last sync before `cut`; `skip` more syncs are taken as not made. */
static size_t synced_until(size_t cut, int skip)
{
    for (size_t i = cut; i > 0; i--)
        if (rec.entries[i - 1].kind == ENTRY_SYNC && skip-- == 0)
            return i;
    return 0;
}

/* Base: everything before `from` is applied. */
static void make_image(const struct image *base, size_t from, size_t cut, struct image *out)
{
    enum fate fate = (enum fate)below(FATES);
    size_t count = cut - from, last_meta = 0;
    out->n = 0;
    grow(out, base->n);
    memcpy(out->p, base->p, base->n);
    for (size_t i = from; opt.drop == DROP_META && i < cut; i++)
        if (rec.entries[i].durable)
            last_meta = i;
    for (size_t i = from; i <= cut && i < rec.n; i++) {
        const struct entry *e = &rec.entries[i];
        bool safe = e->durable && i < cut && !(opt.drop == DROP_META && i == last_meta);
        if (e->kind == ENTRY_TRUNCATE || (e->kind == ENTRY_WRITE && safe))
            apply(out, e);
        else if (e->kind == ENTRY_WRITE)
            apply_torn(out, e, fate, i - from, count);
    }
    /* The length may be on disk before the content is. */
    for (size_t i = from; below(2) && i < cut; i++)
        if (rec.entries[i].kind == ENTRY_WRITE)
            grow(out, rec.entries[i].at + rec.entries[i].n);
}

/* --- one image --- */

static void write_file(const char *path, const void *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, p, n) != (ssize_t)n) {
        perror(path);
        exit(2);
    }
    close(fd);
}

/* In a process of its own: LMDB does not survive every image that a missing sync makes. */
static int verify_apart(const char *dir, uint64_t acked)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        _exit((int)workload_verify(dir, acked, false));
    }
    waitpid(child, &status, 0);
    int verdict = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return verdict == WHOLE || (verdict >= LOST && verdict <= REFUSED) ? verdict : -1;
}

static void try_image(const char *dir, const struct image *m, const struct entry *ack, bool note,
                      struct counts *c)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/store/data.mdb", dir);
    write_file(path, m->p, m->n);
    snprintf(path, sizeof(path), "%s/store/lock.mdb", dir);
    unlink(path);
    snprintf(path, sizeof(path), "%s/acked", dir);
    if (ack && note)
        write_file(path, ack->data, ack->n);
    else
        unlink(path);

    int verdict = opt.drop == DROP_NOTHING
                      ? (int)workload_verify(dir, ack ? ack->sequence : 0, true)
                      : verify_apart(dir, ack ? ack->sequence : 0);
    c->made++;
    c->whole += verdict == WHOLE;
    c->refused += verdict == REFUSED;
    c->lost += verdict == LOST;
    c->wrong += verdict == WRONG;
    c->crashed += verdict < 0;
    c->silent += note && (verdict == LOST || verdict == WRONG);
}

/* --- all of them --- */

static int by_size(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static void run_job(long job, struct counts *c)
{
    struct image base = {0}, out = {0};
    char dir[200], path[300];
    long n = opt.images / opt.jobs + (job < opt.images % opt.jobs);
    size_t *cuts = wb_xcalloc((size_t)n + 1, sizeof(*cuts));
    size_t applied = 0, acks = 0;
    const struct entry *ack = NULL;
    snprintf(dir, sizeof(dir), "%s/job%ld", opt.dir, job);
    mkdir(dir, 0700);
    snprintf(path, sizeof(path), "%s/store", dir);
    mkdir(path, 0700);
    rnd_seed(opt.seed * 1000003 + (uint64_t)job);
    for (long i = 0; i < n; i++)
        cuts[i] = below(rec.n + 1);
    qsort(cuts, (size_t)n, sizeof(*cuts), by_size);
    for (long i = 0; i < n; i++) {
        size_t from = synced_until(cuts[i], opt.drop == DROP_DATA);
        for (; applied < from; applied++)
            apply(&base, &rec.entries[applied]);
        for (; acks < cuts[i]; acks++)
            if (rec.entries[acks].kind == ENTRY_ACK)
                ack = &rec.entries[acks];
        make_image(&base, from, cuts[i], &out);
        struct counts before = *c;
        try_image(dir, &out, ack, opt.drop == DROP_NOTHING || i % 2, c);
        if (opt.drop == DROP_NOTHING && c->whole == before.whole) {
            fprintf(stderr, "image %ld of job %ld: cut at %zu of %zu, acknowledged %llu\n", i, job,
                    cuts[i], rec.n, (unsigned long long)(ack ? ack->sequence : 0));
            if (opt.keep) {
                snprintf(path, sizeof(path), "%s/bad-%ld-%ld.mdb", opt.dir, job, i);
                write_file(path, out.p, out.n);
            }
        }
    }
    free(cuts);
    free(base.p);
    free(out.p);
}

static bool parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *v = i + 1 < argc ? argv[i + 1] : "";
        bool number = true;
        if (strcmp(argv[i], "--keep") == 0) {
            opt.keep = true;
            continue;
        }
        if (strcmp(argv[i], "--images") == 0)
            opt.images = strtol(v, NULL, 10);
        else if (strcmp(argv[i], "--commits") == 0)
            opt.commits = strtol(v, NULL, 10);
        else if (strcmp(argv[i], "--jobs") == 0)
            opt.jobs = strtol(v, NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            opt.seed = strtoull(v, NULL, 10);
        else
            number = false;
        if (strcmp(argv[i], "--drop") == 0 && (!strcmp(v, "data") || !strcmp(v, "meta")))
            opt.drop = v[0] == 'd' ? DROP_DATA : DROP_META;
        else if (!number)
            return false;
        i++;
    }
    return opt.images > 0 && opt.commits > 0 && opt.jobs > 0 && opt.jobs <= 64;
}

static int report(const struct counts *c)
{
    printf("%ld images of %zu writes and syncs: %ld whole, %ld refused, %ld lost, %ld wrong, "
           "%ld crashed\n",
           c->made, rec.n, c->whole, c->refused, c->lost, c->wrong, c->crashed);
    if (opt.drop == DROP_NOTHING)
        return c->made == opt.images && c->whole == c->made ? 0 : 1;
    bool found = c->lost + c->wrong + c->crashed > 0;
    printf("without the last %s sync: %s\n", opt.drop == DROP_DATA ? "data" : "meta",
           found ? "found, as it must be" : "NOT FOUND");
    if (opt.drop == DROP_META) {
        printf("with the note of the last commit: %ld refused, %ld opened silently short\n",
               c->refused, c->silent);
        found = found && c->refused > 0 && c->silent == 0;
    }
    return found ? 0 : 1;
}

int main(int argc, char **argv)
{
    char dir[200];
    int rc = 0;
    if (!parse(argc, argv)) {
        fprintf(stderr, "usage: powercut [--images N] [--seed S] [--commits C] [--jobs J] "
                        "[--keep] [--drop data|meta]\n");
        return 2;
    }
    snprintf(opt.dir, sizeof(opt.dir), "%s/wb-powercut-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(opt.dir)) {
        perror(opt.dir);
        return 2;
    }
    snprintf(dir, sizeof(dir), "%s/work", opt.dir);
    rnd_seed(opt.seed);
    struct counts *c =
        mmap(NULL, sizeof(*c) * 64, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED || !workload_run(dir, (int)opt.commits, &rec))
        return 2;
    pid_t jobs[64];
    for (long j = 0; j < opt.jobs; j++) {
        jobs[j] = fork();
        if (jobs[j] == 0) {
            run_job(j, &c[j]);
            _exit(0);
        }
    }
    for (long j = 0; j < opt.jobs; j++) {
        int status = 0;
        waitpid(jobs[j], &status, 0);
        if (status)
            fprintf(stderr, "job %ld died at its image %ld\n", j, c[j].made);
        rc |= status;
        if (j) {
            long *sum = (long *)&c[0], *add = (long *)&c[j];
            for (size_t i = 0; i < sizeof(*c) / sizeof(long); i++)
                sum[i] += add[i];
        }
    }
    if (!opt.keep) {
        snprintf(dir, sizeof(dir), "rm -rf '%s'", opt.dir);
        rc |= system(dir);
    }
    return report(c) || rc != 0;
}
