/*
 * What the bytes cost: CPU time of this process for each step of issuing, for an OCSP answer, and for a CRL of a million.
 * Argument: entries of the CRL (default 1,000,000).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/random.h"
#include "pki/cert.h"
#include "pki/crl.h"
#include "pki/csr.h"
#include "pki/lint.h"
#include "pki/name.h"
#include "pki/ocsp.h"

#define NOW 1795000000LL

static struct pki_kit *kit;
static struct pki_profiles profiles;

static double cpu_us(void)
{
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void must(res result, const char *what)
{
        if (res_is_ok(result))
                return;
        fprintf(stderr, "%s: %s\n", what, err_name(result.err));
        exit(1);
}

static void line(const char *what, double us)
{
        printf("%-52s %10.1f us\n", what, us);
}

static void load_profiles(void)
{
        static char text[65536];
        FILE *file = fopen(BENCH_SOURCE_DIR "/catalogue/profiles.ini", "r");
        struct buf why;

        if (!file)
                exit(1);
        buf_init(&why, 4096);
        must(pki_profiles_parse((struct str){text, fread(text, 1, sizeof(text), file)}, &profiles, &why), buf_c(&why));
        fclose(file);
        buf_done(&why);
}

struct ca {
        struct pki_key *key;
        struct buf name;
        uint8_t key_id[20];
        struct pki_issuer issuer;
};

static void ca_init(struct ca *ca, enum pki_key_type type)
{
        struct pki_spki spki;

        must(pki_key_generate(type, &ca->key), "key");
        must(pki_spki_parse(pki_key_spki(ca->key), &spki), "spki");
        must(pki_spki_key_id(kit, &spki, ca->key_id), "key id");
        buf_init(&ca->name, 256);
        pki_name_write_cn(STR("Bench CA"), &ca->name);
        ca->issuer = (struct pki_issuer){buf_bytes(&ca->name), bytes_of(ca->key_id, 20), pki_key_alg(ca->key)};
}

struct steps {
        double check, build, lint, sign, parse;
};

static void issue_one(struct ca *ca, const struct pki_cert_request *request, struct buf *tbs, struct buf *cert,
                      struct steps *steps)
{
        struct pki_lint_context context = {.profile = request->profile,
                                           .now = NOW,
                                           .issuer_name = request->issuer->name,
                                           .issuer_key_id = request->issuer->key_id,
                                           .issuer_alg = pki_alg_der(request->issuer->alg)};
        struct pki_finding finding;
        struct pki_spki spki;
        struct pki_cert read;
        double at[6];

        buf_clear(tbs);
        buf_clear(cert);
        at[0] = cpu_us();
        must(pki_spki_parse(request->spki, &spki), "spki");
        must(pki_spki_check(kit, &spki, NULL), "check");
        at[1] = cpu_us();
        must(pki_cert_build(request, tbs), "build");
        at[2] = cpu_us();
        must(pki_lint_tbs(buf_bytes(tbs), &context, &finding), finding.name ? finding.name : "lint");
        at[3] = cpu_us();
        must(pki_cert_sign(ca->key, request->issuer->alg, buf_bytes(tbs), cert), "sign");
        at[4] = cpu_us();
        must(pki_cert_parse(buf_bytes(cert), &read), "parse");
        at[5] = cpu_us();
        steps->check += at[1] - at[0];
        steps->build += at[2] - at[1];
        steps->lint += at[3] - at[2];
        steps->sign += at[4] - at[3];
        steps->parse += at[5] - at[4];
}

static void bench_issue(const char *what, enum pki_key_type issuer, enum pki_key_type subject, int count)
{
        const struct str names[] = {STR("shop.example.com"), STR("www.shop.example.com")};
        struct pki_cert_request request = {.profile = pki_profiles_find(&profiles, STR("dv")),
                                           .not_before = NOW,
                                           .not_after = NOW + 90 * 86400 - 1,
                                           .common_name = names[0],
                                           .names = names,
                                           .name_count = 2,
                                           .ocsp_url = STR("http://ca.example/ocsp"),
                                           .issuer_url = STR("http://ca.example/ca/dv-ecc.cer"),
                                           .crl_url = STR("http://ca.example/crl/dv-ecc/0.crl")};
        struct steps steps = {0};
        struct pki_key *key = NULL;
        struct buf tbs, cert;
        struct ca ca;

        ca_init(&ca, issuer);
        must(pki_key_generate(subject, &key), "key");
        buf_init(&tbs, 32768);
        buf_init(&cert, 32768);
        request.issuer = &ca.issuer;
        request.spki = pki_key_spki(key);
        for (int i = 0; i < count; i++) {
                random_bytes(request.serial, sizeof(request.serial));
                pki_serial_fix(request.serial);
                issue_one(&ca, &request, &tbs, &cert, &steps);
                if (i == count / 10) /* warm */
                        steps = (struct steps){0};
        }
        count -= count / 10 + 1;
        printf("%s (%zu bytes)\n", what, cert.n);
        line("  key gate", steps.check / count);
        line("  build", steps.build / count);
        line("  lint", steps.lint / count);
        line("  sign", steps.sign / count);
        line("  all four", (steps.check + steps.build + steps.lint + steps.sign) / count);
        line("  read again", steps.parse / count);
        pki_key_free(key);
        pki_key_free(ca.key);
        buf_done(&ca.name);
        buf_done(&tbs);
        buf_done(&cert);
}

