/*
 * rules.c - prompts/secrets.txt: secrets that are known by their shape, as data.
 *
 * Read at first use and kept, as is what is compiled of it: there are no threads.
 */
#include "rules.h"
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/embedded.h"
#include "kta/str.h"

#define BEGIN "<begin>"

static struct kta_rule *table;
static size_t n_table, cap_table;

/* The pattern as PCRE2 takes it; kept for good. */
static const char *pattern_of(const char *value)
{
    struct kta_str out = KTA_STR_INIT;
    const char *at;

    for (; (at = strstr(value, BEGIN)); value = at + sizeof BEGIN - 1) {
        kta_str_addn(&out, value, (size_t)(at - value));
        kta_str_add(&out, KTA_WORD_BEGINS);
    }
    kta_str_add(&out, value);
    return kta_str_detach(&out);
}

/* "\n", the two characters, becomes a newline; in place. */
static const char *unescape(char *s)
{
    for (char *p = s; (p = strstr(p, "\\n")); p++) {
        *p = '\n';
        memmove(p + 1, p + 2, strlen(p + 2) + 1);
    }
    return s;
}

static void read_line(const char *key, char *value)
{
    if (kta_streq(key, "rule")) {
        KTA_GROW(table, n_table, cap_table);
        table[n_table++] = (struct kta_rule){.name = value};
        return;
    }
    if (!n_table)
        abort(); /* a file of ours; a test would see it */
    struct kta_rule *r = &table[n_table - 1];
    if (kta_streq(key, "literals"))
        r->literals = value;
    else if (kta_streq(key, "re"))
        r->pattern = pattern_of(value);
    else if (kta_streq(key, "group"))
        r->group = (int)strtol(value, NULL, 10);
    else if (kta_streq(key, "back"))
        r->back = (int)strtol(value, NULL, 10);
    else if (kta_streq(key, "reach"))
        r->reach = (int)strtol(value, NULL, 10);
    else if (kta_streq(key, "eg"))
        r->example = unescape(value);
    else
        abort();
}

size_t kta_rules_n(void)
{
    char *line = table ? NULL : kta_strdup(kta_embedded("secrets.txt")), *next;

    for (; line && *line; line = next) {
        char *end = line + strcspn(line, "\n"), *value = line + strcspn(line, " \n");
        next = end + (*end == '\n');
        if (*line == '#' || value == end)
            continue;
        *value = *end = '\0';
        read_line(line, value + 1);
    }
    return n_table;
}

const struct kta_rule *kta_rule(size_t i)
{
    return &table[i];
}
