/* A trace for tests: a site calls an API, which calls a table and a host that fails. */
#ifndef TEST_XRAY_SAMPLE_H
#define TEST_XRAY_SAMPLE_H

#include "services/xray/trace.h"

static const char *const sample[] = {
    "{\"name\":\"site\",\"id\":\"0000000000000001\",\"trace_id\":\"1-00000001-0\",\"start_time\":"
    "100,"
    "\"end_time\":103,\"error\":true,\"throttle\":true,\"user\":\"ann\",\"http\":{\"request\":{"
    "\"url\":"
    "\"http://site/v2/x\",\"method\":\"GET\",\"user_agent\":\"curl\",\"client_ip\":\"10.0.0.1\"},"
    "\"response\":{\"status\":429}},\"annotations\":{\"tier\":\"gold\",\"age\":30,\"beta\":true},"
    "\"subsegments\":[{\"name\":\"api\",\"id\":\"0000000000000002\",\"start_time\":100.5,\"end_"
    "time\":"
    "102.5,\"namespace\":\"remote\"}]}",
    "{\"name\":\"api\",\"id\":\"0000000000000003\",\"parent_id\":\"0000000000000002\",\"start_"
    "time\":"
    "100.6,\"end_time\":102.4,\"fault\":true,\"origin\":\"AWS::Lambda::Function\",\"aws\":{"
    "\"account_id\":\"000000000001\",\"function_arn\":\"arn:f\"},\"subsegments\":[{\"name\":"
    "\"work\","
    "\"id\":\"0000000000000004\",\"start_time\":100.7,\"end_time\":102.3,\"annotations\":{\"deep\":"
    "\"yes\"},"
    "\"subsegments\":[{\"name\":\"DynamoDB\",\"id\":\"0000000000000005\",\"start_time\":100.8,"
    "\"end_time\":"
    "100.9,\"namespace\":\"aws\",\"aws\":{\"table_name\":\"orders\"}},{\"name\":\"example.com\","
    "\"id\":"
    "\"0000000000000006\",\"start_time\":101,\"end_time\":102,\"namespace\":\"remote\",\"fault\":"
    "true,"
    "\"cause\":{\"exceptions\":[{\"type\":\"E\",\"message\":\"it broke\"}]}}]}]}",
};

static inline void sample_read(struct wb_arena *a, struct xray_trace *t)
{
    xray_trace_begin(t, WB_S("1-00000001-0"));
    for (size_t i = 0; i < sizeof sample / sizeof *sample; i++)
        xray_trace_add(a, t, wb_slice_str(sample[i]));
    xray_trace_finish(a, t);
}

#endif
