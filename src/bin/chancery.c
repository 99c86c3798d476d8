/*
 * chancery: the parent when serving, the command line otherwise.
 */
#include <string.h>

#include "ctl/ctl.h"
#include "serve/serve.h"

static int asks_for_help(int argc, char **argv)
{
        for (int i = 2; i < argc; i++)
                if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
                        return 1;
        return 0;
}

int main(int argc, char **argv)
{
        if (argc > 1 && strcmp(argv[1], "serve") == 0 && !asks_for_help(argc, argv))
                return serve_main(argc - 1, argv + 1);
        return ctl_main(argc, argv);
}
