/*
 * lookalike.c - characters that pass for ASCII ones, where a person decides by reading.
 *
 * Whole scripts are listed, not single letters: a Cyrillic or Greek text is marked all over, which
 * is honest in a command. Accented Latin letters, CJK and the brackets of placeholders are not.
 */
#include "kta/utf8.h"
#include "kta/alloc.h"
#include "kta/tools_plan.h"

static const struct range {
    uint32_t first, last;
} ranges[] = {
    {0x00A0, 0x00A0},   /* no-break space */
    {0x00AD, 0x00AD},   /* soft hyphen */
    {0x0131, 0x0131},   /* dotless i */
    {0x017F, 0x017F},   /* long s */
    {0x0184, 0x0185},   /* tone six */
    {0x01C0, 0x01C3},   /* clicks: | and ! */
    {0x0237, 0x0237},   /* dotless j */
    {0x0250, 0x02DF},   /* IPA and modifier letters */
    {0x0370, 0x052F},   /* Greek, Coptic, Cyrillic */
    {0x0530, 0x058F},   /* Armenian */
    {0x05C0, 0x05C3},   /* Hebrew marks like | and : */
    {0x0660, 0x066D},   /* Arabic-Indic digits */
    {0x06D4, 0x06D4},   /* Arabic full stop */
    {0x10A0, 0x10FF},   /* Georgian */
    {0x13A0, 0x13FF},   /* Cherokee */
    {0x1D00, 0x1DBF},   /* small capitals */
    {0x1F00, 0x1FFF},   /* Greek with accents */
    {0x2000, 0x200A},   /* spaces */
    {0x2010, 0x2015},   /* hyphens and dashes */
    {0x2018, 0x201F},   /* quotes */
    {0x2024, 0x2024},   /* one dot leader */
    {0x202F, 0x202F},   /* narrow no-break space */
    {0x2032, 0x2037},   /* primes */
    {0x2039, 0x203A},   /* single guillemets */
    {0x2043, 0x2044},   /* hyphen bullet, fraction slash */
    {0x205F, 0x205F},   /* mathematical space */
    {0x2100, 0x2189},   /* letter-like, number forms */
    {0x2212, 0x2219},   /* minus, division slash, set minus, asterisk, ring, bullet */
    {0x2223, 0x2223},   /* divides */
    {0x2236, 0x2236},   /* ratio */
    {0x223C, 0x223C},   /* tilde operator */
    {0x2460, 0x24FF},   /* enclosed */
    {0x2500, 0x2503},   /* box lines */
    {0x2C60, 0x2DFF},   /* Latin extended C, Coptic, Georgian, Cyrillic extended */
    {0x3000, 0x3002},   /* ideographic space and stops */
    {0xA640, 0xA69F},   /* Cyrillic extended */
    {0xA720, 0xA7FF},   /* Latin extended D */
    {0xAB30, 0xABBF},   /* Latin extended E, Cherokee */
    {0xFE30, 0xFE6F},   /* small and vertical forms */
    {0xFF00, 0xFFEF},   /* fullwidth */
    {0x10300, 0x1032F}, /* Old Italic */
    {0x10400, 0x1044F}, /* Deseret */
    {0x1D400, 0x1D7FF}, /* mathematical alphanumerics */
    {0x1F100, 0x1F1FF}, /* enclosed alphanumerics */
};

bool kta_mark_lookalikes(const char *s, size_t n, struct kta_str *out)
{
    bool any = false;

    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = kta_utf8_decode(s + i, n - i, &cp);
        kta_str_addn(out, s + i, len);
        i += len;
        for (size_t k = 0; cp >= 0x80 && k < KTA_LEN(ranges); k++)
            if (cp >= ranges[k].first && cp <= ranges[k].last) {
                kta_str_addf(out, "<U+%04X>", (unsigned)cp);
                any = true;
                break;
            }
    }
    return any;
}
