/*
 * http_error.c - one row for each way in which a connection fails: class, sentence, what to do.
 *
 * The rows are tried in order; the first whose code and word fit decides. Codes are libcurl's and
 * OpenSSL's numbers, which their manuals promise to keep; curl.h itself stays in http.c.
 * Source: https://curl.se/libcurl/c/libcurl-errors.html, openssl/x509_vfy.h
 */
#include "http_error.h"
#include <string.h>
#include "kta/alloc.h"
#include "kta/str.h"

enum { ANY = -1 };

static const struct row {
    int curl;
    long verify;
    const char *word; /* in curl's details, or NULL */
    enum kta_code code;
    const char *sentence;
    const char *hint;
} rows[] = {
    {5, ANY, NULL, KTA_E_CLUSTER, "the proxy's name could not be resolved",
     "check proxy-url and the variables HTTPS_PROXY, HTTP_PROXY, ALL_PROXY"},
    {97, ANY, NULL, KTA_E_CLUSTER, "the proxy refused or failed",
     "check proxy-url and the variables HTTPS_PROXY, HTTP_PROXY, ALL_PROXY"},
    {ANY, ANY, "response 407", KTA_E_AUTH, "the proxy wants a user and password",
     "put them into the proxy's address"},
    {ANY, ANY, "CONNECT tunnel failed", KTA_E_CLUSTER, "the proxy refused the connection",
     "check proxy-url and the variables HTTPS_PROXY, NO_PROXY"},
    {6, ANY, NULL, KTA_E_CLUSTER, "the name could not be resolved",
     "check the address and your DNS or VPN"},
    {28, ANY, NULL, KTA_E_TIMEOUT, "no connection in time",
     "the host is off, or a firewall drops the packets; check the address and your VPN"},
    {60, 10, NULL, KTA_E_AUTH, "its certificate has expired",
     "renew the server's certificate, or check this machine's clock"},
    {60, 9, NULL, KTA_E_AUTH, "its certificate is not valid yet", "check this machine's clock"},
    {60, 18, NULL, KTA_E_AUTH, "its certificate is signed by an unknown authority (self-signed)",
     "give its authority (certificate-authority in kubeconfig), if you trust it"},
    {60, 19, NULL, KTA_E_AUTH, "its certificate is signed by an unknown authority",
     "give its authority (certificate-authority in kubeconfig), if you trust it"},
    {60, 20, NULL, KTA_E_AUTH, "its certificate is signed by an unknown authority",
     "give its authority (certificate-authority in kubeconfig), if you trust it"},
    {60, 21, NULL, KTA_E_AUTH, "its certificate is signed by an unknown authority",
     "give its authority (certificate-authority in kubeconfig), if you trust it"},
    {60, 7, NULL, KTA_E_AUTH, "its certificate is signed by an unknown authority",
     "another authority has the same name: the cluster was probably made anew"},
    {60, 62, NULL, KTA_E_AUTH, "its certificate is for another host name",
     "use the name that is in the certificate, or set tls-server-name"},
    {60, 64, NULL, KTA_E_AUTH, "its certificate is for another address",
     "use a name that is in the certificate, or set tls-server-name"},
    {60, ANY, "subject name", KTA_E_AUTH, "its certificate is for another host name",
     "use the name that is in the certificate, or set tls-server-name"},
    {60, ANY, "match", KTA_E_AUTH, "its certificate is for another host name",
     "use the name that is in the certificate, or set tls-server-name"},
    {60, ANY, NULL, KTA_E_AUTH, "its certificate could not be verified", ""},
    {77, ANY, NULL, KTA_E_AUTH, "the certificate authority that is configured cannot be read",
     "check certificate-authority: it must be PEM text"},
    {58, ANY, NULL, KTA_E_AUTH, "our client certificate or its key cannot be used",
     "check client-certificate and client-key: PEM, and belonging together"},
    {ANY, ANY, "certificate required", KTA_E_AUTH, "the server wants a client certificate", ""},
    {ANY, ANY, "bad certificate", KTA_E_AUTH, "the server refused our client certificate", ""},
    {ANY, ANY, "certificate expired", KTA_E_AUTH, "our client certificate has expired",
     "renew the credentials in your kubeconfig"},
    {ANY, ANY, "unknown ca", KTA_E_AUTH,
     "the server refused our client certificate: it does not know its authority", ""},
    {ANY, ANY, "alert unknown", KTA_E_AUTH, "the server refused our client certificate", ""},
    {35, ANY, "wrong version number", KTA_E_AUTH, "the server does not speak TLS on this port",
     "is the address http:// instead of https://?"},
    {35, ANY, "packet length too long", KTA_E_AUTH, "the server does not speak TLS on this port",
     "is the address http:// instead of https://?"},
    {35, ANY, "unsupported protocol", KTA_E_AUTH, "the server's TLS is older than 1.2", ""},
    {35, ANY, "protocol version", KTA_E_AUTH, "the server's TLS is older than 1.2", ""},
    {35, ANY, NULL, KTA_E_AUTH, "the TLS handshake failed", ""},
    {ANY, ANY, "connection died", KTA_E_CLUSTER,
     "the server closed the connection without an answer", ""},
    {52, ANY, NULL, KTA_E_CLUSTER, "the server closed the connection without an answer", ""},
    {1, ANY, NULL, KTA_E_CLUSTER, "the answer is not HTTP", "is it the right port?"},
    {8, ANY, NULL, KTA_E_CLUSTER, "the answer is not HTTP", "is it the right port?"},
    {18, ANY, NULL, KTA_E_CLUSTER, "the answer broke off", ""},
    {16, ANY, NULL, KTA_E_CLUSTER, "the connection broke off", ""},
    {55, ANY, NULL, KTA_E_CLUSTER, "the connection broke off while sending", ""},
    {56, ANY, NULL, KTA_E_CLUSTER, "the connection broke off", ""},
    {92, ANY, NULL, KTA_E_CLUSTER, "the answer broke off", ""},
    {ANY, ANY, NULL, KTA_E_CLUSTER, NULL, ""},
};

