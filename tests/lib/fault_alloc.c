/*
 * Linked into the programs of the test build, with --wrap: an allocation of our own code asks the library of fault.c, where
 * it is loaded, whether it shall fail.  The sanitizer's allocator stands before every preloaded one, so this is the way in.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);

static int (*hit)(unsigned class);

__attribute__((constructor)) static void begin(void)
{
        *(void **)&hit = dlsym(RTLD_DEFAULT, "fault_hit");
}

static int fails(void)
{
        return hit && hit(FAULT_ALLOC);
}

void *__wrap_malloc(size_t n)
{
        return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
        return fails() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
        return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *text)
{
        return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
        return fails() ? NULL : __real_strndup(text, n);
}
