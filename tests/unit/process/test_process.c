/*
 * The sandbox as a function sees it: real processes, started by the real helper (this program plays
 * `waybill sandbox-helper`). As root, everything runs a second time as an unprivileged user, with
 * user namespaces; and once more without mount and process namespaces, on Landlock alone.
 */
#include "process/confine.h"
#include "process/internal.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char top[64];  /* a folder of this run: "data", with "secret" in it */
static char work[80]; /* the environment's /tmp */

struct result {
    char out[16384], err[16384];
    int status;
    bool oom;
    int64_t took_ms, peak;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct wb_process *start(struct wb_arena *a, const char *const *argv, bool sandbox,
                                int64_t memory, int *out, int *err)
{
    static const char *const env[] = {"COLOUR=blue", "PATH=/usr/bin:/bin", NULL};
    const char *const write_dirs[] = {work, NULL};
    struct wb_process_spec s = {.argv = argv,
                                .env = env,
                                .cwd = sandbox && wb_process_maps() ? "/tmp" : work,
                                .sandbox = sandbox,
                                .write_dirs = write_dirs,
                                .memory_bytes = memory,
                                .file_bytes = 1 << 20,
                                .stdin_fd = -1};
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_process *p = wb_process_start(&s, out, err, a, &why);
    if (!p)
        fail_msg("%.*s", WB_FMT(why));
    return p;
}

static void drain(int fd, char *out, size_t size)
{
    size_t n = strlen(out);
    ssize_t got;
    while (n < size - 1 && (got = read(fd, out + n, size - 1 - n)) > 0)
        n += (size_t)got;
    out[n] = 0;
}

static void finish(struct wb_process *p, int out, int err, struct result *r, int64_t limit_ms)
{
    int64_t begun = now_ms();
    *r = (struct result){0};
    while (!wb_process_reap(p, &r->status, &r->oom)) {
        struct pollfd f[] = {{out, POLLIN, 0}, {err, POLLIN, 0}, {wb_process_pidfd(p), POLLIN, 0}};
        poll(f, 3, 50);
        drain(out, r->out, sizeof r->out);
        drain(err, r->err, sizeof r->err);
        wb_process_check_memory(p);
        if (now_ms() - begun > limit_ms) {
            wb_process_kill(p);
            limit_ms = INT32_MAX;
        }
    }
    drain(out, r->out, sizeof r->out);
    drain(err, r->err, sizeof r->err);
    r->took_ms = now_ms() - begun;
    r->peak = wb_process_memory_peak(p);
    wb_process_free(p);
    close(out);
    close(err);
}

static void run(struct result *r, const char *const *argv, bool sandbox, int64_t memory)
{
    struct wb_arena a;
    int out, err;
    wb_arena_init(&a, 0);
    struct wb_process *p = start(&a, argv, sandbox, memory, &out, &err);
    finish(p, out, err, r, 20000);
    wb_arena_release(&a);
}

static void shell(struct result *r, bool sandbox, const char *script)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    run(r, argv, sandbox, 256 << 20);
}

static void python(struct result *r, bool sandbox, int64_t memory, const char *script)
{
    const char *const argv[] = {"/usr/bin/python3", "-I", "-c", script, NULL};
    run(r, argv, sandbox, memory);
}

#define assert_ends(r, code)                                                                       \
    do {                                                                                           \
        if (!WIFEXITED((r).status) || WEXITSTATUS((r).status) != (code))                           \
            fail_msg("status %x, said: %s%s", (r).status, (r).out, (r).err);                       \
    } while (0)

/* --- tests --- */

static void test_runs(void **state)
{
    struct result r;
    for (int sandbox = 0; sandbox < 2; sandbox++) {
        shell(&r, sandbox, "echo $COLOUR; echo oops >&2; exit 3");
        assert_string_equal(r.out, "blue\n");
        assert_string_equal(r.err, "oops\n");
        assert_ends(r, 3);
        assert_false(r.oom);
        shell(&r, sandbox, "kill -SEGV $$");
        assert_true(WIFSIGNALED(r.status));
        assert_int_equal(WTERMSIG(r.status), SIGSEGV);
        shell(&r, sandbox, "kill -KILL $$");
        assert_int_equal(WTERMSIG(r.status), SIGKILL);
        assert_false(r.oom);
    }
}

