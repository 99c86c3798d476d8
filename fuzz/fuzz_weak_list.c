/* A list of weak keys of any content: a list, or a sentence with the line. */
#include <stdlib.h>

#include "core/weak_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct weak_list *list = NULL;
        struct buf why;

        buf_init(&why, 512);
        res r = weak_list_parse("list", (struct str){(const char *)data, size}, &list, &why);

        if (res_is_ok(r) ? weak_list_count(list) > size / 20 : why.n == 0 || list != NULL)
                abort();
        weak_list_free(list);
        buf_done(&why);
        return 0;
}
