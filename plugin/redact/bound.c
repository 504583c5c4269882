/*
 * bound.c - values that a log shows beside the SQL statement whose placeholders they fill: `set
 * password = ?`, and then ["x", 7], (1:VARCHAR) <- [x], $1 = 'x', x(String), args=('x', 7).
 */
#include "pair.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "kta/alloc.h"
#include "kta/str.h"

enum { MAX_STATEMENT = 1000, MAX_PLACE = 100 };

/* The length of ?, %s, $2, @p1 or :2 at `at`, or 0. *ret_place counts from 1; 0 where the order of
 * the statement's placeholders tells. */
static size_t placeholder(const struct scanner *sc, size_t at, unsigned *ret_place)
{
    static const struct {
        const char *text;
        bool numbered;
        unsigned first; /* the number of the first one */
    } rows[] = {{"?", false, 0}, {"%s", false, 0}, {"$", true, 1}, {"@p", true, 0}, {":", true, 1}};
    *ret_place = 0;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        if (!kta_at(sc, at, rows[i].text))
            continue;
        size_t digits = at + strlen(rows[i].text), end = digits;
        while (end < sc->n && isdigit((unsigned char)sc->s[end]) && end - digits < 3)
            *ret_place = *ret_place * 10 + (unsigned)(sc->s[end++] - '0');
        if (rows[i].numbered != (end > digits))
            return 0;
        *ret_place += rows[i].numbered ? 1 - rows[i].first : 0;
        return end - at;
    }
    return 0;
}

/* How many placeholders without a number stand in [from, at]. */
static unsigned place_of(const struct scanner *sc, size_t from, size_t at)
{
    unsigned n = 0, number;
    for (; from <= at; from++)
        n += placeholder(sc, from, &number) && !number;
    return n;
}

/* ---- where the values stand; each returns whether it found the place ---- */

struct bound {
    struct scanner *sc;
    size_t from; /* where the statement begins */
    int tells;
    unsigned place;
};

static void judge(const struct bound *b, size_t start, size_t end)
{
    kta_judge_cell(b->sc, b->from, start, end, b->tells);
}

/* Behind the first `text` in [at, max), or 0. */
static size_t behind(const struct scanner *sc, size_t at, size_t max, const char *text)
{
    size_t n = strlen(text);
    for (; at + n <= max; at++)
        if (kta_at(sc, at, text))
            return at + n;
    return 0;
}

/* binding parameter [2] as [VARCHAR] - [x], (2:VARCHAR) <- [x] of Hibernate */
static bool hibernate(const struct bound *b, size_t at, size_t max)
{
    static const char *const values[] = {"- [", "<- ["};
    for (size_t i = 0; i < KTA_LEN(values); i++) {
        kta_auto_free char *head = i ? kta_asprintf("parameter (%u:", b->place)
                                     : kta_asprintf("parameter [%u] ", b->place);
        size_t found = behind(b->sc, at, max, head);
        size_t start = found ? behind(b->sc, found, kta_near_end(b->sc, found), values[i]) : 0;
        if (!start)
            continue;
        size_t end = kta_near_end(b->sc, start);
        while (end > start && b->sc->s[end - 1] != ']')
            end--;
        if (end > start)
            judge(b, start, end - 1);
        return true;
    }
    return false;
}

/* DETAIL: parameters: $1 = 'a', $2 = 'x' of PostgreSQL; @p1='x' of Entity Framework */
static bool assigned(const struct bound *b, size_t at, size_t max)
{
    kta_auto_free char *postgres = kta_asprintf("$%u = '", b->place);
    kta_auto_free char *entity = kta_asprintf("@p%u='", b->place - 1);
    size_t start = behind(b->sc, at, max, postgres);
    if (!start) {
        size_t low = b->from > MAX_STATEMENT ? b->from - MAX_STATEMENT : 0;
        start = behind(b->sc, low, max, entity);
    }
    const char *close = start ? memchr(b->sc->s + start, '\'', b->sc->n - start) : NULL;
    if (close)
        judge(b, start, (size_t)(close - b->sc->s));
    return start != 0;
}

