/*
 * script.c - a plan as a script for a POSIX shell (--dry-run --quiet).
 *
 * Running the script runs exactly the plan's argv. A manifest is a here-document whose delimiter is
 * no line of it: quoted, so that nothing in it is expanded, unless it holds redacted values, which
 * become ${SECRET_3:?}; then everything else in it that a shell would expand is escaped.
 */
#include "actions.h"

#include "kta/alloc.h"

#define MARK "\xe2\x9f\xa6secret:" /* ⟦secret: */
#define END  "\xe2\x9f\xa7"        /* ⟧ */

/* The length of a placeholder at s and its number, or 0. */
static size_t placeholder_at(const char *s, unsigned *ret_number)
{
    const char *p = s + sizeof MARK - 1;
    unsigned n = 0;
    size_t digits = 0;

    if (strncmp(s, MARK, sizeof MARK - 1) != 0)
        return 0;
    for (; *p >= '0' && *p <= '9' && digits < 9; p++, digits++)
        n = n * 10 + (unsigned)(*p - '0');
    if (digits == 0 || strncmp(p, END, sizeof END - 1) != 0)
        return 0;
    *ret_number = n;
    return (size_t)(p - s) + sizeof END - 1;
}

static bool has_line(const char *text, const char *line)
{
    size_t n = strlen(line);

    for (const char *p = text; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
        if (strncmp(p, line, n) == 0 && (p[n] == '\n' || p[n] == '\0'))
            return true;
    return false;
}

static void heredoc_body(const char *text, bool expand, struct kta_str *out)
{
    unsigned number;

    for (const char *p = text; *p;) {
        size_t n = expand ? placeholder_at(p, &number) : 0;

        if (n) {
            kta_str_addf(out, "${SECRET_%u:?}", number);
            p += n;
            continue;
        }
        if (expand && (*p == '$' || *p == '`' || *p == '\\'))
            kta_str_addc(out, '\\');
        kta_str_addc(out, *p++);
    }
    if (*text && text[strlen(text) - 1] != '\n')
        kta_str_addc(out, '\n');
}

void kta_heredoc_mark(const char *text, char *mark, size_t n)
{
    snprintf(mark, n, "EOF");
    for (int i = 1; has_line(text, mark); i++)
        snprintf(mark, n, "EOF_%d", i);
}

static void heredoc(const char *text, struct kta_str *out)
{
    bool expand = kta_redact_has_placeholder(text);
    char mark[16];

    kta_heredoc_mark(text, mark, sizeof mark);
    kta_str_addf(out, expand ? " <<%s\n" : " <<'%s'\n", mark);
    heredoc_body(text, expand, out);
    kta_str_addf(out, "%s\n", mark);
}

void kta_plan_script(const struct kta_plan *p, struct kta_str *out)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct kta_step *s = p->v[i];
        kta_auto_str struct kta_str quoted = KTA_STR_INIT;

        if (s->state == KTA_REFUSED)
            continue;
        kta_argv_quote(&s->argv, &quoted);
        kta_redact_script(quoted.s, out);
        if (s->stdin_text)
            heredoc(s->stdin_text, out);
        else
            kta_str_addc(out, '\n');
    }
}
