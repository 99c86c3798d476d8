/* See check.h.  No settings, no database, no other program: the files alone. */
#include "server/check.h"

#include <stdio.h>

#include "base/limits.h"
#include "core/catalogue.h"

int check_catalogue(const char *dir)
{
        struct catalogue_figures figures = {0};
        CLEAN(buf_done) struct buf why = {0};

        buf_init(&why, LIMIT_ERR_DETAIL * 4);
        res r = catalogue_check_dir(dir, &figures, &why);

        if (res_is_ok(r))
                printf("{\"Products\":%lld,\"Buyable\":%lld}\n", (long long)figures.products, (long long)figures.buyable);
        else
                printf("%s\n", why.n > 0 ? buf_c(&why) : err_sentence(r.err));
        return res_is_ok(r) && fflush(stdout) == 0 ? 0 : 1;
}
