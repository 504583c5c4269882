/* findings_text.c - findings for people: their Markdown, rendered. */
#include "kta/markdown.h"
#include "ui_private.h"

void kta_ui_findings(struct kta_ui *ui, const struct kta_findings *f)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    kta_findings_markdown(f, &text);
    kta_ui_answer(ui, text.s);
}
