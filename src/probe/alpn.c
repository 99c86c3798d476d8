#include "probe/alpn.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/digest.h"
#include "probe/probe.h"

/*
 * One TLS handshake with the protocol acme-tls/1 and nothing after it.  libevent carries OpenSSL's bytes on the program's own
 * loop; the certificate is not verified, because it proves by what stands in it and not by who signed it.
 */

static const unsigned char protocols[] = "\x0a"
                                         "acme-tls/1";

struct handshake {
        struct targets targets;
        size_t target;
        struct bufferevent *stream;
        struct event *timer; /* of one address, when there are several */
        const char *said; /* of the last address that was no use */
        uint8_t hash[DIGEST_SHA256_SIZE];
};

static void connect_next(struct probe *probe);

res alpn_new(struct ssl_ctx_st **ret_context)
{
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());
        ENSURE(context, ERR_MEMORY);
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION); /* RFC 8737 §4 */
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_max_cert_list(context, 64 * 1024);
        if (SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols) - 1) != 0) {
                SSL_CTX_free(context);
                return FAIL(ERR_MEMORY);
        }
        *ret_context = context;
        return RES_OK;
}

void alpn_free(struct ssl_ctx_st *context)
{
        SSL_CTX_free(context);
}

static void drop(struct probe *probe)
{
        struct handshake *handshake = probe->state;
        if (handshake->stream)
                bufferevent_free(handshake->stream);
        handshake->stream = NULL;
        if (handshake->timer)
                event_free(handshake->timer);
        handshake->timer = NULL;
}

/* ---- what was seen ------------------------------------------------------------------------------------ */

static void judge(struct probe *probe, SSL *ssl)
{
        struct handshake *handshake = probe->state;
        const unsigned char *protocol = NULL;
        unsigned length = 0;
        unsigned char *der = NULL;
        X509 *certificate = SSL_get0_peer_certificate(ssl);
        int size = certificate ? i2d_X509(certificate, &der) : -1;
        const char *fault = size > 0 ? alpn_judge(bytes_of(der, (size_t)size), probe->name, handshake->hash) : "cannot be read";
        OPENSSL_free(der);
        SSL_get0_alpn_selected(ssl, &protocol, &length);
        if (length != sizeof(protocols) - 2 || memcmp(protocol, protocols + 1, length) != 0)
                probe_finish(probe, MSG_VERDICT_TLS, "%s at %s does not speak the protocol acme-tls/1.", probe->name,
                             probe->result.address);
        else if (fault)
                probe_finish(probe, MSG_VERDICT_DIFFERENT, "%s at %s: its certificate %s.", probe->name, probe->result.address, fault);
        else
                probe_finish(probe, MSG_VERDICT_PASS, "%s at %s shows the challenge's certificate.", probe->name,
                             probe->result.address);
}

static void give_up(struct probe *probe, enum msg_verdict verdict)
{
        const struct handshake *handshake = probe->state;
        probe_finish(probe, verdict, "%s at %s %s.", probe->name, probe->result.address, handshake->said);
}

static void try_more(struct probe *probe)
{
        const struct handshake *handshake = probe->state;
        if (handshake->target < handshake->targets.n)
                connect_next(probe);
        else
                give_up(probe, MSG_VERDICT_UNREACHABLE);
}

/* TCP never came about: the next address may do better.  Whoever answered without TLS has answered. */
static void failed(struct probe *probe, bool connected, const char *why)
{
        struct handshake *handshake = probe->state;
        drop(probe);
        handshake->said = why;
        if (connected || probe_time_left_ms(probe) <= 100)
                give_up(probe, connected ? MSG_VERDICT_TLS : MSG_VERDICT_UNREACHABLE);
        else
                targets_more(probe, ++handshake->target, try_more);
}