static void bench_csr(enum pki_key_type type, int count)
{
        struct pki_key *key = NULL;
        struct pki_csr csr;
        struct buf der;
        double start;

        must(pki_key_generate(type, &key), "key");
        buf_init(&der, 16384);
        must(pki_csr_make(key, STR("shop.example.com"), NULL, 0, &der), "csr");
        start = cpu_us();
        for (int i = 0; i < count; i++) {
                must(pki_csr_parse(buf_bytes(&der), &csr), "csr");
                must(pki_csr_verify(kit, &csr), "csr");
        }
        printf("%s ", pki_alg_key_name(type));
        line("CSR read and verified", (cpu_us() - start) / count);
        buf_done(&der);
        pki_key_free(key);
}

static void bench_ocsp(int count)
{
        struct ca ca;
        uint8_t hash[32] = {0}, serial[16] = {0x55};
        struct buf id, out;
        double start;

        ca_init(&ca, PKI_KEY_EC_P256);
        buf_init(&id, 256);
        buf_init(&out, 8192);
        pki_ocsp_id_write(PKI_SHA1, bytes_of(hash, 20), bytes_of(hash, 20), bytes_of(serial, 16), &id);
        start = cpu_us();
        for (int i = 0; i < count; i++) {
                struct pki_ocsp_single single = {buf_bytes(&id), PKI_OCSP_GOOD, 0, 0, NOW, NOW + 86400};
                struct pki_ocsp_answer answer = {&single, 1, NOW, {hash, 32}, {ca.key_id, 20}, {hash, 32}};

                buf_clear(&out);
                must(pki_ocsp_build(ca.key, ca.issuer.alg, &answer, &out), "ocsp");
        }
        line("OCSP answer, P-256", (cpu_us() - start) / count);
        pki_key_free(ca.key);
        buf_done(&ca.name);
        buf_done(&id);
        buf_done(&out);
}

static void bench_crl(int entries)
{
        struct ca ca;
        struct pki_crl_head head;
        struct pki_crl *crl = NULL;
        struct bytes der;
        struct rusage usage;
        uint8_t serial[16] = {0x55};
        double start;

        ca_init(&ca, PKI_KEY_EC_P256);
        head = (struct pki_crl_head){&ca.issuer, 1, NOW, NOW + 86400, STR("http://ca.example/crl/dv-ecc/0.crl"), false};
        start = cpu_us();
        must(pki_crl_begin(&head, 256 * 1024 * 1024, &crl), "crl");
        for (int i = 0; i < entries; i++) {
                for (int octet = 0; octet < 4; octet++)
                        serial[12 + octet] = (uint8_t)(i >> (24 - 8 * octet));
                must(pki_crl_add(crl, bytes_of(serial, 16), NOW, (uint32_t)(i % 6)), "crl");
        }
        must(pki_crl_end(crl, ca.key, &der), "crl");
        printf("CRL of %d entries, %zu bytes ", entries, der.n);
        line("", cpu_us() - start);
        getrusage(RUSAGE_SELF, &usage);
        printf("largest resident set: %ld KB\n", usage.ru_maxrss);
        pki_crl_free(crl);
        pki_key_free(ca.key);
        buf_done(&ca.name);
}

int main(int argc, char **argv)
{
        must(pki_kit_new(&kit), "kit");
        load_profiles();
        bench_issue("P-256 leaf under P-256", PKI_KEY_EC_P256, PKI_KEY_EC_P256, 5000);
        bench_issue("RSA-2048 leaf under RSA-2048", PKI_KEY_RSA_2048, PKI_KEY_RSA_2048, 1000);
        bench_csr(PKI_KEY_EC_P256, 5000);
        bench_csr(PKI_KEY_RSA_2048, 5000);
        bench_ocsp(5000);
        bench_crl(argc > 1 ? atoi(argv[1]) : 1000000);
        pki_kit_free(kit);
        return 0;
}
