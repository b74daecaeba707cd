/* Series below wb_series_read: all that is known of each period. */
#ifndef WB_CLOUDWATCH_SERIES_H
#define WB_CLOUDWATCH_SERIES_H

#include "engine/metrics.h"
#include "services/cloudwatch/stat.h"

/* The periods of the window, in the arena of tx; unit -1: any. *units has a bit for each unit that
 * was met. NULL: there are more than WB_METRIC_POINTS_MAX. */
struct wb_period *wb_periods_read(struct wb_tx *tx, const struct wb_metric *m, int unit,
                                  const struct wb_window *w, bool spread, size_t *n,
                                  uint32_t *units);
/* Its dimensions have exactly these names, in any order. */
bool wb_metric_dims_are(const struct wb_metric *m, const struct wb_slice *name, size_t count);

#endif
