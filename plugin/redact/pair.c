/*
 * pair.c - a telling name and its value: NAME=value, "name": "value", name: value, --flag value,
 * <name>value</name>, {name: NAME, value: value}, and in prose.
 */
#include "scanner.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/utf8.h"
#include "names.h"

struct name {
    size_t start, end; /* with the dashes of a flag */
    enum kta_telling tells;
    bool flag;     /* begins with a dash */
    bool in_query; /* behind ? or & */
};

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' ||
           (unsigned char)c >= 0x80;
}

/* A last part of a path is a file; of "domain/name" it is an annotation's name. */
static bool path_part(const struct scanner *sc, size_t start)
{
    if (!start || sc->s[start - 1] != '/')
        return false;
    size_t i = start - 1;
    bool dot = false;
    while (i && name_byte(sc->s[i - 1]) && start - i < MAX_NAME)
        dot |= sc->s[--i] == '.';
    return !dot || i == start - 1 || (i && (sc->s[i - 1] == '/' || sc->s[i - 1] == ':'));
}

/* "client secret": not an object of Kubernetes. */
static bool opens(const char *word, size_t n)
{
    static const char *const words[] = {"client",  "shared",   "app",  "jwt",  "webhook",
                                        "signing", "consumer", "hmac", "oauth"};
    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (strlen(words[i]) == n && !strncasecmp(words[i], word, n))
            return true;
    return false;
}

static bool find_name(struct scanner *sc, size_t at, size_t end, struct name *name)
{
    size_t a = at, b = end;
    while (a && name_byte(sc->s[a - 1]) && at - a < MAX_NAME)
        a--;
    while (b < sc->n && name_byte(sc->s[b]) && b - end < MAX_NAME)
        b++;
    sc->name_end = b;
    if (b == sc->n && !sc->last)
        kta_hold(sc, kta_line_start(sc, a));
    if (at - a >= MAX_NAME || b - end >= MAX_NAME || path_part(sc, a))
        return false;
    while (b > end && strchr(".-", sc->s[b - 1]))
        b--;
    /* "\nNAME" and "%20NAME": the escape's last letters are not the name's */
    if (a && sc->s[a - 1] == '\\' && strchr("nrt", sc->s[a]) && a < at)
        a++;
    else if (a && sc->s[a - 1] == '%' && at - a >= 2 && isxdigit((unsigned char)sc->s[a]))
        a += 2;
    if (a && (sc->s[a - 1] == '[' || sc->s[a - 1] == ';')) { /* a colour: ESC [1;36m */
        size_t i = a;
        while (i < at && isdigit((unsigned char)sc->s[i]))
            i++;
        if (i > a && i < at && sc->s[i] == 'm')
            a = i + 1;
    }
    size_t before = a, before_n = 0;
    bool secret = b - a == 6 && kta_at(sc, a, "secret");
    if ((b - a == 3 || secret) && a > 1 && sc->s[a - 1] == ' ') { /* "API key" */
        before = a - 1;
        while (before && isalpha((unsigned char)sc->s[before - 1]) && before_n < 20) {
            before--;
            before_n++;
        }
    }
    if (secret && !opens(sc->s + before, before_n))
        before_n = 0;
    name->start = a;
    name->end = b;
    name->flag = sc->s[a] == '-';
    name->in_query = a && (sc->s[a - 1] == '?' || sc->s[a - 1] == '&');
    name->tells = kta_telling(sc->s + a, b - a, sc->s + before, before_n);
    return name->tells != KTA_TELLS_NOTHING;
}

/* Nothing but indentation, "- ", quotes, export before the name on its line. */
static bool begins_line(const struct scanner *sc, size_t at)
{
    size_t from = at;
    while (from && sc->s[from - 1] != '\n' && at - from <= 40)
        from--;
    if (at - from > 40)
        return false;
    while (from < at && strchr(" \t-\"'", sc->s[from]))
        from++;
    if (kta_at(sc, from, "export "))
        from += 7;
    return from >= at;
}

/* The answer may stand on the line behind the one at `at`: wait until that is complete. */
static void hold_next_line(struct scanner *sc, const struct name *name, size_t at)
{
    if (sc->last)
        return;
    if (at >= sc->waiting && sc->n - at <= NEAR)
        kta_hold(sc, kta_line_start(sc, name->start));
}

