/*
 * text_commands.c - kubectl and helm commands in a model's text.
 *
 * Taken: the lines of fenced blocks that begin with kubectl or helm, and lines outside of them that
 * are nothing else. What a shell would do with a line is done only where no shell is needed: a
 * prompt, a comment, a backslash at the end, an argument over several lines, "a && b" of two
 * commands, a here-document as standard input or as the file that a command then reads. All else
 * (pipes, variables, placeholders) makes the command one with a problem, never one that is guessed.
 * A fenced manifest is what a command of the same text reads from a file, else it is applied.
 */
#include <ctype.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/limits.h"
#include "kta/policy.h"
#include "kta/tools.h"
#include "kta/yaml.h"

struct scan {
    struct kta_proposed v[KTA_MAX_STEPS];
    char *file[KTA_MAX_STEPS];    /* the document was written to this file */
    bool document[KTA_MAX_STEPS]; /* no command of its own: v[i].stdin_text is to be applied */
    size_t n;
};

static void release(struct scan *s, size_t i)
{
    kta_argv_release(&s->v[i].argv);
    free(s->v[i].stdin_text);
    free(s->v[i].problem);
    free(s->file[i]);
}

/* Room for one more, or NULL. */
static struct kta_proposed *add(struct scan *s)
{
    if (s->n == KTA_MAX_STEPS)
        return NULL;
    s->file[s->n] = NULL;
    s->document[s->n] = false;
    s->v[s->n] = (struct kta_proposed){.argv = KTA_ARGV_INIT};
    return &s->v[s->n++];
}

static void add_document(struct scan *s, const char *text, const char *file)
{
    struct kta_proposed *p = add(s);

    if (!p)
        return;
    kta_argv_addl(&p->argv, "kubectl", "apply", "-f", "-", NULL);
    p->stdin_text = kta_strdup(text);
    s->file[s->n - 1] = kta_strdup(file);
    s->document[s->n - 1] = true;
}

/* ---- one line ---- */

static bool is_command(const char *line)
{
    return kta_starts(line, "kubectl ") || kta_starts(line, "helm ");
}

/* Behind a prompt: "$ ", "user@host:~$ ", "sudo ". */
static const char *skip_prompt(const char *line)
{
    line += strspn(line, " \t");
    size_t n = strcspn(line, " \t");
    bool prompt =
        n > 0 && (line[n - 1] == '$' || (memchr(line, '@', n) && strchr("#%>", line[n - 1])));
    if (prompt)
        line += n + strspn(line + n, " \t");
    return kta_starts(line, "sudo ") ? line + 5 : line;
}

/* Walks a line as a shell reads it: where an unquoted `what` stands (a "#" only at a word's
 * beginning), else where it ends. *ret_open: a quote is not closed. */
static const char *unquoted(const char *s, const char *what, bool *ret_open)
{
    char quote = '\0';

    *ret_open = false;
    for (const char *p = s; *p; p++) {
        if (*p == '\\' && quote != '\'' && p[1])
            p++;
        else if (quote)
            quote = *p == quote ? '\0' : quote;
        else if (*p == '\'' || *p == '"')
            quote = *p;
        else if (kta_starts(p, what) && (*what != '#' || p == s || isspace((unsigned char)p[-1])))
            return p;
    }
    *ret_open = quote != '\0';
    return s + strlen(s);
}

/* "<pod-name>" */
static char *placeholder(const char *line)
{
    for (const char *p = strchr(line, '<'); p; p = strchr(p + 1, '<')) {
        size_t n = strcspn(p + 1, "<> |&;");
        if (n > 0 && p[n + 1] == '>' && isalpha((unsigned char)p[1]))
            return kta_strndup(p, n + 2);
    }
    return NULL;
}

