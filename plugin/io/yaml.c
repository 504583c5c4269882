/*
 * yaml.c - YAML to JSON values, on top of libyaml, the only file that knows it.
 *
 * libyaml gives events and resolves nothing. Everything else is here: which plain scalars are
 * booleans, nulls and numbers (as sigs.k8s.io/yaml decides, so that we read a manifest as kubectl
 * does), merge keys, aliases, duplicate keys, and the limits of depth and of nodes. The budget of
 * nodes counts what aliases expand to before it is copied, so that no document can explode.
 * Printing is in yaml_print.c.
 */
#include "kta/yaml.h"
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "kta/alloc.h"
#include "kta/limits.h"
#include "yaml_scalar.h"

struct anchor {
    char *name;
    struct kta_json *value; /* owned copy: the tree may be taken apart by a merge */
    size_t nodes;
};

struct loader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    bool have_event;
    void *anchors; /* tsearch's tree of struct anchor */
    size_t nodes;  /* made so far */
    int depth;
    const char *want; /* path whose line is looked for, or NULL */
    struct kta_str path;
    int found_line;
    struct kta_err *err;
};

static int load_node(struct loader *l, struct kta_json **ret);

static int line_of(const yaml_mark_t *mark)
{
    return (int)mark->line + 1;
}

static int fail_here(struct loader *l, const char *what)
{
    return kta_err_set(l->err, KTA_E_PARSE, "line %d: %s", line_of(&l->event.start_mark), what);
}

/* Reads the next event into l->event. */
static int next_event(struct loader *l)
{
    const yaml_parser_t *p = &l->parser;
    if (l->have_event)
        yaml_event_delete(&l->event);
    l->have_event = false;
    if (yaml_parser_parse(&l->parser, &l->event)) {
        l->have_event = true;
        return 0;
    }
    if (p->error == YAML_MEMORY_ERROR)
        return kta_err_set(l->err, KTA_E_FAIL, "out of memory while reading YAML");
    if (p->error == YAML_READER_ERROR)
        return kta_err_set(l->err, KTA_E_PARSE, "byte %zu: %s", p->problem_offset,
                           p->problem ? p->problem : "not valid YAML");
    return kta_err_set(l->err, KTA_E_PARSE, "line %d: %s%s%s", line_of(&p->problem_mark),
                       p->problem ? p->problem : "not valid YAML", p->context ? " " : "",
                       p->context ? p->context : "");
}

static int spend(struct loader *l, size_t nodes)
{
    l->nodes += nodes;
    if (l->nodes <= KTA_MAX_YAML_NODES)
        return 0;
    return kta_err_set(l->err, KTA_E_LIMIT, "line %d: YAML has more than %d values",
                       line_of(&l->event.start_mark), KTA_MAX_YAML_NODES);
}

static size_t count_nodes(const struct kta_json *v)
{
    size_t n = 1;
    kta_json_each(m, v)
        n += count_nodes(m);
    return n;
}

/* ---- sets: glibc's balanced trees, so that a mapping of 100,000 keys is no trouble ---- */

/* False if there is an equal one already. */
static bool tree_add(void **root, void *item, int (*order)(const void *, const void *))
{
    void *node = tsearch(item, root, order), *held;
    if (!node)
        kta_out_of_memory();
    memcpy(&held, node, sizeof held);
    return held == item;
}

/* ---- anchors ---- */

