/*
 * products.ini of any content beside good brands, quotas and lists: the load ends in a catalogue or in a sentence.
 * The directory is made once, in memory where the system has that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char fuzz_dir[64];
static const char *const fuzz_files[] = {"products.ini",
                                         "suffixes/everyone.txt",
                                         "words/review.txt",
                                         "brands.ini",
                                         "quota.ini",
                                         "suffixes",
                                         "words",
                                         ""};

static void fuzz_remove(void)
{
        char path[128];

        for (size_t i = 0; i < sizeof fuzz_files / sizeof *fuzz_files; i++) {
                (void)snprintf(path, sizeof path, "%s/%s", fuzz_dir, fuzz_files[i]);
                (void)remove(path);
        }
}

static void fuzz_write(const char *name, const void *bytes, size_t n)
{
        char path[128];
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/%s", fuzz_dir, name);
        file = fopen(path, "w");
        if (!file || fwrite(bytes, 1, n, file) != n || fclose(file) != 0)
                abort();
}

static void fuzz_text(const char *name, const char *text)
{
        fuzz_write(name, text, strlen(text));
}

static void fuzz_prepare(void)
{
        char path[128];

        (void)snprintf(fuzz_dir, sizeof fuzz_dir, "%s/fuzz-catalogue-XXXXXX",
                       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(fuzz_dir))
                abort();
        (void)atexit(fuzz_remove);
        (void)snprintf(path, sizeof path, "%s/words", fuzz_dir);
        (void)mkdir(path, 0700);
        (void)snprintf(path, sizeof path, "%s/suffixes", fuzz_dir);
        (void)mkdir(path, 0700);
        fuzz_text("words/review.txt", "bank\npay\n");
        fuzz_text("suffixes/everyone.txt", ".ru\n");
        fuzz_text("brands.ini", "[brand TrustAsia]\nsource = trustasia\nwww = yes\nparent = yes\n");
        fuzz_text("quota.ini", "[individual standard]\nhome=1\nany=1\n[individual v1]\nhome=1\nany=1\n"
                               "[individual v2]\nhome=1\nany=1\n[enterprise standard]\nhome=1\nany=1\n"
                               "[enterprise v1]\nhome=1\nany=1\n[enterprise v2]\nhome=1\nany=1\n"
                               "[enterprise older]\nhome=1\nany=1\n[domain]\nlimit=3\n");
}

static void fuzz_check(const struct catalogue *catalogue)
{
        for (size_t i = 0; i < catalogue_count(catalogue); i++) {
                const struct product *p = catalogue_at(catalogue, i);
                if (!p->name || !p->brand || !p->source || !p->level || !p->dns_record || !p->issuer_rsa ||
                    !p->issuer_ecc || !p->profile || !p->text || !p->barred_suffixes || !p->sensitive_words)
                        abort();
                if (p->domain_type < 1 || p->domain_type > 4 || p->domain_max < 1 || p->life_days < 1)
                        abort();
                if (catalogue_product(catalogue, str_of(p->package_type)) != p)
                        abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct catalogue *catalogue = NULL;
        struct buf why;
        res r;

        if (fuzz_dir[0] == '\0')
                fuzz_prepare();
        fuzz_write("products.ini", data, size);
        buf_init(&why, 4096);
        r = catalogue_load(fuzz_dir, &catalogue, &why);
        if (res_is_ok(r))
                fuzz_check(catalogue);
        else if (why.n == 0)
                abort();
        catalogue_free(catalogue);
        buf_done(&why);
        return 0;
}
