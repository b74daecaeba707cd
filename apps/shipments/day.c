/*
 * The generator. Parameters: the measured process of air freight legs (Cargo 2000: minutes at the
 * 10th, 50th, 90th and 99th percentile, divided by 4 for parcels) and the fault rates of
 * docs/shipments.md. All randomness is one splitmix64 stream.
 */
#include "day.h"

#include "base/time.h"
#include "codec/json.h"

#include <assert.h>
#include <stdlib.h>

#define MINUTE 60000LL
#define HOUR   3600000LL
#define DAY    86400000LL

struct place {
    const char *name;
    int offset_min; /* of local time from UTC */
};

static const struct place places[] = {
    {"Dallas, TX", -360},       {"Memphis, TN", -360},
    {"Louisville, KY", -300},   {"Chicago, IL", -360},
    {"Los Angeles, CA", -480},  {"Newark, NJ", -300},
    {"Atlanta, GA", -300},      {"Ontario, CA", -480},
    {"Indianapolis, IN", -300}, {"Oakland, CA", -480},
    {"Denver, CO", -420},       {"Seattle, WA", -480},
    {"Miami, FL", -300},        {"Phoenix, AZ", -420},
    {"Houston, TX", -360},      {"Charlotte, NC", -300},
    {"Columbus, OH", -300},     {"Portland, OR", -480},
    {"Boston, MA", -300},       {"Nashville, TN", -360},
    {"Kansas City, MO", -360},  {"Salt Lake City, UT", -420},
    {"Minneapolis, MN", -360},  {"Detroit, MI", -300},
    {"Toronto, ON", -300},      {"Mississauga, ON", -300},
    {"Vancouver, BC", -480},    {"Calgary, AB", -420},
    {"Montréal, QC", -300},     {"Winnipeg, MB", -360},
    {"Monterrey, MX", -360},    {"México, MX", -360},
    {"Guadalajara, MX", -360},  {"Querétaro, MX", -360},
    {"Leipzig, DE", 60},        {"München, DE", 60},
    {"Köln, DE", 60},           {"Hamburg, DE", 60},
    {"Paris, FR", 60},          {"Lyon, FR", 60},
    {"Liège, BE", 60},          {"Rotterdam, NL", 60},
    {"Antwerpen, BE", 60},      {"Madrid, ES", 60},
    {"Milano, IT", 60},         {"Kraków, PL", 60},
    {"Göteborg, SE", 60},       {"East Midlands, GB", 0},
    {"London, GB", 0},          {"Dublin, IE", 0},
    {"Lisboa, PT", 0},          {"Athína, GR", 120},
    {"Shanghai, CN", 480},      {"Shenzhen, CN", 480},
    {"Hong Kong, HK", 480},     {"Guangzhou, CN", 480},
    {"Mumbai, IN", 330},        {"Delhi, IN", 330},
    {"Bengaluru, IN", 330},     {"Singapore, SG", 480},
};
#define PLACES (sizeof places / sizeof *places)

enum stamp_style { STAMP_OFFSET, STAMP_Z, STAMP_NO_ZONE_SOMETIMES, STAMP_MILLIS, STAMP_MICROS };

struct carrier {
    const char *name;
    unsigned share; /* percent of the shipments */
    enum stamp_style style;
    int64_t batch_ms;   /* messages arrive in files this often; 0 = one by one */
    const char *number; /* tracking number: 9 = digit, A = letter, others as they are */
};

static const struct carrier carriers[] = {
    {"FedEx", 22, STAMP_OFFSET, 0, "999999999999"},
    {"UPS", 22, STAMP_Z, 0, "1ZAA99999999999999"},
    {"USPS", 14, STAMP_NO_ZONE_SOMETIMES, 0, "94001999999999999999"},
    {"DHL", 10, STAMP_OFFSET, HOUR, "JD9999999999"},
    {"ODFL", 6, STAMP_Z, 15 * MINUTE, "99999999999"},
    {"SAIA", 5, STAMP_Z, 15 * MINUTE, "99999999999"},
    {"XPO", 5, STAMP_OFFSET, 15 * MINUTE, "999999999"},
    {"MAEU", 3, STAMP_MILLIS, 0, "MSKU9999999"},
    {"HLCU", 3, STAMP_MILLIS, 0, "HLXU9999999"},
    {"Own Fleet", 10, STAMP_MICROS, 0, "OF-99999"},
};
#define CARRIERS (sizeof carriers / sizeof *carriers)