static void judge(struct scanner *sc, const struct name *name, size_t start, size_t end,
                  bool quoted, bool assigned)
{
    if (!quoted && !assigned && end < sc->n && sc->s[end] == ':')
        return; /* "verify token: oauth2: …" */
    if (end - start > 21 && (sc->s[start + 20] == '/' || kta_at(sc, start + 20, "%2F")) &&
        (kta_at(sc, start, "AKIA") || kta_at(sc, start, "ASIA")))
        end = start + 20; /* the scope behind the key's id */
    size_t line = kta_near_end(sc, end), rest = end;
    while (rest < line && strchr(" \t\r\"'.,;)}]", sc->s[rest]))
        rest++;
    if (rest > end && rest < line && sc->s[rest] == '#') /* a comment */
        rest = line;
    struct kta_value_place place = {.quoted = quoted,
                                    .assigned = assigned,
                                    .last = rest == line,
                                    .own_line = rest == line && begins_line(sc, name->start)};
    if (kta_value_secret(sc->s + start, end - start, name->tells, &place))
        kta_hide(sc, name->start, start, end, "telling name");
}

/* docker's "auth": base64 of user:password. */
static bool encoded_login(const char *v, size_t n)
{
    kta_auto_str struct kta_str plain = KTA_STR_LIMITED(4096);
    if (n < 6 || kta_b64_decode(v, n, &plain) < 0 || !memchr(plain.s, ':', plain.len))
        return false;
    return kta_utf8_valid(plain.s, plain.len) && !kta_deceptive(plain.s, plain.len);
}

/* user:password */
static bool login(const char *v, size_t n)
{
    const char *colon = memchr(v, ':', n);
    return colon && colon > v && colon + 3 < v + n && colon[1] != '/' && !memchr(v, ' ', n) &&
           !isdigit((unsigned char)colon[1]);
}

static size_t indentation(const struct scanner *sc, size_t line)
{
    size_t i = line;
    while (i < sc->n && sc->s[i] == ' ')
        i++;
    return i - line;
}

/* A YAML block scalar whose header ends at `header_end`: the lines that are indented deeper. */
static void block_scalar(struct scanner *sc, const struct name *name, size_t header_end)
{
    size_t key_line = kta_line_start(sc, name->start), indent = indentation(sc, key_line);
    while (key_line + indent < name->start && strchr("- ", sc->s[key_line + indent]))
        indent++;
    size_t at = header_end + 1, start = 0, end = 0;
    while (at < sc->n && at - header_end < MAX_VALUE) {
        size_t line_end = kta_line_end(sc, at), in = indentation(sc, at);
        if (at + in < line_end) {
            if (in <= indent)
                break;
            start = start ? start : at + in;
            end = line_end;
        }
        at = line_end + 1;
    }
    if (at >= sc->n && !sc->last)
        kta_hold(sc, key_line);
    if (start && name->tells >= KTA_TELLS_TOKEN)
        kta_hide(sc, name->start, start, end, "telling name");
}

/* `kubectl describe configmap`: the name, a line of dashes, the value's lines, an empty line. */
static void described(struct scanner *sc, const struct name *name, size_t dashes)
{
    size_t start = kta_line_end(sc, dashes) + 1, end = start;
    while (end < sc->n && sc->s[end] != '\n' && end - start < MAX_VALUE)
        end = kta_line_end(sc, end) + 1;
    if (end > sc->n)
        end = sc->n;
    while (end > start && isspace((unsigned char)sc->s[end - 1]))
        end--;
    if (start < end)
        judge(sc, name, start, end, /* quoted= */ true, /* assigned= */ true);
}

/* "tokens" speaks of several: each is judged as a "token". */
static struct name singular(const struct scanner *sc, const struct name *name)
{
    struct name one = *name;
    if (name->end > name->start + 4 && tolower((unsigned char)sc->s[name->end - 1]) == 's') {
        enum kta_telling t = kta_telling(sc->s + name->start, name->end - name->start - 1, "", 0);
        one.tells = t > name->tells ? t : name->tells;
    }
    return one;
}

