/*
 * What a server that was broken into may say to the vault and to the key maker: any type, any body, any tail, in any
 * order.  Never crashes; a ciphertext opens under its own AAD to what was sealed, and under no other.
 * The input is a row of messages (ipc_fuzz.h); a flag puts the last good ciphertext before the tail.
 */
#include "ipc_fuzz.h"

#include "vault/stock.h"
#include "vault/vault.h"

#define FUZZ_MESSAGES 16

enum fuzz_flag {
        FUZZ_KEYMAKER = 1,     /* to the key maker instead of the vault */
        FUZZ_WHOLE_BODY = 2,   /* all bytes are the body */
        FUZZ_SEALED_FIRST = 4, /* the last good ciphertext goes before the tail, and the lengths say so */
        FUZZ_SAME_AAD = 8,     /* under the AAD that it was sealed under */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_NOWHERE SIZE_MAX
static const struct kind {
        uint32_t type;
        size_t body;
        size_t sealed_len, rest_len; /* where in the body the lengths of the tail's parts stand */
} kinds[] = {
        {MSG_VAULT_SEAL, sizeof(struct msg_vault_seal), FUZZ_NOWHERE, offsetof(struct msg_vault_seal, plain_len)},
        {MSG_VAULT_OPEN, sizeof(struct msg_vault_open), offsetof(struct msg_vault_open, sealed_len), FUZZ_NOWHERE},
        {MSG_VAULT_MAKE_KEY, sizeof(struct msg_vault_make_key), FUZZ_NOWHERE, FUZZ_NOWHERE},
        {MSG_VAULT_MAKE_CSR, sizeof(struct msg_vault_make_csr), offsetof(struct msg_vault_make_csr, sealed_len),
         offsetof(struct msg_vault_make_csr, common_name_len)},
        {MSG_VAULT_MAKE_SECRET, sizeof(struct msg_vault_make_secret), FUZZ_NOWHERE, FUZZ_NOWHERE},
        {MSG_VAULT_TC3_KEY, sizeof(struct msg_vault_tc3_key), offsetof(struct msg_vault_tc3_key, sealed_len),
         offsetof(struct msg_vault_tc3_key, service_len)},
        {MSG_VAULT_V1_SIGN, sizeof(struct msg_vault_v1_sign), offsetof(struct msg_vault_v1_sign, sealed_len),
         offsetof(struct msg_vault_v1_sign, text_len)},
        {MSG_SIGNER_ISSUE, 0, FUZZ_NOWHERE, FUZZ_NOWHERE},
};

static struct {
        struct vault vault, keymaker;
        struct answer answer;
        struct msg_vault_aad aad; /* what `sealed` was made under */
        struct buf sealed, plain; /* the last good ciphertext, and what is in it where that is known */
        bool knows_plain;
} scene;

static void set_up(void)
{
        if (scene.vault.magic)
                return;
        scene.vault.magic = scene.keymaker.magic = VAULT_MAGIC;
        memset(scene.vault.key, 7, sizeof scene.vault.key);
        memset(scene.keymaker.key, 7, sizeof scene.keymaker.key);
        FUZZ_CHECK(res_is_ok(stock_new(&scene.keymaker.stock)));
        buf_init(&scene.answer.body, FRAME_BODY_MAX);
        buf_init(&scene.answer.tail, FRAME_BODY_MAX);
        buf_init(&scene.sealed, FRAME_BODY_MAX);
        buf_init(&scene.plain, FRAME_BODY_MAX);
}

/* An RSA key takes long and teaches nothing: the elliptic kinds stand for all. */
static void spare_time(struct fuzz_frame *made)
{
        struct msg_vault_make_key body;

        if (made->frame.head.type != MSG_VAULT_MAKE_KEY || made->frame.head.body != sizeof body)
                return;
        memcpy(&body, made->body, sizeof body);
        if (body.key_type == MSG_KEY_RSA_2048 || body.key_type == MSG_KEY_RSA_4096 || body.key_type == MSG_KEY_RSA_3072)
                body.key_type = MSG_KEY_EC_P256;
        memcpy(made->body, &body, sizeof body);
}

static void build(unsigned number, unsigned flags, struct bytes in, struct fuzz_frame *made)
{
        const struct kind *kind = &kinds[number % (sizeof kinds / sizeof *kinds)];
        const bool mend = flags & FUZZ_SEALED_FIRST && kind->sealed_len != FUZZ_NOWHERE;
        const size_t n = flags & FUZZ_WHOLE_BODY || in.n < kind->body ? in.n : kind->body;
        const struct bytes tail = bytes_of(in.p + n, in.n - n);

        fuzz_frame_make(made, kind->type, bytes_of(in.p, n), mend ? buf_bytes(&scene.sealed) : (struct bytes){0}, tail);
        spare_time(made);
        if (flags & FUZZ_SEALED_FIRST && kind->rest_len != FUZZ_NOWHERE)
                fuzz_put_u32(made, kind->rest_len, tail.n);
        if (!mend)
                return;
        fuzz_put_u32(made, kind->sealed_len, scene.sealed.n);
        if (flags & FUZZ_SAME_AAD && n >= sizeof scene.aad)
                memcpy(made->body, &scene.aad, sizeof scene.aad);
}

static void remember(const struct frame *request, struct bytes sealed, const struct bytes *plain)
{
        memcpy(&scene.aad, request->body, sizeof scene.aad);
        buf_clear(&scene.sealed);
        buf_add(&scene.sealed, sealed.p, sealed.n);
        buf_clear(&scene.plain);
        scene.knows_plain = plain;
        if (plain)
                buf_add(&scene.plain, plain->p, plain->n);
}

static void judge_open(const struct frame *request, bool opened)
{
        struct msg_vault_open body;

        if (request->head.body != sizeof body)
                return;
        memcpy(&body, request->body, sizeof body);
        const bool same = scene.sealed.n > 0 && memcmp(&body.aad, &scene.aad, sizeof scene.aad) == 0 &&
                          body.sealed_len == request->head.tail && request->head.tail == scene.sealed.n &&
                          memcmp(request->tail, scene.sealed.p, scene.sealed.n) == 0;

        FUZZ_CHECK(opened == same);
        if (opened && scene.knows_plain)
                FUZZ_CHECK(scene.answer.tail.n == scene.plain.n &&
                           (scene.plain.n == 0 || memcmp(scene.answer.tail.p, scene.plain.p, scene.plain.n) == 0));
}

static void judge_made(const struct frame *request)
{
        struct msg_vault_make_key_reply made;
        const struct buf *tail = &scene.answer.tail;

        FUZZ_CHECK(scene.answer.body.n == sizeof made);
        memcpy(&made, scene.answer.body.p, sizeof made);
        FUZZ_CHECK((uint64_t)made.spki_len + made.sealed_len + made.csr_len == tail->n);
        remember(request, bytes_of(tail->p + made.spki_len, made.sealed_len), NULL);
}

static void judge(const struct vault *vault, const struct frame *request, res result)
{
        const bool good = res_is_ok(result) && scene.answer.err == ERR_NONE;
        const struct bytes plain = bytes_of(request->tail, request->head.tail);

        if (request->head.type == MSG_VAULT_OPEN && vault == &scene.vault)
                judge_open(request, good);
        if (!good)
                return;
        if (request->head.type == MSG_VAULT_SEAL)
                remember(request, buf_bytes(&scene.answer.tail), &plain);
        if (request->head.type == MSG_VAULT_MAKE_SECRET)
                remember(request, buf_bytes(&scene.answer.tail), NULL);
        if (request->head.type == MSG_VAULT_MAKE_KEY)
                judge_made(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct bytes in = bytes_of(data, size), message;
        unsigned kind, flags;

        set_up();
        buf_clear(&scene.sealed);
        for (int i = 0; i < FUZZ_MESSAGES && fuzz_message_next(&in, &kind, &flags, &message); i++) {
                struct vault *vault = flags & FUZZ_KEYMAKER ? &scene.keymaker : &scene.vault;
                struct fuzz_frame made;

                build(kind, flags, message, &made);
                judge(vault, &made.frame, vault_handle(vault, &made.frame, &scene.answer));
                fuzz_frame_done(&made);
                buf_clear(&scene.answer.body);
                buf_clear(&scene.answer.tail);
                scene.answer.err = ERR_NONE;
        }
        return 0;
}
