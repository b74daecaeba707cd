/* YAML: what is accepted must come out as JSON, within the limit. */
#include "codec/json.h"
#include "codec/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct wb_yaml_tag tags[] = {
        {"!Ref", "Ref", false}, {"!GetAtt", "Fn::GetAtt", true}, {NULL, NULL, false}};
    static const struct wb_yaml_options options = {
        .tags = tags, .bytes_max = 65536, .depth_max = 60};
    struct wb_arena a;
    struct wb_yaml_error e = {NULL, 0, 0};
    struct wb_slice json;
    wb_arena_init(&a, 0);
    if (wb_yaml_to_json(&a, wb_slice(data, size), &options, &json, &e)) {
        if (json.n > options.bytes_max || !wb_json_is(wb_json_read(&a, json, NULL)))
            __builtin_trap();
    } else if (!e.reason || !e.line || !e.column) {
        __builtin_trap();
    }
    wb_arena_release(&a);
    return 0;
}
