/*
 * PEM: a line that opens, base64, a line that closes.  Strict about everything, because lenient readers disagree about
 * what a file contains.  The base64 text is gathered without its line ends and decoded by the one strict decoder.
 */
#include "pki/pem.h"

#include "base/b64.h"

#define LINE_BYTES 64
#define LINE_MAX_READ 76 /* MIME's line, which some programs still write */
#define LABEL_MAX 64

static void add_line(const char *before, struct str label, struct buf *out)
{
        buf_add_text(out, before);
        buf_add_str(out, label);
        buf_add_text(out, "-----\n");
}

void pki_pem_write(struct str label, struct bytes der, struct buf *out)
{
        add_line("-----BEGIN ", label, out);
        for (size_t at = 0; at < der.n; at += LINE_BYTES / 4 * 3) {
                size_t left = der.n - at;

                b64_encode(bytes_of(der.p + at, left < LINE_BYTES / 4 * 3 ? left : LINE_BYTES / 4 * 3), out);
                buf_add_byte(out, '\n');
        }
        add_line("-----END ", label, out);
}

/* The next line without its end (LF or CRLF); false at the end of the text. */
static bool next_line(struct str *text, struct str *ret_line)
{
        if (!text->p || text->n == 0)
                return false;
        *ret_line = str_cut(text, '\n');
        if (ret_line->n > 0 && ret_line->p[ret_line->n - 1] == '\r')
                ret_line->n--;
        return true;
}

static bool is_blank(struct str line)
{
        return str_trim(line).n == 0;
}

static res read_label(struct str line, struct str before, struct str *ret_label)
{
        struct str after = STR("-----");

        ENSURE(str_starts_with(line, before) && str_ends_with(line, after) && line.n > before.n + after.n, ERR_FORMAT);
        *ret_label = (struct str){line.p + before.n, line.n - before.n - after.n};
        ENSURE(ret_label->n <= LABEL_MAX, ERR_FORMAT);
        for (size_t i = 0; i < ret_label->n; i++) {
                char c = ret_label->p[i];
                ENSURE((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ', ERR_FORMAT);
        }
        return RES_OK;
}

static res read_body(struct str *text, struct str label, struct buf *base64)
{
        struct str line, end_label;

        while (next_line(text, &line)) {
                if (line.n > 0 && line.p[0] == '-') {
                        TRY(read_label(line, STR("-----END "), &end_label));
                        ENSURE(str_equal(end_label, label), ERR_FORMAT);
                        return buf_check(base64);
                }
                ENSURE(line.n > 0 && line.n <= LINE_MAX_READ, ERR_FORMAT);
                buf_add_str(base64, line);
        }
        return FAIL(ERR_FORMAT);
}

/* Headers begin with a line that has a colon, which base64 has not, and end in an empty one. */
static res read_headers(struct str *text, struct str *ret_headers)
{
        struct str rest = *text, line = {NULL, 0};
        const char *start = rest.p;

        *ret_headers = (struct str){start, 0};
        if (!next_line(&rest, &line) || !memchr(line.p, ':', line.n))
                return RES_OK;
        while (line.n > 0) {
                ret_headers->n = (size_t)(line.p + line.n - start);
                ENSURE(next_line(&rest, &line), ERR_FORMAT);
        }
        *text = rest;
        return RES_OK;
}

/* headers NULL: there may be none. */
static res read_block(struct str *text, struct str *ret_label, struct str *headers, struct buf *out)
{
        CLEAN(buf_wipe) struct buf base64 = {0};
        struct str rest = *text, line, label;

        buf_init(&base64, text->n + 1);
        do {
                ENSURE(next_line(&rest, &line), ERR_NOT_FOUND);
        } while (is_blank(line));
        TRY(read_label(line, STR("-----BEGIN "), &label));
        if (headers)
                TRY(read_headers(&rest, headers));
        TRY(read_body(&rest, label, &base64));
        ENSURE(base64.n > 0, ERR_FORMAT);
        TRY(b64_decode(buf_str(&base64), out));
        TRY(buf_check(out));
        *text = rest;
        *ret_label = label;
        return RES_OK;
}

res pki_pem_read(struct str *text, struct str *ret_label, struct buf *out)
{
        return read_block(text, ret_label, /* headers= */ NULL, out);
}

res pki_pem_read_headed(struct str *text, struct str *ret_label, struct str *ret_headers, struct buf *out)
{
        return read_block(text, ret_label, ret_headers, out);
}

res pki_pem_end(struct str rest)
{
        struct str line;

        while (next_line(&rest, &line))
                ENSURE(is_blank(line), ERR_FORMAT);
        return RES_OK;
}

res pki_pem_read_one(struct str text, struct str label, struct buf *out)
{
        struct str rest = text, found;

        TRY(pki_pem_read(&rest, &found, out));
        ENSURE(str_equal(found, label), ERR_FORMAT);
        return pki_pem_end(rest);
}

res pki_pem_read_bare(struct str text, struct buf *out)
{
        CLEAN(buf_wipe) struct buf base64 = {0};
        struct str line;

        buf_init(&base64, text.n + 1);
        while (next_line(&text, &line))
                buf_add_str(&base64, str_trim(line));
        TRY(buf_check(&base64));
        ENSURE(base64.n > 0, ERR_FORMAT);
        TRY(b64_decode(buf_str(&base64), out));
        return buf_check(out);
}
