/*
 * diff.h - a unified diff of two texts, line by line (Myers, bounded).
 */
#ifndef KTA_DIFF_H
#define KTA_DIFF_H

#include "kta/str.h"

/* Appends the hunks ("@@ … @@", " ", "-", "+" lines; `context` lines around); nothing when the
 * texts are equal. Texts of more than 20,000 lines are shown as one replaced block. */
void kta_diff(const char *before, const char *after, int context, struct kta_str *out);

#endif
