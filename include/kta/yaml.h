/*
 * yaml.h - YAML as Kubernetes reads it, turned into JSON values and back. libyaml lives behind it.
 *
 * Resolution is that of sigs.k8s.io/yaml (YAML 1.1 booleans y/yes/on…, null, integers with 0o/0x,
 * floats; quoted is always a string), merge keys (<<) applied, aliases expanded within
 * KTA_MAX_YAML_NODES, duplicate keys refused, depth at most KTA_MAX_YAML_DEPTH.
 */
#ifndef KTA_YAML_H
#define KTA_YAML_H

#include <stddef.h>
#include "kta/err.h"
#include "kta/json.h"
#include "kta/str.h"

/* One document; an empty one gives null. The error's message names the line: "line 12: …". *ret is
 * the caller's. */
int kta_yaml_parse(const char *s, size_t n, struct kta_json **ret, struct kta_err *err);
/* All documents of a stream as an array, the caller's; empty documents are left out. */
int kta_yaml_parse_all(const char *s, size_t n, struct kta_json **ret_array, struct kta_err *err);
/* The line (from 1) where the value at a path ("clusters[0].cluster.server") begins, or 0: for
 * errors about a document that parsed but does not make sense. Parses again. */
int kta_yaml_line_of(const char *s, size_t n, const char *path);
/* Appends v as block YAML, keys in the object's order, strings quoted only where needed, multi-line
 * strings as literal blocks: for people and for diffs. */
void kta_yaml_print(const struct kta_json *v, struct kta_str *out);

#endif
