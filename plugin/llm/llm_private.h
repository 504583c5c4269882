/*
 * llm_private.h - what the files of llm/ share.
 *
 * open.c resolves the endpoint, quirks.c remembers what it rejects, request.c writes the body,
 * reply.c reads streams and whole answers, filter.c parts thinking and calls from text,
 * calls_in_text.c and calls_unmarked.c read such calls, calls.c puts calls together, repeat.c
 * notices an endless text, failure.c turns what went wrong into a sentence, chat.c is one turn with
 * its retries, window.c the window, models.c what else there is.
 */
#ifndef KTA_LLM_PRIVATE_H
#define KTA_LLM_PRIVATE_H

#include "kta/http.h"
#include "kta/llm.h"
#include "kta/sse.h"

/* What an endpoint turned out not to take; remembered per endpoint and model. */
enum {
    LLM_NO_TOOLS = 1,
    LLM_NO_SCHEMA = 2,
    LLM_NO_STREAM_OPTIONS = 4,
    LLM_NO_TEMPERATURE = 8,
    LLM_NO_STREAM = 16,
    LLM_NO_SYSTEM = 32,      /* no system role: its text goes into the first user message */
    LLM_OTHER_MAX = 64,      /* the other one of max_tokens and max_completion_tokens */
    LLM_NO_V1 = 128,         /* the path has no /v1 (only where we added it) */
    LLM_NO_MAX = 256,        /* no limit of tokens at all */
    LLM_NO_WINDOW = 512,     /* it does not tell its window */
    LLM_NO_DEVELOPER = 1024, /* no developer role: it is called system */
    LLM_NO_EMPTY = 2048,     /* no empty text beside calls: it is null */
    LLM_NO_END = 4096, /* streams end without [DONE] and finish_reason: not remembered on disk */
};

struct kta_llm {
    const struct kta_provider *row;
    char *model, *key;
    char *base;    /* "https://host/v1" without a final slash */
    char *shown;   /* the same without credentials */
    char *origin;  /* "https://host" */
    char *prefix;  /* "/v1" or "" */
    bool v1_added; /* the address had no path */
    char *why;     /* it was chosen */
    bool local;
    unsigned quirks;
    char *query; /* "?api-version=…" or "" */
    int window;  /* -1: not asked yet */
    int64_t back_off_ms, first_byte_ms, idle_ms;
    uint32_t (*random)(void); /* arc4random; a test has its own */
    struct kta_http *http;
    struct kta_llm_spent spent;
};

/* ---- chat.c ---- */
/* Before the attempt behind the attempt-th (from 1): the base, doubled each time, ± a quarter, so
 * that many clients do not come back together. random: evenly from 0 to UINT32_MAX. */
int64_t llm_back_off(int64_t base_ms, int attempt, uint32_t random);

/* ---- quirks.c ---- */
void llm_quirks_load(struct kta_llm *m);
void llm_quirks_save(const struct kta_llm *m);
/* What to leave out next after this refusal, or 0. `used` are the parts that the request had. */
unsigned llm_quirk_of(int status, const char *message, unsigned used);

/* ---- request.c ---- */
/* The parts that a request for this turn has, as LLM_NO_… bits: what can be left out. */
unsigned llm_request_parts(const struct kta_llm *m, const struct kta_llm_turn *t);
void llm_request_body(const struct kta_llm *m, const struct kta_llm_turn *t, struct kta_str *out);

/* ---- filter.c ---- */
struct llm_filter {
    void (*on_text)(void *ctx, const char *p, size_t n);
    void (*on_thinking)(void *ctx, const char *p, size_t n);
    void (*on_call)(void *ctx, const char *text); /* NULL: calls in text are text */
    void (*on_only_close)(void *ctx); /* </think> without a beginning: all before was thinking */
    void *ctx;
    const struct llm_tag *in; /* NULL: text */
    struct kta_str hold;      /* what may become a tag */
    struct kta_str call;
};
void llm_filter_feed(struct llm_filter *f, const char *p, size_t n);
void llm_filter_end(struct llm_filter *f);
void llm_filter_release(struct llm_filter *f);

