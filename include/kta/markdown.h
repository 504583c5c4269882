/*
 * markdown.h - what the engine knows, as Markdown text: the answers without a model.
 */
#ifndef KTA_MARKDOWN_H
#define KTA_MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/finding.h"
#include "kta/json.h"
#include "kta/str.h"

/* Findings: cause line, what changed, why (evidence), what to do. */
void kta_findings_markdown(const struct kta_findings *f, struct kta_str *out);
/* A fenced block that shows the text as it is, whatever fences are in it. */
void kta_code_block(const char *text, size_t n, struct kta_str *out);
/* A meta.k8s.io Table (wide: all columns, else those of priority 0), or a List (name and age), as a
 * Markdown table. */
void kta_table_markdown(const struct kta_json *table, bool with_namespace, bool wide,
                        struct kta_str *out);

#endif