/* Parameters: alice(String), x(String), 33(Integer) of MyBatis */
static bool typed(const struct bound *b, size_t at, size_t max)
{
    const struct scanner *sc = b->sc;
    size_t start = behind(sc, at, max, "Parameters: ");
    for (unsigned n = 1; start && start < max; n++) {
        const char *p = memmem(sc->s + start, max - start, "), ", 3);
        size_t end = p ? (size_t)(p - sc->s) : kta_near_end(sc, start), next = end + 3;
        while (end > start && sc->s[end] != '(')
            end--;
        if (n == b->place) {
            judge(b, start, end);
            return true;
        }
        start = p ? next : 0;
    }
    return false;
}

/* The value's end in a list of quoted and other values. */
static size_t element(const struct scanner *sc, size_t at, size_t *ret_start, size_t *ret_next)
{
    bool quoted;
    size_t end = kta_value_end(sc, at, ret_start, &quoted, false);
    if (!quoted)
        for (end = at; end < sc->n && !strchr(",])\n", sc->s[end]); end++)
            continue;
    *ret_next = end + (quoted ? kta_quote(sc, end) : 0);
    return end;
}

/* ["a", "x", 7], ('a', 'x', 7): the first list that has so many values. */
static bool listed(const struct bound *b, size_t at, size_t max)
{
    const struct scanner *sc = b->sc;
    for (; at < max; at++) {
        size_t i = at + 1, start, next, end;
        if (!strchr("[(", sc->s[at]))
            continue;
        if (kta_at(sc, i, "[")) /* [["email", "a"], …] of Rails has names */
            return false;
        for (unsigned n = 1; i < sc->n; n++) {
            i += kta_at(sc, i, "b'") || kta_at(sc, i, "u'");
            if (n == 1 && !kta_quote(sc, i) && !isalnum((unsigned char)sc->s[i]))
                break;
            end = element(sc, i, &start, &next);
            if (n == b->place && (next > end || n > 1)) {
                judge(b, start, end);
                return true;
            }
            if (next >= sc->n || sc->s[next] != ',')
                break;
            i = kta_skip_blanks(sc, next + 1);
        }
    }
    return false;
}

/* The statement's placeholder ends at `at`. */
static void bound_value(const struct bound *b, size_t at)
{
    struct scanner *sc = b->sc;
    size_t max = sc->n - at > NEAR ? at + NEAR : sc->n;
    if (!b->place || b->place > MAX_PLACE)
        return;
    if (!hibernate(b, at, max) && !assigned(b, at, max) && !typed(b, at, max) &&
        !listed(b, at, max) && !sc->last && sc->n - at < NEAR)
        kta_hold(sc, kta_line_start(sc, b->from));
}

void kta_bound(struct scanner *sc, size_t from, size_t first, size_t at, enum kta_telling telling)
{
    struct bound b = {.sc = sc, .from = from, .tells = (int)telling};
    size_t n = placeholder(sc, at, &b.place);
    if (!n)
        return;
    if (!b.place)
        b.place = place_of(sc, first, at);
    bound_value(&b, at + n);
}

/* update users set email=?, password=? where id=? */
bool kta_is_bound(struct scanner *sc, const struct kta_name *name, size_t at)
{
    static const char *const verbs[] = {"update ", "select ", "delete "};
    size_t low = name->start > MAX_STATEMENT ? name->start - MAX_STATEMENT : 0, from = name->start;
    unsigned place;
    if (name->tells < KTA_TELLS_REFERENCE || !placeholder(sc, at, &place))
        return false;
    for (; from > low && sc->s[from] != ';'; from--)
        for (size_t i = 0; i < KTA_LEN(verbs); i++)
            if (kta_at(sc, from, verbs[i])) {
                kta_bound(sc, from, from, at, name->tells);
                return true;
            }
    return false;
}
