/*
 * jsonc.c - see jsonc.h.
 *
 * The plain text is as long as the original, with blanks for what JSON has not, so that a place in
 * one is the same place in the other. Whatever was spliced is read again and compared with what was
 * meant: a text that the scanner did not understand is refused, not damaged.
 */
#include "jsonc.h"

#include <string.h>

#include "kta/alloc.h"

#define BLANKS " \t\r\n"

static const char *string_end(const char *p) /* p: at its opening quote */
{
    for (p++; *p && *p != '"'; p++)
        p += *p == '\\' && p[1];
    return *p ? p + 1 : p;
}

/* The byte behind a comment that begins at p, or p. */
static const char *comment_end(const char *p)
{
    if (p[0] == '/' && p[1] == '/')
        return p + strcspn(p, "\n");
    if (p[0] == '/' && p[1] == '*') {
        const char *end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    return p;
}

static void plain_text(const char *text, struct kta_str *out)
{
    size_t comma = SIZE_MAX; /* the last one, while only blanks follow it */

    if (kta_starts(text, "\xef\xbb\xbf")) {
        kta_str_add(out, "   ");
        text += 3;
    }
    for (const char *p = text; *p;) {
        const char *end = *p == '"' ? string_end(p) : comment_end(p);
        if (end == p) {
            if (strchr("]}", *p) && comma != SIZE_MAX)
                out->s[comma] = ' ';
            if (!strchr(BLANKS, *p))
                comma = *p == ',' ? out->len : SIZE_MAX;
            kta_str_addc(out, *p++);
            continue;
        }
        bool string = *p == '"';
        comma = string ? SIZE_MAX : comma;
        for (; p < end; p++)
            kta_str_addc(out, string || *p == '\n' ? *p : ' ');
    }
}

int jsonc_parse(const char *text, struct kta_json **ret, struct kta_err *err)
{
    kta_auto_str struct kta_str plain = KTA_STR_INIT;

    plain_text(text, &plain);
    if (strspn(kta_or(plain.s, ""), BLANKS) == plain.len) {
        *ret = kta_json_new_object();
        return 0;
    }
    return kta_json_parse(plain.s, plain.len, ret, err);
}

/* ---- places in a plain text that is known to be JSON ---- */

static const char *value_end(const char *p)
{
    size_t depth = 0;

    do {
        if (*p == '"') {
            p = string_end(p);
        } else {
            depth += *p == '{' || *p == '[';
            depth -= depth > 0 && (*p == '}' || *p == ']');
            p++;
        }
    } while (*p && (depth > 0 || !strchr(",]}" BLANKS, *p)));
    return p;
}

/* The value of a member of the object at p; NULL: there is none. */
static const char *member_of(const char *p, const char *name)
{
    size_t n = strlen(name);

    for (p += 1 + strspn(p + 1, BLANKS); *p == '"'; p += strspn(p, "," BLANKS)) {
        const char *key = p + 1, *end = string_end(p);
        p = end + strspn(end, BLANKS ":");
        if ((size_t)(end - 1 - key) == n && !strncmp(key, name, n))
            return p;
        p = value_end(p);
    }
    return NULL;
}

static void indented(const char *text, const char *margin, struct kta_str *out)
{
    for (; *text; text++) {
        kta_str_addc(out, *text);
        if (*text == '\n')
            kta_str_add(out, margin);
    }
}

static void splice(const char *text, const char *plain, const char *object, const char *member,
                   const char *value, struct kta_str *out)
{
    const char *root = strchr(plain, '{'), *in = root ? member_of(root, object) : NULL;
    const char *old = in ? member_of(in, member) : NULL, *at = old ? old : in ? in + 1 : root + 1;

    if (!root) { /* nothing but blanks and comments */
        kta_str_addf(out, "%s{\n  \"%s\": {\n    \"%s\": ", text, object, member);
        indented(value, "    ", out);
        kta_str_add(out, "\n  }\n}\n");
        return;
    }
    kta_str_addn(out, text, (size_t)(at - plain));
    if (!old)
        kta_str_addf(out,
                     in ? "\n    \"%s\": " : "\n  \"%s\": {\n    \"%s\": ", in ? member : object,
                     member);
    indented(value, "    ", out);
    if (!old) {
        bool alone = at[strspn(at, BLANKS)] == '}';
        kta_str_addf(out, "%s%s", in ? "" : "\n  }", alone ? "" : ",");
        if (alone && !strchr(BLANKS, text[at - plain]))
            kta_str_add(out, in ? "\n  " : "\n");
    }
    kta_str_add(out, text + ((old ? value_end(old) : at) - plain));
}

int jsonc_set(const char *text, const char *object, const char *member,
              const struct kta_json *value, struct kta_str *out, struct kta_err *err)
{
    kta_auto_json struct kta_json *wanted = NULL, *got = NULL;
    kta_auto_str struct kta_str plain = KTA_STR_INIT, printed = KTA_STR_INIT, result = KTA_STR_INIT;

    if (jsonc_parse(text, &wanted, err) < 0)
        return -1;
    if (kta_json_has_duplicates(wanted)) /* which of the two a client reads is not known */
        return kta_err_set(err, KTA_E_PARSE, "a key stands twice in one object");
    struct kta_json *in = kta_json_get(wanted, object);
    if (kta_json_type(wanted) != KTA_JSON_OBJECT || (in && kta_json_type(in) != KTA_JSON_OBJECT))
        return kta_err_set(err, KTA_E_PARSE, "there is something else where '%s' should be",
                           object);
    if (!in)
        in = kta_json_set(wanted, object, kta_json_new_object());
    kta_json_set(in, member, kta_json_copy(value));
    plain_text(text, &plain);
    kta_json_print(value, true, &printed);
    splice(text, kta_or(plain.s, ""), object, member, printed.s, &result);
    if (jsonc_parse(result.s, &got, err) < 0 || !kta_json_equal(got, wanted))
        return kta_err_set(err, KTA_E_PARSE, "it cannot be changed without touching the rest");
    kta_str_addn(out, result.s, result.len);
    return 0;
}
