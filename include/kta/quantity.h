/*
 * quantity.h - quantities of Kubernetes ("500m", "1.5Gi"), read and written.
 */
#ifndef KTA_QUANTITY_H
#define KTA_QUANTITY_H

#include <stdint.h>
#include "kta/str.h"

/* "500m", "1.5Gi", "128974848", "1e3" → the value in base units × 1000 (milli); -1 if it is not a
 * quantity, INT64_MAX for one above 9.2e15 units. Below a thousandth it rounds up. Source:
 * k8s.io/apimachinery/pkg/api/resource. */
int64_t kta_quantity_milli(const char *text);
/* Appends bytes (milli / 1000) as people write them: 256Mi, 1.5Gi; CPU as 250m or 2. */
void kta_quantity_memory(int64_t milli, struct kta_str *out);
void kta_quantity_cpu(int64_t milli, struct kta_str *out);
/* The same for a manifest, where "11.6Gi" would be a fraction of bytes, which no object should ask
 * for: whole Gi, else whole Mi, below one Mi whole Ki; rounded up. */
void kta_quantity_memory_whole(int64_t milli, struct kta_str *out);

#endif