/* Lines "- value" behind a name without a value. */
static void yaml_list(struct scanner *sc, const struct name *name, size_t at)
{
    struct name one = singular(sc, name);
    for (int i = 0; i < 64 && at < sc->n; i++) {
        size_t dash = kta_skip_blanks(sc, at), line_end = kta_line_end(sc, at), start;
        if (!kta_at(sc, dash, "- "))
            return;
        bool quoted;
        size_t end = kta_value_end(sc, kta_skip_blanks(sc, dash + 2), &start, &quoted, false);
        if (end < line_end && sc->s[end] != '"' && sc->s[end] != '\'')
            return; /* "- name: …" */
        if (!memchr(sc->s + start, ':', end - start))
            judge(sc, &one, start, end, quoted, true);
        at = line_end + 1;
    }
    if (!sc->last)
        kta_hold(sc, kta_line_start(sc, name->start));
}

static size_t word_end(const struct scanner *sc, size_t line)
{
    size_t i = kta_skip_blanks(sc, line);
    while (i < sc->n && (unsigned char)sc->s[i] > ' ')
        i++;
    return i;
}

/* A line with nothing but a key on it. */
static bool lone_random(const struct scanner *sc, size_t line)
{
    if (line >= sc->n)
        return false;
    size_t start = kta_skip_blanks(sc, line), end = word_end(sc, line),
           rest = kta_skip_blanks(sc, end);
    return (rest >= sc->n || sc->s[rest] == '\n' || sc->s[rest] == '\r') &&
           !memchr(sc->s + start, ':', end - start) && kta_value_random(sc->s + start, end - start);
}

/* YAML's value on the line behind its key: one word, indented deeper, on a line of its own. */
static bool deeper_scalar(const struct scanner *sc, const struct name *name, size_t line)
{
    size_t key = kta_line_start(sc, name->start), in = indentation(sc, key);
    size_t start = line + indentation(sc, line), end = word_end(sc, line);
    return key + in == name->start && start > line + in && end > start &&
           end == kta_line_end(sc, line) && !strchr("-#&", sc->s[start]) &&
           !memchr(sc->s + start, ':', end - start);
}

static void no_value_on_line(struct scanner *sc, const struct name *name, size_t newline)
{
    hold_next_line(sc, name, newline);
    size_t next = newline + 1;
    if (kta_at(sc, next, "----") && kta_line_end(sc, next) - next <= 5)
        described(sc, name, next);
    else if (name->tells >= KTA_TELLS_TOKEN && lone_random(sc, next))
        kta_hide(sc, name->start, kta_skip_blanks(sc, next), word_end(sc, next), "telling name");
    else if (name->tells == KTA_TELLS_PASSWORD && deeper_scalar(sc, name, next))
        judge(sc, name, kta_skip_blanks(sc, next), word_end(sc, next), false, true);
    else if (name->end && tolower((unsigned char)sc->s[name->end - 1]) == 's')
        yaml_list(sc, name, next);
}

/* [115 101 99 114 101 116 49 50]: what %v of Go prints of bytes. Returns the bracket, or 0. */
static size_t numbers(const struct scanner *sc, size_t at)
{
    int n = 0, digits = 0;
    for (; at < sc->n && (isdigit((unsigned char)sc->s[at]) || strchr(", ", sc->s[at])); at++) {
        digits = isdigit((unsigned char)sc->s[at]) ? digits + 1 : 0;
        n += digits == 1;
        if (digits > 3)
            return 0;
    }
    return n >= 8 && at < sc->n && sc->s[at] == ']' ? at : 0;
}

/* ["a", "b"] or [a b] */
static void list(struct scanner *sc, const struct name *name, size_t at, bool assigned)
{
    struct name one = singular(sc, name);
    size_t bytes = name->tells >= KTA_TELLS_REFERENCE ? numbers(sc, at + 1) : 0;
    if (bytes) {
        kta_hide(sc, name->start, at + 1, bytes, "telling name");
        return;
    }
    for (int i = 0; i < 64 && at < sc->n && sc->s[at] != ']'; i++) {
        while (at < sc->n && strchr("[, \t\n", sc->s[at]))
            at++;
        if (at >= sc->n || sc->s[at] == ']' || sc->s[at] == '{')
            return;
        size_t start;
        bool quoted;
        size_t end = kta_value_end(sc, at, &start, &quoted, false);
        const char *close = quoted ? NULL : memchr(sc->s + start, ']', end - start);
        if (close)
            end = (size_t)(close - sc->s);
        judge(sc, &one, start, end, quoted, assigned);
        at = end + kta_quote(sc, end);
        if (end == start && !quoted)
            return;
    }
}

