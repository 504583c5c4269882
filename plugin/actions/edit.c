/*
 * edit.c - a plan as text for an editor, and back.
 *
 * Each command on a line (quoted, so it may go over several), its manifest as a here-document
 * behind it. What comes back is taken whole or not at all; nothing of it goes near a shell. The
 * caller classifies and previews again: an edited step is another step.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/limits.h"

struct entry {
    struct kta_argv argv;
    char *input;
};

static bool editable(const struct kta_step *s, const struct kta_step *only)
{
    return only ? s == only : s->state == KTA_PLANNED;
}

void kta_plan_edit_text(const struct kta_plan *p, const struct kta_step *only, struct kta_str *out)
{
    char mark[16];

    kta_str_add(out, only
                         ? "# Change the command. Nothing runs before you have confirmed it.\n"
                         : "# The plan. Change, add or take out commands; their order is the order "
                           "in which they run.\n# Nothing runs before you have confirmed it.\n");
    for (size_t i = 0; i < p->n; i++) {
        const struct kta_step *s = p->v[i];
        if (!editable(s, only))
            continue;
        kta_argv_quote(&s->argv, out);
        if (s->stdin_text) {
            kta_heredoc_mark(s->stdin_text, mark, sizeof mark);
            kta_str_addf(out, " <<'%s'\n%s", mark, s->stdin_text);
            if (!kta_ends(s->stdin_text, "\n"))
                kta_str_addc(out, '\n');
            kta_str_add(out, mark);
        }
        kta_str_addc(out, '\n');
    }
}

/* The end of the command that begins at s: a newline outside of quotes. *ret_heredoc: its "<<", or
 * NULL. */
static const char *command_end(const char *s, const char **ret_heredoc)
{
    char quote = 0;

    *ret_heredoc = NULL;
    for (; *s && (*s != '\n' || quote); s++) {
        if (*s == '\\' && quote != '\'' && s[1])
            s++;
        else if (quote)
            quote = *s == quote ? 0 : quote;
        else if (*s == '\'' || *s == '"')
            quote = *s;
        else if (s[0] == '<' && s[1] == '<')
            *ret_heredoc = s;
    }
    return s;
}

static const char *after_line(const char *s)
{
    const char *nl = strchr(s, '\n');

    return nl ? nl + 1 : s + strlen(s);
}

/* The here-document whose body begins at p. *ret_p: behind it. NULL: it has no end. */
static char *take_heredoc(const char *operator_, const char *end, const char **ret_p)
{
    kta_auto_str struct kta_str mark = KTA_STR_INIT;
    const char *body = *ret_p;

    for (const char *c = operator_ + 2; c < end; c++)
        if (*c != '\'' && *c != '"' && *c != '-')
            kta_str_addc(&mark, *c);
    kta_str_trim(&mark);
    for (const char *p = body; mark.len > 0 && *p; p = after_line(p)) {
        if (strncmp(p, mark.s, mark.len) != 0 || (p[mark.len] && p[mark.len] != '\n'))
            continue;
        *ret_p = after_line(p);
        return kta_strndup(body, (size_t)(p - body));
    }
    return NULL;
}

static int take_entry(const char **p, struct entry *e, struct kta_err *err)
{
    const char *heredoc, *begin = *p, *end = command_end(begin, &heredoc);
    kta_auto_free char *line = kta_strndup(begin, (size_t)((heredoc ? heredoc : end) - begin));

    *p = *end ? end + 1 : end;
    if (kta_argv_split(line, &e->argv, err) < 0)
        return kta_err_wrap(err, "'%.80s'", line);
    if (!heredoc)
        return 0;
    e->input = take_heredoc(heredoc, end, p);
    if (!e->input)
        return kta_err_set(err, KTA_E_PARSE, "the manifest of '%.80s' has no end", line);
    if (strlen(e->input) > KTA_MAX_MANIFEST)
        return kta_err_set(err, KTA_E_LIMIT, "the manifest of '%.80s' is larger than %u bytes",
                           line, KTA_MAX_MANIFEST);
    return 0;
}

