/*
 * yaml_scalar.h - what a plain YAML scalar means (private to io/).
 */
#ifndef KTA_IO_YAML_SCALAR_H
#define KTA_IO_YAML_SCALAR_H

#include "kta/json.h"

/* The boolean, null or number that the plain scalar stands for, or NULL when it is a string. */
struct kta_json *kta_yaml_resolve(const char *text);

#endif
