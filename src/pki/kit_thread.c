/*
 * A kit for each thread that asks for one: made once, freed when the thread ends.  Programs of many threads verify
 * signatures on any of them, and making a kit costs as much as ten signatures.
 */
#include <pthread.h>

#include "pki/alg.h"

static pthread_key_t kit_key;
static pthread_once_t kit_once = PTHREAD_ONCE_INIT;
static _Thread_local struct pki_kit *kit_own;

static void kit_end(void *kit)
{
        pki_kit_free(kit);
        kit_own = NULL;
}

static void kit_make_key(void)
{
        pthread_key_create(&kit_key, kit_end);
}

res pki_kit_of_thread(struct pki_kit **ret_kit)
{
        if (kit_own == NULL) {
                pthread_once(&kit_once, kit_make_key);
                TRY(pki_kit_new(&kit_own));
                pthread_setspecific(kit_key, kit_own);
        }
        *ret_kit = kit_own;
        return RES_OK;
}
