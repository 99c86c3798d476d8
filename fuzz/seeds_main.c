/*
 * Runs a fuzz target over its seeds, once each, without libFuzzer: so that every compiler and every test run sees
 * whether a found input still hurts.  Arguments are files or directories.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
        FILE *file = fopen(path, "rb");
        if (!file)
                return -1;
        size_t room = 1024 * 1024;
        uint8_t *seed = malloc(room);
        size_t n = seed ? fread(seed, 1, room, file) : 0;
        fclose(file);
        uint8_t *exact = malloc(n + 1); /* its own block, so that a sanitizer sees reading past the end */
        for (size_t i = 0; exact && seed && i < n; i++)
                exact[i] = seed[i];
        free(seed);
        if (exact)
                (void)LLVMFuzzerTestOneInput(exact, n);
        free(exact);
        return exact ? 0 : -1;
}

static int run_directory(const char *path)
{
        DIR *directory = opendir(path);
        int runs = 0;
        if (!directory)
                return -1;
        for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
                char name[4096];
                if (entry->d_name[0] == '.')
                        continue;
                snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
                if (run_file(name) != 0)
                        fprintf(stderr, "cannot read %s\n", name);
                runs++;
        }
        closedir(directory);
        return runs;
}

int main(int argc, char **argv)
{
        int failed = 0;
        for (int i = 1; i < argc; i++) {
                struct stat info;
                bool is_directory = stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode);
                int runs = is_directory ? run_directory(argv[i]) : run_file(argv[i]);
                if (runs < 0 || (is_directory && runs == 0)) {
                        fprintf(stderr, "%s: no seeds\n", argv[i]);
                        failed = 1;
                }
        }
        return failed;
}