static void take_command(struct scan *s, const char *line, const char *stdin_text)
{
    struct kta_proposed *p = add(s);
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    bool open;

    if (!p)
        return;
    kta_str_addn(&text, line, (size_t)(unquoted(line, "#", &open) - line));
    kta_str_trim(&text);
    p->stdin_text = kta_strdup(stdin_text);
    if (kta_argv_split(text.s, &p->argv, &err) == 0)
        return;
    kta_argv_release(&p->argv);
    kta_argv_add(&p->argv, text.s);
    kta_auto_free char *name = placeholder(text.s);
    p->problem =
        name ? kta_asprintf("%s stands for a name: write the real one", name) : kta_strdup(err.msg);
}

/* "a && b; c": each by itself, where each is a command. */
static void take_list(struct scan *s, const char *line)
{
    static const char *const signs[] = {"&&", ";"};
    kta_auto_argv struct kta_argv parts = KTA_ARGV_INIT;
    bool open;

    for (const char *p = line; *p;) {
        const char *end = p + strlen(p), *next = end;
        for (size_t i = 0; i < KTA_LEN(signs); i++) {
            const char *at = unquoted(p, signs[i], &open);
            if (at < end) {
                end = at;
                next = at + strlen(signs[i]);
            }
        }
        kta_auto_free char *part = kta_strndup(p, (size_t)(end - p));
        p = next;
        if (!part[strspn(part, " \t")])
            continue;
        kta_argv_add(&parts, skip_prompt(part));
        if (!is_command(skip_prompt(part))) {
            take_command(s, line, NULL);
            return;
        }
    }
    for (size_t i = 0; i < parts.n; i++)
        take_command(s, parts.v[i], NULL);
}

/* ---- blocks ---- */

/* Reads one logical line from *pp: those that end with a backslash are joined. */
static void next_line(const char **pp, struct kta_str *line)
{
    kta_str_clear(line);
    for (;;) {
        size_t len = strcspn(*pp, "\r\n");
        kta_str_addn(line, *pp, len);
        *pp += len;
        if (**pp == '\r')
            ++*pp;
        if (**pp == '\n')
            ++*pp;
        if (line->len == 0 || line->s[line->len - 1] != '\\' || !**pp)
            return;
        kta_str_truncate(line, line->len - 1);
    }
}

/* A comment is cut. An argument in quotes goes on until they are closed; where they never are,
 * nothing is added. */
static void close_quotes(const char **pp, struct kta_str *line)
{
    kta_auto_str struct kta_str more = KTA_STR_LIMITED(KTA_MAX_ARG);
    const char *p = *pp;
    bool open;

    kta_str_truncate(line, (size_t)(unquoted(line->s, "#", &open) - line->s));
    kta_str_add(&more, line->s);
    for (; open && *p; unquoted(more.s, "#", &open)) {
        size_t len = strcspn(p, "\n");
        kta_str_addc(&more, '\n');
        kta_str_addn(&more, p, len);
        p += len + (p[len] == '\n');
    }
    if (open || more.cut)
        return;
    kta_str_clear(line);
    kta_str_add(line, more.s);
    *pp = p;
}

/* The lines up to `word`; *pp is moved behind it. False: it never comes. */
static bool document(const char **pp, const char *word, bool tabs, struct kta_str *body)
{
    for (const char *p = *pp; *p;) {
        const char *line = tabs ? p + strspn(p, "\t") : p;
        size_t len = strcspn(line, "\n"), n = len - (len > 0 && line[len - 1] == '\r');
        if (n == strlen(word) && !strncmp(line, word, n)) {
            *pp = line + len + (line[len] == '\n');
            return true;
        }
        kta_str_addn(body, line, len);
        kta_str_addc(body, '\n');
        p = line + len + (line[len] == '\n');
    }
    return false;
}

