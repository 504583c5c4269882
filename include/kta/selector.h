/*
 * selector.h - label selectors in text, as kubectl's -l and the API's labelSelector take them.
 *
 * Nothing is kept of a selector: each call reads the text. One that cannot be read matches nothing.
 */
#ifndef KTA_SELECTOR_H
#define KTA_SELECTOR_H

#include <stdbool.h>
#include "kta/err.h"
#include "kta/json.h"

/* Can it be read? KTA_E_USAGE names what cannot. */
int kta_selector_text_check(const char *selector, struct kta_err *err);
/* Do the labels (an object, or NULL) meet it? NULL and "" select everything. */
bool kta_selector_text_matches(const char *selector, const struct kta_json *labels);

#endif