enum { COULD_NOT_CONNECT = 7, TIMED_OUT = 28, GOT_NOTHING = 52, SEND_ERROR = 55, RECV_ERROR = 56 };

bool kta_http_broke(int curl)
{
    static const int codes[] = {16, 18, GOT_NOTHING, SEND_ERROR, RECV_ERROR, 92, 95};
    for (size_t i = 0; i < KTA_LEN(codes); i++)
        if (codes[i] == curl)
            return true;
    return false;
}

static const struct row *find(const struct kta_http_failure *f)
{
    const struct row *r = rows;
    while ((r->curl != ANY && r->curl != f->curl) || (r->verify != ANY && r->verify != f->verify) ||
           (r->word && !kta_stristr(f->why, r->word)))
        r++;
    return r;
}

void kta_http_explain(const struct kta_http_failure *f, struct kta_err *err)
{
    const struct row *r = find(f);
    if (f->curl == TIMED_OUT) {
        kta_err_set(err, r->code, "%s: no connection within %g s", f->peer,
                    (double)f->connect_ms / 1000);
    } else if (f->curl == COULD_NOT_CONNECT) {
        if (f->sys)
            kta_err_sys(err, KTA_E_CLUSTER, f->sys, "%s: cannot connect", f->peer);
        else
            kta_err_set(err, KTA_E_CLUSTER, "%s: cannot connect", f->peer);
        kta_err_hint(err, "nothing listens there, or a firewall refuses: check the address");
        return;
    } else {
        const char *detail = *f->why ? f->why : f->kind;
        kta_err_set(err, r->code, "%s: %s%s%.200s%s", f->peer, r->sentence ? r->sentence : detail,
                    r->sentence && !*r->hint ? " (" : "", r->sentence && !*r->hint ? detail : "",
                    r->sentence && !*r->hint ? ")" : "");
    }
    /* TLS 1.3 tells of a missing certificate after the handshake, often too late to be read */
    if (f->tls_without_cert && !f->status && !*r->hint &&
        (f->curl == GOT_NOTHING || f->curl == SEND_ERROR || f->curl == RECV_ERROR))
        kta_err_hint(err, "perhaps the server wants a client certificate");
    if (*r->hint)
        kta_err_hint(err, "%s", r->hint);
}
