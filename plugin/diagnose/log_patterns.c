/*
 * log_patterns.c - prompts/log-patterns.txt: what a line of a log means, as data.
 *
 * A block a pattern: "class", "weight", optionally "last", "re", examples ("eg", \n within), and
 * texts it must not match ("not"). The tests run every example.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/embedded.h"
#include "kta/re.h"

static struct kta_log_pattern *table;
static size_t n_table, cap_table;

/* "a\nb" with the two characters \n made one. Caller frees. */
static char *unescape(const char *s)
{
    char *text = kta_strdup(s), *out = text;
    for (; *s; s++) {
        bool newline = s[0] == '\\' && s[1] == 'n', tab = s[0] == '\\' && s[1] == 't';
        *out++ = newline ? '\n' : tab ? '\t' : *s;
        s += newline || tab;
    }
    *out = '\0';
    return text;
}

static void add_text(char ***v, size_t *n, const char *text)
{
    *v = kta_realloc(*v, (*n + 1) * sizeof **v);
    (*v)[(*n)++] = unescape(text);
}

static void read_line(struct kta_log_pattern **p, const char *line)
{
    const char *value = strchr(line, ' ');
    size_t key = value ? (size_t)(value - line) : strlen(line);
    while (value && *value == ' ')
        value++;
    if (key == 5 && !strncmp(line, "class", 5)) {
        KTA_GROW(table, n_table, cap_table);
        *p = &table[n_table++];
        **p = (struct kta_log_pattern){.class_ = kta_strdup(value)};
    } else if (!*p || !value) {
        if (*p && kta_streq(line, "last"))
            (*p)->last = true;
    } else if (key == 6 && !strncmp(line, "weight", 6)) {
        (*p)->weight = (int)strtol(value, NULL, 10);
    } else if (key == 2 && !strncmp(line, "re", 2)) {
        (*p)->pattern = kta_strdup(value);
    } else if (key == 2 && !strncmp(line, "eg", 2)) {
        add_text(&(*p)->examples, &(*p)->n_examples, value);
    } else if (key == 3 && !strncmp(line, "not", 3)) {
        add_text(&(*p)->nots, &(*p)->n_nots, value);
    }
}

/* Of the same weight, as in the file. */
static void sort_by_weight(void)
{
    for (size_t i = 1; i < n_table; i++) {
        struct kta_log_pattern row = table[i];
        size_t at = i;
        for (; at > 0 && table[at - 1].weight < row.weight; at--)
            table[at] = table[at - 1];
        table[at] = row;
    }
}

const struct kta_log_pattern *kta_log_patterns(size_t *ret_n)
{
    const char *text = table ? NULL : kta_embedded("log-patterns.txt");
    struct kta_log_pattern *p = NULL;
    while (text && *text) {
        size_t n = strcspn(text, "\n");
        if (n && *text != '#') {
            kta_auto_free char *line = kta_strndup(text, n);
            read_line(&p, line);
        }
        text += n + (text[n] == '\n');
    }
    if (p)
        sort_by_weight();
    *ret_n = n_table;
    return table;
}

const struct kta_re *kta_log_pattern_re(const struct kta_log_pattern *p)
{
    struct kta_log_pattern *row = &table[p - table];
    if (!row->re)
        row->re = kta_re_must(row->pattern, KTA_RE_MULTILINE);
    return row->re;
}
