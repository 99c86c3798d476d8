/*
 * The lines are kept as they are shown, with words in braces for what differs; filling them in is one walk over the text.
 */
#include "ctl/eab_lines.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"

#define LINES_MAX 16384 /* the longest are under one KiB; addresses and names at their limits fit many times */

static const struct {
        const char *client, *text;
} clients[] = {
        {"certbot", "    certbot certonly -n --server {directory} \\\n"
                    "        --eab-kid {kid} --eab-hmac-key {hmac} \\\n"
                    "        --agree-tos --email {email} --webroot -w /var/www/html -d {name}\n"},
        {"lego", "    lego --server {directory} --eab --kid {kid} --hmac {hmac} \\\n"
                 "        --accept-tos --email {email} --http --http.webroot /var/www/html --domains {name} run\n"},
        {"uacme", "    uacme -a {directory} -y -e {kid}:{hmac} new {email}\n"
                  "    UACME_CHALLENGE_PATH=/var/www/html/.well-known/acme-challenge \\\n"
                  "        uacme -a {directory} -h /usr/share/uacme/uacme.sh issue {name}\n"},
        {"dehydrated", "In `/etc/dehydrated/conf.d/chancery.sh`:\n\n"
                       "    CA=\"{directory}\"\n"
                       "    WELLKNOWN=/var/www/html/.well-known/acme-challenge\n"
                       "    CONTACT_EMAIL={email}\n"
                       "    EAB_KID={kid}\n"
                       "    EAB_HMAC_KEY={hmac}\n\n"
                       "and then\n\n"
                       "    dehydrated --register --accept-terms\n"
                       "    dehydrated --cron --domain {name}\n"},
        {"caddy", "In the Caddyfile:\n\n"
                  "    {\n"
                  "        email {email}\n"
                  "        acme_ca {directory}\n"
                  "        acme_eab {\n"
                  "            key_id {kid}\n"
                  "            mac_key {hmac}\n"
                  "        }\n"
                  "    }\n"
                  "    {name} {\n"
                  "        respond \"hello\"\n"
                  "    }\n"},
        {"apache", "After `a2enmod md ssl`, in `/etc/apache2/sites-available/{name}.conf`:\n\n"
                   "    MDCertificateAuthority {directory}\n"
                   "    MDExternalAccountBinding {kid} {hmac}\n"
                   "    MDCertificateAgreement accepted\n"
                   "    MDContactEmail {email}\n"
                   "    MDomain {name}\n"
                   "    <VirtualHost *:443>\n"
                   "        ServerName {name}\n"
                   "        SSLEngine on\n"
                   "        Protocols http/1.1 acme-tls/1\n"
                   "        DocumentRoot /var/www/html\n"
                   "    </VirtualHost>\n"},
};

/* The value of "{word}" at p, and how long that is; NULL for a brace that is text. */
static const char *value_at(const struct eab_values *values, const char *p, size_t *ret_length)
{
        const struct {
                const char *word, *value;
        } words[] = {{"{directory}", values->directory}, {"{kid}", values->key_id}, {"{hmac}", values->hmac_key},
                     {"{name}", values->name}, {"{email}", values->email}};

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                *ret_length = strlen(words[i].word);
                if (strncmp(p, words[i].word, *ret_length) == 0)
                        return words[i].value;
        }
        return NULL;
}

static const char *filled(struct arena *arena, const char *text, const struct eab_values *values)
{
        CLEAN(buf_done) struct buf out = {0};

        buf_init(&out, LINES_MAX);
        while (*text != '\0') {
                size_t length = 0;
                const char *value = value_at(values, text, &length);

                if (value != NULL)
                        buf_printf(&out, "%s", value);
                else
                        buf_printf(&out, "%.*s", (int)(length = 1 + strcspn(text + 1, "{")), text);
                text += length;
        }
        return buf_copy(&out, arena);
}

const char *eab_lines(struct arena *arena, const char *client, const struct eab_values *values)
{
        size_t i = 0;

        while (strcmp(clients[i].client, client) != 0) {
                i++;
                assert(i < sizeof(clients) / sizeof(clients[0])); /* the option's choices are EAB_CLIENTS */
        }
        return filled(arena, clients[i].text, values);
}
