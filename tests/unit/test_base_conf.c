/* Settings: what is refused and with which words, the defaults of the contract, and that the later wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"

static char why_text[2000];

/* NULL-terminated arguments after the program's name. */
static res load(struct conf **ret_conf, const char *const *arguments)
{
        CLEAN(buf_done) struct buf why = {.ceiling = 10000};
        char *argv[20] = {strdup("chancery")};
        int argc = 1;
        res r;

        for (; arguments[argc - 1]; argc++)
                argv[argc] = strdup(arguments[argc - 1]);
        r = conf_load(argc, argv, 1, ret_conf, &why);
        snprintf(why_text, sizeof(why_text), "%s", buf_c(&why));
        while (argc > 0)
                free(argv[--argc]);
        return r;
}
#define LOAD(ret, ...) load((ret), (const char *const[]){__VA_ARGS__, NULL})

/* A file with this text; its name lives until the next call. */
static const char *file_with(const char *text)
{
        static char path[64];
        int fd;

        snprintf(path, sizeof(path), "/tmp/chancery-conf-XXXXXX");
        fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        close(fd);
        return path;
}

static void wrong_arguments(void **state)
{
        struct conf *conf = NULL;

        (void)state;
        assert_int_equal(load(&conf, (const char *const[]){NULL}).err, ERR_USAGE);
        assert_non_null(strstr(why_text, "--data"));
        assert_int_equal(LOAD(&conf, "--data").err, ERR_USAGE);
        assert_int_equal(LOAD(&conf, "--data", "").err, ERR_USAGE);
        assert_int_equal(LOAD(&conf, "--data", "d", "--colour", "red").err, ERR_USAGE);
        assert_non_null(strstr(why_text, "--colour"));
        assert_int_equal(LOAD(&conf, "--data", "d", "--set", "server.listen").err, ERR_USAGE);
        assert_int_equal(LOAD(&conf, "--data", "d", "stray").err, ERR_USAGE);
        assert_int_equal(LOAD(&conf, "--data", "d", "--config", "/nowhere/x.ini").err, ERR_CONFIG);
        assert_int_equal(LOAD(&conf, "--data", "d", "--config", "/tmp").err, ERR_CONFIG);
        assert_null(conf);
        conf_free(NULL);
}

static void wrong_values(void **state)
{
        static const char *const bad[] = {
                "server.listen=",
                "server.listen=8443",
                "server.listen=127.0.0.1",
                "server.listen=127.0.0.1:",
                "server.listen=:8443",
                "server.listen=127.0.0.1:65536",
                "server.listen=127.0.0.1:-1",
                "server.listen=127.0.0.1:8443x",
                "server.listen=::1:8443",
                "server.listen=[::1]",
                "server.listen=[::g]:1",
                "server.listen=[127.0.0.1:1",
                "server.listen=a b:1",
                "server.listen=*:8443",
                "server.listen=[localhost]:8443",
                "server.name=a b,/c",
                "server.name=-a.example",
                "server.name=a..b",
                "public.listen=x",
                "public.url=ftp://a",
                "public.url=https://a.example",
                "public.url=http://",
                "public.url=http://a?b",
                "public.url=http://a b",
                "public.url=",
                "keys.master=credential:",
                "keys.master=credential:../x",
                "keys.master=credential:.x",
                "validation.resolver=dns.example:53",
                "validation.resolver=127.0.0.1:0",
                "validation.resolver=127.0.0.1",
                "validation.http-port=0",
                "validation.http-port=65536",
                "validation.https-port=",
                "validation.alpn-port=http",
                "validation.allow=10.0.0.0/33",
                "validation.allow=10.0.0/8",
                "validation.allow=::/129",
                "validation.allow=10.0.0.0/",
                "validation.allow=10.0.0.0/-1",
                "validation.allow=10.0.0.0/8x",
                "validation.allow=example.com",
                "validation.allow=127.0.0.1,x",
                "validation.cname-zone=a b",
                "validation.file=yes",
                "names.private-suffixes=.corp",
                "ca.max-days=0",
                "ca.max-days=3651",
                "ca.max-days=-1",
                "ca.max-days=many",
                "ca.caa-identities=a/b",
                "issuance.off=a;b",
                "acme.external-account=yes",
                "acme.terms=terms.html",
                "acme.terms=https:///x",
                "acme.terms=https://a.example/\">x",
                "limits.rate=1",
                "calendar.zone=",
                "calendar.zone=/etc/passwd",
                "calendar.zone=../x",
                "calendar.holidays=2026-02-30",
                "calendar.holidays=20261001",
                "server.colour=red",
                "listen=1",
                "=x",
                "a.b.c=d",
                "Server.listen=127.0.0.1:1",
#ifndef CHANCERY_TEST_CLOCK
                "test.clock=/tmp/x",
#endif
        };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                struct conf *conf = NULL;
                const res r = LOAD(&conf, "--data", "d", "--set", bad[i]);

                if (r.err != ERR_CONFIG || strncmp(why_text, "--set: ", 7) != 0)
                        fail_msg("%s: %s '%s'", bad[i], err_name(r.err), why_text);
        }
}

