/*
 * The embedded metric format: a log line that is a JSON object with a member "_aws" carries metrics
 * (CloudWatch User Guide, "Specification: Embedded metric format"). Lines that are not of that form
 * are just lines.
 */
#ifndef WB_ENGINE_EMF_H
#define WB_ENGINE_EMF_H

#include "engine/observe.h"

/* A line that is meant to be of that form and is not. */
enum wb_emf_fault {
    WB_EMF_GOOD,
    WB_EMF_UNREADABLE, /* no JSON */
    WB_EMF_INVALID     /* a part that must be there is missing, or of a wrong type */
};
/* A cheap look, without a transaction: whether wb_emf_read may find something in the line. */
bool wb_emf_may(struct wb_slice line);
/* Adds the metrics of the line, if it carries any, to the minute of this commit. Returns how many
 * values were added. */
size_t wb_emf_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                   struct wb_slice line, enum wb_emf_fault *fault);

#endif
