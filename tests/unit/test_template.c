/* Prompt templates as kubectl-ai's users have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../plugin/agent/template.h"
#include "kta/alloc.h"

static const struct template_field fields[] = {{"Yes", "true"},
                                               {"No", NULL},
                                               {"Query", "why {{.Yes}}"},
                                               {"Names", "a, b"}};

static const struct {
    const char *text, *want;
} rows[] = {
    {"", ""},
    {"plain { text }} {", "plain { text }} {"},
    {"ask {{.Query}}, {{ .Names }}.", "ask why {{.Yes}}, a, b."}, /* a value is no template */
    {"{{if .Yes}}y{{end}}{{if .No}}n{{end}}.", "y."},
    {"{{if not .Yes}}y{{else}}n{{end}}", "n"},
    {"{{if .No}}1{{else if .Yes}}2{{else}}3{{end}}", "2"},
    {"{{if .No}}1{{else if .No}}2{{else}}3{{end}}", "3"},
    {"{{if .Yes}}1{{else if .Yes}}2{{else}}3{{end}}", "1"},
    {"{{if .No}}a{{if .Yes}}b{{else}}c{{end}}d{{end}}e", "e"},
    {"{{if .Yes}}a{{if .No}}b{{else}}c{{end}}d{{end}}e", "acde"},
    {"a \n {{- if .Yes -}} \n b \n {{- end}}\nc", "ab\nc"},
    {"a {{- .Names -}} b", "aa, bb"},
    {"a{{/* no {{ word */}}b{{- /* x */ -}} c", "abc"},
    {"use {{\"`\"}}kubectl{{`\"`}}", "use `kubectl\""},
    /* not ours: as it stands */
    {"image: {{ .Values.image }} {{- .Unknown -}} x",
     "image: {{ .Values.image }} {{- .Unknown -}} x"},
    {"{{range .Items}}{{.Name}}{{else}}-{{end}}{{if .Yes}}y{{end}}",
     "{{range .Items}}{{.Name}}{{else}}-{{end}}y"},
    {"{{if .Unknown}}{{.Names}}{{end}}", "{{if .Unknown}}a, b{{end}}"},
    {"{{if .No}}{{range .Items}}x{{end}}y{{end}}z", "z"},
    {"{{if and .Yes .No}}x{{end}}", "{{if and .Yes .No}}x{{end}}"},
    {"{{.Names", "{{.Names"},
    {"{{end}}{{else}}{{}}{{-}}{{ }}", "{{end}}{{else}}{{}}{{-}}{{ }}"},
    {"{{if .No}}never closed", ""},
    {"{{.Yes.No}}{{.}}{{.Ye}}", "{{.Yes.No}}{{.}}{{.Ye}}"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_str struct kta_str out = KTA_STR_INIT;
        template_render(rows[i].text, fields, KTA_LEN(fields), &out);
        assert_string_equal(kta_or(out.s, ""), rows[i].want);
    }
}

static void test_depth(void **state)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT, out = KTA_STR_INIT;
    (void)state;
    for (int i = 0; i < 5000; i++)
        kta_str_add(&text, "{{if .Yes}}");
    template_render(text.s, fields, KTA_LEN(fields), &out);
    assert_true(out.len <= text.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_depth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
