/*
 * Archives and compressed streams. Whatever is unpacked stays below the directory given: the folder
 * beside it, which "../" would reach, is empty afterwards.
 */
#include "codec/zip.h"
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static unsigned entries(const char *path)
{
    DIR *d = opendir(path);
    unsigned n = 0;
    assert(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice in = wb_slice(data, size), out, why = WB_SLICE_NULL;
    char dir[] = "/tmp/wb_fuzz_XXXXXX", target[sizeof dir + 8];
    wb_arena_init(&a, 0);
    (void)wb_inflate(&a, in, 100000, &out);
    (void)wb_gunzip(&a, in, 100000, &out);
    if (!mkdtemp(dir))
        abort();
    snprintf(target, sizeof target, "%s/in", dir);
    int made = mkdir(target, 0755), fd = open(target, O_RDONLY | O_DIRECTORY);
    assert(made == 0 && fd >= 0);
    int code = wb_zip_unpack(&a, in, fd, 100000, 20, &why);
    assert(code == 0 || (code < 0 && why.n));
    assert(entries(dir) == 1);
    close(fd);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    wb_arena_release(&a);
    return 0;
}