static void test_missing_program(void **state)
{
    struct result r;
    const char *const argv[] = {"/nonexistent", NULL};
    run(&r, argv, true, 0);
    assert_ends(r, 126);
    assert_non_null(strstr(r.err, "cannot start /nonexistent"));
}

static void test_inherits_nothing(void **state)
{
    struct result r;
    setenv("WAYBILL_SECRET", "x", 1);
    int leak = open("/etc/passwd", O_RDONLY); /* not close-on-exec, on purpose */
    shell(&r, true, "env; ls -l /proc/self/fd | wc -l");
    close(leak);
    assert_null(strstr(r.out, "WAYBILL_SECRET"));
    assert_non_null(strstr(r.out, "COLOUR=blue"));
    /* "total", 0, 1, 2 and ls's own */
    assert_non_null(strstr(r.out, "\n5\n"));
}

static void test_not_root(void **state)
{
    struct result r;
    shell(&r, true, "id -u; grep -E 'CapEff|NoNewPrivs' /proc/self/status; ulimit -n; ulimit -c");
    assert_ends(r, 0);
    assert_true(strtoul(r.out, NULL, 10) > 0);
    assert_non_null(strstr(r.out, "CapEff:\t0000000000000000"));
    assert_non_null(strstr(r.out, "NoNewPrivs:\t1"));
    assert_non_null(strstr(r.out, "\n1024\n0\n"));
}

static void test_files(void **state)
{
    struct result r;
    char script[1024];
    snprintf(
        script, sizeof script,
        "cat %s/secret; cat /etc/shadow; ls %s /root /home; echo mine > ${TMPDIR:-.}/a && cat a;"
        "touch /usr/x /etc/x; echo big; head -c 3000000 /dev/zero > b; stat -c %%s b",
        top, top);
    shell(&r, true, script);
    assert_null(strstr(r.out, "treasure"));
    assert_null(strstr(r.out, "root:"));
    assert_non_null(strstr(r.out, "mine\n"));
    assert_non_null(strstr(r.out, "big\n1048576\n"));
    assert_null(strstr(r.out, "secret"));
    struct stat st;
    assert_int_equal(stat("/usr/x", &st), -1);
    char path[100];
    snprintf(path, sizeof path, "%s/a", work);
    assert_int_equal(stat(path, &st), 0);
    /* Another environment, with another folder, does not see the first one's /tmp. */
    char first[80];
    memcpy(first, work, sizeof first);
    snprintf(work, sizeof work, "%s/w2", top);
    mkdir(work, 0700);
    snprintf(script, sizeof script, "ls -A . ; cat /tmp/a a %s/a; true", first);
    shell(&r, true, script);
    memcpy(work, first, sizeof work);
    assert_null(strstr(r.out, "mine"));
    assert_null(strstr(r.out, "a\n"));
}

static void test_other_processes(void **state)
{
    struct result r;
    char script[1024];
    snprintf(script, sizeof script,
             "import os, ctypes\n"
             "libc = ctypes.CDLL(None, use_errno=True)\n"
             "def tried(name, r): print(name, 'done' if r == 0 else 'no')\n"
             "def kill(pid):\n"
             "    try: os.kill(pid, 0); return 0\n"
             "    except OSError: return 1\n"
             "tried('kill', kill(%d))\n"
             "tried('ptrace', libc.ptrace(16, %d, 0, 0))\n"
             "tried('traceme', libc.ptrace(0, 0, 0, 0))\n"
             "tried('unshare', libc.unshare(0x10000000))\n"
             "tried('mount', libc.mount(b'x', b'/tmp', b'tmpfs', 0, 0))\n"
             "try: open('/proc/%d/environ').read(); print('environ done')\n"
             "except OSError: print('environ no')\n",
             getpid(), getpid(), getpid());
    python(&r, true, 256 << 20, script);
    assert_ends(r, 0);
    assert_string_equal(r.out,
                        "kill no\nptrace no\ntraceme no\nunshare no\nmount no\nenviron no\n");
}

