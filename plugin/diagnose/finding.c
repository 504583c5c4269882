/*
 * finding.c - findings: made, told, ordered, printed as JSON.
 *
 * Invariants: a finding's code is static text; ids exist only after kta_findings_finish; texts may
 * hold anything until kta_finding_redact has been over them (the engine does that before it
 * returns).
 */
#include "kta/finding.h"

#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/utf8.h"

static const char *const severities[] = {"info", "warning", "critical"};
static const char *const risks[] = {"low", "medium", "high"};

const char *kta_severity_name(enum kta_severity s)
{
    return severities[s];
}

const char *kta_risk_name(enum kta_risk r)
{
    return risks[r];
}

static int parse_word(const char *const *names, const char *s)
{
    for (int i = 0; i < 3; i++)
        if (kta_streq(names[i], s))
            return i;
    return -1;
}

int kta_severity_parse(const char *s, enum kta_severity *ret)
{
    int i = parse_word(severities, s);
    if (i < 0)
        return -1;
    *ret = (enum kta_severity)i;
    return 0;
}

int kta_risk_parse(const char *s, enum kta_risk *ret)
{
    int i = parse_word(risks, s);
    if (i < 0)
        return -1;
    *ret = (enum kta_risk)i;
    return 0;
}

/* ---- references ---- */

void kta_ref_set(struct kta_ref *r, const char *kind, const char *ns, const char *name)
{
    char *k = kta_strdup(kind), *s = ns && *ns ? kta_strdup(ns) : NULL, *n = kta_strdup(name);
    kta_ref_release(r);
    r->kind = k;
    r->namespace_ = s;
    r->name = n;
}

void kta_ref_release(struct kta_ref *r)
{
    free(r->kind);
    free(r->namespace_);
    free(r->name);
    *r = (struct kta_ref){0};
}

bool kta_ref_equal(const struct kta_ref *a, const struct kta_ref *b)
{
    return kta_streq(a->kind, b->kind) && kta_streq(a->namespace_, b->namespace_) &&
           kta_streq(a->name, b->name);
}

/* ---- building ---- */

struct kta_finding *kta_findings_add(struct kta_findings *f, const char *code,
                                     enum kta_severity severity, const char *kind, const char *ns,
                                     const char *name, double confidence)
{
    struct kta_finding *n = kta_calloc(1, sizeof *n);
    n->code = code;
    n->severity = severity;
    n->confidence = confidence;
    n->since = KTA_NO_TIME;
    kta_ref_set(&n->object, kind, ns, name);
    KTA_GROW(f->v, f->n, f->cap);
    f->v[f->n++] = n;
    return n;
}