/* "password: correct horse battery" on a line of its own is one value. */
static size_t whole_line(const struct scanner *sc, const struct name *name, size_t start,
                         size_t end)
{
    size_t line = kta_near_end(sc, end);
    if (end >= line || name->tells < KTA_TELLS_PASSWORD || !begins_line(sc, name->start) ||
        line - end > 120 || kta_value_stop_word(sc->s + start, line - start, false))
        return end;
    for (size_t i = end; i < line; i++)
        if (strchr("=:<>|\"'{}()", sc->s[i]))
            return end;
    const char *comment = memmem(sc->s + end, line - end, " #", 2);
    if (comment)
        line = (size_t)(comment - sc->s);
    while (line > end && isspace((unsigned char)sc->s[line - 1]))
        line--;
    return line;
}

/* Password={a;b} of ODBC and ADO.NET (}} is a brace): what nothing else reads as an object. */
static void value_at(struct scanner *sc, const struct name *name, size_t at, bool assigned);

static void braced(struct scanner *sc, const struct name *name, size_t at)
{
    size_t line = kta_near_end(sc, at), end = at;
    while (end < line && (!strchr("}:=\"'", sc->s[end]) || kta_at(sc, end, "}}")))
        end += kta_at(sc, end, "}}") ? 2 : 1;
    if (end < line && sc->s[end] == '}')
        judge(sc, name, at, end, /* quoted= */ true, /* assigned= */ true);
}

/* {"sensitive": true, "value": "…"}: Terraform's outputs, Spring's environment. */
static void valued(struct scanner *sc, const struct name *name, size_t at)
{
    size_t max = sc->n - at > 400 ? at + 400 : sc->n, i = at;
    while (i < max && sc->s[i] != '{' && sc->s[i] != '}' && !kta_at(sc, i, "\"value"))
        i++;
    if (i == sc->n && !sc->last)
        kta_hold(sc, kta_line_start(sc, name->start));
    bool assigns;
    size_t q = kta_at(sc, i, "\"value") ? kta_quote(sc, i + 6) : 0;
    size_t sep = kta_skip_blanks(sc, i + 6 + q), n = q ? kta_separator(sc, sep, &assigns) : 0;
    if (n && kta_quote(sc, kta_skip_blanks(sc, sep + n)))
        value_at(sc, name, sep + n, /* assigned= */ true);
}

/* []byte{0x73, 0x65} of Go: to the brace. */
static bool go_bytes(struct scanner *sc, const struct name *name, size_t at)
{
    size_t head = kta_at(sc, at, "[]byte{") ? 7 : kta_at(sc, at, "[]uint8{") ? 8 : 0;
    if (!head)
        return false;
    const char *close = memchr(sc->s + at, '}', kta_near_end(sc, at) - at);
    if (close && name->tells >= KTA_TELLS_REFERENCE)
        kta_hide(sc, name->start, at + head, (size_t)(close - sc->s), "telling name");
    return true;
}

/* SecretStr('x'), os.environ.get('NAME', 'x'): the strings in the call, but for names. */
static void call(struct scanner *sc, const struct name *name, size_t at)
{
    for (int i = 0; i < 4 && at < sc->n && sc->s[at] != ')'; i++) {
        size_t start;
        bool quoted, shouted = true;
        size_t end = kta_value_end(sc, at, &start, &quoted, false);
        if (!quoted)
            return;
        for (size_t k = start; k < end; k++)
            shouted &= isupper((unsigned char)sc->s[k]) || sc->s[k] == '_';
        if (!shouted)
            judge(sc, name, start, end, quoted, /* assigned= */ true);
        at = end + kta_quote(sc, end);
        while (at < sc->n && strchr(", ", sc->s[at]))
            at++;
    }
}

/* ${NAME:-value}: -, = and + give a value, ? a message. */
static bool in_braces(const struct scanner *sc, const struct name *name)
{
    return name->start > 1 && sc->s[name->start - 1] == '{' && sc->s[name->start - 2] == '$';
}