static void test_memory(void **state)
{
    struct result r;
    /* 128 MB allowed, 256 MB taken and touched; then a minute of nothing. */
    const char *eat = "import time\nb = bytearray(256 << 20)\nprint('had it')\ntime.sleep(60)\n";
    python(&r, true, 128 << 20, eat);
    assert_true(r.oom);
    assert_true(r.took_ms < 2000);
    assert_int_equal(WTERMSIG(r.status), SIGKILL);
    /* In a child of the runtime: the whole environment dies. */
    python(&r, true, 128 << 20,
           "import os, time\nif os.fork() == 0:\n    b = bytearray(256 << 20)\n    time.sleep(60)\n"
           "time.sleep(60)\n");
    assert_true(r.oom);
    assert_true(r.took_ms < 2000);
    python(&r, true, 256 << 20,
           "import time\nb = bytearray(64 << 20)\nprint('fits')\ntime.sleep(0.3)\n");
    assert_false(r.oom);
    assert_string_equal(r.out, "fits\n");
    assert_true(r.peak > 64 << 20);
}

static void test_memory_polled(void **state)
{
    struct wb_sandbox_caps *caps = (struct wb_sandbox_caps *)wb_caps();
    bool had = caps->cgroup;
    caps->cgroup = false;
    test_memory(state);
    caps->cgroup = had;
}

static void test_kill_reaches_all(void **state)
{
    struct wb_arena a;
    struct result r;
    wb_arena_init(&a, 0);
    for (int sandbox = 0; sandbox < 2; sandbox++) {
        int out, err;
        /* a grandchild in a session of its own, which holds the pipe open */
        const char *const argv[] = {"/bin/sh", "-c",
                                    "(setsid sleep 100 &) ; (setsid setsid sleep 100 &);"
                                    "echo up; sleep 100",
                                    NULL};
        struct wb_process *p = start(&a, argv, sandbox, 0, &out, &err);
        struct pollfd f = {out, POLLIN, 0};
        assert_int_equal(poll(&f, 1, 5000), 1);
        wb_process_kill(p);
        finish(p, out, err, &r, 5000);
        assert_true(r.took_ms < 3000);
    }
    wb_arena_release(&a);
}

/* Is a process running (not a zombie) whose command line holds the text? */
static bool running(const char *text)
{
    char path[300], line[4096];
    bool found = false;
    DIR *d = opendir("/proc");
    for (struct dirent *e; !found && (e = readdir(d));) {
        snprintf(path, sizeof path, "/proc/%s/cmdline", e->d_name);
        int fd = e->d_name[0] >= '1' && e->d_name[0] <= '9' ? open(path, O_RDONLY) : -1;
        if (fd < 0)
            continue;
        ssize_t n = read(fd, line, sizeof line);
        close(fd);
        found = n > 0 && memmem(line, (size_t)n, text, strlen(text));
    }
    closedir(d);
    return found;
}

static void test_dies_with_server(void **state)
{
    for (int sandbox = 0; sandbox < 2; sandbox++) {
        char name[32], script[200];
        int said[2];
        snprintf(name, sizeof name, "10%d.%06d", sandbox, (int)getpid());
        snprintf(script, sizeof script,
                 "(setsid sleep %s &) ; (setsid setsid sleep %s &) ; echo up; sleep %s", name, name,
                 name);
        assert_int_equal(pipe(said), 0);
        pid_t server = fork();
        if (server == 0) {
            struct wb_arena a;
            int out, err;
            char c;
            const char *const argv[] = {"/bin/sh", "-c", script, NULL};
            wb_arena_init(&a, 0);
            start(&a, argv, sandbox, 0, &out, &err);
            struct pollfd f = {out, POLLIN, 0};
            poll(&f, 1, 10000);
            if (read(out, &c, 1) == 1 && write(said[1], "x", 1) == 1)
                pause();
            _exit(1);
        }
        char c;
        close(said[1]);
        assert_int_equal(read(said[0], &c, 1), 1);
        close(said[0]);
        assert_true(running(name));
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
        int64_t begun = now_ms();
        while (running(name) && now_ms() - begun < 3000)
            usleep(20000);
        assert_false(running(name));
    }
}