/* Whether a private port is open is nobody's business; only whoever speaks TLS is told what was wrong with it (http.c says the same). */
static bool may_be_told(const struct probe *probe, struct bufferevent *stream)
{
        const struct handshake *handshake = probe->state;
        unsigned long error = 0;

        if (handshake->targets.v[handshake->target].class != GUARD_ALLOWED)
                return true;
        while (stream && (error = bufferevent_get_openssl_error(stream)) != 0)
                if (ERR_GET_REASON(error) >= SSL_AD_REASON_OFFSET) /* an alert of the peer's */
                        return true;
        return false;
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
        struct probe *probe = arg;
        if (probe->magic != PROBE_MAGIC)
                abort();
        SSL *ssl = bufferevent_openssl_get_ssl(stream);
        if (what & BEV_EVENT_CONNECTED)
                judge(probe, ssl);
        else if (BIO_number_written(SSL_get_wbio(ssl)) == 0 || !may_be_told(probe, stream)) /* TCP did not come about, or shall not */
                failed(probe, /* connected= */ false, "could not be reached");
        else
                failed(probe, /* connected= */ true, "refused the TLS handshake with acme-tls/1");
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
        (void)fd;
        (void)what;
        failed(arg, /* connected= */ false, may_be_told(arg, /* stream= */ NULL) ? "did not answer in time" : "could not be reached");
}

/* ---- connecting --------------------------------------------------------------------------------------- */

/* RFC 8738 §6: an address has no place in SNI, so the name of its reverse zone goes there. */
static char *server_name(struct probe *probe, const char *name)
{
        struct guard_address address;
        const char *text = "";
        if (!res_is_ok(guard_address_parse(str_of(name), &address)))
                return arena_strdup(probe->arena, name);
        for (size_t i = address.size; i-- > 0;) {
                unsigned byte = address.bytes[i];
                text = address.size == 4 ? arena_printf(probe->arena, "%s%u.", text, byte)
                                         : arena_printf(probe->arena, "%s%x.%x.", text, byte & 15, byte >> 4);
        }
        return arena_printf(probe->arena, "%s%s", text, address.size == 4 ? "in-addr.arpa" : "ip6.arpa");
}

static struct bufferevent *stream_new(struct probe *probe)
{
        SSL *ssl = SSL_new(probe->prober->alpn);
        if (!ssl || SSL_set_tlsext_host_name(ssl, server_name(probe, probe->name)) != 1) {
                SSL_free(ssl);
                return NULL;
        }
        struct bufferevent *stream = bufferevent_openssl_socket_new(probe->prober->base, -1, ssl, BUFFEREVENT_SSL_CONNECTING,
                                                                    BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
        if (!stream)
                SSL_free(ssl);
        return stream;
}

static void connect_next(struct probe *probe)
{
        struct handshake *handshake = probe->state;
        const struct target *target = &handshake->targets.v[handshake->target];
        struct sockaddr_storage to;
        socklen_t size = guard_socket_address(&target->address, probe->prober->conf->validation_alpn_port, &to);
        int64_t left = probe_time_left_ms(probe) - 20; /* ours ends before the probe's own clock */
        int64_t share = (left > 1 ? left : 1) / (int64_t)targets_left(&handshake->targets, handshake->target);
        struct timeval until = {.tv_sec = share / 1000, .tv_usec = (share % 1000) * 1000};
        guard_address_text(&target->address, probe->result.address);
        handshake->stream = stream_new(probe);
        handshake->timer = evtimer_new(probe->prober->base, on_late, probe);
        if (!handshake->stream || !handshake->timer) {
                probe_finish(probe, MSG_VERDICT_UNREACHABLE, "%s could not be asked.", probe->name);
                return;
        }
        evtimer_add(handshake->timer, &until);
        bufferevent_setcb(handshake->stream, NULL, NULL, on_event, probe);
        if (bufferevent_socket_connect(handshake->stream, (struct sockaddr *)&to, (int)size) != 0)
                failed(probe, /* connected= */ false, "could not be reached");
}

static void addresses_known(struct probe *probe)
{
        probe->late = arena_printf(probe->arena, "%s did not finish the TLS handshake in time.", probe->name);
        connect_next(probe);
}

void alpn_start(struct probe *probe)
{
        struct handshake *handshake = arena_new_of(probe->arena, struct handshake);
        probe->state = handshake;
        probe->targets = &handshake->targets;
        probe->drop = drop;
        digest_sha256(bytes_of(probe->question.expected.p, probe->question.expected.n), handshake->hash);
        targets_find(probe, probe->name, addresses_known);
}
