/*
 * names.h - what a name says of its value, and whether a value looks like a secret.
 */
#ifndef KTA_REDACT_NAMES_H
#define KTA_REDACT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* From "says nothing" to "its value is a secret whatever it looks like". */
enum kta_telling {
    KTA_TELLS_NOTHING,
    KTA_TELLS_MAYBE,     /* key, auth, session: a random-looking value is a secret */
    KTA_TELLS_REFERENCE, /* secret, credentials: often the name of an object */
    KTA_TELLS_TOKEN,     /* token, api key: but words of an error message are none */
    KTA_TELLS_PASSWORD,  /* also short and plain values */
};

/* Judges an identifier: DB_PASSWORD, spring.datasource.password, accessToken, X-Api-Key. before is
 * the word in front of it ("api" for "api key"), or n_before == 0. */
enum kta_telling kta_telling(const char *name, size_t n, const char *before, size_t n_before);

/* Where a value was found. */
struct kta_value_place {
    bool quoted;
    bool assigned; /* by "=", not by ":" or a blank */
    bool variable; /* of an environment, --flag=: API_TOKEN, which names no object */
    bool own_line; /* its key begins the line and nothing follows the value */
    bool last;     /* nothing but punctuation follows on the line */
};

/* True if the value is to be hidden under a name that tells this much. */
bool kta_value_secret(const char *v, size_t n, enum kta_telling tells,
                      const struct kta_value_place *place);
/* A run of letters and digits that nobody would type: keys, tokens. */
bool kta_value_random(const char *v, size_t n);
/* A word that tells the state of a secret: expired, missing, invalid … Of what may be a phrase,
 * "the" and "with" tell nothing. */
bool kta_value_stop_word(const char *v, size_t n, bool phrase);

#endif