/* ---- repeat.c ---- */
struct llm_repeat {
    char tail[2048]; /* the latest of what was said */
    size_t len, unseen;
    size_t found; /* bytes of the piece that is repeated; 0: none */
};
/* True once what was fed is one piece over and over. Takes any pieces, of any size. */
bool llm_repeat_feed(struct llm_repeat *r, const char *p, size_t n);
/* Leaves one of the pieces at the end of the text. */
void llm_repeat_cut(const struct llm_repeat *r, struct kta_str *text);

/* ---- reply.c ---- */
struct llm_call {
    int index; /* -1: the server gave none */
    struct kta_str id, name, args;
};

struct llm_reply {
    struct kta_llm_turn *turn;
    struct kta_http_req *req;
    struct kta_str *shown; /* what on_text has had already, in earlier attempts too */
    enum { LLM_FORM_UNKNOWN, LLM_FORM_EVENTS, LLM_FORM_WHOLE } form;
    struct kta_sse sse;
    struct kta_str raw; /* a whole answer, or the head of what was no event stream */
    struct llm_filter filter;
    struct llm_call calls[KTA_MAX_TOOL_CALLS];
    size_t n_calls;
    size_t said;    /* bytes of the text that on_text has had */
    size_t line;    /* where in the text the line begins that may be a call */
    bool diverged;  /* this attempt's text is not what was shown before */
    bool ended;     /* [DONE] or a finish_reason */
    bool thought;   /* something went to on_thinking */
    bool malformed; /* an event that is not JSON */
    bool refused; /* the server could not parse what the model said, and gives it with its error */
    struct llm_repeat saying, thinking, calling;
    struct kta_str error; /* the server's own words in the stream */
    struct kta_err err;   /* limits */
    int64_t started;
};
void llm_reply_init(struct llm_reply *r, struct kta_llm_turn *turn, struct kta_http_req *req,
                    struct kta_str *shown);
bool llm_reply_feed(void *reply, const char *p, size_t n); /* http's on_body */
/* The body has ended: the turn's results are filled in. */
void llm_reply_end(struct llm_reply *r);
void llm_reply_release(struct llm_reply *r);
/* The body of a refusal, which may hold what the model said; before llm_reply_end. */
void llm_reply_refused(struct llm_reply *r, const char *body, size_t n);

/* ---- calls.c ---- */
/* A piece of a call as the API has it: {index, id, function: {name, arguments}}. */
void llm_call_piece(struct llm_reply *r, const struct kta_json *piece);
/* A whole call, one that was written as text. args: an object, or NULL. */
void llm_call_whole(struct llm_reply *r, const char *name, const struct kta_json *args);
/* The offered tool that a name means ("functions.kubectl:0", "Kubectl"), or NULL. */
const char *llm_tool_name(const struct kta_llm_turn *t, const char *name);
/* All pieces are there: the calls become the turn's. */
void llm_calls_end(struct llm_reply *r);

/* ---- calls_in_text.c ---- */
/* The calls that a text between a model's own marks holds are added to r; how many there were. */
size_t llm_calls_in(const char *text, struct llm_reply *r);
/* An object, or each of a list, that names an offered tool and brings its arguments; how many. */
size_t llm_calls_in_json(const struct kta_json *v, struct llm_reply *r);

/* ---- calls_unmarked.c ---- */
/* The calls of a text that has no mark for them; *ret_rest: the bytes before the first of them that
 * are text. False: there is none. */
bool llm_calls_unmarked(const char *text, struct llm_reply *r, size_t *ret_rest);

/* ---- failure.c ---- */
/* The server's own words in an error's body (JSON of many shapes, HTML, plain text), on one line.
 */
void llm_error_text(const char *body, size_t n, struct kta_str *out);
bool llm_is_overflow(int status, const char *message);
/* False for refusals that another try cannot change, e.g. a quota that is used up. */
bool llm_worth_retry(int status, const char *message);
/* How long a refusal asks to wait, where it says so in words only (Gemini, Groq, Azure), or -1. */
int64_t llm_wait_asked(const char *message);
/* The model that was asked for is not there. */
bool llm_is_no_model(const char *message);
/* llama.cpp answers while it reads the model: that takes as long as it takes. */
bool llm_is_loading(int status, const char *message);
int llm_status_error(const struct kta_llm *m, int status, const char *message, struct kta_err *err);
int llm_transport_error(const struct kta_llm *m, const struct kta_err *from, struct kta_err *err);

#endif