static bool same(const struct kta_argv *argv, const char *input, const struct entry *e)
{
    return kta_argv_equal(argv, &e->argv) && kta_streq(input, e->input);
}

static int parse(const char *text, struct entry *entries, size_t *ret_n, struct kta_err *err)
{
    for (const char *p = text; *p;) {
        p += strspn(p, " \t\r\n");
        if (*p == '#') {
            p = after_line(p);
            continue;
        }
        if (!*p)
            break;
        if (*ret_n == KTA_MAX_STEPS)
            return kta_err_set(err, KTA_E_LIMIT, "a plan has at most %d steps", KTA_MAX_STEPS);
        struct entry *e = &entries[*ret_n];
        *e = (struct entry){.input = NULL};
        (*ret_n)++; /* from now on it is the caller's to free */
        if (take_entry(&p, e, err) < 0)
            return -1;
        for (size_t i = 0; i + 1 < *ret_n; i++) {
            if (!same(&entries[i].argv, entries[i].input, e))
                continue;
            kta_argv_release(&e->argv);
            free(e->input);
            (*ret_n)--;
            break;
        }
    }
    if (*ret_n == 0)
        return kta_err_set(err, KTA_E_UNCONFIRMED, "every command was taken out");
    return 0;
}

static struct kta_step *new_step(struct entry *e)
{
    struct kta_step *s = kta_calloc(1, sizeof *s);

    s->preview.objects = s->preview.allowed = -1;
    s->argv = e->argv;
    s->stdin_text = e->input;
    s->why = kta_strdup("edited by you");
    *e = (struct entry){.input = NULL};
    return s;
}

/* The steps that were not changed keep what is known of them; those that cannot be edited stay,
 * behind the others. */
static void replace(struct kta_plan *p, struct entry *entries, size_t n)
{
    struct kta_step **v = kta_calloc(p->n + n, sizeof *v);
    size_t have = 0;

    for (size_t k = 0; k < n; k++) {
        struct kta_step *s = NULL;
        for (size_t i = 0; !s && i < p->n; i++)
            if (p->v[i] && editable(p->v[i], NULL) &&
                same(&p->v[i]->argv, p->v[i]->stdin_text, &entries[k]))
                s = KTA_STEAL(p->v[i]);
        v[have++] = s ? s : new_step(&entries[k]);
    }
    for (size_t i = 0; i < p->n; i++) {
        if (p->v[i] && editable(p->v[i], NULL))
            kta_step_free(p->v[i]);
        else if (p->v[i])
            v[have++] = p->v[i];
    }
    free(p->v);
    p->v = v;
    p->cap = p->n + n;
    p->n = have;
    for (size_t i = 0; i < have; i++)
        snprintf(v[i]->id, sizeof v[i]->id, "%u", (unsigned)i + 1);
}

/* In its place: whoever runs the plan holds on to it. */
static void replace_one(struct kta_step *s, struct entry *e)
{
    if (same(&s->argv, s->stdin_text, e))
        return;
    struct kta_step *fresh = new_step(e);
    struct kta_step old = *s;

    snprintf(fresh->id, sizeof fresh->id, "%s", s->id);
    *s = *fresh;
    *fresh = old;
    kta_step_free(fresh);
}

int kta_plan_edit_take(struct kta_plan *p, struct kta_step *only, const char *text,
                       struct kta_err *err)
{
    struct entry entries[KTA_MAX_STEPS];
    size_t n = 0, stay = 0;
    int r = parse(text, entries, &n, err);

    for (size_t i = 0; i < p->n; i++)
        stay += !editable(p->v[i], NULL);
    if (r == 0 && only && n > 1)
        r = kta_err_set(err, KTA_E_USAGE, "there can be only one command here");
    if (r == 0 && n + stay > KTA_MAX_STEPS)
        r = kta_err_set(err, KTA_E_LIMIT, "a plan has at most %d steps", KTA_MAX_STEPS);
    if (r == 0 && only)
        replace_one(only, &entries[0]);
    else if (r == 0)
        replace(p, entries, n);
    for (size_t i = 0; i < n; i++) {
        kta_argv_release(&entries[i].argv);
        free(entries[i].input);
    }
    return r;
}
