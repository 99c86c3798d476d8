/*
 * The profiles' file: never crashes, says why it refuses, and the canonical text of whatever it takes reads to the same.
 */
#include <stdlib.h>

#include "pki/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct pki_profile *profile)
{
        static struct pki_profiles read;
        struct buf text, why;

        buf_init(&text, 65536);
        buf_init(&why, 4096);
        pki_profile_text(profile, &text);
        if (!res_is_ok(pki_profiles_parse(buf_str(&text), &read, &why)) || read.n != 1 ||
            memcmp(read.v[0].hash, profile->hash, sizeof(profile->hash)) != 0)
                abort();
        buf_done(&text);
        buf_done(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct pki_profiles profiles;
        struct buf why;

        buf_init(&why, 4096);
        if (res_is_ok(pki_profiles_parse((struct str){(const char *)data, size}, &profiles, &why)))
                for (size_t i = 0; i < profiles.n; i++)
                        again(&profiles.v[i]);
        else if (why.n == 0)
                abort();
        buf_done(&why);
        return 0;
}
