/* markdown.c - findings and tables as Markdown: plain text that also reads well unrendered. */
#include "kta/markdown.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/obj.h"
#include "kta/utf8.h"

#define MAX_QUOTES    6   /* pieces of evidence shown for a finding; -o json has all */
#define MAX_QUOTE_LEN 600 /* bytes of one */
#define MAX_SYMPTOMS  5   /* named; more are counted */

/* ---- text that is shown as it is ---- */

static size_t longest_run(const char *s, size_t n, char c)
{
    size_t longest = 0, run = 0;

    for (size_t i = 0; i < n; i++) {
        run = s[i] == c ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void marks(size_t n, struct kta_str *out)
{
    while (n-- > 0)
        kta_str_addc(out, '`');
}

/* Between more marks than are in it; a blank parts it from a mark at its edge. */
static void code_span(const char *s, size_t n, struct kta_str *out)
{
    size_t run = longest_run(s, n, '`') + 1;
    bool apart = s[0] == '`' || s[n - 1] == '`' || (s[0] == ' ' && s[n - 1] == ' ');

    marks(run, out);
    kta_str_add(out, apart ? " " : "");
    kta_str_addn(out, s, n);
    kta_str_add(out, apart ? " " : "");
    marks(run, out);
}

void kta_code_block(const char *text, size_t n, struct kta_str *out)
{
    size_t run = longest_run(text, n, '`') + 1;

    marks(run < 3 ? 3 : run, out);
    kta_str_addc(out, '\n');
    kta_str_addn(out, text, n);
    if (n == 0 || text[n - 1] != '\n')
        kta_str_addc(out, '\n');
    marks(run < 3 ? 3 : run, out);
    kta_str_addc(out, '\n');
}

/* Would something in this line be read as Markdown's? begins: it stands at a line's beginning. */
static bool has_marks(const char *s, size_t n, bool begins)
{
    size_t digits = 0;

    while (digits < n && s[digits] >= '0' && s[digits] <= '9')
        digits++;
    return memchr(s, '`', n) || memchr(s, '\\', n) || memmem(s, n, "**", 2) ||
           (begins && (memchr("#>-+*|~_=", s[0], 9) ||
                       (digits > 0 && digits < n && memchr(".)", s[digits], 2))));
}

static void quote_line(const char *s, size_t n, bool begins, struct kta_str *out)
{
    size_t blank = 0;

    while (blank < n && (s[blank] == ' ' || s[blank] == '\t'))
        blank++;
    kta_str_addn(out, s, blank);
    if (blank < n && has_marks(s + blank, n - blank, begins))
        code_span(s + blank, n - blank, out);
    else
        kta_str_addn(out, s + blank, n - blank);
}

static void quote_text(const struct kta_quote *q, struct kta_str *out)
{
    size_t n = strlen(q->text), keep = kta_utf8_prefix(q->text, n, MAX_QUOTE_LEN);

    kta_str_addf(out, "  - %s: ", q->source);
    for (size_t at = 0, len; at < keep; at += len + 1) {
        const char *end = memchr(q->text + at, '\n', keep - at);
        len = end ? (size_t)(end - q->text) - at : keep - at;
        kta_str_add(out, at > 0 ? "\n      " : "");
        quote_line(q->text + at, len, at > 0, out);
    }
    kta_str_add(out, keep < n ? " …\n" : "\n");
}

/* ---- findings ---- */

static void fixes_text(const struct kta_finding *f, struct kta_str *out)
{
    if (f->n_fixes == 0)
        return;
    kta_str_add(out, "- What to do:\n");
    for (size_t j = 0; j < f->n_fixes; j++) {
        kta_str_addf(out, "  - [%s] %s (%s risk%s):\n    `", f->fixes[j].id, f->fixes[j].summary,
                     kta_risk_name(f->fixes[j].risk),
                     f->fixes[j].validated == 1 ? ", the API server accepts it" : "");
        kta_argv_quote(&f->fixes[j].argv, out);
        kta_str_add(out, "`\n");
    }
}

/* Another source may say the same, or the change above: once is enough. */
static bool is_said(const struct kta_finding *f, size_t at)
{
    const char *text = f->evidence[at].text;
    size_t n = strlen(text);

    while (n > 0 && text[n - 1] == '\n')
        n--;
    if (f->change && memmem(f->change, strlen(f->change), text, n))
        return true;
    for (size_t i = 0; i < at; i++)
        if (kta_streq(f->evidence[i].text, text))
            return true;
    return false;
}

static void evidence_text(const struct kta_finding *f, struct kta_str *out)
{
    size_t shown = 0, more = 0;

    for (size_t i = 0; i < f->n_evidence; i++) {
        if (is_said(f, i))
            continue;
        if (shown < MAX_QUOTES)
            quote_text(&f->evidence[i], out);
        more += shown++ >= MAX_QUOTES;
    }
    if (more > 0)
        kta_str_addf(out, "  - and %zu more (-o json)\n", more);
}

/* "Because of it: Pod a, b; Service c and 3 more" */
static void symptoms_text(const struct kta_finding *f, struct kta_str *out)
{
    const char *kind = NULL;

    for (size_t i = 0; i < f->n_symptoms && i < MAX_SYMPTOMS; i++) {
        const struct kta_ref *s = &f->symptoms[i];
        kta_str_add(out, i == 0 ? "- Because of it: " : kta_streq(kind, s->kind) ? ", " : "; ");
        kta_str_addf(out, "%s%s%s", kta_streq(kind, s->kind) ? "" : s->kind,
                     kta_streq(kind, s->kind) ? "" : " ", s->name);
        kind = s->kind;
    }
    if (f->n_symptoms > MAX_SYMPTOMS)
        kta_str_addf(out, " and %zu more", f->n_symptoms - MAX_SYMPTOMS);
    if (f->n_symptoms > 0)
        kta_str_addc(out, '\n');
}

static void finding_text(const struct kta_finding *f, struct kta_str *out)
{
    kta_str_addf(out, "**%s** %s %s%s%s: %s\n", kta_severity_name(f->severity), f->object.kind,
                 f->object.namespace_ ? f->object.namespace_ : "", f->object.namespace_ ? "/" : "",
                 f->object.name, kta_or(f->summary, f->code));
    if (f->change)
        kta_str_addf(out, "- What changed: %s\n", f->change);
    if (f->n_evidence > 0)
        kta_str_addf(out, "- Why (`%s`):\n", f->code);
    evidence_text(f, out);
    symptoms_text(f, out);
    fixes_text(f, out);
    if (f->advice)
        kta_str_addf(out, "- By hand: %s\n", f->advice);
}

void kta_findings_markdown(const struct kta_findings *f, struct kta_str *out)
{
    for (size_t i = 0; i < f->n; i++) {
        if (i)
            kta_str_addc(out, '\n');
        finding_text(f->v[i], out);
    }
}

/* ---- tables ---- */

static void cell_text(const struct kta_json *v, struct kta_str *out)
{
    if (kta_json_text(v))
        kta_clean(kta_json_text(v), strlen(kta_json_text(v)), out);
    else if (v)
        kta_json_print(v, false, out);
}

static void list_markdown(const struct kta_json *list, struct kta_str *out)
{
    kta_str_add(out, "| NAMESPACE | NAME | STATUS |\n| --- | --- | --- |\n");
    kta_json_each(o, kta_json_get(list, "items")) {
        char buf[64];
        bool pod = kta_streq(kta_obj_kind(o), "Pod");
        kta_str_addf(out, "| %s | %s | %s |\n", kta_or(kta_obj_namespace(o), "-"),
                     kta_or(kta_obj_name(o), ""),
                     pod ? kta_pod_status_word(o, buf, sizeof buf) : "");
    }
}

static bool is_shown(const struct kta_json *column, bool wide)
{
    return wide || kta_json_int(column, "priority", 0) == 0;
}

void kta_table_markdown(const struct kta_json *table, bool with_namespace, bool wide,
                        struct kta_str *out)
{
    const struct kta_json *columns = kta_json_get(table, "columnDefinitions");

    if (!columns) {
        list_markdown(table, out);
        return;
    }
    size_t n = 0;
    kta_str_add(out, with_namespace ? "| NAMESPACE " : "");
    kta_json_each(c, columns) {
        if (is_shown(c, wide))
            kta_str_addf(out, "| %s ", kta_or(kta_json_str(c, "name"), ""));
    }
    kta_str_add(out, with_namespace ? "|\n| --- " : "|\n");
    kta_json_each(c, columns) {
        if (is_shown(c, wide))
            kta_str_add(out, "| --- ");
    }
    kta_str_add(out, "|\n");
    kta_json_each(row, kta_json_get(table, "rows")) {
        if (with_namespace)
            kta_str_addf(out, "| %s ", kta_or(kta_json_str(row, "object.metadata.namespace"), ""));
        size_t i = 0;
        kta_json_each(c, columns) {
            if (is_shown(c, wide)) {
                kta_str_add(out, "| ");
                cell_text(kta_json_item(kta_json_get(row, "cells"), i), out);
                kta_str_addc(out, ' ');
            }
            i++;
        }
        kta_str_add(out, "|\n");
        n++;
    }
    if (n == 0)
        kta_str_add(out, "\nThere are none.\n");
}