/* b'…', rb"…" of Python, N'…' of SQL, @"…" of C#: what stands before the quote. */
static size_t string_prefix(const struct scanner *sc, size_t at)
{
    size_t n = 0;
    while (n < 2 && at + n < sc->n && strchr("bBrRuUfFN@$", sc->s[at + n]))
        n++;
    return n && kta_quote(sc, at + n) == 1 ? n : 0;
}

/* "…;Password=a b;Encrypt=yes": what stands between two ; is one value. */
static size_t property_end(const struct scanner *sc, const struct name *name, size_t start,
                           size_t end)
{
    size_t i = end, line = kta_near_end(sc, end);
    if (!name->start || sc->s[name->start - 1] != ';' || end == start || sc->s[end] != ' ')
        return end;
    while (i < line && !strchr(";=:\"'<>", sc->s[i]))
        i++;
    return i < line && sc->s[i] == ';' ? i : end;
}

static void value_at(struct scanner *sc, const struct name *name, size_t at, bool assigned)
{
    if (in_braces(sc, name)) {
        if (at >= sc->n || sc->s[at] == '?' || sc->s[at] == '}')
            return;
        at += strchr("-=+", sc->s[at]) != NULL; /* Spring's ${NAME:value} has none */
    }
    if (name->end - name->start == 4 && !memcmp(sc->s + name->start, "PASS", 4) && !assigned)
        return; /* --- PASS: TestLogin */
    at = kta_skip_blanks(sc, at);
    if (kta_at(sc, at, "** ")) /* bold in Markdown */
        at = kta_skip_blanks(sc, at + 2);
    if (kta_at(sc, at, "!!binary") || kta_at(sc, at, "!!str"))
        at = kta_skip_blanks(sc, at + (kta_at(sc, at, "!!str") ? 5 : 8));
    if (at >= sc->n || sc->s[at] == '\n' || sc->s[at] == '\r') {
        no_value_on_line(sc, name, kta_near_end(sc, at));
        return;
    }
    size_t line = kta_near_end(sc, at);
    if ((sc->s[at] == '|' || sc->s[at] == '>') && line - at <= 3) {
        block_scalar(sc, name, line);
        return;
    }
    if (sc->s[at] == '{' && !kta_at(sc, at, "{{")) {
        if (assigned)
            braced(sc, name, at + 1);
        else
            valued(sc, name, at + 1);
        return;
    }
    if (go_bytes(sc, name, at))
        return;
    if (sc->s[at] == '[') {
        list(sc, name, at, assigned);
        return;
    }
    if (kta_at(sc, at, "pass:")) /* openssl */
        at += 5;
    at += string_prefix(sc, at);
    char first = at < sc->n ? sc->s[at] : '\0';
    if ((first == '"' && kta_at(sc, at, "\"\"\"")) ||
        (first == '\'' && kta_at(sc, at, "'''"))) /* of Python, TOML and Grafana */
        at += 2;
    size_t start;
    bool quoted;
    size_t end = kta_value_end(sc, at, &start, &quoted, name->in_query);
    if (!quoted && end > start && sc->s[end - 1] == '(' && kta_quote(sc, end)) {
        call(sc, name, end);
        return;
    }
    if (!quoted && (kta_at(sc, end, " bytes") || kta_at(sc, end, " byte")))
        return; /* kubectl describe secret */
    if (!quoted && !assigned)
        end = whole_line(sc, name, start, end);
    else if (!quoted && end < sc->n)
        end = property_end(sc, name, start, end);
    if (quoted && kta_value_stop_word(sc->s + start, end - start, assigned))
        return;
    if (name->tells == KTA_TELLS_MAYBE && name->end >= 4 && kta_at(sc, name->end - 4, "auth") &&
        (encoded_login(sc->s + start, end - start) || login(sc->s + start, end - start)))
        kta_hide(sc, name->start, start, end, "registry credentials");
    else
        judge(sc, name, start, end, quoted, assigned);
}

