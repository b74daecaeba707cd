/* The front's own structures, shared by its files. */
#ifndef WB_ENGINE_FRONT_H
#define WB_ENGINE_FRONT_H

#include "engine/internal.h"

struct op_stat { /* of one operation on one loop, since the last flush */
    double count, errors, faults, throttles;
    double sum_ms, min_ms, max_ms;
    struct wb_op_use { /* of the server's own account and region: AWS/Usage */
        double calls, errors, throttles;
    } use;
};

struct wb_front {
    struct wb_engine *engine;
    struct wb_loop *loop;
    struct wb_http_server *server;
    struct wb_link link;      /* in the engine's list */
    struct wb_txn *txn;       /* renewed for each request, reset after it */
    struct wb_link waiting;   /* writes the client lane had no room for */
    struct wb_timer *held;    /* lets the answers go that were held too long */
    struct wb_timer *give_up; /* answers the oldest of them */
    struct wb_timer *flush;   /* counters, once a second */
    bool flush_armed, held_armed, paused;
    atomic_uint open;    /* requests not yet answered; changed on the loop */
    struct wb_post room; /* the writer has room again */
    atomic_bool room_posted;
    struct wb_link streams; /* answers that go on */
    struct wb_timer *beat;  /* theirs, once a second while there are any */
    struct wb_map *used;    /* access keys since the last flush; NULL: none */
    struct wb_timer *use_timer;
    struct op_stat **stat; /* by place of the service, then of the operation */
    size_t services;
    struct wb_slice public_host;
    struct front_spans *spans; /* made and not yet on their way; NULL: none */
    struct wb_timer *spans_timer;
    atomic_uint spans_away; /* batches on their way to the writer */
    bool freeing;
    unsigned downloads; /* answers being sent from blobs */
    unsigned uploads;   /* bodies being received as blobs */
    struct wb_seam ids; /* random bytes for request ids, fetched many at a time */
    unsigned char random[1024];
    size_t random_left;
};

struct request {
    struct wb_command command;
    struct wb_pool_task pool;
    struct wb_post post;
    struct wb_link link; /* in waiting */
    struct wb_front *front;
    struct wb_http_exchange *x;
    struct wb_sig_request wire;
    struct wb_call call;
    struct wb_tx tx;
    struct wb_tx_ext ext;
    bool snapshot; /* the front's txn is renewed for this request */
    bool held;     /* definitions are held by tx until the answer */
    enum wb_commit commit;
    bool arrived; /* held, and back on the loop */
    int64_t held_ns;
    bool recorded;                 /* its record is written, or on its way */
    bool no_room;                  /* for its record */
    struct front_segment *segment; /* of its sampled trace; NULL: it is in none */
    int64_t began_ns, waiting_ns;
    const struct wb_page *page;   /* instead of an operation */
    struct wb_upload *upload;     /* its body is a blob */
    struct wb_sig_stream *signer; /* verifies the chunks of a signed body; NULL: unsigned */
};

/* front_count.c */
#define WB_FRONT_COUNT_MS 1000
void wb_front_count(struct request *r); /* it is over */
void wb_front_count_flush(void *front);

/* front_keys.c */
void wb_front_keys_new(struct wb_front *f);
void wb_front_keys_free(struct wb_front *f);
void wb_front_key_used(struct wb_front *f, const struct wb_call *c); /* it signed this call */
void wb_front_keys_flush(struct wb_front *f);

/* front_trace.c */
/* For a call with a trace header, once it is known who asks. */
void wb_front_trace_begin(struct request *r);
void wb_front_trace_end(struct request *r); /* the call has ended */
void wb_front_trace_flush(struct wb_front *f);
void wb_front_trace_free(struct wb_front *f);

/* front_auth.c */
/* The request's Host and Origin, with auth off. */
bool wb_front_trusted(const struct wb_front *f, const struct wb_http_exchange *x);
/* Principal and scope; false: the call has failed. e and why as wb_sigv4_parse gave them. */
bool wb_front_authenticate(struct request *r, enum wb_sig_error e, struct wb_signature *sig,
                           struct wb_slice why);

/* front_door.c */
bool wb_front_admit_door(struct request *r); /* as front.c's admit, for a call through the door */

/* front_blob.c */
/* The body of an admitted call; false: the call has failed (the upload may be there). */
bool wb_front_upload_begin(struct request *r);
void wb_front_upload_whole(struct request *r); /* all of it has come */
void wb_front_upload_end(struct request *r);   /* with its request */

/* front_pieces.c */
int64_t wb_front_pieces_size(const struct wb_call *c);
/* For an answer with pieces, of more than 0 bytes. NULL: the call has failed. */
struct wb_download *wb_front_pieces_begin(struct request *r);
void wb_front_pieces_answer(struct wb_download *d, const struct wb_http_answer *a);

/* front_stream.c */
void wb_front_stream_begin(struct request *r, struct wb_http_answer *a); /* r is gone afterwards */
void wb_front_stream_drop(struct request *r); /* it does not begin; accepts a call without one */
void wb_front_streams_beat(struct wb_front *f);
void wb_front_streams_end(struct wb_front *f);

/* front.c */
bool wb_front_snapshot(struct request *r); /* false: the call has failed */
void wb_front_snapshot_end(struct request *r);
void wb_front_finish(struct request *r); /* loop's thread: answers */

/* front_run.c */
/* The call has ended: answers, after its record is durable when it has one of its own. */
void wb_front_end(struct request *r);
void wb_front_run(struct request *r); /* by its class */
void wb_front_run_page(struct request *r);

/* hold.c */
bool wb_front_hold(
    struct request *r); /* writer's thread, after its commit; false: nothing to hold */
void wb_front_held_expire(struct wb_front *f);
void wb_front_waiting_go(struct wb_front *f); /* the writer has room */
void wb_front_waiting_expire(struct wb_front *f);

#endif
