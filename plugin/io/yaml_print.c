/*
 * yaml_print.c - JSON values as block YAML, in the shape that kubectl prints: lists at their key's
 * indentation, quotes only where a plain scalar would mean something else, literal blocks for text
 * of several lines. What is printed reads back as the same value.
 */
#include <string.h>
#include "kta/alloc.h"
#include "kta/utf8.h"
#include "kta/yaml.h"
#include "yaml_scalar.h"

/* No character that YAML or a terminal would not take as it stands; newlines only if `lines`. */
static bool printable(const char *s, bool lines)
{
    size_t n = strlen(s);
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t step = kta_utf8_decode(s + i, n - i, &cp);
        if (cp < 0x20 && !(lines && (cp == '\n' || cp == '\t')))
            return false;
        if ((cp >= 0x7F && cp < 0xA0) || cp == 0x2028 || cp == 0x2029 || cp == 0xFEFF ||
            (cp == 0xFFFD && step == 1))
            return false;
        i += step;
    }
    return true;
}

static bool plain_start(const char *s)
{
    if (strchr("-?:", *s))
        return s[1] && s[1] != ' ' && strncmp(s, "---", 3) != 0;
    return !strchr(" ,[]{}#&*!|>'\"%@`", *s);
}

static bool plain_ok(const char *s)
{
    size_t n = strlen(s);
    return n && plain_start(s) && printable(s, false) && s[n - 1] != ' ' && s[n - 1] != ':' &&
           !strstr(s, ": ") && !strstr(s, " #") && strncmp(s, "...", 3) != 0;
}

/* True if it would be read as something that is not a string. */
static bool means_more(const char *s)
{
    kta_auto_json struct kta_json *v = kta_yaml_resolve(s);
    return v || !strcmp(s, "<<") || !strcmp(s, "=");
}

static void print_double_quoted(const char *s, struct kta_str *out)
{
    size_t n = strlen(s);
    kta_str_addc(out, '"');
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t step = kta_utf8_decode(s + i, n - i, &cp);
        char one[8];
        memcpy(one, s + i, step);
        one[step] = '\0';
        if (cp == '"' || cp == '\\')
            kta_str_addf(out, "\\%c", (int)cp);
        else if (cp == '\n')
            kta_str_add(out, "\\n");
        else if (cp == '\t')
            kta_str_add(out, "\\t");
        else if (printable(one, false))
            kta_str_add(out, one);
        else if (cp == 0xFFFD)
            kta_utf8_encode(cp, out);
        else
            kta_str_addf(out, cp < 0x100 ? "\\x%02X" : "\\u%04X", (unsigned)cp);
        i += step;
    }
    kta_str_addc(out, '"');
}

static void print_single_quoted(const char *s, struct kta_str *out)
{
    kta_str_addc(out, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            kta_str_addc(out, '\'');
        kta_str_addc(out, *s);
    }
    kta_str_addc(out, '\'');
}

static void indent_by(int indent, struct kta_str *out)
{
    for (int i = 0; i < indent; i++)
        kta_str_addc(out, ' ');
}

static void print_literal(const char *s, int indent, struct kta_str *out)
{
    size_t n = strlen(s);
    const char *chomp = s[n - 1] != '\n' ? "-" : n > 1 && s[n - 2] == '\n' ? "+" : "";
    kta_str_addf(out, "|%s", chomp);
    while (*s) {
        size_t len = strcspn(s, "\n");
        kta_str_addc(out, '\n');
        if (len) {
            indent_by(indent, out);
            kta_str_addn(out, s, len);
        }
        s += len;
        if (*s == '\n')
            s++;
    }
}

/* A block needs a first line that shows its indentation by itself. */
static bool literal_ok(const char *s)
{
    return strchr(s, '\n') && *s != '\n' && *s != ' ' && *s != '\t' && printable(s, true);
}

static void print_string(const char *s, int indent, bool key, struct kta_str *out)
{
    if (!key && literal_ok(s))
        print_literal(s, indent ? indent : 2, out); /* also a document's only value is indented */
    else if (!printable(s, false) || means_more(s))
        print_double_quoted(s, out);
    else if (plain_ok(s))
        kta_str_add(out, s);
    else
        print_single_quoted(s, out);
}

static bool is_block(const struct kta_json *v)
{
    return kta_json_first(v) != NULL;
}

static void print_node(const struct kta_json *v, int indent, struct kta_str *out);

/* The first member goes on the line where we are; each ends without a newline. */
static void print_mapping(const struct kta_json *v, int indent, struct kta_str *out)
{
    bool first = true;
    kta_json_each(m, v) {
        bool list = kta_json_type(m) == KTA_JSON_ARRAY;
        if (!first) {
            kta_str_addc(out, '\n');
            indent_by(indent, out);
        }
        first = false;
        print_string(kta_json_key(m), indent, /* key= */ true, out);
        kta_str_addc(out, ':');
        if (is_block(m)) {
            kta_str_addc(out, '\n');
            indent_by(list ? indent : indent + 2, out);
            print_node(m, list ? indent : indent + 2, out);
        } else {
            kta_str_addc(out, ' ');
            print_node(m, indent + 2, out);
        }
    }
}

static void print_sequence(const struct kta_json *v, int indent, struct kta_str *out)
{
    bool first = true;
    kta_json_each(m, v) {
        if (!first) {
            kta_str_addc(out, '\n');
            indent_by(indent, out);
        }
        first = false;
        kta_str_add(out, "- ");
        print_node(m, indent + 2, out);
    }
}

static void print_node(const struct kta_json *v, int indent, struct kta_str *out)
{
    enum kta_json_type t = kta_json_type(v);
    if (t == KTA_JSON_OBJECT && is_block(v))
        print_mapping(v, indent, out);
    else if (t == KTA_JSON_ARRAY && is_block(v))
        print_sequence(v, indent, out);
    else if (t == KTA_JSON_STRING)
        print_string(kta_json_text(v), indent, /* key= */ false, out);
    else
        kta_json_print(v, /* pretty= */ false, out); /* {} [] null true 1 */
}

void kta_yaml_print(const struct kta_json *v, struct kta_str *out)
{
    print_node(v, 0, out);
    kta_str_addc(out, '\n');
}
