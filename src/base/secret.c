/*
 * Each secret has pages of its own, so that they can be locked against swapping and left out of core dumps
 * without touching a neighbour.  Locking is an attempt: a small RLIMIT_MEMLOCK must not stop the service.
 */
#include "base/secret.h"

#include <string.h>
#include <openssl/crypto.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t secret_pages(size_t size)
{
        const size_t page = (size_t)sysconf(_SC_PAGESIZE);

        return (size + page - 1) / page * page;
}

res secret_init(struct secret *secret, size_t size)
{
        void *p;

        ENSURE(size < SIZE_MAX / 2, ERR_TOO_LARGE);
        if (size == 0) {
                *secret = (struct secret){0};
                return RES_OK;
        }
        p = mmap(NULL, secret_pages(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ENSURE(p != MAP_FAILED, ERR_MEMORY);
        (void)madvise(p, secret_pages(size), MADV_DONTDUMP);
        (void)mlock(p, secret_pages(size));
        *secret = (struct secret){p, size};
        return RES_OK;
}

res secret_init_copy(struct secret *secret, const void *bytes, size_t size)
{
        TRY(secret_init(secret, size));
        if (size)
                memcpy(secret->p, bytes, size);
        return RES_OK;
}

void secret_done(struct secret *secret)
{
        if (secret->p) {
                secret_wipe(secret->p, secret->n);
                munmap(secret->p, secret_pages(secret->n));
        }
        *secret = (struct secret){0};
}

struct secret secret_take(struct secret *secret)
{
        const struct secret taken = *secret;

        *secret = (struct secret){0};
        return taken;
}

bool secret_equal(struct bytes a, struct bytes b)
{
        return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void secret_wipe(void *p, size_t n)
{
        if (n > 0) /* an absent text has no address */
                explicit_bzero(p, n);
}

void secret_harden_process(void)
{
        const struct rlimit none = {0};

        (void)setrlimit(RLIMIT_CORE, &none);
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void secret_wipe_text(void *text)
{
        secret_wipe(text, strlen(text));
}