/* Rates, per 10,000. */
enum {
    RATE_DELAYED = 1800,  /* of shipments */
    RATE_EXCEPTION = 400, /* of shipments */
    RATE_RETURNED = 150,  /* of shipments */
    RATE_CANCELLED = 70,  /* of shipments */
    RATE_RESEND = 500,    /* of updates, here and below: the same message again */
    RATE_RESPELLED =
        300,         /* the same update by another feed: other spelling, other order of members */
    RATE_LATE = 800, /* arrives after updates that happened later */
    RATE_COLLISION = 300, /* another update of the shipment at the same instant */
    RATE_NO_SHIPMENT = 50,
    RATE_NUMBER_ID = 20,
    RATE_BAD_TIME = 40,
    RATE_BAD_STATUS = 20,
    RATE_BAD_FIELD = 20,
    RATE_BROKEN_JSON = 20,
    RATE_ODD_STATUS = 100, /* a code nobody mapped: legal, stored as it is */
};

struct maker {
    struct wb_arena *a;
    const struct day_options *o;
    struct day *d;
    uint64_t state;
    unsigned message_cap, shipment_cap;
    bool refusal_hour[REFUSED_COUNT][24];
};

/* --- randomness --- */

static uint64_t next(struct maker *m)
{
    uint64_t z = (m->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint32_t below(struct maker *m, uint32_t n)
{
    return (uint32_t)((next(m) >> 32) * n >> 32);
}

static bool chance(struct maker *m, unsigned per_10000)
{
    return below(m, 10000) < per_10000;
}

/* A value whose percentiles 0, 10, 50, 90, 99, 100 are given; straight lines between. */
static int64_t from_percentiles(struct maker *m, const int64_t q[6])
{
    static const uint32_t at[6] = {0, 1000, 5000, 9000, 9900, 10000};
    uint32_t u = below(m, 10000);
    unsigned i = 0;
    while (u >= at[i + 1])
        i++;
    return q[i] + (q[i + 1] - q[i]) * (int64_t)(u - at[i]) / (int64_t)(at[i + 1] - at[i]);
}

/* Zipf with exponent near 1 over the places: weight of rank r is 1/(r+1), in integers. */
static unsigned pick_place(struct maker *m)
{
    uint32_t total = 0;
    for (unsigned i = 0; i < PLACES; i++)
        total += 100000 / (i + 1);
    uint32_t u = below(m, total);
    for (unsigned i = 0; i < PLACES; i++) {
        if (u < 100000 / (i + 1))
            return i;
        u -= 100000 / (i + 1);
    }
    return 0;
}

static const struct carrier *pick_carrier(struct maker *m)
{
    uint32_t u = below(m, 100);
    for (unsigned i = 0; i < CARRIERS; i++) {
        if (u < carriers[i].share)
            return &carriers[i];
        u -= carriers[i].share;
    }
    return &carriers[0];
}

/* --- one update --- */

struct life {
    struct wb_slice id, number;
    const struct carrier *carrier;
    unsigned counted; /* index in d->shipment, or UINT32_MAX while nothing arrived */
};

struct step {
    int64_t when_ms;
    const char *status, *reason;
    struct wb_slice eta;
    unsigned place;
};

/* The instant as the carrier writes it. spelling 0 is the carrier's own, 1 another. */
static struct wb_slice stamp(struct maker *m, const struct carrier *c, int64_t ms, unsigned place,
                             unsigned spelling)
{
    enum stamp_style style = c->style;
    if (spelling)
        style = style == STAMP_Z ? STAMP_OFFSET : STAMP_Z;
    int offset = places[place].offset_min;
    switch (style) {
    case STAMP_OFFSET: {
        struct wb_slice local = wb_time_str(m->a, ms + offset * MINUTE, WB_TIME_ISO_S);
        int abs_offset = offset < 0 ? -offset : offset;
        return wb_printf(m->a, "%.*s%c%02d:%02d", (int)local.n - 1, local.p, offset < 0 ? '-' : '+',
                         abs_offset / 60, abs_offset % 60);
    }
    case STAMP_NO_ZONE_SOMETIMES: {
        struct wb_slice s = wb_time_str(m->a, ms, WB_TIME_ISO_S);
        return chance(m, 2000) ? wb_slice_sub(s, 0, s.n - 1) : s;
    }
    case STAMP_MILLIS:
        return wb_time_str(m->a, ms, WB_TIME_ISO_MS);
    case STAMP_MICROS: {
        struct wb_slice s = wb_time_str(m->a, ms, WB_TIME_ISO_MS);
        return wb_printf(m->a, "%.*s000Z", (int)s.n - 1, s.p);
    }
    default:
        return wb_time_str(m->a, ms, WB_TIME_ISO_S);
    }
}

/* What is written where a member should be; a null raw means the member is left out. */
struct detail {
    struct wb_slice id, status, place, carrier, number, time; /* complete JSON values */
    struct wb_slice reason, eta;                              /* or null */
    bool reversed;
};

static struct wb_slice quoted(struct wb_arena *a, struct wb_slice s)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_str(&w, s);
    return wb_buf_slice(&b);
}

static struct wb_slice detail_text(struct maker *m, const struct detail *d)
{
    const struct {
        const char *name;
        struct wb_slice value;
    } member[] = {
        {"shipmentId", d->id},         {"status", d->status},
        {"location", d->place},        {"carrier", d->carrier},
        {"trackingNumber", d->number}, {"timestamp", d->time},
        {"reason", d->reason},         {"eta", d->eta},
    };
    const unsigned count = sizeof member / sizeof *member;
    struct wb_buf b = wb_buf_in(m->a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    for (unsigned i = 0; i < count; i++) {
        unsigned k = d->reversed ? count - 1 - i : i;
        if (member[k].value.p)
            wb_jw_kraw(&w, member[k].name, member[k].value);
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static struct detail detail_of(struct maker *m, const struct life *l, const struct step *s,
                               unsigned spelling)
{
    return (struct detail){
        .id = quoted(m->a, l->id),
        .status = quoted(m->a, wb_slice_str(s->status)),
        .place = quoted(m->a, wb_slice_str(places[s->place].name)),
        .carrier = quoted(m->a, wb_slice_str(l->carrier->name)),
        .number = quoted(m->a, l->number),
        .time = quoted(m->a, stamp(m, l->carrier, s->when_ms, s->place, spelling)),
        .reason = s->reason ? quoted(m->a, wb_slice_str(s->reason)) : WB_SLICE_NULL,
        .eta = s->eta.p ? quoted(m->a, s->eta) : WB_SLICE_NULL,
        .reversed = spelling != 0,
    };
}

static const char *type_of(const char *status)
{
    if (strcmp(status, "CREATED") == 0)
        return "Shipment Created";
    return strcmp(status, "DELAYED") == 0 ? "Shipment Delayed" : "Shipment Update";
}

/* Adds a message when it arrives within the day. */
static bool arrive(struct maker *m, int64_t arrival_ms, const char *type, struct wb_slice detail)
{
    struct day *d = m->d;
    if (arrival_ms < m->o->start_ms || arrival_ms >= m->o->start_ms + DAY)
        return false;
    if (d->message_count == m->message_cap) {
        unsigned cap = m->message_cap ? m->message_cap * 2 : 4096;
        struct day_message *n = wb_new_n(m->a, struct day_message, cap);
        memcpy(n, d->message, d->message_count * sizeof *n);
        d->message = n;
        m->message_cap = cap;
    }
    d->message[d->message_count++] = (struct day_message){arrival_ms, type, detail};
    d->truth.messages++;
    return true;
}

/* How far along a shipment is; what is not in the list tells nothing. */
static unsigned progress(const char *status)
{
    static const char *const way[] = {"DELAYED",   "EXCEPTION",  "CREATED",
                                      "PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY",
                                      "DELIVERED", "RETURNED",   "CANCELLED"};
    for (unsigned i = 0; i < sizeof way / sizeof *way; i++)
        if (strcmp(status, way[i]) == 0)
            return i + 1;
    return 0;
}

/* The shipment's state after an update; a life is lived in order, and ends once. A twin happened
 * at the instant of the one before it: of the two, the one further along counts. */
static void note_state(struct day_shipment *s, const char *status, bool twin)
{
    const unsigned exception = 2, created = 3, delivered = 7;
    if (strcmp(status, "ARRIVED_AT_FACILITY") == 0)
        status = "IN_TRANSIT";
    unsigned now = progress(s->status), then = progress(status);
    if (now >= delivered)
        return;
    s->delayed = (s->delayed || strcmp(status, "DELAYED") == 0) && then < delivered;
    s->exception = then == exception || (s->exception && (then <= created || then > delivered));
    if (now <= exception ? then > 0 : then > (twin ? now : exception))
        s->status = status;
}

static void count_row(struct maker *m, struct life *l, const char *status, bool twin)
{
    struct day *d = m->d;
    if (l->counted == UINT32_MAX) {
        if (d->shipment_count == m->shipment_cap) {
            unsigned cap = m->shipment_cap ? m->shipment_cap * 2 : 1024;
            struct day_shipment *n = wb_new_n(m->a, struct day_shipment, cap);
            memcpy(n, d->shipment, d->shipment_count * sizeof *n);
            d->shipment = n;
            m->shipment_cap = cap;
        }
        l->counted = d->shipment_count++;
        d->shipment[l->counted] = (struct day_shipment){.id = l->id, .status = "UNKNOWN"};
    }
    d->shipment[l->counted].updates++;
    note_state(&d->shipment[l->counted], status, twin);
    d->truth.accepted++;
    d->truth.stored++;
}

/* --- faults --- */

static void refused(struct maker *m, int64_t arrival_ms, enum refusal r)
{
    m->d->truth.accepted++;
    m->d->truth.refused[r]++;
    m->refusal_hour[r][(arrival_ms - m->o->start_ms) / HOUR] = true;
}

/* An update spoiled in one way instead of sent as it is. True when it was (the update is then not
 * sent). */
static bool spoil(struct maker *m, const struct life *l, const struct step *s, int64_t arrival_ms)
{
    struct detail d = detail_of(m, l, s, 0);
    enum refusal r;
    if (chance(m, RATE_NO_SHIPMENT)) {
        d.id = below(m, 2) ? WB_SLICE_NULL : WB_S("\"\"");
        r = REFUSED_NO_SHIPMENT_ID;
    } else if (chance(m, RATE_NUMBER_ID)) {
        d.id = wb_printf(m->a, "%u", 100000 + below(m, 900000));
        r = REFUSED_BAD_SHIPMENT_ID;
    } else if (chance(m, RATE_BAD_TIME)) {
        static const char *const bad[] = {"\"2026-13-45T99:00:00Z\"",
                                          "\"Date Not Captured\"",
                                          "\"11/02/2026 14:29 PM\"",
                                          "\"2026-11-31T08:00:00Z\"",
                                          "null",
                                          "1795348800",
                                          "\"2026-11-02\""};
        d.time = wb_slice_str(bad[below(m, sizeof bad / sizeof *bad)]);
        r = REFUSED_BAD_TIMESTAMP;
    } else if (chance(m, RATE_BAD_STATUS)) {
        d.status = below(m, 2) ? WB_S("\"\"") : WB_S("null");
        r = REFUSED_BAD_STATUS;
    } else if (chance(m, RATE_BAD_FIELD)) {
        d.place = WB_S("{\"city\":null}");
        r = REFUSED_BAD_FIELD;
    } else if (chance(m, RATE_BROKEN_JSON)) {
        struct wb_slice whole = detail_text(m, &d);
        if (arrive(m, arrival_ms, type_of(s->status), wb_slice_sub(whole, 0, whole.n - 2)))
            m->d->truth.malformed++;
        return true;
    } else {
        return false;
    }
    if (arrive(m, arrival_ms, type_of(s->status), detail_text(m, &d)))
        refused(m, arrival_ms, r);
    return true;
}

/* When the carrier's message of an update gets here. */
static int64_t arrival_of(struct maker *m, const struct carrier *c, int64_t when_ms)
{
    int64_t at = when_ms + 2000 + (int64_t)below(m, 90000);
    if (c->batch_ms)
        at = (at / c->batch_ms + 1) * c->batch_ms + (int64_t)below(m, 20000);
    return at;
}

static int64_t lateness(struct maker *m)
{
    static const int64_t q[6] = {2 * MINUTE, 5 * MINUTE, 20 * MINUTE,
                                 4 * HOUR,   12 * HOUR,  26 * HOUR};
    return from_percentiles(m, q);
}

/* The copies of an update that was sent: the same again, and the same in another spelling. */
static void send_again(struct maker *m, const struct life *l, const struct step *s,
                       const struct day_message *first)
{
    struct day_message sent = *first;
    if (chance(m, RATE_RESEND)) {
        static const int64_t q[6] = {1000, 5000, 10 * MINUTE, 6 * HOUR, 20 * HOUR, 24 * HOUR};
        if (arrive(m, sent.arrival_ms + from_percentiles(m, q), sent.detail_type, sent.detail)) {
            m->d->truth.accepted++;
            m->d->truth.duplicates++;
        }
    }
    if (chance(m, RATE_RESPELLED)) {
        struct detail d = detail_of(m, l, s, 1);
        if (arrive(m, sent.arrival_ms + 30000 + (int64_t)below(m, HOUR), sent.detail_type,
                   detail_text(m, &d))) {
            m->d->truth.accepted++;
            m->d->truth.duplicates++;
        }
    }
}

static bool send_step(struct maker *m, struct life *l, const struct step *s)
{
    int64_t arrival = arrival_of(m, l->carrier, s->when_ms);
    bool late = chance(m, RATE_LATE);
    if (late)
        arrival += lateness(m);
    if (spoil(m, l, s, arrival))
        return false;
    struct detail d = detail_of(m, l, s, 0);
    if (!arrive(m, arrival, type_of(s->status), detail_text(m, &d)))
        return false;
    m->d->truth.late += late;
    count_row(m, l, s->status, false);
    send_again(m, l, s, &m->d->message[m->d->message_count - 1]);
    return true;
}

/* Another thing that happened to the shipment at the very same instant. */
static void collide(struct maker *m, struct life *l, const struct step *s)
{
    struct step twin = *s;
    twin.status = strcmp(s->status, "IN_TRANSIT") == 0 ? "ARRIVED_AT_FACILITY" : "IN_TRANSIT";
    twin.reason = NULL;
    twin.eta = WB_SLICE_NULL;
    struct detail d = detail_of(m, l, &twin, 0);
    if (arrive(m, arrival_of(m, l->carrier, s->when_ms), type_of(twin.status),
               detail_text(m, &d))) {
        count_row(m, l, twin.status, true);
        m->d->truth.collisions++;
    }
}

/* --- one shipment --- */

static struct wb_slice tracking_number(struct maker *m, const char *form)
{
    char *p = wb_dup_cstr(m->a, wb_slice_str(form));
    for (char *c = p; *c; c++)
        if (*c == '9')
            *c = (char)('0' + below(m, 10));
        else if (*c == 'A' && form[0] == '1')
            *c = (char)('A' + below(m, 26));
    return wb_slice_str(p);
}

/* Minutes to the next step, for a parcel. */
static int64_t step_ms(struct maker *m, const char *status)
{
    static const int64_t check_in[6] = {5, 54, 477, 3877, 12000, 32754},
                         move[6] = {20, 180, 640, 1300, 3000, 6000},
                         deliver[6] = {10, 79, 984, 5594, 12000, 29280};
    const int64_t *q = strcmp(status, "CREATED") == 0            ? check_in
                       : strcmp(status, "OUT_FOR_DELIVERY") == 0 ? deliver
                                                                 : move;
    return from_percentiles(m, q) * MINUTE / 4 + MINUTE;
}

static const char *delay_reason(struct maker *m)
{
    static const struct {
        const char *name;
        unsigned share;
    } reason[] = {{"WEATHER", 25},       {"CARRIER_OTHER", 20}, {"MECHANICAL", 10}, {"MISSORT", 12},
                  {"NOT_AVAILABLE", 13}, {"INSPECTION", 8},     {"CAPACITY", 12}};
    uint32_t u = below(m, 100);
    unsigned i = 0;
    while (u >= reason[i].share)
        u -= reason[i++].share;
    return reason[i].name;
}

static void live_step(struct maker *m, struct life *l, struct step *s, const char *status)
{
    s->status = chance(m, RATE_ODD_STATUS) && strcmp(status, "IN_TRANSIT") == 0 ? "X9" : status;
    /* Seconds for all carriers: two updates of a shipment are at least a minute apart, whatever the
     * precision of the feed. */
    s->when_ms = s->when_ms / 1000 * 1000;
    if (send_step(m, l, s) && chance(m, RATE_COLLISION))
        collide(m, l, s);
    s->when_ms += step_ms(m, status);
}

static void live_delay(struct maker *m, struct life *l, struct step *s)
{
    static const int64_t q[6] = {65, 120, 540, 2880, 7200, 14400};
    struct step late = *s;
    late.status = "DELAYED";
    late.reason = delay_reason(m);
    late.when_ms = s->when_ms / 1000 * 1000;
    int64_t eta = late.when_ms + DAY + from_percentiles(m, q) * MINUTE;
    late.eta = wb_time_str(m->a, eta / HOUR * HOUR, WB_TIME_ISO_S);
    if (send_step(m, l, &late)) {
        m->d->truth.delayed++;
        m->d->truth.delay_mails++;
    }
    s->when_ms += 30 * MINUTE;
}

static void live(struct maker *m, unsigned number)
{
    const struct carrier *c = pick_carrier(m);
    struct life l = {wb_printf(m->a, "SHIP-%llu-%05u", (unsigned long long)m->o->seed, number),
                     tracking_number(m, c->number), c, UINT32_MAX};
    struct step s = {.when_ms = m->o->start_ms - 30 * HOUR + (int64_t)below(m, 53 * 60) * MINUTE +
                                below(m, 60) * 1000,
                     .place = pick_place(m)};
    unsigned destination = pick_place(m);
    bool delayed = chance(m, RATE_DELAYED), exception = chance(m, RATE_EXCEPTION),
         returned = chance(m, RATE_RETURNED), cancelled = chance(m, RATE_CANCELLED);
    live_step(m, &l, &s, "CREATED");
    if (cancelled) {
        live_step(m, &l, &s, "CANCELLED");
        return;
    }
    live_step(m, &l, &s, "PICKED_UP");
    unsigned moves = 1 + below(m, 3) + below(m, 3) + below(m, 3);
    for (unsigned i = 0; i < moves; i++) {
        s.place = pick_place(m);
        live_step(m, &l, &s, "IN_TRANSIT");
        if (delayed && i == moves / 2)
            live_delay(m, &l, &s);
    }
    s.place = destination;
    if (exception)
        live_step(m, &l, &s, "EXCEPTION");
    live_step(m, &l, &s, "OUT_FOR_DELIVERY");
    live_step(m, &l, &s, returned ? "RETURNED" : "DELIVERED");
}

static int by_arrival(const void *a, const void *b)
{
    const struct day_message *x = a, *y = b;
    if (x->arrival_ms != y->arrival_ms)
        return x->arrival_ms < y->arrival_ms ? -1 : 1;
    return wb_slice_cmp(x->detail, y->detail);
}

void day_make(struct wb_arena *a, const struct day_options *o, struct day *d)
{
    *d = (struct day){0};
    struct maker m = {.a = a, .o = o, .d = d, .state = o->seed};
    for (unsigned number = 1; d->message_count < o->updates; number++)
        live(&m, number);
    for (unsigned r = 0; r < REFUSED_COUNT; r++)
        for (unsigned h = 0; h < 24; h++)
            d->truth.refusal_mails += m.refusal_hour[r][h];
    qsort(d->message, d->message_count, sizeof *d->message, by_arrival);
    assert(d->truth.messages == d->truth.accepted + d->truth.malformed);
}