/* The name is itself a value: {"name": "DB_PASSWORD", "value": "…"}, <add key="…" value="…"/>. */
static bool is_named_by(const struct scanner *sc, const struct name *name)
{
    static const char *const keys[] = {"name", "key", "env", "variable", "parameter", "header"};
    size_t i = name->start;
    for (int k = 0; k < 24 && i && strchr("\"'\\ \t:=", sc->s[i - 1]); k++)
        i--;
    if (i == name->start)
        return false;
    for (size_t k = 0; k < KTA_LEN(keys); k++)
        if (i >= strlen(keys[k]) && kta_at(sc, i - strlen(keys[k]), keys[k]))
            return true;
    return false;
}

/* The first byte of a line of a diff. */
static bool diff_mark(const struct scanner *sc, size_t i)
{
    return i && sc->s[i - 1] == '\n' && strchr("+-", sc->s[i]) && kta_at(sc, i + 1, " ");
}

static bool named_value(struct scanner *sc, const struct name *name, size_t at)
{
    size_t i = at;
    while (i < sc->n && i - at < 120 &&
           (isspace((unsigned char)sc->s[i]) || sc->s[i] == ',' || diff_mark(sc, i)))
        i++;
    hold_next_line(sc, name, name->end);
    i = kta_skip_quotes(sc, i);
    if (!kta_at(sc, i, "value") || (i + 5 < sc->n && isalnum((unsigned char)sc->s[i + 5])))
        return false;
    i = kta_skip_blanks(sc, kta_skip_quotes(sc, i + 5));
    bool assigns;
    size_t n = kta_separator(sc, i, &assigns);
    if (n)
        value_at(sc, name, i + n, /* assigned= */ true);
    return n != 0;
}

/* {"value": "…", "name": "DB_PASSWORD"} and the same in YAML. */
static void value_before(struct scanner *sc, const struct name *name)
{
    size_t low = name->start > 600 ? name->start - 600 : 0;
    const char *p = NULL, *from = sc->s + low, *to = sc->s + name->start;
    for (const char *q = from; (q = memmem(q, (size_t)(to - q), "value", 5)); q += 5)
        p = q;
    if (!p || memchr(p, '{', (size_t)(to - p)) || memchr(p, '}', (size_t)(to - p)) ||
        memmem(p, (size_t)(to - p), "\n- ", 3) || memmem(p, (size_t)(to - p), " - ", 3))
        return;
    size_t at = kta_skip_blanks(sc, kta_skip_quotes(sc, (size_t)(p - sc->s) + 5)), start;
    bool assigns, quoted;
    size_t n = kta_separator(sc, at, &assigns);
    if (!n)
        return;
    at = kta_skip_blanks(sc, at + n);
    size_t end = kta_value_end(sc, at, &start, &quoted, false);
    /* between the value and the name stands only ["], name: */
    size_t between = name->start - end;
    if (end < name->start && between < 40 && !memchr(sc->s + end, '=', between))
        judge(sc, name, start, end, quoted, true);
}

/* `kubectl describe pod`: each argument on a line of its own, equally indented. */
static bool next_argument(const struct scanner *sc, const struct name *name, size_t at)
{
    size_t flag = kta_line_start(sc, name->start), line = kta_line_start(sc, at);
    size_t end = at;
    while (end < sc->n && (unsigned char)sc->s[end] > ' ')
        end++;
    size_t rest = kta_skip_blanks(sc, end);
    return at > line && at - line == name->start - flag &&
           (rest >= sc->n || sc->s[rest] == '\n' || sc->s[rest] == '\r') && sc->s[end - 1] != ':';
}

/* "--token string   Bearer token …": a type or a name in its place, then what it is for. */
static bool help_text(const struct scanner *sc, size_t at)
{
    static const char *const types[] = {"string", "strings", "stringArray", "file",
                                        "path",   "value",   "secret",      "password",
                                        "token",  "key",     "text"};
    for (size_t i = 0; i < KTA_LEN(types); i++)
        if (kta_at(sc, at, types[i]) && kta_at(sc, at + strlen(types[i]), "  "))
            return true;
    return false;
}

