/*
 * admit.c - whether a request may be: its revision of the protocol, its headers, its session.
 *
 * Until 2025-11-25 a client says initialize and has a session; since 2026-07-28 each request tells
 * revision and capabilities in its _meta, and over HTTP repeats them in headers.
 */
#include "mcp.h"

#include <string.h>

#include "kta/b64.h"

static const char *header_of(const struct mcp_call *call, const char *name)
{
    const struct mcp_exchange *x = call->exchange;
    return x->header ? x->header(x->to, name) : NULL;
}

/* A request without initialize: its version is in _meta; over HTTP the header alone shows that it
 * was meant. */
static bool is_modern(const struct mcp_call *call, const char *method)
{
    const struct kta_json *meta = kta_json_get(call->params, "_meta");
    const char *header = header_of(call, "MCP-Protocol-Version");

    if (kta_json_get(meta, META_VERSION) || kta_streq(method, "server/discover"))
        return true;
    return header && mcp_revision_find(header) >= MCP_2026_07_28 && !call->exchange->session;
}

/* "=?base64?…?=" is how a header carries what is not plain ASCII. */
static bool header_is(const char *text, const char *value)
{
    kta_auto_str struct kta_str plain = KTA_STR_INIT, trimmed = KTA_STR_INIT;

    if (!text)
        return false;
    kta_str_add(&trimmed, text); /* blanks around a value are not part of it (RFC 9110) */
    kta_str_trim(&trimmed);
    const char *header = trimmed.s;
    size_t n = strlen(header);

    if (n >= 11 && kta_starts(header, "=?base64?") && kta_ends(header, "?=")) {
        if (kta_b64_decode(header + 9, n - 11, &plain) < 0)
            return false;
        header = plain.s;
    }
    return kta_streq(header, value);
}

static bool headers_fit(struct mcp_call *call, const char *method, const char *version)
{
    const struct mcp_method *m = mcp_method_find(method);
    const char *wrong = NULL;

    if (!call->exchange->header)
        return true;
    if (!kta_streq(header_of(call, "MCP-Protocol-Version"), version))
        wrong = "MCP-Protocol-Version";
    else if (!kta_streq(header_of(call, "Mcp-Method"), method))
        wrong = "Mcp-Method";
    else if (m && m->named && kta_json_str(call->params, m->named) &&
             !header_is(header_of(call, "Mcp-Name"), kta_json_str(call->params, m->named)))
        wrong = "Mcp-Name";
    if (wrong)
        mcp_fail(call, MCP_HEADER_MISMATCH, 400,
                 "the header %s is missing or does not say what the body says", wrong);
    return !wrong;
}

static bool refuse_version(struct mcp_call *call, const char *version)
{
    mcp_fail(call, MCP_UNSUPPORTED_VERSION, 400, "protocol version '%s' is not supported", version);
    call->data = kta_json_new_object();
    struct kta_json *list = kta_json_set(call->data, "supported", kta_json_new_array());
    kta_json_push_str(list, mcp_revision_names[MCP_2026_07_28]);
    kta_json_set_str(call->data, "requested", version);
    return false;
}

static int level_find(const char *name)
{
    for (int i = 0; i < 8; i++)
        if (kta_streq(name, mcp_log_levels[i]))
            return i;
    return 8;
}

static bool admit_modern(struct mcp_call *call, const char *method)
{
    const struct kta_json *meta = kta_json_get(call->params, "_meta");
    const char *version = kta_json_text(kta_json_get(meta, META_VERSION));
    const char *header = header_of(call, "MCP-Protocol-Version");

    call->revision = MCP_2026_07_28;
    call->caps = kta_json_get(meta, META_CAPABILITIES);
    call->log_level = level_find(kta_json_text(kta_json_get(meta, META_LOG_LEVEL)));
    if (!version && header && mcp_revision_find(header) == MCP_REVISIONS)
        return refuse_version(call, header);
    if (!version || kta_json_type(call->caps) != KTA_JSON_OBJECT) {
        mcp_fail(call, MCP_INVALID_PARAMS, 400, "params._meta needs \"%s\" and \"%s\"",
                 META_VERSION, META_CAPABILITIES);
        return false;
    }
    if (!headers_fit(call, method, version))
        return false;
    if (mcp_revision_find(version) != MCP_2026_07_28)
        return refuse_version(call, version);
    if (!call->method || !(call->method->flags & MCP_MODERN)) {
        mcp_fail(call, MCP_METHOD_NOT_FOUND, 404, "there is no method '%s'", method);
        return false;
    }
    return true;
}

static bool admit_legacy(struct mcp_call *call, const char *method)
{
    struct mcp_session *session = call->exchange->session;
    bool first = kta_streq(method, "initialize");

    if (session) {
        pthread_mutex_lock(&call->server->lock);
        session->refs++;
        pthread_mutex_unlock(&call->server->lock);
        call->session = session;
        call->revision = session->revision;
        call->caps = session->caps;
        call->log_level = session->log_level;
    }
    if (!call->method || !(call->method->flags & MCP_LEGACY)) {
        mcp_fail(call, MCP_METHOD_NOT_FOUND, session ? 200 : 404, "there is no method '%s'",
                 method);
        return false;
    }
    if (!first && !session) {
        mcp_fail(call, MCP_INVALID_REQUEST, 400,
                 "there is no session: send initialize first, then its Mcp-Session-Id; or a "
                 "request of revision 2026-07-28, with its _meta");
        return false;
    }
    if (!first && !session->greeted && !(call->method->flags & MCP_BEFORE)) {
        mcp_fail(call, MCP_INVALID_REQUEST, 400, "send initialize before %s", method);
        return false;
    }
    if (first && call->exchange->batch) {
        mcp_fail(call, MCP_INVALID_REQUEST, 400, "initialize may not be part of a batch");
        return false;
    }
    return true;
}

bool mcp_admit(struct mcp_call *call, const char *method)
{
    if (call->params && kta_json_type(call->params) != KTA_JSON_OBJECT) {
        mcp_fail(call, MCP_INVALID_PARAMS, 400, "params is not an object");
        return false;
    }
    return is_modern(call, method) ? admit_modern(call, method) : admit_legacy(call, method);
}
