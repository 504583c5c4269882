/*
 * template.h - a prompt template as kubectl-ai's users have them: Go's text/template, as far as
 * those use it (private to agent/).
 */
#ifndef AGENT_TEMPLATE_H
#define AGENT_TEMPLATE_H

#include <stddef.h>
#include "kta/str.h"

/* A field's value; NULL is false. */
struct template_field {
    const char *name, *value;
};

/* Appends text with {{.Name}}, {{if .Name}}, {{if not .Name}}, {{else}}, {{else if …}}, {{end}},
 * {{"literal"}}, comments and the trimming {{- and -}} carried out for the fields given.
 * What else stands between {{ and }} (another language's braces, a block of an unknown field) is
 * text as it stands. https://pkg.go.dev/text/template */
void template_render(const char *text, const struct template_field *fields, size_t n,
                     struct kta_str *out);

#endif
