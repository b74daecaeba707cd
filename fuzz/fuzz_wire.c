/*
 * Requests of every protocol: the first byte chooses it; for REST the first line is method, path
 * and query. What is accepted must be one JSON object that is valid again after a round trip, and
 * every call must have an answer.
 */
#include "../tests/unit/aws/fake.h"
#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wb_services *services;

static struct wire_request request(struct wb_arena *a, uint8_t kind, struct wb_slice rest)
{
    struct wire_request q = {.method = "POST", .path = "/"};
    switch (kind % 5) {
    case 0:
        q.headers[0] = "X-Amz-Target";
        q.headers[1] = "Dyn_20120810.All";
        break;
    case 1:
        q.headers[0] = "X-Amz-Target";
        q.headers[1] = "AWSEvents.All";
        break;
    case 2:
        q.headers[0] = "Content-Type";
        q.headers[1] = "application/x-www-form-urlencoded";
        break;
    case 3:
        q.query = wb_dup_cstr(a, rest);
        return q;
    case 4: {
        struct wb_slice line = wb_slice_cut(&rest, '\n');
        struct wb_slice method = wb_slice_cut(&line, ' '), path = wb_slice_cut(&line, '?');
        q.method = wb_dup_cstr(a, method);
        q.path = path.n && path.p[0] == '/' ? wb_dup_cstr(a, path) : "/";
        q.query = line.p ? wb_dup_cstr(a, line) : NULL;
        q.headers[0] = "X-Amz-Invocation-Type";
        q.headers[1] = q.method;
        break;
    }
    }
    q.body = rest.p ? wb_dup_cstr(a, rest) : NULL;
    return q;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_call c;
    struct wb_http_answer answer;
    if (size == 0)
        return 0;
    if (!services)
        services = wb_services_new(f_services);
    wb_arena_init(&a, 0);
    struct wire_request q = request(&a, data[0], wb_slice(data + 1, size - 1));
    if (wire_call(&c, &a, services, &q)) {
        assert(wb_json_type(c.in) == WB_JSON_OBJECT);
        assert(wb_json_is(wb_json_read(&a, wb_json_raw(c.in), NULL)));
    } else {
        assert(c.error.code && c.error.status >= 400 && c.error.status < 500);
    }
    wb_protocol_answer(&c, &answer);
    assert(answer.status >= 200 && answer.header_count > 0);
    wb_arena_release(&a);
    return 0;
}
