/*
 * issuance.off, the stop button: works without a restart (standards.md 1, practice 7).  The configuration file is looked at
 * between batches; when it has changed it is read again, and only this one setting is taken from it.  A file that cannot
 * be read leaves the last good list in force.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "signer/signer.h"

#define LOOK_EVERY_MS 500

static const char *config_argument(int argc, char **argv)
{
        const char *found = NULL;

        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
                        found = argv[i + 1];
                else if (strncmp(argv[i], "--config=", 9) == 0)
                        found = argv[i] + 9;
        }
        return found;
}

static int64_t changed_at(const char *path)
{
        struct stat info;

        if (stat(path, &info) != 0)
                return 0;
        return (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec + (int64_t)info.st_size + (int64_t)info.st_ino;
}

void signer_off_begin(struct signer *signer)
{
        const char *path = config_argument(signer->argc, signer->argv);

        signer->off.list = signer->conf->issuance_off;
        signer->off.path = path ? realpath(path, NULL) : NULL;
        signer->off.changed_at = signer->off.path ? changed_at(signer->off.path) : 0;
        signer->off.looked_at_ms = clock_mono_ms();
}

void signer_off_done(struct signer *signer)
{
        conf_free(signer->off.conf);
        free(signer->off.path);
}

void signer_off_refresh(struct signer *signer)
{
        struct signer_off *off = &signer->off;
        struct conf *conf = NULL;
        CLEAN(buf_done) struct buf why = {0};

        if (!off->path || clock_mono_ms() - off->looked_at_ms < LOOK_EVERY_MS)
                return;
        buf_init(&why, 4096);
        off->looked_at_ms = clock_mono_ms();
        int64_t now_changed_at = changed_at(off->path);
        if (now_changed_at == off->changed_at)
                return;
        res loaded = conf_load(signer->argc, signer->argv, 1, &conf, &why);
        if (!res_is_ok(loaded)) {
                log_line(LOG_ERROR, "reload", "err=%s why=%s", err_name(loaded.err), log_quote(buf_str(&why)));
                return;
        }
        off->changed_at = now_changed_at;
        conf_free(off->conf);
        off->conf = conf;
        off->list = conf->issuance_off;
        log_line(LOG_INFO, "issuance_off", "words=%zu", off->list.n);
}

bool signer_is_off(const struct signer *signer, const char *word)
{
        for (size_t i = 0; i < signer->off.list.n; i++)
                if (*word && strcmp(signer->off.list.v[i], word) == 0)
                        return true;
        return false;
}
