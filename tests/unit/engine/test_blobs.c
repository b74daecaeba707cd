/*
 * Bodies that become files and files that become answers, over the wire: a small service of S3's
 * kind (Put, Get, Copy, Delete) in front of a directory of blobs.
 */
#include "codec/text.h"
#include "crypto/crypto.h"
#include "engine/blob.h"
#include "served.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#define T_OBJECT 0xfff3

static char dir[] = "/tmp/waybill-blobs-XXXXXX";
static char buf[1 << 20], *body;
static atomic_int commands;

/* --- the service: a row is name (lp), size --- */

static bool object(struct wb_call *c, const char *member, struct wb_piece *p)
{
    struct wb_slice v;
    if (!wb_tx_get(c->tx, wb_key(c->arena, T_OBJECT, "s", wb_in_str(c, member)), &v)) {
        wb_fail(c, "NoSuchKey", 404, "The specified key does not exist.");
        return false;
    }
    struct wb_rd r = wb_rd(wb_dup(c->arena, v));
    p->blob = wb_rd_lp(&r);
    p->offset = 0;
    p->size = (int64_t)wb_rd_le64(&r);
    return true;
}

static void put_object(struct wb_call *c, struct wb_slice blob, int64_t size)
{
    struct wb_buf b = wb_buf_in(c->arena);
    wb_buf_lp(&b, blob);
    wb_buf_le64(&b, (uint64_t)size);
    wb_tx_put(c->tx, wb_key(c->arena, T_OBJECT, "s", wb_in_str(c, "Key")), wb_buf_slice(&b));
    wb_blob_keep(c->tx, blob, size);
}

static void op_put_object(struct wb_call *c)
{
    atomic_fetch_add(&commands, 1);
    if (wb_slice_is(wb_in_str(c, "Key"), "refused")) {
        wb_fail(c, "PreconditionFailed", 412, "No.");
        return;
    }
    put_object(c, c->blob->name, c->blob->size);
    wb_call_header(c, "ETag", wb_hex_encode(c->arena, wb_slice(c->blob->md5, 16)));
    if (c->blob->has_crc32)
        wb_call_header(c, "x-crc32", wb_base64_encode(c->arena, wb_slice(c->blob->crc32, 4)));
    if (c->blob->has_crc64nvme)
        wb_call_header(c, "x-crc64", wb_base64_encode(c->arena, wb_slice(c->blob->crc64nvme, 8)));
}

static void op_get_object(struct wb_call *c)
{
    struct wb_piece *p = wb_new_n(c->arena, struct wb_piece, 3);
    if (!object(c, "Key", &p[0]))
        return;
    int64_t half = p[0].size / 2;
    p[2] = p[0];
    p[2].offset = half;
    p[2].size -= half;
    p[1] = p[0];
    p[1].size = 0;
    p[0].size = half;
    c->piece = p;
    c->piece_count = 3;
}

static void op_copy_object(struct wb_call *c)
{
    struct wb_piece p;
    if (object(c, "Source", &p))
        put_object(c, p.blob, p.size);
}

static void op_delete_object(struct wb_call *c)
{
    struct wb_piece p;
    if (!object(c, "Key", &p))
        return;
    wb_tx_del(c->tx, wb_key(c->arena, T_OBJECT, "s", wb_in_str(c, "Key")));
    wb_blob_drop(c->tx, p.blob);
}

static const struct wb_shape blob_shape = {.kind = WB_BLOB, .name = "Body"};
static const struct wb_shape input = {
    .kind = WB_STRUCTURE,
    .name = "In",
    .member = (const struct wb_member[]){
        {.name = "Bucket", .shape = &s_text, .where = WB_IN_URI},
        {.name = "Key", .shape = &s_text, .where = WB_IN_URI},
        {.name = "Source", .shape = &s_text, .where = WB_IN_HEADER, .wire = "x-amz-copy-source"},
        {.name = "Body", .shape = &blob_shape, .where = WB_IN_PAYLOAD},
        {0}}};