static int by_name(const void *a, const void *b)
{
    const struct anchor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static void free_anchor(void *p)
{
    struct anchor *a = p;
    free(a->name);
    kta_json_free(a->value);
    free(a);
}

static struct anchor *find_anchor(const struct loader *l, const char *name)
{
    struct anchor wanted = {.name = kta_strdup(name)},
                  **found = tfind(&wanted, &l->anchors, by_name);
    free(wanted.name);
    return found ? *found : NULL;
}

static void remember(struct loader *l, const char *name, const struct kta_json *v)
{
    struct anchor *a = find_anchor(l, name);
    if (!a) {
        a = kta_calloc(1, sizeof *a);
        a->name = kta_strdup(name);
        tree_add(&l->anchors, a, by_name);
    }
    kta_json_free(a->value);
    a->value = kta_json_copy(v);
    a->nodes = count_nodes(v);
}

static void forget_anchors(struct loader *l)
{
    tdestroy(l->anchors, free_anchor);
    l->anchors = NULL;
}

static int load_alias(struct loader *l, struct kta_json **ret)
{
    const char *name = (const char *)l->event.data.alias.anchor;
    const struct anchor *a = find_anchor(l, name);
    if (!a)
        return kta_err_set(l->err, KTA_E_PARSE, "line %d: unknown anchor '%.60s'",
                           line_of(&l->event.start_mark), name);
    if (spend(l, a->nodes) < 0)
        return -1;
    *ret = kta_json_copy(a->value);
    return 0;
}

/* ---- scalars ---- */

static bool is_tag(const char *tag, const char *name)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    return tag && kta_starts(tag, prefix) && !strcmp(tag + sizeof prefix - 1, name);
}

static int load_scalar(struct loader *l, struct kta_json **ret)
{
    const char *text = (const char *)l->event.data.scalar.value;
    const char *tag = (const char *)l->event.data.scalar.tag;
    size_t n = l->event.data.scalar.length;
    bool plain = l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct kta_json *v = NULL;

    if (memchr(text, '\0', n))
        return fail_here(l, "a string holds a NUL character");
    if (tag && !strcmp(tag, "!"))
        plain = false, tag = NULL;
    if (tag && !is_tag(tag, "str") && !is_tag(tag, "int") && !is_tag(tag, "float") &&
        !is_tag(tag, "bool") && !is_tag(tag, "null") && !is_tag(tag, "timestamp"))
        return kta_err_set(l->err, KTA_E_PARSE, "line %d: the tag '%.80s' is not supported",
                           line_of(&l->event.start_mark), tag);
    if ((plain && !tag) || (tag && !is_tag(tag, "str") && !is_tag(tag, "timestamp")))
        v = kta_yaml_resolve(text);
    *ret = v ? v : kta_json_new_str(text);
    return 0;
}

/* ---- collections ---- */

/* Appends ".key" or "[i]" to the path while a child is loaded; returns the length to go back to. */
static size_t enter(struct loader *l, const char *key, size_t i)
{
    size_t before = l->path.len;
    if (!l->want)
        return before;
    if (key)
        kta_str_addf(&l->path, "%s%s", before ? "." : "", key);
    else
        kta_str_addf(&l->path, "[%zu]", i);
    return before;
}

