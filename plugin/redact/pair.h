/*
 * pair.h - a telling name and its value: what pair.c, value_at.c, below.c and named.c share.
 */
#ifndef KTA_REDACT_PAIR_H
#define KTA_REDACT_PAIR_H

#include "names.h"
#include "scanner.h"

struct kta_name {
    size_t start, end; /* with the dashes of a flag */
    enum kta_telling tells;
    bool flag;     /* begins with a dash */
    bool in_query; /* behind ? or & */
};

/* ---- pair.c ---- */

/* Nothing but indentation, "- ", quotes, export before the name on its line. */
bool kta_begins_line(const struct scanner *sc, size_t at);
/* The answer may stand on the line behind the one at `at`: wait until that is complete. */
void kta_hold_next_line(struct scanner *sc, const struct kta_name *name, size_t at);
/* Hides [start, end) if under this name it is a secret. */
void kta_judge(struct scanner *sc, const struct kta_name *name, size_t start, size_t end,
               bool quoted, bool assigned);

/* ---- prose.c: the name is a word of a sentence; `at` is behind it ---- */
void kta_prose(struct scanner *sc, const struct kta_name *name, size_t at);

/* ---- columns.c ---- */

/* The length of a box's bar at `at` (|, │, ┃, ║), or 0. */
size_t kta_bar(const struct scanner *sc, size_t at);
/* The name is a title in a table's header, and its column is judged. */
bool kta_heads_column(struct scanner *sc, const struct kta_name *name);
enum { KTA_MAX_COLUMNS = 64 };
void kta_add_column(struct kta_columns *t, size_t at, size_t until, enum kta_telling telling);
enum kta_telling kta_title_tells(const struct scanner *sc, size_t start, size_t end);
/* Hides the cell [start, end) of a column; what begins at `row` decides. */
void kta_judge_cell(struct scanner *sc, size_t row, size_t start, size_t end, int telling);
/* The rows from t->from on; t->end is where they ended. */
void kta_rows(struct scanner *sc, struct kta_columns *t);

/* ---- sql.c ---- */
void kta_sql_tuples(struct scanner *sc, struct kta_columns *t);

/* ---- bound.c ---- */

/* A placeholder at `at` stands for a secret; it is counted from `first` on, in the statement that
 * begins at `from`: hides the value where the text shows it. */
void kta_bound(struct scanner *sc, size_t from, size_t first, size_t at, enum kta_telling telling);
/* The name's value at `at` is a placeholder of an SQL statement, and its value is judged. */
bool kta_is_bound(struct scanner *sc, const struct kta_name *name, size_t at);

/* ---- tables.c ---- */

/* The name is a title in a table of HTML, AsciiDoc or JSON, and its column is judged. */
bool kta_heads_table(struct scanner *sc, const struct kta_name *name);

/* ---- value_at.c: the value begins at `at`, behind the separator ---- */
void kta_value_at(struct scanner *sc, const struct kta_name *name, size_t at, bool assigned);
/* The members of the object whose brace is in front of `at`, under a name that speaks of several.
 */
void kta_members(struct scanner *sc, const struct kta_name *name, size_t at);
/* ${NAME:-value}: -, = and + give a value, ? a message. */
bool kta_in_braces(const struct scanner *sc, const struct kta_name *name);

/* ---- below.c: values on the lines below their name ---- */

/* The name's line ends at `newline` without a value. */
void kta_value_below(struct scanner *sc, const struct kta_name *name, size_t newline);
/* A plain value of YAML that ends at `end` may go on in deeper lines. */
void kta_folded(struct scanner *sc, const struct kta_name *name, size_t end);
/* A YAML block scalar whose header ends at `header_end`: the lines that are indented deeper. */
void kta_block_scalar(struct scanner *sc, const struct kta_name *name, size_t header_end);
/* NAME="a\nb": where a string that goes on ends, at most some lines on; else `newline`. */
size_t kta_string_end(struct scanner *sc, const struct kta_name *name, size_t quote,
                      size_t newline);
/* string(9) "…" of PHP's var_dump */
bool kta_php_dump(const struct scanner *sc, size_t line);
/* "tokens" speaks of several: each is judged as a "token". */
struct kta_name kta_singular(const struct scanner *sc, const struct kta_name *name);

/* Of several under a name like "apiKeys", one that is no setting. */
bool kta_one_of_several(const struct scanner *sc, const struct kta_name *one, size_t start,
                        size_t end);

/* ---- named.c ---- */

/* The value stands neither behind a separator nor behind a flag: in an element, a tuple, a cell of
 * a table, beside {"name": …}. `at` is behind the name. Returns whether that was so. */
bool kta_value_elsewhere(struct scanner *sc, const struct kta_name *name, size_t at);

#endif