#define OBJECT "/{Bucket}/{Key+}"
static const struct wb_op ops[] = {
    {.name = "PutObject",
     .class = WB_WRITE,
     .input = &input,
     .http = "PUT " OBJECT,
     .handler = op_put_object,
     .body_blob = true,
     .body_max = 64 << 20,
     .unsigned_ok = true},
    {.name = "CopyObject",
     .class = WB_WRITE,
     .input = &input,
     .http = "PUT " OBJECT " x-amz-copy-source",
     .handler = op_copy_object,
     .unsigned_ok = true},
    {.name = "GetObject",
     .class = WB_READ,
     .input = &input,
     .http = "GET " OBJECT,
     .handler = op_get_object,
     .unsigned_ok = true},
    {.name = "HeadObject",
     .class = WB_READ,
     .input = &input,
     .http = "HEAD " OBJECT,
     .handler = op_get_object,
     .unsigned_ok = true},
    {.name = "DeleteObject",
     .class = WB_WRITE,
     .input = &input,
     .http = "DELETE " OBJECT,
     .status = 204,
     .handler = op_delete_object,
     .unsigned_ok = true},
};
static const struct wb_service service = {.name = "s3",
                                          .title = "S3",
                                          .signing_name = "s3",
                                          .protocol = WB_REST_XML,
                                          .xmlns = "urn:s3",
                                          .type_prefix = "",
                                          .op = ops,
                                          .op_count = sizeof ops / sizeof *ops};
static const struct wb_module module = {.service = &service};
static const struct wb_module *const modules[] = {&module, NULL};

static struct served s;

static int opened(void **state)
{
    served_open_with(&s, wb_store_open_mem(), false, NULL, true, modules, dir);
    return 0;
}

static int closed(void **state)
{
    served_close(&s);
    return 0;
}

/* --- the client --- */