static void wrong_files_are_named_with_the_line(void **state)
{
        static const struct {
                const char *text, *why;
        } cases[] = {
                {"[server]\nlisten = nowhere\n", ":2: server.listen must be"},
                {"[server]\n\n# note\ncolour = red\n", ":4: there is no setting 'server.colour'"},
                {"listen = 127.0.0.1:1\n", ":1: there is no setting '.listen'"},
                {"[server]\nlisten\n", ":2: neither"},
                {"[server\nlisten=127.0.0.1:1\n", ":1: neither"},
                {"[limits]\nrate=on\nrate=off\n", ":3: this setting was given before"},
                {"[limits]\nrate=on\n  off\n", ":3: this setting was given before"},
                {"[validation]\nallow=10.0.0.0/8\n  bogus\n", ":3: validation.allow has the item 'bogus'"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const char *path = file_with(cases[i].text);
                struct conf *conf = NULL;
                const res r = LOAD(&conf, "--data", "d", "--config", path);

                unlink(path);
                if (r.err != ERR_CONFIG || strncmp(why_text, path, strlen(path)) != 0 ||
                    !strstr(why_text, cases[i].why))
                        fail_msg("%s: %s '%s'", cases[i].text, err_name(r.err), why_text);
        }
}

static void a_line_that_is_too_long_is_not_cut_in_silence(void **state)
{
        static char text[5000] = "[server]\nname = ";
        struct conf *conf = NULL;
        const char *path;

        (void)state;
        memset(text + strlen(text), 'a', 4000);
        path = file_with(text);
        assert_int_equal(LOAD(&conf, "--data", "d", "--config", path).err, ERR_CONFIG);
        unlink(path);
}

static void the_defaults_are_the_contract(void **state)
{
        struct conf *conf = NULL;

        (void)state;
        assert_int_equal(LOAD(&conf, "--data", "/var/lib/x").err, ERR_NONE);
        assert_string_equal(conf->data_dir, "/var/lib/x");
        assert_string_equal(conf->server_listen.host, "127.0.0.1");
        assert_int_equal(conf->server_listen.port, 8443);
        assert_string_equal(conf->public_listen.host, "127.0.0.1");
        assert_int_equal(conf->public_listen.port, 8080);
        assert_int_equal(conf->server_name.n, 0);
        assert_non_null(strstr(conf->public_url, "http://"));
        assert_non_null(strstr(conf->public_url, ":8080"));
        assert_null(conf->keys_master);
        assert_non_null(conf->catalogue_dir);
        assert_string_equal(conf->validation_resolver.host, "");
        assert_null(conf->validation_trust_anchor);
        assert_int_equal(conf->validation_http_port, 80);
        assert_int_equal(conf->validation_https_port, 443);
        assert_int_equal(conf->validation_alpn_port, 443);
        assert_int_equal(conf->validation_allow.n, 0);
        assert_null(conf->validation_cname_zone);
        assert_true(conf->validation_file);
        assert_int_equal(conf->ca_max_days, 398);
        assert_int_equal(conf->issuance_off.n, 0);
        assert_false(conf->acme_external_account_required);
        assert_true(conf->limits_rate);
        assert_int_equal(conf->calendar_holidays.n, 0);
        conf_free(conf);
}

static void addresses_of_every_kind(void **state)
{
        static const struct {
                const char *set, *host;
                uint16_t port;
        } cases[] = {
                {"server.listen=[::1]:8443", "::1", 8443},         {"server.listen=127.0.0.1:0", "127.0.0.1", 0},
                {"server.listen=0.0.0.0:65535", "0.0.0.0", 65535}, {"server.listen=localhost:1", "localhost", 1},
                {"server.listen = [::]:443 ", "::", 443},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct conf *conf = NULL;

                assert_int_equal(LOAD(&conf, "--data=d", "--set", cases[i].set).err, ERR_NONE);
                assert_string_equal(conf->server_listen.host, cases[i].host);
                assert_int_equal(conf->server_listen.port, cases[i].port);
                conf_free(conf);
        }
}

static void a_file_and_later_settings(void **state)
{
        const char *path = file_with(
                "\xEF\xBB\xBF; a comment\n[server]\nlisten = 127.0.0.1:1111 ; inline\nname = a.example, 10.0.0.1\n"
                "[validation]\nallow = 127.0.0.0/8,\n  ::1/128\n  10.0.0.7\nresolver=[::1]:5353\ntrust-anchor=none\n"
                "[acme]\nexternal-account = required\n[calendar]\nholidays=2026-10-01 2026-10-02\n"
                "[public]\nurl=http://pki.example.com:8080/x//\n[ca]\nmax-days=90\n");
        struct conf *conf = NULL;

        (void)state;
        assert_int_equal(LOAD(&conf, "--set", "server.listen=127.0.0.1:2222", "--config", path, "--data", "d", "--set",
                              "server.listen=127.0.0.1:3333", "--set", "validation.resolver=")
                                 .err,
                         ERR_NONE);
        unlink(path);
        assert_int_equal(conf->server_listen.port, 3333);
        assert_int_equal(conf->server_name.n, 2);
        assert_string_equal(conf->server_name.v[1], "10.0.0.1");
        assert_int_equal(conf->validation_allow.n, 3);
        assert_string_equal(conf->validation_allow.v[2], "10.0.0.7");
        assert_string_equal(conf->validation_resolver.host, "");
        assert_string_equal(conf->validation_trust_anchor, "none");
        assert_true(conf->acme_external_account_required);
        assert_int_equal(conf->calendar_holidays.n, 2);
        assert_string_equal(conf->public_url, "http://pki.example.com:8080/x");
        assert_int_equal(conf->ca_max_days, 90);
        conf_free(conf);
}

static void the_table_documents_itself(void **state)
{
        size_t n = 0;

        (void)state;
        for (const struct conf_setting *s; (s = conf_setting_at(n)); n++) {
                assert_non_null(strchr(s->name, '.'));
                assert_true(strlen(s->help) > 10);
        }
        assert_true(n >= 22);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(wrong_arguments),
                cmocka_unit_test(wrong_values),
                cmocka_unit_test(wrong_files_are_named_with_the_line),
                cmocka_unit_test(a_line_that_is_too_long_is_not_cut_in_silence),
                cmocka_unit_test(the_defaults_are_the_contract),
                cmocka_unit_test(addresses_of_every_kind),
                cmocka_unit_test(a_file_and_later_settings),
                cmocka_unit_test(the_table_documents_itself),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
