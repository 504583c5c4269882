/*
 * value_at.c - the value behind a name's separator: a word, a string, a list, a call, an object in
 * braces.
 */
#include "pair.h"
#include <ctype.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/utf8.h"

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
static void list(struct scanner *sc, const struct kta_name *name, size_t at, bool assigned)
{
    struct kta_name one = kta_singular(sc, name);
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
        kta_judge(sc, &one, start, end, quoted, assigned);
        at = end + kta_quote(sc, end);
        if (end == start && !quoted)
            return;
    }
}

/* "psk: save the username in there": a word of grammar inside of it. */
static bool sentence(const char *v, size_t n)
{
    static const char *const words[] = {" the ",   " to ",   " of ",   " is ",    " on ",
                                        " in ",    " for ",  " with ", " which ", " when ",
                                        " after ", " from ", " into ", " was ",   " are ",
                                        " that ",  " an "};
    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (memmem(v, n, words[i], strlen(words[i])))
            return true;
    return false;
}

/* "password: correct horse battery" on a line of its own is one value. */
static size_t whole_line(const struct scanner *sc, const struct kta_name *name, size_t start,
                         size_t end)
{
    size_t line = kta_near_end(sc, end);
    if (end >= line || (unsigned char)sc->s[end] >= 0x80 || name->tells < KTA_TELLS_PASSWORD ||
        !kta_begins_line(sc, name->start) || line - end > 120 ||
        kta_value_stop_word(sc->s + start, line - start, false) ||
        sentence(sc->s + start, line - start))
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
static void braced(struct scanner *sc, const struct kta_name *name, size_t at)
{
    size_t line = kta_near_end(sc, at), end = at;
    while (end < line && (!strchr("}:=\"'", sc->s[end]) || kta_at(sc, end, "}}")))
        end += kta_at(sc, end, "}}") ? 2 : 1;
    if (end < line && sc->s[end] == '}')
        kta_judge(sc, name, at, end, /* quoted= */ true, /* assigned= */ true);
}

/* {cipher}x, {enc}x, {SSHA}x: what was done to the value stands in front of it. */
static bool tagged(const struct scanner *sc, size_t at)
{
    size_t i = at + 1;
    while (i < sc->n && i - at < 20 && (isalnum((unsigned char)sc->s[i]) || sc->s[i] == '-'))
        i++;
    return i > at + 1 && i + 1 < sc->n && sc->s[i] == '}' &&
           (isalnum((unsigned char)sc->s[i + 1]) || strchr("$+/", sc->s[i + 1]));
}

/* Behind a member of an object that holds its value, or 0. */
static size_t value_member(const struct scanner *sc, size_t at)
{
    static const char *const members[] = {"\"value\"", "\"inline_string\"", "\"inline_bytes\"",
                                          "\"stringValue\"", "\"string_value\""};
    if (at >= sc->n || sc->s[at] != '"')
        return 0;
    for (size_t i = 0; i < KTA_LEN(members); i++)
        if (kta_at(sc, at, members[i]))
            return at + strlen(members[i]);
    return 0;
}

/* {"sensitive": true, "value": "…"}: Terraform's outputs, Spring's environment, Envoy's data. */
static void valued(struct scanner *sc, const struct kta_name *name, size_t at)
{
    size_t max = sc->n - at > 400 ? at + 400 : sc->n, i = at, behind = 0;
    while (i < max && sc->s[i] != '{' && sc->s[i] != '}' && !(behind = value_member(sc, i)))
        i++;
    if (i == sc->n && !sc->last)
        kta_hold(sc, kta_line_start(sc, name->start));
    bool assigns;
    size_t sep = kta_skip_blanks(sc, behind), n = behind ? kta_separator(sc, sep, &assigns) : 0;
    if (n && kta_quote(sc, kta_skip_blanks(sc, sep + n)))
        kta_value_at(sc, name, sep + n, /* assigned= */ true);
}

/* "ApiKeys": {"maps": "…", "weather": "…"}: each member may be one. */
void kta_members(struct scanner *sc, const struct kta_name *name, size_t at)
{
    struct kta_name one = kta_singular(sc, name);
    if (one.tells < KTA_TELLS_TOKEN || tolower((unsigned char)sc->s[name->end - 1]) != 's')
        return;
    for (int i = 0; i < 64; i++) {
        size_t start;
        bool quoted, assigns;
        while (at < sc->n && (isspace((unsigned char)sc->s[at]) || sc->s[at] == ','))
            at++;
        size_t end = kta_value_end(sc, at, &start, &quoted, false);
        at = kta_skip_blanks(sc, end + kta_quote(sc, end));
        size_t n = kta_separator(sc, at, &assigns);
        if (!n || !(quoted || (assigns && end > start)))
            break;
        at = kta_skip_blanks(sc, at + n);
        if (at < sc->n && strchr("{[", sc->s[at]))
            break;
        end = kta_value_end(sc, at, &start, &quoted, false);
        if (quoted && kta_one_of_several(sc, &one, start, end))
            kta_judge(sc, &one, start, end, quoted, /* assigned= */ true);
        at = end + (quoted ? kta_quote(sc, end) : 0);
    }
    if (at >= sc->n && !sc->last && sc->n - name->start < NEAR)
        kta_hold(sc, kta_line_start(sc, name->start));
}

/* []byte{0x73, 0x65} of Go: to the brace. */
static bool go_bytes(struct scanner *sc, const struct kta_name *name, size_t at)
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
static void call(struct scanner *sc, const struct kta_name *name, size_t at)
{
    for (; at < sc->n && isspace((unsigned char)sc->s[at]); at++) /* Some( of Rust's {:#?} */
        continue;
    for (int i = 0; i < 4 && at < sc->n && sc->s[at] != ')'; i++) {
        size_t start;
        bool quoted, shouted = true;
        size_t end = kta_value_end(sc, at, &start, &quoted, false);
        if (!quoted)
            return;
        for (size_t k = start; k < end; k++)
            shouted &= isupper((unsigned char)sc->s[k]) || sc->s[k] == '_';
        if (!shouted && !kta_at(sc, start, "x-")) /* a header's name */
            kta_judge(sc, name, start, end, quoted, /* assigned= */ true);
        at = end + kta_quote(sc, end);
        while (at < sc->n && strchr(", ", sc->s[at]))
            at++;
    }
}

bool kta_in_braces(const struct scanner *sc, const struct kta_name *name)
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
static size_t property_end(const struct scanner *sc, const struct kta_name *name, size_t start,
                           size_t end)
{
    size_t i = end, line = kta_near_end(sc, end);
    if (!name->start || sc->s[name->start - 1] != ';' || end == start || sc->s[end] != ' ')
        return end;
    while (i < line && !strchr(";=:\"'<>", sc->s[i]))
        i++;
    return i < line && sc->s[i] == ';' ? i : end;
}

/* "NAME=a b": the quotes are around the pair. */
static size_t quoted_pair_end(const struct scanner *sc, const struct kta_name *name, size_t end)
{
    size_t i = end, line = kta_near_end(sc, end);
    if (!name->start || !strchr("\"'", sc->s[name->start - 1]) || sc->s[end] != ' ')
        return end;
    while (i < line && sc->s[i] != sc->s[name->start - 1])
        i++;
    return i < line && !memchr(sc->s + end, '=', i - end) ? i : end;
}

/* Blanks, and the marks of other languages around a value: forms, Markdown, YAML. */
static size_t past_marks(const struct scanner *sc, size_t at)
{
    at = kta_skip_blanks(sc, at);
    if (at >= 3 && kta_at(sc, at - 3, "%3A")) /* JSON in a form */
        at += kta_at(sc, at, "%20%22") ? 3 : kta_at(sc, at, "+%22") ? 1 : 0;
    if (kta_at(sc, at, "** ")) /* bold in Markdown */
        at = kta_skip_blanks(sc, at + 2);
    at = kta_skip_emphasis(sc, at);
    if (kta_at(sc, at, "!!binary") || kta_at(sc, at, "!!str"))
        at = kta_skip_blanks(sc, at + (kta_at(sc, at, "!!str") ? 5 : 8));
    return at;
}

/* What printers and languages put in front of a value. */
static size_t past_prefix(const struct scanner *sc, size_t at)
{
    if (kta_at(sc, at, "pass:")) /* openssl */
        at += 5;
    if (kta_php_dump(sc, at))
        while (at < sc->n && !kta_quote(sc, at) && sc->s[at] != '\n')
            at++;
    if (kta_at(sc, at, "(string) (len=")) /* go-spew */
        for (at += strlen("(string) (len="); at < sc->n && strchr("0123456789) ", sc->s[at]);)
            at++;
    if (kta_at(sc, at, "0x")) { /* 0x55 "…" of gdb */
        size_t i = at + 2;
        while (i < sc->n && isxdigit((unsigned char)sc->s[i]))
            i++;
        at = kta_at(sc, i, " \"") ? i + 1 : at;
    }
    at += string_prefix(sc, at);
    char first = at < sc->n ? sc->s[at] : '\0';
    if ((first == '"' && kta_at(sc, at, "\"\"\"")) ||
        (first == '\'' && kta_at(sc, at, "'''"))) /* of Python, TOML and Grafana */
        at += 2;
    return at;
}

/* An object or a list: its members are judged. */
static bool nested(struct scanner *sc, const struct kta_name *name, size_t at, bool assigned)
{
    if (sc->s[at] == '{' && !kta_at(sc, at, "{{") && !tagged(sc, at)) {
        if (assigned)
            braced(sc, name, at + 1);
        else {
            valued(sc, name, at + 1);
            kta_members(sc, name, at + 1);
        }
        return true;
    }
    if (go_bytes(sc, name, at))
        return true;
    if (sc->s[at] == '[') {
        list(sc, name, at, assigned);
        return true;
    }
    return false;
}

void kta_value_at(struct scanner *sc, const struct kta_name *name, size_t at, bool assigned)
{
    bool colon = at && sc->s[at - 1] == ':';
    if (kta_in_braces(sc, name)) {
        if (at >= sc->n || sc->s[at] == '?' || sc->s[at] == '}')
            return;
        at += strchr("-=+", sc->s[at]) != NULL; /* Spring's ${NAME:value} has none */
    }
    if (name->end - name->start == 4 && !memcmp(sc->s + name->start, "PASS", 4) && !assigned)
        return; /* --- PASS: TestLogin */
    at = past_marks(sc, at);
    if (at >= sc->n || sc->s[at] == '\n' || sc->s[at] == '\r') {
        kta_value_below(sc, name, kta_near_end(sc, at));
        return;
    }
    size_t line = kta_near_end(sc, at);
    if ((sc->s[at] == '|' || sc->s[at] == '>') && line - at <= 3) {
        kta_block_scalar(sc, name, line);
        return;
    }
    if (nested(sc, name, at, assigned))
        return;
    at = past_prefix(sc, at);
    size_t start;
    bool quoted;
    size_t end = kta_value_end(sc, at, &start, &quoted, name->in_query);
    if (!quoted && end > start && sc->s[end - 1] == '(' &&
        (kta_quote(sc, end) || (end < sc->n && sc->s[end] == '\n'))) {
        kta_hold_next_line(sc, name, end);
        call(sc, name, end);
        return;
    }
    if (quoted && end < sc->n && sc->s[end] == '\n' && name->tells >= KTA_TELLS_TOKEN)
        end = kta_string_end(sc, name, at, end);
    if (!quoted && (kta_at(sc, end, " bytes") || kta_at(sc, end, " byte")))
        return; /* kubectl describe secret */
    if (!quoted && (!assigned || sc->s[name->end] == ' '))
        end = whole_line(sc, name, start, end);
    else if (!quoted && end < sc->n)
        end = quoted_pair_end(sc, name, property_end(sc, name, start, end));
    if (quoted && kta_value_stop_word(sc->s + start, end - start, assigned))
        return;
    if (name->tells == KTA_TELLS_MAYBE && name->end >= 4 && kta_at(sc, name->end - 4, "auth") &&
        (encoded_login(sc->s + start, end - start) || login(sc->s + start, end - start)))
        kta_hide(sc, name->start, start, end, "registry credentials");
    else
        kta_judge(sc, name, start, end, quoted, assigned);
    if (!quoted && !assigned && name->tells >= KTA_TELLS_TOKEN)
        kta_folded(sc, name, end);
    if (quoted && kta_at(sc, end + 1, " -> \"")) /* a plan of Terraform */
        kta_value_at(sc, name, end + 5, assigned);
    if ((!assigned || colon) && name->tells >= KTA_TELLS_REFERENCE && (end - start) % 4 == 0 &&
        end - start >= 8 && end < sc->n && strchr("\" ]", sc->s[end]))
        kta_scan_siblings(sc, start, end);
}
