/*
 * See pem_file.h.  Only the markers are looked for; what is between them is the server's to judge.  A file that has no
 * markers is taken for DER and goes on as base64.
 */
#include "ctl/pem_file.h"

#include <string.h>

#include "base/b64.h"
#include "base/secret.h"
#include "ctl/file.h"

struct block {
        struct str label, text; /* with its markers and line end */
};

static struct str line_of(struct str rest)
{
        const char *end = memchr(rest.p, '\n', rest.n);

        return (struct str){rest.p, end ? (size_t)(end - rest.p) + 1 : rest.n};
}

static struct str without_end(struct str line)
{
        while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
                line.n--;
        return line;
}

static bool is_marker(struct str line, struct str before)
{
        line = without_end(line);
        return str_starts_with(line, before) && str_ends_with(line, STR("-----")) && line.n > before.n + 5;
}

/* The next block; false at the end.  *stray: something but blanks stood before it. */
static bool next_block(struct str *rest, struct block *block, bool *stray)
{
        const struct str begin = STR("-----BEGIN "), end = STR("-----END ");

        for (*block = (struct block){0}; rest->n > 0;) {
                struct str line = line_of(*rest);

                if (is_marker(line, begin)) {
                        struct str label = without_end(line);

                        block->label = (struct str){label.p + begin.n, label.n - begin.n - 5};
                        block->text.p = line.p;
                } else if (block->text.p == NULL && without_end(line).n > 0) {
                        *stray = true;
                }
                *rest = (struct str){rest->p + line.n, rest->n - line.n};
                if (block->text.p == NULL || !is_marker(line, end))
                        continue;
                block->text.n = (size_t)(line.p + line.n - block->text.p);
                return true;
        }
        return false;
}

static void add_block(struct buf *out, const struct block *block)
{
        buf_add_str(out, block->text);
        if (block->text.p[block->text.n - 1] != '\n')
                buf_add_byte(out, '\n');
}

static struct str base64_of(struct ctl *ctl, struct str bytes)
{
        CLEAN(buf_wipe) struct buf text = {0};

        buf_init(&text, 2 * PEM_FILE_BYTES);
        b64_encode(bytes_of(bytes.p, bytes.n), &text);
        return buf_dup(&text, ctl->arena);
}

static struct str secret_copy(struct ctl *ctl, struct str text)
{
        char *copy = str_copy(ctl->arena, text);

        arena_tie(ctl->arena, secret_wipe_text, copy);
        return (struct str){copy, text.n};
}

res pem_file_read(struct ctl *ctl, const char *path, struct pem_file *ret_file)
{
        CLEAN(buf_wipe) struct buf certificates = {0};
        struct pem_file file = {0};
        struct str text, rest;
        struct block block;
        bool stray = false;

        TRY(file_read(ctl, path, PEM_FILE_BYTES, &text));
        arena_tie(ctl->arena, secret_wipe_text, (char *)(uintptr_t)text.p);
        buf_init(&certificates, PEM_FILE_BYTES + 1);
        for (rest = text; next_block(&rest, &block, &stray);) {
                if (str_ends_with(block.label, STR("PRIVATE KEY"))) {
                        file.key = secret_copy(ctl, block.text);
                } else if (str_ends_with(block.label, STR("CERTIFICATE"))) {
                        add_block(&certificates, &block);
                        file.certificate_count++;
                }
        }
        if (file.certificate_count > 0)
                file.certificates = stray || file.key.n > 0 ? buf_dup(&certificates, ctl->arena) : text;
        else if (file.key.n == 0 && text.n > 0 && text.p[0] == 0x30) /* DER: whichever it is, base64 carries it */
                file.certificates = base64_of(ctl, text);
        *ret_file = file;
        return RES_OK;
}
