/*
 * Unpacking trusts nothing in the archive. Every folder on the way to a file is opened without
 * following links, every file is created new, and the limits count what was really written, not
 * what the archive says. Links are made last, so no file can be written through one, and are then
 * resolved by the kernel with RESOLVE_BENEATH, which also finds those that lead out only together.
 */
#include "codec/zip.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zip.h>

#define DOS_DATE_1980 0x21 /* 1980-01-01: year 0, month 1, day 1 */
#define LINK_MAX_LEN  1024

struct unpack {
    struct wb_arena *a;
    zip_t *zip;
    int dirfd;
    uint64_t left; /* bytes that may still be written */
    const char *name;
    struct wb_slice *why;
};

static int refuse(struct unpack *u, int error, const char *what)
{
    *u->why = wb_printf(u->a, "%s: %s", u->name, what);
    return -error;
}

static int system_error(struct unpack *u)
{
    int error = errno;
    *u->why = wb_printf(u->a, "%s: %s", u->name, strerror(error));
    return -error;
}

/* Opens (making what is missing) the folder that holds the last part of `name`, and gives that
 * part, or "" for a folder's name. The result is the caller's to close. */
static int folder_open(struct unpack *u, const char *name, struct wb_slice *last)
{
    struct wb_slice rest = wb_slice_str(name);
    int at = fcntl(u->dirfd, F_DUPFD_CLOEXEC, 0);
    if (at < 0)
        return system_error(u);
    for (;;) {
        struct wb_slice part = wb_slice_cut(&rest, '/');
        if (!rest.p) {
            *last = part;
            return at;
        }
        if (part.n == 0 || wb_slice_is(part, "."))
            continue;
        char *folder = wb_dup_cstr(u->a, part);
        int next = -1;
        if (mkdirat(at, folder, 0755) == 0 || errno == EEXIST)
            next = openat(at, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0) {
            int code = system_error(u);
            close(at);
            return code;
        }
        close(at);
        at = next;
    }
}

static int check_name(struct unpack *u)
{
    struct wb_slice rest = wb_slice_str(u->name);
    if (rest.n == 0)
        return refuse(u, EINVAL, "an entry without a name");
    if (rest.p[0] == '/')
        return refuse(u, EINVAL, "an absolute name");
    while (rest.p)
        if (wb_slice_is(wb_slice_cut(&rest, '/'), ".."))
            return refuse(u, EINVAL, "a name with \"..\"");
    return 0;
}

static int copy_out(struct unpack *u, zip_file_t *in, int fd)
{
    char buf[65536];
    for (;;) {
        zip_int64_t n = zip_fread(in, buf, sizeof buf);
        if (n < 0)
            return refuse(u, EINVAL, zip_file_strerror(in));
        if (n == 0)
            return 0;
        if ((uint64_t)n > u->left)
            return refuse(u, EFBIG, "the files are larger than the limit");
        u->left -= (uint64_t)n;
        for (char *p = buf; n > 0;) {
            ssize_t w = write(fd, p, (size_t)n);
            if (w < 0 && errno == EINTR)
                continue;
            if (w < 0)
                return system_error(u);
            p += w;
            n -= w;
        }
    }
}

