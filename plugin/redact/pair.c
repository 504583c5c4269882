/*
 * pair.c - a telling name and its value: NAME=value, name: value, --flag value, and in prose. Other
 * places are value_at.c's, below.c's and named.c's.
 */
#include "pair.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "kta/alloc.h"

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' ||
           (unsigned char)c >= 0x80;
}

/* The length of a sign beyond ASCII at `at`, or 0: no name has one. */
static size_t sign(const struct scanner *sc, size_t at)
{
    static const char *const signs[] = {"\xC2", "\xE2", "\xE3\x80", "\xEF\xBC"};
    for (size_t i = 0; i < KTA_LEN(signs); i++)
        if (kta_at(sc, at, signs[i]))
            return i ? 3 : 2;
    return 0;
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

/* Behind blanks, quotes and what opens an object, backwards. */
static size_t back_over(const struct scanner *sc, size_t at, const char *set)
{
    for (int i = 0; i < 80 && at && strchr(set, sc->s[at - 1]); i++)
        at--;
    return at;
}

/* `session: { secret: x`, and the line above in YAML and INI: what the object is called that
 * "secret" is a member of. Returns its length, it begins at *ret_start. */
static size_t parent(const struct scanner *sc, size_t at, size_t *ret_start)
{
    size_t line = kta_line_start(sc, at), key = kta_skip_blanks(sc, line);
    size_t open = back_over(sc, at, " \t\"'"), end = open, n = 0;
    if (key == at && line)
        end = back_over(sc, line, " \t\r\n{:]=");
    else if (open && sc->s[open - 1] == '{')
        end = back_over(sc, open, " \t{(:=>\"'");
    if (end == open || (end && line && key == at && strchr("\n:]{", sc->s[end]) == NULL))
        return 0;
    while (n < 20 && n < end && isalnum((unsigned char)sc->s[end - 1 - n]))
        n++;
    *ret_start = end - n;
    return key != at || at - line > *ret_start - kta_line_start(sc, *ret_start) ||
                   (*ret_start && sc->s[*ret_start - 1] == '[')
               ? n
               : 0;
}

/* Objects in which "secret" is no object's name. */
static bool holds_secret(const char *word, size_t n)
{
    static const char *const words[] = {"session", "jwt",     "cookie",   "cookies",
                                        "hmac",    "csrf",    "oauth",    "oidc",
                                        "oauth2",  "signing", "passport", "authorization"};
    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (strlen(words[i]) == n && !strncasecmp(words[i], word, n))
            return true;
    return false;
}

/* `secret = testing123-55`, `secret = "sign-me"`: a line of a configuration file; a log has no
 * blanks there. */
static bool configures(const struct scanner *sc, size_t at)
{
    size_t start;
    bool quoted, digit = false;
    if (!kta_at(sc, at, " = "))
        return false;
    size_t end = kta_value_end(sc, at + 3, &start, &quoted, false);
    for (size_t i = start; i < end; i++)
        digit |= isdigit((unsigned char)sc->s[i]) != 0;
    return digit || (quoted && !memchr(sc->s + start, '/', end - start));
}

/* kubectl's --from-file=KEY=FILE: what follows the key is a file's name. */
static bool key_of_file(const struct scanner *sc, size_t start)
{
    static const char flag[] = "--from-file";
    size_t n = sizeof flag; /* and a blank or "=" */

    start -= start && strchr("\"'", sc->s[start - 1]);
    return start >= n && kta_at(sc, start - n, flag) && strchr("= ", sc->s[start - 1]);
}

static bool find_name(struct scanner *sc, size_t at, size_t end, struct kta_name *name)
{
    size_t a = at, b = end;
    while (a && name_byte(sc->s[a - 1]) && at - a < MAX_NAME) {
        if ((unsigned char)sc->s[a - 1] >= 0x80 &&
            ((a >= 3 && sign(sc, a - 3) == 3) || (a >= 2 && sign(sc, a - 2) == 2)))
            break;
        a--;
    }
    while (b < sc->n && name_byte(sc->s[b]) && b - end < MAX_NAME && !kta_at(sc, b, "....") &&
           ((unsigned char)sc->s[b] < 0x80 || !sign(sc, b)))
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
    size_t of;
    bool owned = secret || (b - a == 11 && kta_at(sc, a, "credentials"));
    if (owned && name->tells == KTA_TELLS_REFERENCE && (before_n = parent(sc, a, &of)) &&
        holds_secret(sc->s + of, before_n))
        name->tells = KTA_TELLS_TOKEN;
    if (secret && name->tells == KTA_TELLS_REFERENCE && configures(sc, b))
        name->tells = KTA_TELLS_TOKEN;
    if (b - a == 3 && name->tells == KTA_TELLS_MAYBE && (before_n = parent(sc, a, &of)) &&
        kta_telling(sc->s + a, 3, sc->s + of, before_n) == KTA_TELLS_TOKEN)
        name->tells = before_n == 3 && kta_at(sc, of, "jwt")
                          ? KTA_TELLS_TOKEN
                          : KTA_TELLS_REFERENCE; /* api: { key: x } */
    return name->tells != KTA_TELLS_NOTHING && !key_of_file(sc, a);
}

bool kta_begins_line(const struct scanner *sc, size_t at)
{
    static const char *const exports[] = {"export ", "set -x ", "set -gx ", "set -Ux ", "setenv "};
    size_t from = at;
    while (from && sc->s[from - 1] != '\n' && at - from <= 40)
        from--;
    if (at - from > 40)
        return false;
    while (from < at && strchr(" \t-\"'\033", sc->s[from]))
        from = sc->s[from] == '\033' && kta_skip_blanks(sc, from) > from ? kta_skip_blanks(sc, from)
                                                                         : from + 1;
    for (size_t i = 0; i < KTA_LEN(exports); i++)
        if (kta_at(sc, from, exports[i]))
            from += strlen(exports[i]);
    return from >= at;
}

void kta_hold_next_line(struct scanner *sc, const struct kta_name *name, size_t at)
{
    if (sc->last)
        return;
    if (at >= sc->waiting && sc->n - at <= NEAR)
        kta_hold(sc, kta_line_start(sc, name->start));
}

/* "password": "Password", --password=PASSWORD, --webhook-key=WEBHOOK_KEY of a help text. */
static bool names_itself(const struct scanner *sc, const struct kta_name *name, size_t start,
                         size_t end)
{
    size_t a = name->start;
    while (a < name->end && sc->s[a] == '-')
        a++;
    if (end - start != name->end - a)
        return false;
    for (size_t i = start; i < end; i++, a++)
        if (tolower((unsigned char)sc->s[i]) != tolower((unsigned char)sc->s[a]) &&
            !(sc->s[i] == '_' && sc->s[a] == '-'))
            return false;
    return true;
}

void kta_judge(struct scanner *sc, const struct kta_name *name, size_t start, size_t end,
               bool quoted, bool assigned)
{
    if (!quoted && !assigned && end < sc->n && sc->s[end] == ':')
        return; /* "verify token: oauth2: …" */
    if (names_itself(sc, name, start, end))
        return;
    if (end - start > 21 && (sc->s[start + 20] == '/' || kta_at(sc, start + 20, "%2F")) &&
        (kta_at(sc, start, "AKIA") || kta_at(sc, start, "ASIA")))
        end = start + 20; /* the scope behind the key's id */
    size_t line = kta_near_end(sc, end), rest = end, key = name->start;
    while (key < name->end && !islower((unsigned char)sc->s[key]))
        key++;
    while (rest < line && strchr(" \t\r\"'.,;)}]", sc->s[rest]))
        rest++;
    if (rest > end && rest < line && sc->s[rest] == '#') /* a comment */
        rest = line;
    struct kta_value_place place = {.quoted = quoted,
                                    .assigned = assigned,
                                    .last = rest == line,
                                    .variable = (name->flag && assigned && end < sc->n) ||
                                                (key == name->end && name->end >= 6 &&
                                                 !kta_at(sc, name->end - 6, "secret")),
                                    .own_line = rest == line && kta_begins_line(sc, name->start)};
    if (!kta_value_secret(sc->s + start, end - start < NEAR ? end - start : NEAR, name->tells,
                          &place))
        return;
    kta_hide(sc, name->start, start, end, "telling name");
    if (end - start > NEAR)
        sc->long_end = end;
}

/* `kubectl describe pod`: each argument on a line of its own, equally indented. */
static bool next_argument(const struct scanner *sc, const struct kta_name *name, size_t at)
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

static void flag_value(struct scanner *sc, const struct kta_name *name, size_t at)
{
    size_t i = at;
    bool newline = false;
    while (i < sc->n && i - at < 120 && (isspace((unsigned char)sc->s[i]) || sc->s[i] == ','))
        newline |= sc->s[i++] == '\n';
    if (i == at || sc->s[at - 1] == ']') /* usage: [--token] [--user] */
        return;
    kta_hold_next_line(sc, name, name->end);
    if (newline && kta_at(sc, i, "- "))
        i += 2;
    else if (newline && !kta_quote(sc, i) && !(i < sc->n && next_argument(sc, name, i)))
        return;
    if (kta_quote(sc, at - 1) && i == at + 1 && !kta_quote(sc, i))
        return; /* for "--token" flag */
    if (i + kta_quote(sc, i) >= sc->n || help_text(sc, i) ||
        sc->s[i + kta_quote(sc, i)] == '-') /* `--token`, `--user` */
        return;
    if (kta_value_stop_word(sc->s + i, kta_near_end(sc, i) - i, false))
        return;
    kta_value_at(sc, name, i, /* assigned= */ true);
}

/* "bindpw", "olcRootPW": no word of a sentence. */
static bool glued(const char *s, size_t n)
{
    static const char *const ends[] = {"pw", "pwd", "authtok", "passwd"};
    for (size_t i = 0; i < KTA_LEN(ends); i++)
        if (n > strlen(ends[i]) && !strncasecmp(s + n - strlen(ends[i]), ends[i], strlen(ends[i])))
            return true;
    return false;
}

/* "flu3ntd-es", but not "scram-sha-256": a part of it has digits between letters. */
static bool mixed(const char *v, size_t n)
{
    for (size_t i = 1; i + 1 < n; i++)
        if (isdigit((unsigned char)v[i]) && isalpha((unsigned char)v[i - 1]) &&
            isalpha((unsigned char)v[i + 1]))
            return true;
    return false;
}

/* "remote_password x", "password    x": a line of a configuration file or of a table. */
static bool setting(struct scanner *sc, const struct kta_name *name, size_t at)
{
    size_t i = kta_skip_blanks(sc, at), length = name->end - name->start, start;
    at = name->end < sc->n && sc->s[name->end] == '\033' ? name->end : at;
    const char *s = sc->s + name->start;
    bool compound = memchr(s, '_', length) || memchr(s, '-', length) || glued(s, length), quoted,
         digit = false;
    if (name->tells < KTA_TELLS_TOKEN || i == at ||
        !(compound || name->tells == KTA_TELLS_PASSWORD || i - at >= 2) ||
        !kta_begins_line(sc, name->start))
        return false;
    size_t end = kta_value_end(sc, i, &start, &quoted, false);
    if (!compound && i - at < 2 && !mixed(sc->s + start, end - start))
        return false;
    size_t rest = kta_skip_blanks(sc, end + kta_quote(sc, end));
    for (size_t k = start; k < end; k++)
        digit |= isdigit((unsigned char)sc->s[k]) != 0;
    if (start == end || rest + kta_at(sc, rest, ";") != kta_near_end(sc, end) ||
        (name->tells == KTA_TELLS_TOKEN && (end - start < 8 || !digit)))
        return false;
    kta_judge(sc, name, start, end, quoted, /* assigned= */ false);
    return true;
}

/* "password (base64): …" */
static size_t behind_remark(const struct scanner *sc, size_t at)
{
    bool word = at && sc->s[at - 1] != ' '; /* key(hex)=…, but no call(a: b) -> c */
    if (!kta_at(sc, at, "("))
        return at;
    size_t i = at + 1;
    bool assigns;
    while (i < sc->n && i - at < 40 && sc->s[i] != ')' && sc->s[i] != '\n' &&
           (!word || isalnum((unsigned char)sc->s[i])))
        i++;
    if (i >= sc->n || sc->s[i] != ')')
        return at;
    i = kta_skip_blanks(sc, i + 1);
    return kta_separator(sc, i, &assigns) ? i : at;
}

/* process.env.JWT_SECRET || "…", os.environ.get("JWT_SECRET") or "…": the quote, or 0. */
static size_t behind_or(const struct scanner *sc, size_t at)
{
    static const char *const words[] = {"|| ", "?? ", "or "};
    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (kta_at(sc, at, words[i]) && kta_quote(sc, at + strlen(words[i])) &&
            sc->s[at + strlen(words[i])] != '`')
            return at + strlen(words[i]);
    return 0;
}

/* `password: String = "…"`: the quote, or 0. */
static size_t behind_type(const struct scanner *sc, size_t at)
{
    size_t type = kta_skip_blanks(sc, at), i = type;
    while (i < sc->n && i - type < 40 &&
           (isalnum((unsigned char)sc->s[i]) || strchr("?&'<>[]_", sc->s[i])))
        i++;
    if (i == type || !kta_at(sc, i, " = ") || !kta_quote(sc, i + 3))
        return 0;
    return i + 3;
}

/* "password"
 *     : "x" */
static size_t colon_below(struct scanner *sc, const struct kta_name *name, size_t at)
{
    size_t i = at;
    if (!at || at >= sc->n || sc->s[at] != '\n' || sc->s[at - 1] != '"')
        return at;
    kta_hold_next_line(sc, name, at);
    while (i < sc->n && i - at < 80 && isspace((unsigned char)sc->s[i]))
        i++;
    return i < sc->n && sc->s[i] == ':' ? i : at;
}

/* {Host:pg Password:tigerlily Port:80}, map[…]: what %v of Go prints has no quotes. */
static bool go_member(const struct scanner *sc, const struct kta_name *name, size_t colon)
{
    if (name->tells != KTA_TELLS_PASSWORD || colon != name->end || !name->start ||
        !strchr("{[ ", sc->s[name->start - 1]) || !kta_at(sc, colon, ":") || colon + 1 >= sc->n ||
        isspace((unsigned char)sc->s[colon + 1]))
        return false;
    size_t line = kta_line_start(sc, name->start), before = name->start - line;
    return before <= NEAR &&
           (memrchr(sc->s + line, '{', before) || memmem(sc->s + line, before, "map[", 4));
}

void kta_scan_name(struct scanner *sc, size_t at, size_t end)
{
    struct kta_name name;
    if (end <= sc->name_end || !find_name(sc, at, end, &name) || end + NEAR < sc->long_end)
        return;
    size_t i = kta_skip_quotes(sc, name.end);
    if (kta_heads_table(sc, &name) || kta_heads_column(sc, &name) ||
        kta_value_elsewhere(sc, &name, i))
        return;
    size_t sep =
        colon_below(sc, &name, behind_remark(sc, kta_skip_emphasis(sc, kta_skip_blanks(sc, i))));
    bool assigned = false;
    size_t n = kta_separator(sc, sep, &assigned);
    if (n && kta_is_bound(sc, &name, kta_skip_blanks(sc, sep + n)))
        return;
    size_t fallback = n ? behind_type(sc, sep + n) : behind_or(sc, sep);
    if (fallback)
        kta_value_at(sc, &name, fallback, true);
    else if (!n && kta_in_braces(sc, &name) && sep < sc->n && strchr("-+", sc->s[sep]))
        kta_value_at(sc, &name, sep, true);
    else if (n && kta_at(sc, sep, "->") && sep == name.end && !kta_quote(sc, sep + n) &&
             sc->s[sep + n] != ' ')
        return; /* cred->get_cert() of C */
    else if (n && kta_at(sc, name.end, "):") &&
             memchr(sc->s + name.start, '_', name.end - name.start))
        return; /* (agent_get_passphrase): New. */
    else if (n && name.start && sc->s[name.start - 1] == ':' && !assigned &&
             !isspace((unsigned char)sc->s[sep + n < sc->n ? sep + n : sep]))
        return; /* arn:aws:secretsmanager:…:secret:name */
    else if (n)
        kta_value_at(sc, &name, sep + n, assigned || go_member(sc, &name, sep));
    else if (kta_at(sc, sep, "{") && sep > name.end) /* tokens { default = "x" } */
        kta_members(sc, &name, sep + 1);
    else if (name.flag)
        flag_value(sc, &name, i);
    else if (!setting(sc, &name, i))
        kta_prose(sc, &name, i);
}