static char *vformat(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static char *vformat(const char *fmt, va_list ap)
{
    struct kta_str s = KTA_STR_INIT;
    kta_str_vaddf(&s, fmt, ap);
    return kta_str_detach(&s);
}

void kta_finding_summary(struct kta_finding *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = vformat(fmt, ap);
    va_end(ap);
    free(f->summary);
    f->summary = s;
}

void kta_finding_advice(struct kta_finding *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = vformat(fmt, ap);
    va_end(ap);
    free(f->advice);
    f->advice = s;
}

void kta_finding_quote(struct kta_finding *f, const char *source, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = vformat(fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < f->n_evidence; i++)
        if (kta_streq(f->evidence[i].text, text) && kta_streq(f->evidence[i].source, source)) {
            free(text);
            return;
        }
    KTA_GROW(f->evidence, f->n_evidence, f->cap_evidence);
    f->evidence[f->n_evidence++] = (struct kta_quote){kta_strdup(source), text};
}

struct kta_fix *kta_finding_fix(struct kta_finding *f, enum kta_risk risk, bool undoable,
                                const char *summary_fmt, ...)
{
    va_list ap;
    va_start(ap, summary_fmt);
    char *summary = vformat(summary_fmt, ap);
    va_end(ap);
    KTA_GROW(f->fixes, f->n_fixes, f->cap_fixes);
    struct kta_fix *x = &f->fixes[f->n_fixes++];
    *x = (struct kta_fix){.summary = summary, .risk = risk, .undoable = undoable, .validated = -1};
    return x;
}

void kta_finding_symptom(struct kta_finding *f, const char *kind, const char *ns, const char *name)
{
    struct kta_ref r = {0};
    kta_ref_set(&r, kind, ns, name);
    bool there = kta_ref_equal(&r, &f->object);
    for (size_t i = 0; i < f->n_symptoms && !there; i++)
        there = kta_ref_equal(&f->symptoms[i], &r);
    if (there) {
        kta_ref_release(&r);
        return;
    }
    KTA_GROW(f->symptoms, f->n_symptoms, f->cap_symptoms);
    f->symptoms[f->n_symptoms++] = r;
}

/* ---- releasing ---- */

void kta_fix_check_release(struct kta_fix_check *c)
{
    free(c->method);
    free(c->path);
    free(c->type);
    free(c->body);
    *c = (struct kta_fix_check){NULL};
}

static void fix_release(struct kta_fix *x)
{
    free(x->summary);
    kta_argv_release(&x->argv);
    kta_argv_release(&x->then);
    free(x->stdin_text);
    kta_fix_check_release(&x->check);
}

void kta_finding_drop_fix(struct kta_finding *f, size_t i)
{
    fix_release(&f->fixes[i]);
    memmove(&f->fixes[i], &f->fixes[i + 1], (f->n_fixes - i - 1) * sizeof *f->fixes);
    f->n_fixes--;
}

void kta_finding_last_fix_first(struct kta_finding *f)
{
    struct kta_fix last = f->fixes[f->n_fixes - 1];
    memmove(&f->fixes[1], &f->fixes[0], (f->n_fixes - 1) * sizeof *f->fixes);
    f->fixes[0] = last;
}

static void finding_free(struct kta_finding *f)
{
    for (size_t i = 0; i < f->n_evidence; i++) {
        free(f->evidence[i].source);
        free(f->evidence[i].text);
    }
    for (size_t i = 0; i < f->n_fixes; i++)
        fix_release(&f->fixes[i]);
    for (size_t i = 0; i < f->n_symptoms; i++)
        kta_ref_release(&f->symptoms[i]);
    free(f->evidence);
    free(f->fixes);
    free(f->symptoms);
    free(f->summary);
    free(f->advice);
    free(f->change);
    free(f->change_at);
    kta_ref_release(&f->object);
    free(f);
}

void kta_findings_drop(struct kta_findings *f, size_t i)
{
    finding_free(f->v[i]);
    memmove(&f->v[i], &f->v[i + 1], (f->n - i - 1) * sizeof *f->v);
    f->n--;
}

void kta_findings_release(struct kta_findings *f)
{
    for (size_t i = 0; i < f->n; i++)
        finding_free(f->v[i]);
    free(f->v);
    *f = (struct kta_findings){0};
}

/* ---- finishing ---- */

static int by_weight(const void *pa, const void *pb)
{
    const struct kta_finding *a = *(struct kta_finding *const *)pa;
    const struct kta_finding *b = *(struct kta_finding *const *)pb;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (a->confidence < b->confidence || a->confidence > b->confidence)
        return a->confidence > b->confidence ? -1 : 1;
    if (a->since != b->since)
        return a->since < b->since ? -1 : 1;
    int d = strcmp(kta_or(a->object.name, ""), kta_or(b->object.name, ""));
    return d ? d : strcmp(a->code, b->code);
}

static void drop_double_fixes(struct kta_finding *f)
{
    for (size_t i = 0; i < f->n_fixes; i++) {
        for (size_t k = i + 1; k < f->n_fixes;) {
            kta_auto_str struct kta_str a = KTA_STR_INIT, b = KTA_STR_INIT;
            kta_argv_quote(&f->fixes[i].argv, &a);
            kta_argv_quote(&f->fixes[k].argv, &b);
            if (kta_streq(a.s, b.s) && kta_streq(f->fixes[i].stdin_text, f->fixes[k].stdin_text))
                kta_finding_drop_fix(f, k);
            else
                k++;
        }
    }
}

/* Advice that begins with "Or" stands beside fixes; where there are none it stands alone. */
static void alone(struct kta_finding *f)
{
    if (f->n_fixes || !f->advice || !kta_starts(f->advice, "Or "))
        return;
    memmove(f->advice, f->advice + 3, strlen(f->advice + 3) + 1);
    if (*f->advice >= 'a' && *f->advice <= 'z')
        *f->advice = (char)(*f->advice - 'a' + 'A');
}

void kta_findings_finish(struct kta_findings *f)
{
    if (f->n)
        qsort(f->v, f->n, sizeof *f->v, by_weight);
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = i + 1; k < f->n;) {
            if (kta_streq(f->v[i]->code, f->v[k]->code) &&
                kta_ref_equal(&f->v[i]->object, &f->v[k]->object))
                kta_findings_drop(f, k);
            else
                k++;
        }
    for (size_t i = 0; i < f->n; i++) {
        struct kta_finding *x = f->v[i];
        (void)snprintf(x->id, sizeof x->id, "f%u", (unsigned)(i + 1));
        drop_double_fixes(x);
        while (x->n_fixes > KTA_DIAG_MAX_FIXES)
            kta_finding_drop_fix(x, x->n_fixes - 1);
        alone(x);
        for (size_t k = 0; k < x->n_fixes; k++)
            (void)snprintf(x->fixes[k].id, sizeof x->fixes[k].id, "%.10s.%c", x->id,
                           (char)('a' + k));
    }
}