static int unpack_file(struct unpack *u, zip_uint64_t index, bool executable)
{
    struct wb_slice last;
    int folder = folder_open(u, u->name, &last);
    if (folder < 0)
        return folder;
    if (last.n == 0) { /* the name of a folder */
        close(folder);
        return 0;
    }
    mode_t mode = executable ? 0755 : 0644;
    int fd = openat(folder, last.p, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    int code = fd < 0 ? system_error(u) : 0;
    close(folder);
    if (code)
        return code;
    zip_file_t *in = zip_fopen_index(u->zip, index, 0);
    code = in ? copy_out(u, in, fd) : refuse(u, EINVAL, zip_strerror(u->zip));
    if (in)
        zip_fclose(in);
    if (code == 0 && fchmod(fd, mode) < 0) /* whatever the umask */
        code = system_error(u);
    close(fd);
    return code;
}

/* By its text alone: does the link called `name` point to something above the directory? */
static bool leads_out(const char *name, const char *target)
{
    int depth = -1; /* the last part of the name is the link itself */
    struct wb_slice way[] = {wb_slice_str(name), wb_slice_str(target)};
    if (target[0] == '/')
        return true;
    for (int i = 0; i < 2; i++) {
        while (way[i].p) {
            struct wb_slice part = wb_slice_cut(&way[i], '/');
            if (wb_slice_is(part, ".."))
                depth--;
            else if (part.n && !wb_slice_is(part, "."))
                depth++;
            if (i == 1 && depth < 0)
                return true;
        }
    }
    return false;
}

static int unpack_link(struct unpack *u, zip_uint64_t index)
{
    char target[LINK_MAX_LEN + 1];
    struct wb_slice last;
    zip_file_t *in = zip_fopen_index(u->zip, index, 0);
    zip_int64_t n = in ? zip_fread(in, target, sizeof target) : -1;
    if (in)
        zip_fclose(in);
    if (n <= 0 || n > LINK_MAX_LEN || memchr(target, 0, (size_t)n))
        return refuse(u, EINVAL, "a malformed link");
    target[n] = 0;
    if (leads_out(u->name, target))
        return refuse(u, EINVAL, "a link that leaves the directory");
    int folder = folder_open(u, u->name, &last);
    if (folder < 0)
        return folder;
    int code = symlinkat(target, folder, last.p) < 0 ? system_error(u) : 0;
    close(folder);
    return code;
}

/* A link that leads nowhere is harmless; one that leads out, or in a circle, is not. */
static int check_link(struct unpack *u)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, u->dirfd, u->name, &how, sizeof how);
    if (fd >= 0)
        close(fd);
    else if (errno != ENOENT)
        return refuse(u, EINVAL, "a link that leaves the directory");
    return 0;
}

enum kind { PLAIN, EXECUTABLE, LINK, OTHER };

static enum kind kind_of(zip_t *zip, zip_uint64_t index)
{
    zip_uint8_t system;
    zip_uint32_t attributes;
    if (zip_file_get_external_attributes(zip, index, 0, &system, &attributes) != 0 ||
        (system != ZIP_OPSYS_UNIX && system != ZIP_OPSYS_OS_X))
        return PLAIN;
    mode_t mode = attributes >> 16;
    if (S_ISLNK(mode))
        return LINK;
    if ((mode & S_IFMT) && !S_ISREG(mode) && !S_ISDIR(mode))
        return OTHER;
    return mode & 0111 ? EXECUTABLE : PLAIN;
}

/* Goes over all entries: files and folders first, then links, then a look at the links. */
static int unpack_all(struct unpack *u, zip_uint64_t count)
{
    for (int pass = 0; pass < 3; pass++) {
        for (zip_uint64_t i = 0; i < count; i++) {
            enum kind kind = kind_of(u->zip, i);
            u->name = zip_get_name(u->zip, i, 0);
            if (!u->name)
                u->name = "";
            int code = 0;
            if (pass == 0)
                code = check_name(u);
            if (code == 0 && kind == OTHER)
                code = refuse(u, EINVAL, "neither a file, a folder nor a link");
            if (code == 0 && pass == 0 && kind != LINK)
                code = unpack_file(u, i, kind == EXECUTABLE);
            if (code == 0 && pass == 1 && kind == LINK)
                code = unpack_link(u, i);
            if (code == 0 && pass == 2 && kind == LINK)
                code = check_link(u);
            if (code)
                return code;
        }
    }
    return 0;
}