/* kubectl … <<EOF, cat <<EOF | kubectl …, cat > FILE <<EOF. False: the line is none of them. */
static bool take_heredoc(struct scan *s, const char *line, const char **pp)
{
    bool open;
    const char *mark = unquoted(line, "<<", &open);
    char word[32];
    size_t n = 0;

    if (!*mark || mark[2] == '<')
        return false;
    bool tabs = mark[2] == '-';
    const char *p = mark + 2 + tabs;
    p += strspn(p, " '\"\\");
    while (*p && !strchr(" '\"|>;&", *p) && n + 1 < sizeof word)
        word[n++] = *p++;
    word[n] = '\0';
    p += strspn(p, "'\"");
    kta_auto_str struct kta_str body = KTA_STR_LIMITED(KTA_MAX_MANIFEST), rest = KTA_STR_INIT;
    if (n == 0 || !document(pp, word, tabs, &body))
        return false;
    kta_str_addn(&rest, line, (size_t)(mark - line));
    kta_str_add(&rest, p);
    const char *to = strpbrk(rest.s, "|>");
    if (is_command(rest.s)) {
        take_command(s, rest.s, body.s);
    } else if (kta_starts(rest.s, "cat") && to && *to == '|' && is_command(skip_prompt(to + 1))) {
        take_command(s, skip_prompt(to + 1), body.s);
    } else if (kta_starts(rest.s, "cat") && to && *to == '>') {
        kta_auto_str struct kta_str file = KTA_STR_INIT;
        kta_str_add(&file, to + 1);
        kta_str_trim(&file);
        add_document(s, body.s, file.s);
    }
    return true;
}

static void scan_block(struct scan *s, const char *text)
{
    kta_auto_str struct kta_str line = KTA_STR_LIMITED(KTA_MAX_ARG);

    while (*text) {
        next_line(&text, &line);
        kta_auto_str struct kta_str command = KTA_STR_LIMITED(KTA_MAX_ARG);
        const char *c = skip_prompt(line.s);
        bool alias = kta_starts(c, "k ");
        kta_str_addf(&command, "%s%s", alias ? "kubectl" : "", c + alias);
        if (take_heredoc(s, command.s, &text) || !is_command(command.s))
            continue;
        close_quotes(&text, &command);
        take_list(s, command.s);
    }
}

/* ---- prose ---- */

/* What a line outside of blocks says if it is a command and nothing else; NULL if it is not. In
 * backquotes or behind a "$" it is meant as one, else it has to be one that the program knows and
 * no sentence. Caller frees. */
static char *command_alone(const char *line)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_command cmd;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    size_t digits;

    kta_str_add(&text, line);
    kta_str_trim(&text);
    const char *p = text.s;
    digits = strspn(p, "0123456789");
    if (digits > 0 && digits < 4 && strchr(".)", p[digits]) && p[digits + 1] == ' ')
        p += digits + 2;
    else if (p[0] && strchr("-*+", p[0]) && p[1] == ' ')
        p += 2;
    size_t marks = strspn(p, "*`");
    p += marks;
    const char *c = skip_prompt(p);
    if (!is_command(c))
        return NULL;
    const char *end = c + strlen(c);
    while (marks > 0 && end > c && strchr("*`", end[-1]))
        end--, marks--;
    kta_auto_free char *command = kta_strndup(c, (size_t)(end - c));
    if (marks > 0 || strchr(command, '`'))
        return NULL;
    if (c != p || end != c + strlen(c))
        return kta_strdup(command);
    if (strchr(".:,;!?", end[-1]))
        return NULL;
    if (kta_argv_split(command, &argv, &err) < 0)
        return kta_strdup(command);
    if (kta_command_parse(&argv, &cmd, &err) < 0)
        return NULL;
    kta_command_release(&cmd);
    return kta_strdup(command);
}

static void scan_prose(struct scan *s, const char *text)
{
    kta_auto_str struct kta_str line = KTA_STR_LIMITED(KTA_MAX_ARG);

    while (*text) {
        next_line(&text, &line);
        kta_auto_free char *c = command_alone(line.s);
        if (c && !take_heredoc(s, c, &text))
            take_list(s, c);
    }
}

/* ---- manifests ---- */