static int files(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/blobs", dir);
    DIR *d = opendir(path);
    int n = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

/* Until so many files are there; a test's own limit ends it otherwise. */
static void expect_files(int n)
{
    for (int i = 0; i < 20000 && files() != n; i++)
        usleep(1000);
    assert_int_equal(files(), n);
}

static int request(const char *head, const char *content, size_t n)
{
    char *text = malloc(n + 1024);
    size_t h = (size_t)snprintf(text, 1024, "%s\r\n\r\n", head);
    if (n)
        memcpy(text + h, content, n);
    int fd = dial(s.port), status = exchange(fd, text, h + n, buf, sizeof buf, &body);
    close(fd);
    free(text);
    return status;
}

static int put_text(const char *key, const char *headers, const char *content)
{
    char head[900];
    snprintf(head, sizeof head, "PUT /b/%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu%s%s",
             key, strlen(content), *headers ? "\r\n" : "", headers);
    return request(head, content, strlen(content));
}

#define GET(key)    "GET /b/" key " HTTP/1.1\r\nHost: localhost"
#define DELETE(key) "DELETE /b/" key " HTTP/1.1\r\nHost: localhost"

/* --- tests --- */

static void test_round(void **state)
{
    assert_int_equal(put_text("k", "", "Hello"), 200);
    assert_non_null(strstr(buf, "ETag: 8b1a9953c4611296a827abf8c47804d7\r\n"));
    assert_int_equal(request(GET("k"), "", 0), 200);
    assert_string_equal(body, "Hello");
    assert_non_null(strstr(buf, "Content-Type: binary/octet-stream"));
    assert_int_equal(put_text("empty", "", ""), 200);
    assert_int_equal(request(GET("empty"), "", 0), 200);
    assert_non_null(strstr(buf, "Content-Length: 0\r\n"));
    assert_int_equal(files(), 2);
    int fd = dial(s.port); /* HEAD: the length without the body, and the connection goes on */
    const char *both = "HEAD /b/k HTTP/1.1\r\nHost: localhost\r\n\r\n" GET("k") "\r\n\r\n";
    char two[4096] = "";
    size_t n = 0;
    assert_int_equal(send(fd, both, strlen(both), 0), strlen(both));
    while (!strstr(two, "\r\n\r\nHello")) {
        ssize_t got = recv(fd, two + n, sizeof two - 1 - n, 0);
        assert_true(got > 0);
        n += (size_t)got;
        two[n] = 0;
    }
    assert_non_null(strstr(two, "Content-Length: 5\r\n"));
    close(fd);
    /* a copy shares the file, which goes with the last of the two */
    assert_int_equal(request("PUT /b/copy HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
                             "x-amz-copy-source: k",
                             "", 0),
                     200);
    assert_int_equal(request(DELETE("k"), "", 0), 204);
    assert_int_equal(request(DELETE("empty"), "", 0), 204);
    expect_files(1);
    assert_int_equal(request(GET("copy"), "", 0), 200);
    assert_string_equal(body, "Hello");
    assert_int_equal(request(DELETE("copy"), "", 0), 204);
    expect_files(0);
}

static const struct {
    const char *headers, *content, *code; /* code NULL: taken */
    int status;
} bodies[] = {
    {"Content-MD5: ixqZU8RhEpaoJ6v4xHgE1w==", "Hello", NULL, 200},
    {"Content-MD5: ixqZU8RhEpaoJ6v4xHgE1w==", "hello", "BadDigest", 400},
    {"Content-MD5: ixqZU8RhEpaoJ6v4", "Hello", "InvalidDigest", 400},
    {"x-amz-content-sha256: 185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969",
     "Hello", NULL, 200},
    {"x-amz-content-sha256: 185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969",
     "hello", "XAmzContentSHA256Mismatch", 400},
    {"x-amz-content-sha256: nonsense", "Hello", "InvalidArgument", 400},
    {"x-amz-content-sha256: UNSIGNED-PAYLOAD", "Hello", NULL, 200},
    {"x-amz-checksum-crc32: 99GJgg==", "Hello", NULL, 200},
    {"x-amz-checksum-crc32: 99GJgA==", "Hello", "BadDigest", 400},
    {"x-amz-checksum-crc32: 99GJggAA", "Hello", "InvalidRequest", 400},
    {"x-amz-checksum-crc32c: 4waSgw==", "123456789", NULL, 200},
    {"x-amz-checksum-sha1: 98O8HYCOBHMq0yYZbGRmIQ==", "x", "InvalidRequest", 400},
    {"x-amz-checksum-sha1: 98O8HYCOBHMqIyaTJQBB3nAVnPg=", "Hello", "BadDigest", 400},
    {"x-amz-checksum-crc64nvme: rosUhgp5mIg=", "123456789", NULL, 200},
    {"x-amz-checksum-crc64nvme: rosUhgp5mIg=", "12345678", "BadDigest", 400},
    {"x-amz-checksum-crc32: 99GJgg==\r\nx-amz-checksum-crc32c: 99GJgg==", "Hello", "InvalidRequest",
     400},
/* aws-chunked without signatures, with a checksum behind it */
#define CODED(length)                                                                              \
    "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"                                 \
    "x-amz-decoded-content-length: " length "\r\nx-amz-trailer: x-amz-checksum-crc32"
    {CODED("5"), "3\r\nHel\r\n2\r\nlo\r\n0\r\nx-amz-checksum-crc32:99GJgg==\r\n\r\n", NULL, 200},
    {CODED("5"), "5\r\nHello\r\n0\r\nX-Amz-Checksum-Crc32: 99GJgg==\r\n\r\n", NULL, 200},
    {CODED("5"), "5\r\nHello\r\n0\r\nx-amz-checksum-crc32:99GJgA==\r\n\r\n", "BadDigest", 400},
    {CODED("5"), "5\r\nHello\r\n0\r\n\r\n", "MalformedTrailerError", 400},
    {CODED("5"), "5\r\nHello\r\n0\r\nx-amz-checksum-sha1:99GJgg==\r\n\r\n", "MalformedTrailerError",
     400},
    {CODED("6"), "5\r\nHello\r\n0\r\nx-amz-checksum-crc32:99GJgg==\r\n\r\n", "IncompleteBody", 400},
    {CODED("4"), "5\r\nHello\r\n0\r\nx-amz-checksum-crc32:99GJgg==\r\n\r\n", "IncompleteBody", 400},
    {CODED("5"), "5\r\nHello\r\n", "IncompleteBody", 400},
    {CODED("5"), "5\r\nHello0\r\n\r\n", "IncompleteBody", 400},
    {CODED("5"), "x\r\nHello\r\n0\r\n\r\n", "IncompleteBody", 400},
    {CODED("99999999999"), "", "EntityTooLarge", 400},
    {"x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER", "0\r\n\r\n",
     "MissingContentLength", 411},
};

static void test_checks(void **state)
{
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        int before = atomic_load(&commands);
        int status = put_text("k", bodies[i].headers, bodies[i].content);
        if (status != bodies[i].status)
            fail_msg("%s: %d %s", bodies[i].headers, status, buf);
        assert_int_equal(atomic_load(&commands) - before, bodies[i].code ? 0 : 1);
        if (bodies[i].code && !strstr(body, bodies[i].code))
            fail_msg("%s: %s", bodies[i].headers, body);
        assert_int_equal(request(DELETE("k"), "", 0), bodies[i].code ? 404 : 204);
        expect_files(0);
    }
}

