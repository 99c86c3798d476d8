/* See listener.h. */
#include "server/listener.h"

#include "base/b64.h"
#include "base/log.h"
#include "base/secret.h"
#include "core/issuers.h"
#include "ipc/channel.h"
#include "pki/cert.h"
#include "pki/pem.h"
#include "store/instance.h"

#define LISTENER_BYTES (64 * 1024)
#define LISTENER_LOOK_SEC 3600

static const struct msg_vault_aad listener_aad = {.object = MSG_OBJECT_LISTENER_KEY, .version = 1};

struct listener {
        struct act *act;
        struct bytes sealed, spki, leaf;
        const char *names;         /* what it was issued for */
        struct str stored[3];      /* base64 of sealed, spki and leaf for the store */
};

static const char *const listener_facts[3] = {"listener.key", "listener.spki", "listener.cert"};

static const char *listener_names(struct act *act)
{
        const struct conf_list *names = &act->core->conf->server_name;
        const char *text = "default";

        for (size_t i = 0; i < names->n; i++)
                text = arena_printf(act->arena, "%s %s", text, names->v[i]);
        return text;
}

/* ---- store -------------------------------------------------------------------------------------------- */

static res listener_read(struct listener *listener, struct store_conn *conn, const char *fact, struct bytes *ret_bytes)
{
        struct str text = {0};
        CLEAN(buf_done) struct buf der = {0};

        TRY(store_instance_get(conn, listener->act->arena, str_of(fact), &text));
        buf_init(&der, LISTENER_BYTES);
        TRY(b64_decode(text, &der));
        TRY(buf_check(&der));
        *ret_bytes = bytes_of(arena_copy(listener->act->arena, der.p, der.n), der.n);
        return RES_OK;
}

static res listener_load(struct listener *listener)
{
        struct store_conn *conn = NULL;
        struct str names = {0};

        TRY(store_read(listener->act->core->store, &conn));
        TRY(listener_read(listener, conn, listener_facts[0], &listener->sealed));
        TRY(listener_read(listener, conn, listener_facts[1], &listener->spki));
        TRY(listener_read(listener, conn, listener_facts[2], &listener->leaf));
        TRY(store_instance_get(conn, listener->act->arena, STR("listener.names"), &names));
        listener->names = names.p;
        return RES_OK;
}

static res listener_store_tx(struct store_tx *tx, void *arg)
{
        struct listener *listener = arg;

        for (int i = 0; i < 3; i++)
                TRY(store_instance_put(tx, str_of(listener_facts[i]), listener->stored[i]));
        return store_instance_put(tx, STR("listener.names"), str_of(listener->names));
}

static res listener_store(struct listener *listener)
{
        const struct bytes facts[3] = {listener->sealed, listener->spki, listener->leaf};

        for (int i = 0; i < 3; i++) {
                CLEAN(buf_done) struct buf text = {0};

                buf_init(&text, LISTENER_BYTES);
                b64_encode(facts[i], &text);
                TRY(buf_check(&text));
                listener->stored[i] = buf_dup(&text, listener->act->arena);
        }
        return store_run(listener->act->core->store, listener_store_tx, listener);
}

/* ---- key and certificate -------------------------------------------------------------------------------- */

static res listener_make_key(struct listener *listener)
{
        struct act *act = listener->act;
        const struct msg_vault_make_key body = {.aad = listener_aad, .key_type = MSG_KEY_EC_P256};
        const struct channel_request request = {MSG_VAULT_MAKE_KEY, bytes_of(&body, sizeof body), {0}};
        struct msg_vault_make_key_reply made;
        CLEAN(channel_reply_done) struct channel_reply reply = {0};

        TRY(channel_ask(act->core->keymaker, &request, LIMIT_IPC_KEY_MS, sizeof made, &reply, NULL));
        memcpy(&made, reply.body.p, sizeof made);
        ENSURE((uint64_t)made.spki_len + made.sealed_len + made.csr_len == reply.tail.n, ERR_IPC_FRAME);
        const uint8_t *tail = arena_copy(act->arena, reply.tail.p, reply.tail.n);

        listener->spki = bytes_of(tail, made.spki_len);
        listener->sealed = bytes_of(tail + made.spki_len, made.sealed_len);
        return RES_OK;
}