static void test_sweep(void **state)
{
    char run_dir[100];
    snprintf(run_dir, sizeof run_dir, "%s/run", top);
    mkdir(run_dir, 0700);
    wb_process_sweep(run_dir);
    assert_non_null(wb_process_marker());
    /* Left behind by an earlier server: a process with the marker, a group in the note. */
    char *marker = strdup(wb_process_marker());
    char *const argv[] = {"sleep", "100", NULL}, *const env[] = {marker, NULL};
    pid_t stray = fork();
    if (stray == 0) {
        execve("/bin/sleep", argv, env);
        _exit(1);
    }
    int64_t begun = now_ms();
    int status = 0;
    pid_t ended = 0;
    while (!ended && now_ms() - begun < 5000) {
        wb_process_sweep(run_dir); /* the first may come before its exec */
        ended = waitpid(stray, &status, WNOHANG);
    }
    assert_int_equal(ended, stray);
    assert_int_equal(WTERMSIG(status), SIGKILL);
    free(marker);
    if (!wb_cgroup_base()[0])
        return;
    char old[WB_CGROUP_PATH], group[WB_CGROUP_PATH + 8], note[200];
    snprintf(old, sizeof old, "%s-old", wb_cgroup_base());
    snprintf(group, sizeof group, "%s/e1", old);
    assert_int_equal(mkdir(old, 0755), 0);
    assert_int_equal(mkdir(group, 0755), 0);
    snprintf(note, sizeof note, "%s/cgroup", run_dir);
    FILE *f = fopen(note, "w");
    fputs(old, f);
    fclose(f);
    wb_process_sweep(run_dir);
    assert_int_equal(access(old, F_OK), -1);
}

static void test_owner_of_connection(void **state)
{
    struct wb_arena a;
    struct result r;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    wb_arena_init(&a, 0);
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(l, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(l, 8), 0);
    getsockname(l, (struct sockaddr *)&at, &len);
    char script[200];
    snprintf(script, sizeof script,
             "import socket, time\ns = socket.create_connection(('127.0.0.1', %d))\ntime.sleep(60)",
             ntohs(at.sin_port));
    const char *const argv[] = {"/usr/bin/python3", "-I", "-c", script, NULL};
    const char *const idle[] = {"/bin/sleep", "60", NULL};
    for (int sandbox = 0; sandbox < 2; sandbox++) {
        int out, err, out2, err2;
        struct wb_process *p = start(&a, argv, sandbox, 0, &out, &err);
        char first[80];
        memcpy(first, work, sizeof first);
        snprintf(work, sizeof work, "%s/w%d", top, 3 + sandbox);
        assert_int_equal(mkdir(work, 0700), 0);
        struct wb_process *other = start(&a, idle, sandbox, 0, &out2, &err2);
        memcpy(work, first, sizeof work);
        struct sockaddr_in from;
        len = sizeof from;
        struct pollfd f = {l, POLLIN, 0};
        if (poll(&f, 1, 10000) != 1) {
            wb_process_kill(p);
            finish(p, out, err, &r, 5000);
            fail_msg("no connection: %s%s", r.out, r.err);
        }
        int s = accept(l, (struct sockaddr *)&from, &len);
        assert_true(s >= 0);
        uint16_t port = ntohs(at.sin_port), peer = ntohs(from.sin_port);
        assert_true(wb_process_owns_tcp(p, INADDR_LOOPBACK, port, INADDR_LOOPBACK, peer));
        assert_false(wb_process_owns_tcp(other, INADDR_LOOPBACK, port, INADDR_LOOPBACK, peer));
        assert_false(wb_process_owns_tcp(p, INADDR_LOOPBACK, port, INADDR_LOOPBACK, 1));
        close(s);
        wb_process_kill(p);
        wb_process_kill(other);
        finish(p, out, err, &r, 5000);
        finish(other, out2, err2, &r, 5000);
    }
    close(l);
    wb_arena_release(&a);
}