static void flag_value(struct scanner *sc, const struct name *name, size_t at)
{
    size_t i = at;
    bool newline = false;
    while (i < sc->n && i - at < 120 && (isspace((unsigned char)sc->s[i]) || sc->s[i] == ','))
        newline |= sc->s[i++] == '\n';
    if (i == at)
        return;
    hold_next_line(sc, name, name->end);
    if (newline && kta_at(sc, i, "- "))
        i += 2;
    else if (newline && !kta_quote(sc, i) && !(i < sc->n && next_argument(sc, name, i)))
        return;
    if (kta_quote(sc, at - 1) && i == at + 1 && !kta_quote(sc, i))
        return; /* for "--token" flag */
    if (help_text(sc, i))
        return;
    if (i >= sc->n || sc->s[i] == '-' ||
        kta_value_stop_word(sc->s + i, kta_near_end(sc, i) - i, false))
        return;
    value_at(sc, name, i, /* assigned= */ true);
}

/* "the password is hunter2", "token 'abc123…'": only what does not look like a word. */
static void prose(struct scanner *sc, const struct name *name, size_t at)
{
    if (name->start && !strchr(" \t\n\"'(", sc->s[name->start - 1]))
        return; /* the end of a value that looks like a name */
    static const char *const links[] = {"is ", "was ", "value ", "set to ", "to ", "of ", "with "};
    if (name->tells < KTA_TELLS_REFERENCE || at >= sc->n || (sc->s[at] != ' ' && sc->s[at] != '\t'))
        return;
    size_t i = kta_skip_blanks(sc, at), line = kta_near_end(sc, at);
    if (i - at > 2)
        return;
    bool linked = false;
    for (size_t k = 0; k < KTA_LEN(links); k++)
        if (kta_at(sc, i, links[k])) {
            i += strlen(links[k]);
            linked = true;
        }
    size_t start;
    bool quoted;
    size_t end = kta_value_end(sc, i, &start, &quoted, false);
    if (start >= end || end > line || sc->s[start] == '-')
        return;
    const char *v = sc->s + start;
    size_t n = end - start, digits = 0, letters = 0, marks = 0;
    for (size_t k = 0; k < n; k++) {
        digits += isdigit((unsigned char)v[k]) != 0;
        letters += isalpha((unsigned char)v[k]) != 0;
        marks += strchr("!@#$%^&*+~?", v[k]) != NULL;
    }
    bool random = kta_value_random(v, n);
    bool likely = random;
    if (name->tells == KTA_TELLS_PASSWORD)
        likely |=
            (quoted && n >= 4 && letters) || (n >= 6 && letters && (digits || marks) &&
                                              (quoted || linked || marks || !memchr(v, '-', n)));
    else if (name->tells == KTA_TELLS_TOKEN)
        likely |= n >= 10 && letters && digits >= 2 && (quoted || linked) && !memchr(v, '-', n) &&
                  !memchr(v, '.', n);
    if (!likely || memchr(v, '/', n) || (memchr(v, ':', n) && !quoted))
        return;
    judge(sc, name, start, end, quoted, /* assigned= */ false);
}

void kta_scan_name(struct scanner *sc, size_t at, size_t end)
{
    struct name name;
    if (end <= sc->name_end || !find_name(sc, at, end, &name))
        return;
    size_t i = kta_skip_quotes(sc, name.end);
    if (i < sc->n && sc->s[i] == '>' && name.start && strchr("<:", sc->s[name.start - 1])) {
        const char *close = memchr(sc->s + i + 1, '<', kta_near_end(sc, i + 1) - i - 1); /* XML */
        if (name.tells == KTA_TELLS_REFERENCE)
            name.tells = KTA_TELLS_TOKEN;
        if (close && (size_t)(close - sc->s) - i < 4096)
            judge(sc, &name, i + 1, (size_t)(close - sc->s), true, true);
        return;
    }
    if (is_named_by(sc, &name)) {
        if (named_value(sc, &name, i))
            return;
        value_before(sc, &name);
    }
    size_t sep = kta_skip_blanks(sc, i);
    bool assigned = false;
    size_t n = kta_separator(sc, sep, &assigned);
    if (!n && in_braces(sc, &name) && sep < sc->n && strchr("-+", sc->s[sep]))
        value_at(sc, &name, sep, true);
    else if (n && name.start && sc->s[name.start - 1] == ':' && !assigned &&
             !isspace((unsigned char)sc->s[sep + n < sc->n ? sep + n : sep]))
        return; /* arn:aws:secretsmanager:…:secret:name */
    else if (n)
        value_at(sc, &name, sep + n, assigned);
    else if (name.flag)
        flag_value(sc, &name, i);
    else
        prose(sc, &name, i);
}