static int load_sequence(struct loader *l, struct kta_json **ret)
{
    kta_auto_json struct kta_json *arr = kta_json_new_array();
    for (size_t i = 0;; i++) {
        struct kta_json *v = NULL;
        size_t before;
        if (next_event(l) < 0)
            return -1;
        if (l->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        before = enter(l, NULL, i);
        if (load_node(l, &v) < 0)
            return -1;
        kta_str_truncate(&l->path, before);
        kta_json_push(arr, v);
    }
    *ret = KTA_STEAL(arr);
    return 0;
}

/* The current event as a key: JSON's keys are strings, so a number or boolean becomes its text. */
static int load_key(struct loader *l, bool *ret_merge, struct kta_str *key)
{
    kta_auto_json struct kta_json *v = NULL;
    *ret_merge = l->event.type == YAML_SCALAR_EVENT &&
                 l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                 !strcmp((const char *)l->event.data.scalar.value, "<<");
    if (*ret_merge)
        return 0;
    if (load_node(l, &v) < 0)
        return -1;
    kta_str_clear(key);
    if (kta_json_text(v))
        kta_str_add(key, kta_json_text(v));
    else if (kta_json_type(v) == KTA_JSON_NUMBER || kta_json_type(v) == KTA_JSON_BOOL)
        kta_json_print(v, /* pretty= */ false, key);
    else
        return fail_here(l, "a mapping's key must be a string");
    return 0;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(kta_json_key(a), kta_json_key(b));
}

/* Adds to obj the members of `from` (a mapping, or a list of them) that it does not have. */
static int merge(struct loader *l, struct kta_json *obj, const struct kta_json *from, void **seen)
{
    static const char wrong[] = "map merge requires a map or a list of maps as its value";
    if (kta_json_type(from) == KTA_JSON_ARRAY) {
        kta_json_each(m, from) {
            if (kta_json_type(m) != KTA_JSON_OBJECT)
                return fail_here(l, wrong);
            merge(l, obj, m, seen);
        }
        return 0;
    }
    if (kta_json_type(from) != KTA_JSON_OBJECT)
        return fail_here(l, wrong);
    kta_json_each(m, from) {
        if (!tfind(m, seen, by_key))
            tree_add(seen, kta_json_add(obj, kta_json_key(m), kta_json_copy(m)), by_key);
    }
    return 0;
}

/* seen: the members of obj, to find duplicates in large ones. */
static int load_members(struct loader *l, struct kta_json *obj, struct kta_json *merges,
                        void **seen)
{
    kta_auto_str struct kta_str key = KTA_STR_INIT;
    for (;;) {
        struct kta_json *v = NULL;
        bool is_merge;
        size_t before;
        int line;
        if (next_event(l) < 0)
            return -1;
        if (l->event.type == YAML_MAPPING_END_EVENT)
            return 0;
        line = line_of(&l->event.start_mark);
        if (load_key(l, &is_merge, &key) < 0)
            return -1;
        before = enter(l, is_merge ? "<<" : key.s, 0);
        if (next_event(l) < 0 || load_node(l, &v) < 0)
            return -1;
        kta_str_truncate(&l->path, before);
        if (is_merge)
            kta_json_push(merges, v);
        else if (!tree_add(seen, kta_json_add(obj, key.s, v), by_key))
            return kta_err_set(l->err, KTA_E_PARSE, "line %d: the key '%.80s' is there twice", line,
                               key.s);
    }
}

static void keep(void *member)
{
    (void)member;
}

static int load_mapping(struct loader *l, struct kta_json **ret)
{
    kta_auto_json struct kta_json *obj = kta_json_new_object(), *merges = kta_json_new_array();
    void *seen = NULL;
    int failed = load_members(l, obj, merges, &seen);
    /* what the mapping says itself wins over what it merges, wherever the merge stands */
    for (const struct kta_json *m = kta_json_first(merges); m && !failed; m = kta_json_next(m))
        failed = merge(l, obj, m, &seen);
    tdestroy(seen, keep);
    if (failed)
        return -1;
    *ret = KTA_STEAL(obj);
    return 0;
}

static int load_value(struct loader *l, struct kta_json **ret)
{
    if (l->event.type == YAML_ALIAS_EVENT)
        return load_alias(l, ret);
    if (l->event.type == YAML_SCALAR_EVENT)
        return load_scalar(l, ret);
    if (l->event.type == YAML_SEQUENCE_START_EVENT)
        return load_sequence(l, ret);
    if (l->event.type == YAML_MAPPING_START_EVENT)
        return load_mapping(l, ret);
    return fail_here(l, "unexpected end of the document");
}

static const char *anchor_of(const yaml_event_t *e)
{
    if (e->type == YAML_SCALAR_EVENT)
        return (const char *)e->data.scalar.anchor;
    if (e->type == YAML_SEQUENCE_START_EVENT)
        return (const char *)e->data.sequence_start.anchor;
    return e->type == YAML_MAPPING_START_EVENT ? (const char *)e->data.mapping_start.anchor : NULL;
}

/* Loads the value that begins with the current event; afterwards its last event is current. */
static int load_node(struct loader *l, struct kta_json **ret)
{
    const char *given = anchor_of(&l->event);
    kta_auto_free char *anchor = kta_strdup(given);
    struct kta_json *v = NULL;

    if (l->want && !l->found_line && !strcmp(l->path.s, l->want))
        l->found_line = line_of(&l->event.start_mark);
    if (spend(l, 1) < 0)
        return -1;
    if (++l->depth > KTA_MAX_YAML_DEPTH)
        return kta_err_set(l->err, KTA_E_LIMIT, "line %d: YAML nested deeper than %d levels",
                           line_of(&l->event.start_mark), KTA_MAX_YAML_DEPTH);
    if (load_value(l, &v) < 0)
        return -1;
    l->depth--;
    if (anchor) {
        if (spend(l, count_nodes(v)) < 0) { /* the copy that remember() keeps */
            kta_json_free(v);
            return -1;
        }
        remember(l, anchor, v);
    }
    *ret = v;
    return 0;
}

/* Adds each document to docs; -1 also when `single` and a second one that is not empty begins. */
static int load_stream(struct loader *l, bool single, struct kta_json *docs)
{
    for (;;) {
        struct kta_json *v = NULL;
        int line;
        if (next_event(l) < 0)
            return -1;
        if (l->event.type == YAML_STREAM_END_EVENT)
            return 0;
        if (l->event.type != YAML_DOCUMENT_START_EVENT)
            continue;
        line = line_of(&l->event.start_mark);
        if (next_event(l) < 0 || load_node(l, &v) < 0)
            return -1;
        forget_anchors(l);
        if (kta_json_type(v) == KTA_JSON_NULL) {
            kta_json_free(v);
        } else if (single && kta_json_len(docs)) {
            kta_json_free(v);
            return kta_err_set(l->err, KTA_E_PARSE,
                               "line %d: a second document begins where one was expected", line);
        } else {
            kta_json_push(docs, v);
        }
    }
}

static int load(const char *s, size_t n, bool single, const char *want, int *ret_line,
                struct kta_json **ret_docs, struct kta_err *err)
{
    struct loader l = {.want = want, .path = KTA_STR_INIT, .err = err};
    kta_auto_json struct kta_json *docs = kta_json_new_array();
    int failed;

    if (!yaml_parser_initialize(&l.parser))
        return kta_err_set(err, KTA_E_FAIL, "out of memory while reading YAML");
    yaml_parser_set_input_string(&l.parser, (const unsigned char *)s, n);
    failed = load_stream(&l, single, docs);
    if (l.have_event)
        yaml_event_delete(&l.event);
    yaml_parser_delete(&l.parser);
    forget_anchors(&l);
    kta_str_release(&l.path);
    if (ret_line)
        *ret_line = l.found_line;
    if (!failed)
        *ret_docs = KTA_STEAL(docs);
    return failed ? -1 : 0;
}

int kta_yaml_parse_all(const char *s, size_t n, struct kta_json **ret_array, struct kta_err *err)
{
    return load(s, n, /* single= */ false, NULL, NULL, ret_array, err);
}

int kta_yaml_parse(const char *s, size_t n, struct kta_json **ret, struct kta_err *err)
{
    kta_auto_json struct kta_json *docs = NULL;
    if (load(s, n, /* single= */ true, NULL, NULL, &docs, err) < 0)
        return -1;
    *ret = kta_json_len(docs) ? kta_json_copy(kta_json_item(docs, 0)) : kta_json_new_null();
    return 0;
}

int kta_yaml_line_of(const char *s, size_t n, const char *path)
{
    kta_auto_json struct kta_json *docs = NULL;
    struct kta_err err = KTA_ERR_INIT;
    int line = 0;
    (void)load(s, n, /* single= */ false, path, &line, &docs, &err);
    return line;
}