/* A failed command's file goes. */
static void test_refused_by_handler(void **state)
{
    assert_int_equal(put_text("refused", "", "Hello"), 412);
    expect_files(0);
}

/* Refused before the body: nothing of it is read, no file is made. */
static void test_refused_early(void **state)
{
    assert_int_equal(
        request("PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n"
                "Expect: 100-continue",
                "", 0),
        400);
    assert_non_null(strstr(body, "EntityTooLarge"));
    assert_null(strstr(buf, "100 Continue"));
    assert_int_equal(request("PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
                             "Content-MD5: x",
                             "part of it", 10),
                     400);
    assert_non_null(strstr(body, "InvalidDigest"));
    assert_int_equal(request("PUT /b/k HTTP/1.1\r\nHost: localhost", "", 0), 411);
    assert_int_equal(files(), 0);
}

static void test_expect(void **state)
{
    const char *head = "PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                       "Expect: 100-continue\r\n\r\n";
    int fd = dial(s.port);
    char line[64] = "";
    assert_int_equal(send(fd, head, strlen(head), 0), strlen(head));
    assert_int_equal(recv(fd, line, 25, MSG_WAITALL), 25);
    assert_string_equal(line, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_int_equal(exchange(fd, "Hello", 5, buf, sizeof buf, &body), 200);
    close(fd);
    assert_int_equal(request(DELETE("k"), "", 0), 204);
    expect_files(0);
}

#define BIG ((size_t)40 << 20)

static char *big(void)
{
    char *p = malloc(BIG);
    uint64_t x = 88172645463325252u;
    for (size_t i = 0; i + 8 <= BIG; i += 8) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        memcpy(p + i, &x, 8);
    }
    return p;
}

static void send_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = send(fd, p, n, MSG_NOSIGNAL);
        assert_true(w > 0);
        p += w;
        n -= (size_t)w;
    }
}

static void expect_md5(int fd, const char *content, size_t n)
{
    size_t have = 0;
    char *end;
    while (!(end = memmem(buf, have, "\r\n\r\n", 4))) {
        ssize_t got = recv(fd, buf + have, 4096, 0);
        assert_true(got > 0);
        have += (size_t)got;
    }
    size_t of_body = have - (size_t)(end + 4 - buf), done = of_body;
    assert_memory_equal(end + 4, content, of_body);
    while (done < n) {
        ssize_t got = recv(fd, buf, sizeof buf, 0);
        assert_true(got > 0);
        assert_memory_equal(buf, content + done, (size_t)got);
        done += (size_t)got;
    }
}

/* Larger than all buffers together, in one go and chunked by HTTP around aws-chunked; then back
 * to a client that first does not read, and while the object is deleted. */
static void test_big(void **state)
{
    char *content = big(), head[512];
    int fd = dial(s.port);
    snprintf(head, sizeof head,
             "PUT /b/big HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", BIG);
    send_all(fd, head, strlen(head));
    send_all(fd, content, BIG);
    assert_int_equal(exchange(fd, "", 0, buf, sizeof buf, &body), 200);

    snprintf(head, sizeof head,
             "PUT /b/coded HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
             "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
             "x-amz-decoded-content-length: %zu\r\n\r\n",
             BIG);
    send_all(fd, head, strlen(head));
    for (size_t at = 0; at < BIG;) {
        size_t n = BIG - at < 65521 ? BIG - at : 65521;
        char inner[32];
        int k = snprintf(inner, sizeof inner, "%zx\r\n", n);
        snprintf(head, sizeof head, "%zx\r\n%s", (size_t)k + n + 2, inner);
        send_all(fd, head, strlen(head));
        send_all(fd, content + at, n);
        send_all(fd, "\r\n\r\n", 4);
        at += n;
    }
    send_all(fd, "5\r\n0\r\n\r\n\r\n0\r\n\r\n", 15);
    assert_int_equal(exchange(fd, "", 0, buf, sizeof buf, &body), 200);

    send_all(fd, GET("big") "\r\n\r\n", strlen(GET("big")) + 4);
    assert_int_equal(recv(fd, buf, 1, MSG_PEEK), 1); /* the answer has begun */
    assert_int_equal(request(DELETE("big"), "", 0), 204);
    sleep(WB_BLOB_LINGER_MS / 1000 + 1);
    assert_int_equal(files(), 2); /* it is being read */
    expect_md5(fd, content, BIG);
    send_all(fd, GET("coded") "\r\n\r\n", strlen(GET("coded")) + 4);
    expect_md5(fd, content, BIG);
    send_all(fd, GET("coded") "\r\n\r\n", strlen(GET("coded")) + 4);
    close(fd); /* goes while it is sent */
    assert_int_equal(request(DELETE("coded"), "", 0), 204);
    expect_files(0);
    free(content);
}

