/*
 * What tests of pki share: one kit, a small CA made with the shipped profiles, and a builder for its leaves.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/random.h"
#include "pki/cert.h"
#include "pki/lint.h"
#include "pki/name.h"

#define OK(call) assert_int_equal((call).err, ERR_NONE)
#define FAILS(code, call) assert_int_equal((call).err, (code))
#define HELP_NOW 1795000000LL /* 2026-11-18 */
#define HELP_DAY 86400LL
#define STR_BYTES(text) bytes_of((text), sizeof(text) - 1)

struct help_ca {
        struct pki_key *key;
        struct buf name, cert;
        uint8_t key_id[20];
        struct pki_issuer issuer;
};

struct help {
        int64_t now;
        struct pki_kit *kit;
        struct pki_profiles profiles;
        struct help_ca root, intermediate;
};

static inline const struct pki_profile *help_profile(const struct help *help, const char *name)
{
        const struct pki_profile *profile = pki_profiles_find(&help->profiles, str_of(name));

        assert_non_null(profile);
        return profile;
}

static inline void help_profiles(struct help *help)
{
        FILE *file = fopen(TEST_SOURCE_DIR "/catalogue/profiles.ini", "r");
        static char text[64 * 1024];
        struct buf why;

        assert_non_null(file);
        size_t n = fread(text, 1, sizeof(text), file);
        fclose(file);
        buf_init(&why, 4096);
        if (!res_is_ok(pki_profiles_parse((struct str){text, n}, &help->profiles, &why)))
                fail_msg("%s", buf_c(&why));
        buf_done(&why);
}

static inline void help_key_id(struct help *help, const struct pki_key *key, uint8_t out[20])
{
        struct pki_spki spki;

        OK(pki_spki_parse(pki_key_spki(key), &spki));
        OK(pki_spki_key_id(help->kit, &spki, out));
}

static inline void help_serial(uint8_t serial[PKI_SERIAL_SIZE])
{
        random_bytes(serial, PKI_SERIAL_SIZE);
        pki_serial_fix(serial);
}

static inline void help_lint(const struct help *help, const struct pki_cert_request *request, struct bytes tbs)
{
        struct pki_lint_context context = {.profile = request->profile,
                                           .kit = help->kit,
                                           .now = help->now,
                                           .issuer_name = request->issuer->name,
                                           .issuer_key_id = request->issuer->key_id,
                                           .issuer_alg = pki_alg_der(request->issuer->alg)};
        struct pki_finding finding;

        if (!res_is_ok(pki_lint_tbs(tbs, &context, &finding)))
                fail_msg("lint: %s: %s", finding.name, finding.detail);
}

/* Build, lint, sign. */
static inline void help_issue(struct help *help, const struct pki_cert_request *request, struct pki_key *key,
                              struct buf *cert)
{
        struct buf tbs;

        buf_init(&tbs, 64 * 1024);
        OK(pki_cert_build(request, &tbs));
        help_lint(help, request, buf_bytes(&tbs));
        OK(pki_cert_sign(key, request->issuer->alg, buf_bytes(&tbs), cert));
        buf_done(&tbs);
}

static inline void help_ca_new(struct help *help, struct help_ca *ca, struct help_ca *parent, enum pki_key_type type,
                               const char *name, const char *profile)
{
        struct pki_name_part parts[] = {
                {PKI_ATTR_C, STR("CN")}, {PKI_ATTR_O, STR("Test \xe5\x8a\x9e")}, {PKI_ATTR_CN, str_of(name)}};
        struct pki_cert_request request = {.profile = help_profile(help, profile),
                                           .not_before = help->now,
                                           .not_after = help->now + 3000 * HELP_DAY - 1,
                                           .issuer_url = STR("http://ca.example/ca/root.cer"),
                                           .crl_url = STR("http://ca.example/crl/root/0.crl")};

        OK(pki_key_generate(type, &ca->key));
        help_key_id(help, ca->key, ca->key_id);
        buf_init(&ca->name, 4096);
        buf_init(&ca->cert, 16384);
        pki_name_write(parts, 3, &ca->name);
        ca->issuer = (struct pki_issuer){buf_bytes(&ca->name), bytes_of(ca->key_id, 20), pki_key_alg(ca->key)};
        help_serial(request.serial);
        request.issuer = parent ? &parent->issuer : &ca->issuer;
        request.spki = pki_key_spki(ca->key);
        request.key_id = ca->issuer.key_id;
        request.subject = ca->issuer.name;
        help_issue(help, &request, parent ? parent->key : ca->key, &ca->cert);
}

static inline void help_ca_done(struct help_ca *ca)
{
        pki_key_free(ca->key);
        buf_done(&ca->name);
        buf_done(&ca->cert);
}

static inline struct help *help_new_at(int64_t now, enum pki_key_type root, enum pki_key_type intermediate)
{
        struct help *help = calloc(1, sizeof(*help));

        help->now = now;
        OK(pki_kit_new(&help->kit));
        help_profiles(help);
        help_ca_new(help, &help->root, NULL, root, "Test Root", "root");
        help_ca_new(help, &help->intermediate, &help->root, intermediate, "Test DV", "intermediate");
        return help;
}

static inline struct help *help_new(enum pki_key_type root, enum pki_key_type intermediate)
{
        return help_new_at(HELP_NOW, root, intermediate);
}

static inline void help_free(struct help *help)
{
        help_ca_done(&help->root);
        help_ca_done(&help->intermediate);
        pki_kit_free(help->kit);
        free(help);
}

/* A leaf request of profile dv for 90 days, to be changed by the test. */
static inline struct pki_cert_request help_leaf(const struct help *help, const struct pki_key *key,
                                                const struct str *names, size_t count)
{
        struct pki_cert_request request = {.profile = help_profile(help, "dv"),
                                           .issuer = &help->intermediate.issuer,
                                           .not_before = help->now,
                                           .not_after = help->now + 90 * HELP_DAY - 1,
                                           .spki = pki_key_spki(key),
                                           .common_name = count > 0 ? names[0] : (struct str){NULL, 0},
                                           .names = names,
                                           .name_count = count,
                                           .ocsp_url = STR("http://ca.example/ocsp"),
                                           .issuer_url = STR("http://ca.example/ca/dv-ecc.cer"),
                                           .crl_url = STR("http://ca.example/crl/dv-ecc/0.crl")};

        help_serial(request.serial);
        return request;
}

struct help_dir {
        char path[64];
};

static inline void help_dir_new(struct help_dir *dir)
{
        snprintf(dir->path, sizeof(dir->path), "/tmp/chancery-pki-XXXXXX");
        assert_non_null(mkdtemp(dir->path));
}

static inline void help_dir_free(struct help_dir *dir)
{
        char command[128];

        snprintf(command, sizeof(command), "rm -rf %s", dir->path);
        assert_int_equal(system(command), 0);
}

static inline void help_write(const struct help_dir *dir, const char *name, struct bytes content)
{
        char path[128];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", dir->path, name);
        file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(content.p, 1, content.n, file), content.n);
        assert_int_equal(fclose(file), 0);
}

/* Run a command in the directory; its whole output is in `output`.  Returns the exit code. */
static inline int help_run(const struct help_dir *dir, const char *command, char *output, size_t size)
{
        char line[2048];
        FILE *pipe;
        size_t n;

        snprintf(line, sizeof(line), "cd %s && ( %s ) 2>&1", dir->path, command);
        pipe = popen(line, "r");
        assert_non_null(pipe);
        n = fread(output, 1, size - 1, pipe);
        output[n] = '\0';
        return pclose(pipe) >> 8;
}
