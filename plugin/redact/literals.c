/*
 * literals.c - the automaton over all literals of all rules, built once.
 *
 * Bytes that no literal has share class 0, which leads to the start; at most 63 classes remain,
 * so a state is one row of 128 bytes and a step is one load. Some bytes share a class, as what is
 * found is judged anyway: rare signs, and bytes beyond ASCII, of which four classes are made by the
 * bits that tell no capital from its small letter.
 */
#include "literals.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/str.h"
#include "rules.h"

enum { CLASSES = KTA_LITERAL_CLASSES, MAX_STATES = UINT16_MAX };

static const struct {
    const char *texts;
    enum kta_literal_use use;
} others[] = {
    {"pass pwd pw secret token key auth cred jwt otp pin cookie session sid salt signature sig sas "
     "mnemonic csrf xsrf seed dsn hash login webhook psk passwort kennwort motdepasse contrase "
     "senha "
     "wachtwoord heslo salasana adgangskode lösenord hasło haslo jelsz şifre sifre losenord geslo "
     "lozinka parol segredo "
     "schlüssel schluessel парол секрет токен κωδικ 密码 密碼 口令 パスワード 비밀번호 令牌 密钥 "
     "pat license code "
     "bearer nonce private",
     KTA_USE_NAME},
    {":// :\\/\\/", KTA_USE_URI},
    {"-----begin ----^begin ----begin%20 -----begin+", KTA_USE_PEM},
    {"data kind", KTA_USE_MANIFEST},
    {"authorization cookie", KTA_USE_HEADER},
    {"insert^into replace^into copy^", KTA_USE_INSERT},
    {"@p0=' |=== <tr columns\" columns\\\" fields\" headers\" header\" cols\" names\"",
     KTA_USE_TABLE},
    /* -----BEGIN; {" (JSON); then password, passwd, secret, token, api_key, apikey at each
     * of the three places in a quantum */
    {"LS0tLS1CRUdJTi eyJ cGFzc3dvcm Bhc3N3b3Jk wYXNzd29yZ cGFzc3dk Bhc3N3Z wYXNzd2 UEFTU1dPUk "
     "BBU1NXT1JE QQVNTV09SR c2VjcmV0 NlY3JldA zZWNyZX U0VDUkVU NFQ1JFV TRUNSRV dG9rZW Rva2Vu "
     "0b2tlb "
     "VE9LRU RPS0VO UT0tFT YXBpX2tle FwaV9rZX hcGlfa2V YXBpa2V5 FwaWtleQ hcGlrZX",
     KTA_USE_ENCODED},
    /* the same words in base64 of base64 */
    {"3WVhOemQy 5GUTFKRl 5sWTNKbG 6WldOeVpY BiMnRsY CQlUxTlhU CVUVsZlMw CaGMzTjNi FRVk5UVjA "
     "FWQkpYMHR GUVNWOUxS Gd2FWOXJa J2YTJWd JCVTFOWFQ JQUzBWT JVRWxmUzB JoYzNOM2I MGIydGxi "
     "MyVmpjbVY NHRnpjM2R ORlExSkZW ObFkzSmxk QkJVMU5YV QlVFbGZTM QmhjM04zY RHOXJaV RSVU5TUl "
     "RUVZOVFYw RVkJKWDB0 RlFTVjlMU RndhVjlyW SUFMwVk SdmEyVn TkZRMUpGV TmxZM0psZ UUlVOU1JW "
     "UVFWTlRWM UVZCSlgwd UlBTMFZP UnZhMlZ1 UwVkRVa1Z VFJVTlNSV VFRlRVMWR VMFZEVWtW VRUZUVTFk "
     "VTBWRFVrV VUMHRGV VUVGVFUxZ VVDB0Rl VVQwdEZU VkU5TFJV WRTlMUl WVhCcFgyd Y0dGemMzZ "
     "YzJWamNtV Z3YVY5clp ZEc5clpX ZFOUxSV ZRU1Y5TFJ ZWEJwWDJ0 aGNHbGZhM d1lYTnpkM dZWE56ZDI "
     "elpXTnlaW hjR2xmYTJ jMlZqY21W jR0Z6YzNk kRzlyWl lYQnBYMnR oY0dsZmEy paV055Wl wYjJ0bG",
     KTA_USE_ENCODED},
};

struct builder {
    struct kta_automaton a;
    size_t states, most;
    size_t literals, literals_cap;
    unsigned classes;
    unsigned char folded[256];
    /* The tree of a state's children, and the class that leads to it; gone when it is linked. */
    uint16_t *child, *sibling, *by;
};

static unsigned char fold(char c)
{
    unsigned char u = (unsigned char)c;
    if (u >= 0x80)
        return 0x80 | (u >> 1 & 3);
    return u && strchr("?{}~+&", u) ? '?' : (unsigned char)tolower(u);
}

