/*
 * Values of events as patterns see them: numbers that compare, addresses, case forms. Pure
 * functions, any thread.
 */
#ifndef WB_EVENTS_VALUE_H
#define WB_EVENTS_VALUE_H

#include "base/arena.h"

/*
 * The double of a JSON number's text, when the double stands for exactly that number: its shortest
 * decimal form has the same value (event-ruler ComparableNumber). False otherwise: 2^53+1, 1e400,
 * 0.1234567890123456789. Such a number is compared as text only.
 */
bool wb_number_exact(struct wb_slice text, double *out);

/* Order-preserving: a < b as doubles iff key(a) < key(b). -0 is 0. */
uint64_t wb_number_key(double d);

/* An IPv4 or IPv6 address literal as Java's InetAddress reads it; an IPv4-mapped IPv6 address is
 * its IPv4 address. */
struct wb_ip {
    uint8_t len; /* 4 or 16 */
    uint8_t byte[16];
};
/* Whether it has the form of one (digits and dots, hex digits and colons). */
bool wb_ip_form(struct wb_slice s);
bool wb_ip_parse(struct wb_slice s, struct wb_ip *out);
/* The range of "address/bits", from the address itself (host bits are not cleared) to the last
 * address of the network. NULL, or AWS's reason why not (in the arena). */
const char *wb_cidr_parse(struct wb_arena *a, struct wb_slice s, struct wb_ip *lo,
                          struct wb_ip *hi);

/*
 * equals-ignore-case: each character of the pattern stands for itself, its lower and its upper form
 * (the upper form may be several characters: the German sharp s is SS). wb_fold_next gives the two
 * forms of the pattern's character at *pos and moves past it.
 */
struct wb_fold {
    char lower[12], upper[12];
    uint8_t lower_len, upper_len;
};
void wb_fold_next(struct wb_slice pattern, size_t *pos, struct wb_fold *out);
/* Does the value equal the pattern, begin with it, end with it? */
bool wb_fold_equals(struct wb_slice pattern, struct wb_slice value);
bool wb_fold_prefix(struct wb_slice pattern, struct wb_slice value);
bool wb_fold_suffix(struct wb_slice pattern, struct wb_slice value);

/* `pattern` is a parsed wildcard: WB_WILD_STAR bytes (never valid UTF-8) stand for any run. */
#define WB_WILD_STAR '\xff'
bool wb_wild_match(struct wb_slice pattern, struct wb_slice value);

#endif