struct kta_fix *kta_findings_fix(const struct kta_findings *f, const char *fix_id)
{
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->v[i]->n_fixes; k++)
            if (kta_streq(f->v[i]->fixes[k].id, fix_id))
                return &f->v[i]->fixes[k];
    return NULL;
}

/* ---- safe to show ---- */

static void make_safe(struct kta_redact *r, char **text)
{
    if (!*text)
        return;
    kta_auto_free char *redacted = r ? kta_redact_dup(r, *text) : kta_strdup(*text);
    struct kta_str out = KTA_STR_INIT;
    kta_clean(redacted, strlen(redacted), &out);
    free(*text);
    *text = kta_str_detach(&out);
}

void kta_findings_redact(struct kta_findings *f, struct kta_redact *r)
{
    for (size_t i = 0; i < f->n; i++) {
        struct kta_finding *x = f->v[i];
        make_safe(r, &x->summary);
        make_safe(r, &x->advice);
        make_safe(r, &x->change);
        make_safe(r, &x->change_at);
        for (size_t k = 0; k < x->n_evidence; k++) {
            make_safe(r, &x->evidence[k].source);
            make_safe(r, &x->evidence[k].text);
        }
        for (size_t k = 0; k < x->n_fixes; k++)
            make_safe(r, &x->fixes[k].summary);
    }
}

/* ---- JSON ---- */

static struct kta_json *ref_json(const struct kta_ref *r)
{
    struct kta_json *o = kta_json_new_object();
    kta_json_set_str(o, "kind", r->kind);
    if (r->namespace_)
        kta_json_set_str(o, "namespace", r->namespace_);
    kta_json_set_str(o, "name", r->name);
    return o;
}

static struct kta_json *fix_json(const struct kta_fix *x)
{
    struct kta_json *o = kta_json_new_object();
    kta_json_set_str(o, "id", x->id);
    kta_json_set_str(o, "summary", x->summary);
    struct kta_json *argv = kta_json_set(o, "argv", kta_json_new_array());
    for (size_t i = 0; i < x->argv.n; i++)
        kta_json_push_str(argv, x->argv.v[i]);
    if (x->stdin_text)
        kta_json_set_str(o, "stdin", x->stdin_text);
    if (x->then.n) {
        struct kta_json *then = kta_json_set(o, "then", kta_json_new_array());
        for (size_t i = 0; i < x->then.n; i++)
            kta_json_push_str(then, x->then.v[i]);
    }
    kta_json_set_str(o, "risk", kta_risk_name(x->risk));
    kta_json_set_bool(o, "undoable", x->undoable);
    kta_json_set_bool(o, "validated", x->validated == 1);
    return o;
}

struct kta_json *kta_finding_json(const struct kta_finding *f)
{
    struct kta_json *o = kta_json_new_object();
    kta_json_set_str(o, "id", f->id);
    kta_json_set_str(o, "code", f->code);
    kta_json_set_str(o, "severity", kta_severity_name(f->severity));
    kta_json_set(o, "object", ref_json(&f->object));
    kta_json_set_str(o, "summary", kta_or(f->summary, ""));
    if (f->advice)
        kta_json_set_str(o, "advice", f->advice);
    if (f->change_at)
        kta_json_set_str(o, "change", f->change_at);
    struct kta_json *ev = kta_json_set(o, "evidence", kta_json_new_array());
    for (size_t i = 0; i < f->n_evidence; i++) {
        struct kta_json *q = kta_json_push(ev, kta_json_new_object());
        kta_json_set_str(q, "source", f->evidence[i].source);
        kta_json_set_str(q, "text", f->evidence[i].text);
    }
    if (f->since != KTA_NO_TIME) {
        kta_auto_str struct kta_str t = KTA_STR_INIT;
        kta_time_format(f->since, &t);
        kta_json_set_str(o, "since", t.s);
    } else {
        kta_json_set(o, "since", kta_json_new_null());
    }
    kta_json_set(o, "confidence", kta_json_new_num(f->confidence));
    struct kta_json *sy = kta_json_set(o, "symptoms", kta_json_new_array());
    for (size_t i = 0; i < f->n_symptoms; i++)
        kta_json_push(sy, ref_json(&f->symptoms[i]));
    struct kta_json *fx = kta_json_set(o, "fixes", kta_json_new_array());
    for (size_t i = 0; i < f->n_fixes; i++)
        kta_json_push(fx, fix_json(&f->fixes[i]));
    return o;
}

struct kta_json *kta_findings_json(const struct kta_findings *f)
{
    struct kta_json *a = kta_json_new_array();
    for (size_t i = 0; i < f->n; i++)
        kta_json_push(a, kta_finding_json(f->v[i]));
    return a;
}