/* Refuses early, by what the archive says of itself; writing counts again. */
static int check_sizes(struct unpack *u, zip_uint64_t count, unsigned max_files)
{
    uint64_t total = 0;
    u->name = "archive";
    if (count == 0)
        return refuse(u, EINVAL, "no entries");
    if (count > max_files)
        return refuse(u, EFBIG, "more files than the limit");
    for (zip_uint64_t i = 0; i < count; i++) {
        zip_stat_t st;
        if (zip_stat_index(u->zip, i, 0, &st) != 0 || !(st.valid & ZIP_STAT_SIZE))
            return refuse(u, EINVAL, "an entry without a size");
        if (st.size > u->left - total)
            return refuse(u, EFBIG, "the files are larger than the limit");
        total += st.size;
        if ((st.valid & ZIP_STAT_ENCRYPTION_METHOD) && st.encryption_method != ZIP_EM_NONE)
            return refuse(u, EINVAL, "an encrypted entry");
    }
    return 0;
}

/* The archive over the bytes in memory; it does not own them. */
static zip_t *open_memory(struct wb_arena *a, struct wb_slice bytes, struct wb_slice *why)
{
    zip_error_t error;
    zip_t *zip = NULL;
    if (bytes.n == 0) { /* libzip would take it for a new archive */
        *why = WB_S("not a ZIP archive: empty");
        return NULL;
    }
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(bytes.p, bytes.n, 0, &error);
    if (source) {
        zip = zip_open_from_source(source, ZIP_RDONLY, &error);
        if (!zip)
            zip_source_free(source);
    }
    if (!zip)
        *why = wb_printf(a, "not a ZIP archive: %s", zip_error_strerror(&error));
    zip_error_fini(&error);
    return zip;
}

int wb_zip_unpack(struct wb_arena *a, struct wb_slice zip, int dirfd, uint64_t max_bytes,
                  unsigned max_files, struct wb_slice *why)
{
    struct unpack u = {.a = a, .dirfd = dirfd, .left = max_bytes, .why = why};
    u.zip = open_memory(a, zip, why);
    if (!u.zip)
        return -EINVAL;
    zip_uint64_t count = (zip_uint64_t)zip_get_num_entries(u.zip, 0);
    int code = check_sizes(&u, count, max_files);
    if (code == 0)
        code = unpack_all(&u, count);
    zip_discard(u.zip);
    return code;
}

static bool add_entry(zip_t *zip, const char *name, struct wb_slice data, bool executable)
{
    zip_uint32_t mode = S_IFREG | (executable ? 0755 : 0644);
    zip_source_t *source = zip_source_buffer(zip, data.n ? data.p : "", data.n, 0);
    if (!source)
        return false;
    zip_int64_t at = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (at < 0) {
        zip_source_free(source);
        return false;
    }
    return zip_file_set_dostime(zip, (zip_uint64_t)at, 0, DOS_DATE_1980, 0) == 0 &&
           zip_file_set_external_attributes(zip, (zip_uint64_t)at, 0, ZIP_OPSYS_UNIX, mode << 16) ==
               0;
}

static bool read_source(struct wb_arena *a, zip_source_t *source, struct wb_slice *out)
{
    zip_stat_t st;
    if (zip_source_stat(source, &st) != 0 || !(st.valid & ZIP_STAT_SIZE) ||
        zip_source_open(source) != 0)
        return false;
    char *p = wb_alloc(a, st.size + 1);
    bool ok = zip_source_read(source, p, st.size) == (zip_int64_t)st.size;
    zip_source_close(source);
    *out = wb_slice(p, st.size);
    return ok;
}

bool wb_zip_make(struct wb_arena *a, const struct wb_slice *names, const struct wb_slice *data,
                 const bool *exec, size_t count, struct wb_slice *out)
{
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_TRUNCATE, NULL) : NULL;
    if (!zip) {
        zip_source_free(source);
        return false;
    }
    zip_source_keep(source);
    bool ok = count > 0; /* libzip would rather delete an empty archive than write one */
    for (size_t i = 0; ok && i < count; i++)
        ok = add_entry(zip, wb_dup_cstr(a, names[i]), data[i], exec && exec[i]);
    if (!ok || zip_close(zip) != 0) {
        ok = false;
        zip_discard(zip);
    }
    ok = ok && read_source(a, source, out);
    zip_source_free(source);
    return ok;
}
