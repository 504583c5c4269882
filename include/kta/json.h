/*
 * json.h - JSON values (RFC 8259), read, built and printed. cJSON lives behind this header.
 *
 * Ownership: a value returned by kta_json_parse or kta_json_new_* belongs to the caller until it is
 * put into another value (set/push take it) or freed. Getters return pointers into the tree, or
 * NULL/default when the path is absent or of another type; every getter accepts NULL, so look-ups
 * chain without checks.
 * Limits: depth KTA_MAX_JSON_DEPTH, checked before parsing. A string with \u0000 is refused.
 * A number is a double; one of more digits than that holds is printed and compared as it was read.
 */
#ifndef KTA_JSON_H
#define KTA_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/err.h"
#include "kta/str.h"

struct cJSON;
#define kta_json cJSON /* struct kta_json is a cJSON node; only json.c knows */

enum kta_json_type {
    KTA_JSON_NONE, /* NULL pointer */
    KTA_JSON_NULL,
    KTA_JSON_BOOL,
    KTA_JSON_NUMBER,
    KTA_JSON_STRING,
    KTA_JSON_ARRAY,
    KTA_JSON_OBJECT,
};

/* One document of n bytes. *ret, on success alone, is the caller's. KTA_E_PARSE with the line
 * (broken, more text behind it, a NUL), KTA_E_LIMIT (too deep). */
int kta_json_parse(const char *s, size_t n, struct kta_json **ret, struct kta_err *err);
/* The bytes of the object or array at the beginning of s, by its brackets; 0: none, or never
 * closed. Whether it is one that can be parsed is not looked at. */
size_t kta_json_span(const char *s);
void kta_json_free(struct kta_json *v);
void kta_json_cleanup(struct kta_json **pv);
#define kta_auto_json __attribute__((cleanup(kta_json_cleanup)))
/* A deep copy, the caller's; NULL of NULL. */
struct kta_json *kta_json_copy(const struct kta_json *v);
bool kta_json_equal(const struct kta_json *a, const struct kta_json *b); /* order of keys ignored */
/* True if any object in the tree has the same key twice (policy refuses such documents). */
bool kta_json_has_duplicates(const struct kta_json *v);

/* ---- reading ---- */
enum kta_json_type kta_json_type(const struct kta_json *v);
/* Member of an object; case-sensitive. */
struct kta_json *kta_json_get(const struct kta_json *v, const char *key);
/* Path with dots, [n] indexes an array: "spec.template.spec.containers[0].image". Keys with dots in
 * them are reached with kta_json_get. */
struct kta_json *kta_json_at(const struct kta_json *v, const char *path);
const char *kta_json_text(const struct kta_json *v); /* a string's value, else NULL */
const char *kta_json_str(const struct kta_json *v, const char *path); /* kta_json_text of at() */
/* The number at a path (NULL or "": v itself), or `otherwise`; int: cut to a whole one, at the
 * limits of the type where it lies beyond them. */
int64_t kta_json_int(const struct kta_json *v, const char *path, int64_t otherwise);
/* The same within an int, and never negative: for what counts, whoever wrote it. */
int kta_json_count(const struct kta_json *v, const char *path, int otherwise);
/* The text of a number that a double does not hold; NULL otherwise. */
const char *kta_json_digits(const struct kta_json *v);
double kta_json_num(const struct kta_json *v, const char *path, double otherwise);
bool kta_json_bool(const struct kta_json *v, const char *path, bool otherwise);
size_t kta_json_len(const struct kta_json *v); /* of an array or object, else 0 */
struct kta_json *kta_json_item(const struct kta_json *v, size_t i); /* from 0; NULL beyond */
const char *kta_json_key(const struct kta_json *member);   /* the key of a member, or NULL */
struct kta_json *kta_json_first(const struct kta_json *v); /* first child, or NULL */
struct kta_json *kta_json_next(const struct kta_json *v);
/* for (struct kta_json *m …): the children of an array or object. */
#define kta_json_each(m, v) for (struct kta_json *m = kta_json_first(v); m; m = kta_json_next(m))

/* ---- building ---- */
struct kta_json *kta_json_new_object(void);
struct kta_json *kta_json_new_array(void);
struct kta_json *kta_json_new_str(const char *s); /* NULL gives null; invalid UTF-8 is replaced */
struct kta_json *kta_json_new_int(int64_t n);
struct kta_json *kta_json_new_num(double n);
struct kta_json *kta_json_new_bool(bool b);
struct kta_json *kta_json_new_null(void);
/* set replaces a member of that key, push appends; both take ownership of the value (NULL: null)
 * and return it; where obj is no object, or arr no array, they free it and return NULL. */
struct kta_json *kta_json_set(struct kta_json *obj, const char *key, struct kta_json *value);
/* As set, for an object that is known not to have the key and a value that is there: set looks
 * through all of its members. */
struct kta_json *kta_json_add(struct kta_json *obj, const char *key, struct kta_json *value);
struct kta_json *kta_json_push(struct kta_json *arr, struct kta_json *value);
void kta_json_set_str(struct kta_json *obj, const char *key, const char *s);
void kta_json_set_int(struct kta_json *obj, const char *key, int64_t n);
void kta_json_set_bool(struct kta_json *obj, const char *key, bool b);
void kta_json_push_str(struct kta_json *arr, const char *s);
/* Takes a child out of its object or array: it is the caller's then. */
struct kta_json *kta_json_detach(struct kta_json *from, struct kta_json *child);
/* Exchanges what two objects hold; their places in other values stay. */
void kta_json_swap(struct kta_json *a, struct kta_json *b);
void kta_json_remove(struct kta_json *obj, const char *key);
/* Replaces the text of a string value in place (redaction). */
void kta_json_replace_text(struct kta_json *v, const char *s);

/* ---- printing ---- */
void kta_json_print(const struct kta_json *v, bool pretty, struct kta_str *out);
/* Appends s as a JSON string with its quotes. */
void kta_json_quote(const char *s, size_t n, struct kta_str *out);

#endif