static bool is_manifest(const char *text)
{
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_json struct kta_json *docs = NULL;

    if (!strstr(text, "apiVersion") || kta_yaml_parse_all(text, strlen(text), &docs, &err) < 0)
        return false;
    kta_json_each(d, docs) {
        if (!kta_json_str(d, "apiVersion") || !kta_json_str(d, "kind"))
            return false;
    }
    return kta_json_len(docs) > 0;
}

/* The word that names the one file which a kubectl command reads, and where the name begins in it;
 * NULL: none, several, or one from elsewhere. */
static char **file_word(struct kta_argv *argv, size_t *ret_at)
{
    char **found = NULL;

    for (size_t i = 1; i < argv->n && !strcmp(argv->v[0], "kubectl"); i++) {
        char *word = argv->v[i];
        bool next = !strcmp(word, "-f") || !strcmp(word, "--filename");
        size_t at = kta_starts(word, "--filename=") ? 11 : kta_starts(word, "-f") ? 2 : 0;
        if ((!next && at == 0) || (next && i + 1 == argv->n))
            continue;
        if (found)
            return NULL;
        found = next ? &argv->v[i + 1] : &argv->v[i];
        *ret_at = next ? 0 : at + (at == 2 && word[2] == '=');
    }
    return found && !strstr(*found, "://") ? found : NULL;
}

/* The document that a command reads: that of the file's name, else the first without a name. */
static size_t document_for(const struct scan *s, const char *file)
{
    size_t unnamed = s->n;

    for (size_t i = s->n; i-- > 0;) {
        if (s->document[i] && kta_streq(s->file[i], file))
            return i;
        if (s->document[i] && !s->file[i])
            unnamed = i;
    }
    return unnamed;
}

static void drop(struct scan *s, size_t i)
{
    release(s, i);
    for (s->n--; i < s->n; i++) {
        s->v[i] = s->v[i + 1];
        s->file[i] = s->file[i + 1];
        s->document[i] = s->document[i + 1];
    }
}

static void give_documents(struct scan *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct kta_proposed *p = &s->v[i];
        size_t at = 0;
        char **word =
            s->document[i] || p->problem || p->stdin_text ? NULL : file_word(&p->argv, &at);
        size_t from = word ? document_for(s, *word + at) : s->n;
        if (from == s->n)
            continue;
        char *stdin_form = kta_asprintf("%.*s-", (int)at, *word);
        free(*word);
        *word = stdin_form;
        p->stdin_text = kta_strdup(s->v[from].stdin_text);
        drop(s, from);
        i -= from < i;
    }
}

/* ---- texts ---- */

static void hand_out(struct scan *s, void (*found)(void *ctx, struct kta_proposed *p), void *ctx)
{
    give_documents(s);
    for (size_t i = 0; i < s->n; i++) {
        found(ctx, &s->v[i]);
        release(s, i);
    }
}

void kta_commands_in_block(const char *text, void (*found)(void *ctx, struct kta_proposed *p),
                           void *ctx)
{
    struct scan s = {.n = 0};

    scan_block(&s, text);
    hand_out(&s, found, ctx);
}

void kta_commands_in_text(const char *text, void (*found)(void *ctx, struct kta_proposed *p),
                          void *ctx)
{
    struct scan s = {.n = 0};
    kta_auto_str struct kta_str part = KTA_STR_LIMITED(KTA_MAX_MANIFEST);
    char fence = '\0';

    for (const char *p = text;;) {
        size_t len = strcspn(p, "\n");
        const char *t = p + strspn(p, " \t");
        bool mark = kta_starts(t, "```") || kta_starts(t, "~~~");
        if ((mark && (!fence || *t == fence)) || !*p) {
            if (fence && is_manifest(part.s))
                add_document(&s, part.s, NULL);
            else
                (fence ? scan_block : scan_prose)(&s, part.s);
            kta_str_clear(&part);
            fence = fence ? '\0' : *t;
        } else {
            kta_str_addn(&part, p, len);
            kta_str_addc(&part, '\n');
        }
        if (!*p)
            break;
        p += len + (p[len] == '\n');
    }
    hand_out(&s, found, ctx);
}