/* The client goes in the middle: the file goes, too, and no command is run. */
static void test_gone(void **state)
{
    char *content = big(), head[256];
    int before = atomic_load(&commands);
    for (int i = 0; i < 4; i++) {
        int fd = dial(s.port);
        snprintf(head, sizeof head,
                 "PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", BIG);
        send_all(fd, head, strlen(head));
        send_all(fd, content, (size_t)i * (3 << 20) + 5);
        if (i % 2)
            close(fd);
        else
            shutdown(fd, SHUT_WR);
        if (i % 2 == 0) {
            while (recv(fd, buf, sizeof buf, 0) > 0)
                ;
            close(fd);
        }
    }
    expect_files(0);
    assert_int_equal(atomic_load(&commands), before);
    free(content);
}

/* Files without a row go at the next start; others stay. */
static void test_sweep(void **state)
{
    char path[128], name[WB_BLOB_NAME + 1];
    assert_int_equal(put_text("k", "", "Hello"), 200);
    struct wb_blob_writer *w = wb_blob_begin(s.engine); /* of this run: may wait for its command */
    assert_true(wb_blob_write(w, WB_S("later")) && wb_blob_end(w, name));
    for (int i = 0; i < 1200; i++) {
        snprintf(path, sizeof path, "%s/blobs/%032x", dir, i);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
    wb_blobs_sweep(s.engine);
    expect_files(2);
    struct wb_arena a;
    struct wb_slice bytes;
    wb_arena_init(&a, 0);
    assert_true(wb_blob_read(s.engine, &a, wb_slice_str(name), 1, 3, &bytes));
    assert_true(wb_slice_is(bytes, "ate"));
    assert_false(wb_blob_read(s.engine, &a, wb_slice_str(name), 1, 5, &bytes));
    wb_arena_release(&a);
    wb_blob_discard(s.engine, wb_slice_str(name));
    assert_int_equal(request(DELETE("k"), "", 0), 204);
    expect_files(0);
}

/* The server ends in the middle of an upload and of an answer. */
static void test_end(void **state)
{
    char *content = big(), head[256];
    int up = dial(s.port), down = dial(s.port);
    snprintf(head, sizeof head,
             "PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", BIG);
    send_all(down, head, strlen(head));
    send_all(down, content, BIG);
    assert_int_equal(exchange(down, "", 0, buf, sizeof buf, &body), 200);
    send_all(down, GET("k") "\r\n\r\n", strlen(GET("k")) + 4);
    send_all(up, head, strlen(head));
    send_all(up, content, BIG / 2);
    closed(NULL);
    assert_int_equal(files(), 1); /* the object's, whose rows were in memory */
    opened(NULL);
    wb_blobs_sweep(s.engine);
    expect_files(0);
    close(up);
    close(down);
    free(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round, opened, closed),
        cmocka_unit_test_setup_teardown(test_checks, opened, closed),
        cmocka_unit_test_setup_teardown(test_refused_by_handler, opened, closed),
        cmocka_unit_test_setup_teardown(test_refused_early, opened, closed),
        cmocka_unit_test_setup_teardown(test_expect, opened, closed),
        cmocka_unit_test_setup_teardown(test_big, opened, closed),
        cmocka_unit_test_setup_teardown(test_gone, opened, closed),
        cmocka_unit_test_setup_teardown(test_sweep, opened, closed),
        cmocka_unit_test_setup_teardown(test_end, opened, closed),
    };
    assert(mkdtemp(dir));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char path[64];
    snprintf(path, sizeof path, "%s/blobs", dir);
    rmdir(path);
    rmdir(dir);
    return failed;
}