static unsigned class_of(struct builder *b, char c)
{
    unsigned char u = (unsigned char)c;
    if (!b->a.class_of[u]) {
        if (b->classes + 1 >= CLASSES)
            abort(); /* a table of ours; a test would see it */
        ++b->classes;
        for (int other = 0; other < 256; other++)
            if (b->folded[other] == b->folded[u])
                b->a.class_of[other] = (uint8_t)b->classes;
    }
    return b->a.class_of[u];
}

/* Its row is written before it is read: what calloc gives is mapped twice, for each. */
static size_t new_state(struct builder *b)
{
    if (b->states >= b->most)
        abort();
    memset(b->a.next[b->states], 0, sizeof *b->a.next);
    return b->states++;
}

static size_t new_child(struct builder *b, size_t parent, unsigned class)
{
    size_t made = new_state(b);
    b->a.next[parent][class] = (uint16_t)made;
    b->by[made] = (uint16_t) class;
    b->sibling[made] = b->child[parent];
    b->child[parent] = (uint16_t)made;
    return made;
}

/* l: what the literals of a table's row have in common. */
static void add(struct builder *b, const char *text, size_t n, struct kta_literal l)
{
    size_t state = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned c = class_of(b, text[i] == '^' ? ' ' : text[i]);
        size_t to = b->a.next[state][c];
        state = to ? to : new_child(b, state, c);
    }
    l.text = text;
    l.n = (uint8_t)n;
    l.next = b->a.hits[state];
    KTA_GROW(b->a.literal, b->literals, b->literals_cap);
    b->a.literal[b->literals] = l;
    b->a.hits[state] = (uint32_t)++b->literals;
}

static void add_all(struct builder *b, const char *texts, enum kta_literal_use use, size_t at)
{
    const char *pattern = use == KTA_USE_RULE ? kta_rule(at)->pattern : "(?i";
    struct kta_literal row = {.use = (uint8_t)use,
                              .at = (uint16_t)at,
                              .exact = !strstr(pattern, "(?i"),
                              .word = kta_starts(pattern, KTA_WORD_BEGINS)};
    for (const char *p = texts; *p;) {
        size_t n = strcspn(p, " ");
        if (n)
            add(b, p, n, row);
        p += n + (p[n] == ' ');
    }
}

/* Breadth first: what a state lacks it takes from its longest proper suffix, and its literals end
 * here, too: appended behind the state's own. */
static void link_suffixes(struct builder *b)
{
    uint16_t *queue = kta_malloc(b->states * sizeof *queue);
    uint16_t *suffix = kta_calloc(b->states, sizeof *suffix);
    size_t head = 0, tail = 0;
    for (uint16_t to = b->child[0]; to; to = b->sibling[to])
        queue[tail++] = to;
    while (head < tail) {
        size_t state = queue[head++];
        uint32_t *end = &b->a.hits[state];
        while (*end)
            end = &b->a.literal[*end - 1].next;
        *end = b->a.hits[suffix[state]];
        uint16_t *row = b->a.next[state];
        memcpy(row, b->a.next[suffix[state]], sizeof *b->a.next);
        for (uint16_t to = b->child[state]; to; to = b->sibling[to]) {
            suffix[to] = row[b->by[to]];
            row[b->by[to]] = to;
            queue[tail++] = to;
        }
    }
    free(queue);
    free(suffix);
}

/* At most a state for each byte. What is reserved and not used costs nothing. */
static void reserve(struct builder *b)
{
    b->most = 1;
    for (size_t i = 0; i < kta_rules_n(); i++)
        b->most += strlen(kta_rule(i)->literals);
    for (size_t i = 0; i < KTA_LEN(others); i++)
        b->most += strlen(others[i].texts);
    if (b->most > MAX_STATES)
        b->most = MAX_STATES;
    b->a.next = kta_malloc(b->most * sizeof *b->a.next);
    b->a.hits = kta_calloc(b->most, sizeof *b->a.hits);
    b->child = kta_calloc(b->most, sizeof *b->child);
    b->sibling = kta_calloc(b->most, sizeof *b->sibling);
    b->by = kta_calloc(b->most, sizeof *b->by);
}

const struct kta_automaton *kta_automaton(void)
{
    static struct builder b;
    if (b.states)
        return &b.a;
    for (int c = 0; c < 256; c++)
        b.folded[c] = fold((char)c);
    reserve(&b);
    new_state(&b);
    for (size_t i = 0; i < kta_rules_n(); i++)
        add_all(&b, kta_rule(i)->literals, KTA_USE_RULE, i);
    for (size_t i = 0; i < KTA_LEN(others); i++)
        add_all(&b, others[i].texts, others[i].use, 0);
    link_suffixes(&b);
    free(b.child);
    free(b.sibling);
    free(b.by);
    return &b.a;
}
