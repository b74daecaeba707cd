/* Input shapes of the operations, as the service's public model has them (2015-10-07). */
#ifndef WB_EVENTS_SHAPES_H
#define WB_EVENTS_SHAPES_H

#include "aws/shape.h"

extern const struct wb_shape wb_es_create_bus, wb_es_describe_bus, wb_es_list_buses,
    wb_es_update_bus, wb_es_delete_bus, wb_es_put_permission, wb_es_remove_permission,
    wb_es_put_rule, wb_es_rule, wb_es_delete_rule, wb_es_list_rules, wb_es_rules_by_target,
    wb_es_test_pattern, wb_es_put_targets, wb_es_list_targets, wb_es_remove_targets, wb_es_put,
    wb_es_tag, wb_es_untag, wb_es_list_tags;

#endif
