/*
 * prose.c - a value in a sentence that speaks of it: "the password is hunter2", "I reset it to …".
 */
#include "pair.h"
#include <ctype.h>
#include <string.h>

/* What a word is made of. */
struct letters {
    size_t n, digits, letters, marks, upper, lower, inner;
};

static struct letters count(const char *v, size_t n)
{
    struct letters c = {.n = n};
    for (size_t k = 0; k < n; k++) {
        bool foreign = (unsigned char)v[k] >= 0x80;
        c.digits += isdigit((unsigned char)v[k]) != 0;
        c.letters += isalpha((unsigned char)v[k]) || foreign;
        c.upper += isupper((unsigned char)v[k]) || foreign;
        c.lower += islower((unsigned char)v[k]) || foreign;
        c.inner += k && isupper((unsigned char)v[k]) && !isalpha((unsigned char)v[k - 1]);
        c.marks += strchr("!@#$%^&*+~?", v[k]) != NULL;
    }
    return c;
}

static bool likely_password(const char *v, const struct letters *c, bool quoted, bool linked)
{
    return (quoted && c->n >= 4 && c->letters) ||
           (c->n >= 6 && c->letters && (c->digits || c->marks) &&
            (quoted || linked || c->marks || (c->upper && c->lower) || !memchr(v, '-', c->n))) ||
           (c->n >= 8 && linked && c->inner && c->lower);
}

static bool likely_token(const char *v, const struct letters *c, bool linked)
{
    return c->n >= 10 && c->letters && c->digits >= 2 && linked &&
           (!memchr(v, '-', c->n) || (c->upper && c->lower)) && !memchr(v, '.', c->n);
}

/* bob@shop.dev: of whom the sentence speaks. */
static bool mail(const char *v, size_t n)
{
    const char *at = memchr(v, '@', n), *dot = at ? memrchr(at, '.', n - (size_t)(at - v)) : NULL;
    size_t top = dot ? n - (size_t)(dot + 1 - v) : 0;
    for (size_t i = 0; i < top; i++)
        if (!islower((unsigned char)dot[1 + i]))
            return false;
    return top >= 2 && top <= 10 && at > v && dot > at + 1;
}

/* Behind a link a value begins at `at`: hides it unless it looks like a word. *ret_end is behind
 * it. */
static bool prose_value(struct scanner *sc, const struct kta_name *name, size_t at, bool linked,
                        size_t *ret_end)
{
    size_t start;
    bool quoted;
    size_t end = kta_value_end(sc, at, &start, &quoted, false);
    if (start >= end || end > kta_near_end(sc, at) || sc->s[start] == '-')
        return false;
    const char *v = sc->s + start;
    struct letters c = count(v, end - start);
    bool likely = kta_value_random(v, c.n);
    bool verb = name->end - name->start == 4 && !linked; /* pass "localhost" to it */
    if (name->tells == KTA_TELLS_PASSWORD && !(verb && !c.digits && !c.marks))
        likely |= likely_password(v, &c, quoted, linked);
    else if (name->tells == KTA_TELLS_TOKEN)
        likely |= likely_token(v, &c, quoted || linked);
    if (!likely || mail(v, c.n) || memchr(v, '/', c.n) || (memchr(v, ':', c.n) && !quoted))
        return false;
    kta_judge(sc, name, start, end, quoted, /* assigned= */ false);
    *ret_end = end + (quoted ? kta_quote(sc, end) : 0);
    return true;
}

/* The length of the link at `at`, or 0. */
static size_t link_at(const struct scanner *sc, size_t at, const char *const *links)
{
    for (; *links; links++)
        if (kta_at(sc, at, *links))
            return strlen(*links);
    return 0;
}

/* "The password leaked, so I reset it to x", "la contraseña del usuario admin es x": further on in
 * the sentence only what is mixed like a password is one. */
static void prose_later(struct scanner *sc, const struct kta_name *name, size_t at)
{
    static const char *const links[] = {
        " is ",    " is: ",      " lautet ",   " ist ",        " est ",       " es ",       " è ",
        " é ",     " it to ",    " new one: ", " new one is ", " it is now ", " it's now ", " nun ",
        " jetzt ", " ahora es ", " to ",       " auf ",        " är ",        " jest ",     " er ",
        " now ",   NULL};
    size_t line = kta_near_end(sc, at), max = line - at > 80 ? at + 80 : line, n, start, end;
    bool quoted;
    if (name->tells < KTA_TELLS_TOKEN)
        return;
    for (size_t i = at; i + 1 < max && !strchr("\"=()[]{}<>", sc->s[i]); i++) {
        if (sc->s[i] != ' ' || !strchr("ielnjat\xC3", sc->s[i + 1]) || !(n = link_at(sc, i, links)))
            continue;
        size_t value = i + n;
        end = kta_value_end(sc, value, &start, &quoted, false);
        struct letters c = count(sc->s + start, end > start ? end - start : 0);
        if ((c.n >= 6 && c.marks && c.lower) || (c.n >= 8 && c.upper && c.lower && c.digits >= 2)) {
            prose_value(sc, name, value, /* linked= */ true, &end);
            return;
        }
    }
}

/* "the password is hunter2", "token 'abc123…'": only what does not look like a word. */
void kta_prose(struct scanner *sc, const struct kta_name *name, size_t at)
{
    static const char *const links[] = {"is ",      "is: ",   "was ",   "has been ", "is now ",
                                        "now ",     "value ", "reset ", "changed ",  "updated ",
                                        "rotated ", "set ",   "from ",  "to ",       "of ",
                                        "with ",    "wurde ", "auf ",   "är ",       "lautet: ",
                                        "lautet ",  "ist ",   "est ",   "es ",       "è ",
                                        "é ",       "- ",     "– ",     "— ",        NULL};
    if (name->start && !strchr(" \t\n\"'(", sc->s[name->start - 1]))
        return; /* the end of a value that looks like a name */
    if (name->tells < KTA_TELLS_REFERENCE || at >= sc->n || !strchr(" \t,", sc->s[at]))
        return;
    size_t i = kta_skip_blanks(sc, at), n, end, second;
    bool linked = false;
    if (i - at > 2)
        return;
    if (sc->s[at] == ',') {
        prose_later(sc, name, at);
        return;
    }
    for (; (n = link_at(sc, i, links)); i += n)
        linked = true;
    if (!prose_value(sc, name, i, linked, &end))
        prose_later(sc, name, at);
    else if (linked && kta_at(sc, end, " to ") && kta_quote(sc, end + 4)) /* from 'x' to 'y' */
        prose_value(sc, name, end + 4, linked, &second);
}
