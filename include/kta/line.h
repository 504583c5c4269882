/*
 * line.h - reading a line with editing and history on a terminal (readline lives behind it).
 */
#ifndef KTA_LINE_H
#define KTA_LINE_H

/* One line without its newline, trimmed; NULL at the end (Ctrl-D) or when interrupted on an empty
 * line. Caller frees. */
char *kta_line_read(const char *prompt);

#endif
