/* Datagrams: they come whole, a second has its share, and the rest waits for the next one. */
#include "net/udp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

struct seen {
    unsigned count;
    size_t longest;
};

static void on_datagram(void *user, struct wb_slice data)
{
    struct seen *s = user;
    s->count++;
    s->longest = data.n > s->longest ? data.n : s->longest;
}

static void send_to(int port, size_t n)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static char data[65000];
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(sendto(fd, data, n, 0, (struct sockaddr *)&to, sizeof to), (ssize_t)n);
    close(fd);
}

static void test_share(void **state)
{
    struct wb_arena a;
    struct wb_slice why;
    struct seen s = {0};
    struct wb_udp_options o = {
        .host = "localhost", .second_max = 40, .user = &s, .on_datagram = on_datagram};
    wb_arena_init(&a, 0);
    struct wb_loop *l = wb_loop_new();
    struct wb_udp *u = wb_udp_new(l, &o, &a, &why);
    assert_non_null(u);
    for (int i = 0; i < 50; i++)
        send_to(wb_udp_port(u), i == 7 ? 65000 : 10);
    for (int i = 0; i < 20 && s.count < 40; i++)
        wb_loop_step(l, true);
    assert_int_equal(s.count, 40);
    assert_int_equal(s.longest, 65000);
    while (s.count < 50)
        wb_loop_step(l, true);
    o.port = wb_udp_port(u);
    assert_null(wb_udp_new(l, &o, &a, &why));
    assert_true(wb_slice_is(why, "Address already in use"));
    o.host = "example.test";
    assert_null(wb_udp_new(l, &o, &a, &why));
    wb_udp_free(u);
    wb_udp_free(NULL);
    wb_loop_step(l, false);
    wb_loop_free(l);
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_share)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
