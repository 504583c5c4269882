/*
 * budget.c - what a session may use of tokens or money, and whether the next turn fits into it.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agent_private.h"

#define LEAST_ANSWER 16 /* tokens; a turn with less room is not worth asking */

static bool is_money(const char *unit)
{
    return kta_streq(unit, "usd") || kta_streq(unit, "USD") || kta_streq(unit, "$");
}

static int wrong(const char *text, struct kta_err *err)
{
    kta_err_set(err, KTA_E_USAGE, "a ceiling is a number of tokens or of dollars, not '%s'", text);
    return kta_err_hint(err, "for example 200000, 200k, 0.50usd");
}

static int parse_price(const char *price, struct kta_ceiling *ret, struct kta_err *err)
{
    char *end;

    ret->usd_in = strtod(price, &end);
    if (end != price && *end == '/') {
        const char *out = end + 1;
        ret->usd_out = strtod(out, &end);
        if (end != out && !*end && ret->usd_in >= 0 && ret->usd_out >= 0)
            return 0;
    }
    kta_err_set(err, KTA_E_USAGE, "a price is IN/OUT, dollars for a million tokens, not '%s'",
                price);
    return kta_err_hint(err, "for example 2.50/10");
}

int kta_ceiling_parse(const char *text, const char *price, struct kta_ceiling *ret,
                      struct kta_err *err)
{
    const char *p = text + (*text == '$');
    char *end;
    double n = strtod(p, &end);

    *ret = (struct kta_ceiling){0};
    if (end == p || !(n > 0) || n > 1e15)
        return wrong(text, err);
    if (*text == '$' ? !*end : is_money(end))
        ret->usd = n;
    else if (*text == '$')
        return wrong(text, err);
    else if (!*end)
        ret->tokens = (int64_t)n;
    else if (!end[1] && strchr("kK", *end))
        ret->tokens = (int64_t)(n * 1e3);
    else if (!end[1] && strchr("mM", *end))
        ret->tokens = (int64_t)(n * 1e6);
    else
        return wrong(text, err);
    if (!ret->usd && ret->tokens < 1)
        return wrong(text, err);
    return price ? parse_price(price, ret, err) : 0;
}

static int too_much(const char *used, const char *asked, const char *ceiling, struct kta_err *err)
{
    kta_err_set(err, KTA_E_LIMIT,
                "the session's ceiling of %s (--max-cost) is reached: %s used, and this turn would "
                "send about %s",
                ceiling, used, asked);
    return kta_err_hint(err, "raise --max-cost, or go on with --llm-provider none");
}

static int64_t estimate(const struct kta_agent *a)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    kta_json_print(a->messages, false, &text);
    return kta_llm_tokens(text.len);
}

int agent_afford(const struct kta_agent *a, int *max_tokens, struct kta_err *err)
{
    const struct kta_ceiling *c = &a->ceiling;
    struct kta_llm_spent spent = kta_llm_spent(a->llm);
    char used[64], asked[64], ceiling[64];
    int64_t left = INT32_MAX;

    if (c->tokens) {
        int64_t so_far = spent.prompt_tokens + spent.completion_tokens, next = estimate(a);
        left = c->tokens - so_far - next;
        snprintf(used, sizeof used, "%lld", (long long)so_far);
        snprintf(asked, sizeof asked, "%lld", (long long)next);
        snprintf(ceiling, sizeof ceiling, "%lld tokens", (long long)c->tokens);
    } else if (c->usd > 0) {
        double so_far = spent.usd > 0 ? spent.usd
                                      : ((double)spent.prompt_tokens * c->usd_in +
                                         (double)spent.completion_tokens * c->usd_out) /
                                            1e6;
        double next = (double)estimate(a) * c->usd_in / 1e6, rest = c->usd - so_far - next;
        if (c->usd_out > 0 && rest < c->usd_out)
            left = (int64_t)(rest / c->usd_out * 1e6);
        else if (rest <= 0)
            left = 0;
        snprintf(used, sizeof used, "$%.4f", so_far);
        snprintf(asked, sizeof asked, "$%.4f", next);
        snprintf(ceiling, sizeof ceiling, "$%.4g", c->usd);
    }
    if (left < LEAST_ANSWER)
        return too_much(used, asked, ceiling, err);
    if (left < INT32_MAX && (*max_tokens == 0 || left < *max_tokens))
        *max_tokens = (int)left;
    return 0;
}
