/*
 * diff.h - a unified diff of two texts, line by line (Myers, bounded).
 */
#ifndef KTA_DIFF_H
#define KTA_DIFF_H

#include "kta/str.h"

/* Appends the hunks ("@@ … @@", " ", "-", "+" lines; `context` lines around); nothing when the
 * texts are equal. What differs is shown as one replaced block where a text has more than 20,000
 * lines or more than 2000 lines were added and removed: equal lines in between are not found then.
 */
void kta_diff(const char *before, const char *after, int context, struct kta_str *out);

#endif