/* A port that several of the server's loops share could be joined by anything of the same user. */
static void test_cannot_join_a_port(void **state)
{
    struct result r;
    int on = 1, l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    setsockopt(l, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    assert_int_equal(bind(l, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(l, 8), 0);
    getsockname(l, (struct sockaddr *)&at, &len);
    char script[400];
    snprintf(script, sizeof script,
             "import socket\n"
             "s = socket.socket()\n"
             "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
             "try:\n"
             "    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n"
             "    print('allowed')\n"
             "except PermissionError:\n"
             "    print('refused')\n"
             "try:\n"
             "    s.bind(('127.0.0.1', %d))\n"
             "    print('bound')\n"
             "except OSError:\n"
             "    print('in use')\n",
             ntohs(at.sin_port));
    python(&r, true, 256 << 20, script);
    assert_ends(r, 0);
    assert_string_equal(r.out, "refused\nin use\n");
    close(l);
}

static void test_unusable(void **state)
{
    struct wb_sandbox_caps none = {.memory = "rss polling"};
    struct wb_arena a;
    wb_arena_init(&a, 0);
    assert_false(wb_sandbox_usable(&none));
    struct wb_slice s = wb_sandbox_missing(&a, &none);
    assert_true(wb_slice_find(s, WB_S("functions are refused"), 0) > 0);
    struct wb_sandbox_caps *caps = (struct wb_sandbox_caps *)wb_caps(), had = *caps;
    *caps = none;
    struct wb_process_spec spec = {.argv = (const char *[]){"/bin/true", NULL}, .sandbox = true};
    int out, err;
    struct wb_slice why = WB_SLICE_NULL;
    assert_null(wb_process_start(&spec, &out, &err, &a, &why));
    assert_true(why.n > 0);
    *caps = had;
    wb_arena_release(&a);
}

static void test_settings(void **state)
{
    struct wb_arena a;
    struct wb_buf b = {0};
    const char *argv[] = {"a", "", NULL}, *env[] = {NULL}, *dirs[] = {"/w", NULL};
    struct wb_process_dir dir[] = {{"/x", "/y"}, {"/z", NULL}, {NULL, NULL}};
    struct wb_confine c = {.flags = 5,
                           .parent = 7,
                           .cwd = "/",
                           .argv = argv,
                           .env = env,
                           .dir = dir,
                           .write_dir = dirs},
                      d;
    wb_arena_init(&a, 0);
    wb_confine_pack(&b, &c);
    assert_true(wb_confine_unpack(&a, b.p, b.n, &d));
    assert_int_equal(d.parent, 7);
    assert_string_equal(d.argv[1], "");
    assert_string_equal(d.dir[0].as, "/y");
    assert_null(d.dir[1].as);
    assert_null(d.dir[2].path);
    for (size_t n = 0; n < b.n; n++)
        assert_false(wb_confine_unpack(&a, b.p, n, &d));
    wb_buf_release(&b);
    wb_arena_release(&a);
}

/* --- the runs --- */

static int prepare(void **state)
{
    snprintf(top, sizeof top, "/tmp/waybill-test-XXXXXX");
    char path[100];
    if (!mkdtemp(top))
        return -1;
    snprintf(path, sizeof path, "%s/secret", top);
    FILE *f = fopen(path, "w");
    fputs("treasure\n", f);
    fclose(f);
    chmod(path, 0600);
    snprintf(work, sizeof work, "%s/w1", top);
    return mkdir(work, 0700);
}

static int clean(void **state)
{
    char cmd[100];
    snprintf(cmd, sizeof cmd, "rm -rf %s", top);
    return system(cmd) ? -1 : 0;
}

static int run_all(const char *name)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_missing_program),
        cmocka_unit_test(test_inherits_nothing),
        cmocka_unit_test(test_not_root),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_other_processes),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_polled),
        cmocka_unit_test(test_kill_reaches_all),
        cmocka_unit_test(test_dies_with_server),
        cmocka_unit_test(test_owner_of_connection),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_cannot_join_a_port),
        cmocka_unit_test(test_unusable),
    };
    fprintf(stderr, "--- %s\n", name);
    int failed = cmocka_run_group_tests_name(name, tests, prepare, clean);
    wb_cgroup_close();
    return failed;
}

static int in_child(const char *name, uid_t user, bool namespaces)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (user && (setgid(user) || setuid(user)))
            _exit(1);
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        struct wb_sandbox_caps *caps = (struct wb_sandbox_caps *)wb_caps();
        if (!namespaces) {
            if (!caps->landlock)
                _exit(0);
            caps->user_ns = caps->mount_ns = caps->pid_ns = false;
        }
        _exit(run_all(name) != 0);
    }
    int status;
    waitpid(pid, &status, 0);
    return status != 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "sandbox-helper") == 0)
        return wb_sandbox_helper_main();
    int failed = in_child("as started", 0, true);
    failed += in_child("Landlock alone", 0, false);
    if (geteuid() == 0) {
        failed += in_child("as nobody", 65534, true);
        failed += in_child("as nobody, Landlock alone", 65534, false);
    }
    return failed != 0;
}