static res listener_issue(struct listener *listener)
{
        struct act *act = listener->act;
        const struct msg_signer_listener body = {.spki_len = (uint32_t)listener->spki.n};
        const struct channel_request request = {MSG_SIGNER_LISTENER, bytes_of(&body, sizeof body), listener->spki};
        struct msg_signer_issue_reply head;
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        char why[LIMIT_ERR_DETAIL + 1] = "";
        res r = channel_ask(act->core->signer, &request, LIMIT_IPC_SIGN_MS, sizeof head, &reply, why);

        if (!res_is_ok(r))
                return act_fail(act, r.err, "The listener's certificate was not issued: %s", why);
        memcpy(&head, reply.body.p, sizeof head);
        ENSURE(head.cert_len == reply.tail.n, ERR_IPC_FRAME);
        listener->leaf = bytes_of(arena_copy(act->arena, reply.tail.p, reply.tail.n), reply.tail.n);
        listener->names = listener_names(act);
        return listener_store(listener);
}

static bool listener_is_fresh(const struct listener *listener)
{
        struct pki_cert cert;

        if (listener->leaf.n == 0 || strcmp(listener->names, listener_names(listener->act)) != 0 ||
            !res_is_ok(pki_cert_parse(listener->leaf, &cert)))
                return false;
        int64_t two_thirds = cert.not_before + (cert.not_after - cert.not_before) / 3 * 2;

        return listener->act->now_sec >= cert.not_before && listener->act->now_sec < two_thirds;
}

/* ---- PEM ------------------------------------------------------------------------------------------------- */

static const struct issuer *issuer_of_leaf(const struct issuers *issuers, struct bytes leaf)
{
        struct pki_cert cert, ca;

        if (!res_is_ok(pki_cert_parse(leaf, &cert)))
                return NULL;
        for (size_t i = 0; i < issuers_count(issuers); i++) {
                const struct issuer *issuer = issuers_at(issuers, i);

                if (res_is_ok(pki_cert_parse(issuer->der, &ca)) && bytes_equal(ca.subject, cert.issuer))
                        return issuer;
        }
        return NULL;
}

static const char *listener_chain_pem(struct listener *listener)
{
        const struct issuers *issuers = listener->act->core->issuers;
        const struct issuer *issuer = issuer_of_leaf(issuers, listener->leaf);
        CLEAN(buf_done) struct buf pem = {0};

        buf_init(&pem, LISTENER_BYTES);
        pki_pem_write(PKI_PEM_CERTIFICATE, listener->leaf, &pem);
        issuers_add_chain_pem(issuers, issuer, &pem);
        return buf_copy(&pem, listener->act->arena);
}

static res listener_key_pem(struct listener *listener, const char **ret_pem)
{
        struct act *act = listener->act;
        const struct msg_vault_open body = {.aad = listener_aad, .sealed_len = (uint32_t)listener->sealed.n};
        const struct channel_request request = {MSG_VAULT_OPEN, bytes_of(&body, sizeof body), listener->sealed};
        CLEAN(channel_reply_done) struct channel_reply reply = {0};
        CLEAN(buf_wipe) struct buf pem = {0};

        TRY(channel_ask(act->core->vault, &request, LIMIT_IPC_SIGN_MS, 0, &reply, NULL));
        buf_init(&pem, LISTENER_BYTES);
        pki_pem_write(PKI_PEM_KEY, reply.tail, &pem);
        TRY(buf_check(&pem));
        char *text = buf_copy(&pem, act->arena);

        arena_tie(act->arena, secret_wipe_text, text);
        *ret_pem = text;
        return RES_OK;
}

res listener_begin(struct act *act, struct http_tls *ret_tls)
{
        struct listener listener = {.act = act};
        res loaded = listener_load(&listener);

        if (loaded.err == ERR_NOT_FOUND)
                loaded = listener_make_key(&listener);
        TRY(loaded);
        if (!listener_is_fresh(&listener))
                TRY(listener_issue(&listener));
        ret_tls->cert_chain = listener_chain_pem(&listener);
        return listener_key_pem(&listener, &ret_tls->key);
}

/* ---- renewal ----------------------------------------------------------------------------------------------- */

void listener_job(struct act *act, const struct job_row *job, void *context)
{
        struct server *server = context;
        struct listener listener = {.act = act};
        struct http_tls tls = {0};
        res r = listener_load(&listener);

        if (res_is_ok(r) && !listener_is_fresh(&listener)) {
                r = listener_begin(act, &tls);
                if (res_is_ok(r))
                        r = http_server_set_tls(server->tls, &tls);
                log_line(res_is_ok(r) ? LOG_INFO : LOG_ERROR, "listener_renewed", "err=%s why=%s", err_name(r.err), log_quote(str_of(act->detail)));
        }
        job_postpone(act, job, act->now_sec + LISTENER_LOOK_SEC);
}
