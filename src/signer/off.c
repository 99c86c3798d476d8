/*
 * issuance.off, the stop button: works without a restart, because what is found wrong has to stop within minutes.  The parent
 * watches the configuration file and passes it in, open, because the jail opens nothing; only this one setting is taken from it.
 */
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "signer/signer.h"

#define CONFIG_MAX (256 * 1024)
#define SETTING "issuance.off"
#define BETWEEN ", \t\r\n"

static bool is_pinned(int argc, char **argv)
{
        for (int i = 1; i < argc; i++) {
                const char *value = strncmp(argv[i], "--set=", 6) == 0           ? argv[i] + 6
                                    : i > 1 && strcmp(argv[i - 1], "--set") == 0 ? argv[i]
                                                                                 : "";
                if (strncmp(value, SETTING "=", sizeof(SETTING)) == 0)
                        return true;
        }
        return false;
}

/* Words as conf.h has them: commas or blanks between. */
static void put_words(struct signer_off *off, const char *text)
{
        struct signer_off made = {.pinned = off->pinned};
        size_t n = strlen(text);

        if (n >= sizeof(made.text)) {
                text = "all";
                n = 3;
        }
        *off = made;
        memcpy(off->text, text, n + 1);
        for (char *word = off->text + strspn(off->text, BETWEEN); *word; word += strspn(word, BETWEEN)) {
                if (off->count < SIGNER_OFF_WORDS)
                        off->word[off->count++] = word;
                else
                        off->word[0] = "all";
                word += strcspn(word, BETWEEN);
                if (*word)
                        *word++ = 0;
        }
}

void signer_off_begin(struct signer *signer)
{
        CLEAN(buf_done) struct buf words = {0};

        buf_init(&words, 64 * 1024);
        for (size_t i = 0; i < signer->conf->issuance_off.n; i++)
                buf_printf(&words, "%s ", signer->conf->issuance_off.v[i]);
        signer->off.pinned = is_pinned(signer->argc, signer->argv);
        put_words(&signer->off, buf_c(&words));
}

static int on_setting(void *context, const char *section, const char *name, const char *value)
{
        if (strcmp(section, "issuance") == 0 && strcmp(name, "off") == 0)
                put_words(context, value);
        return 1;
}

void signer_off_read(struct signer *signer, int config_fd)
{
        CLEAN(buf_done) struct buf text = {0};
        struct signer_off read = {.pinned = false};

        if (signer->off.pinned)
                return;
        buf_init(&text, CONFIG_MAX + 1);
        uint8_t *room = buf_grow(&text, CONFIG_MAX);
        ssize_t n =
                room ? pread(config_fd, room, CONFIG_MAX - 1, 0) : -1; /* the room is zeroed: a NUL stands at the end */
        int bad_line = n < 0 || strlen((const char *)room) != (size_t)n
                               ? -1
                               : ini_parse_string((const char *)room, on_setting, &read);
        if (bad_line != 0) {
                log_line(LOG_ERROR, "reload", "setting=" SETTING " line=%d kept=%zu", bad_line, signer->off.count);
                return;
        }
        signer->off.count = 0;
        signer->off.text[0] = 0;
        CLEAN(buf_done) struct buf words = {0};
        buf_init(&words, 64 * 1024);
        for (size_t i = 0; i < read.count; i++)
                buf_printf(&words, "%s ", read.word[i]);
        put_words(&signer->off, buf_c(&words));
        log_line(LOG_INFO, "reload", "setting=" SETTING " words=%zu", signer->off.count);
}

bool signer_is_off(const struct signer *signer, const char *word)
{
        for (size_t i = 0; i < signer->off.count; i++)
                if (*word && strcmp(signer->off.word[i], word) == 0)
                        return true;
        return false;
}
