/*
 * A CRL in one buffer: [room for the head][entries …][extensions][signature].  The head's sizes are known only at the
 * end, so it is written right-aligned into the room that begin left; nothing is moved, and memory is the list itself.
 * Signer and server each write the entries for themselves; what goes from one to the other is what stands around them.
 */
#include "pki/crl.h"

#include <stdlib.h>

#include "pki/der.h"

#define HEAD_MAX 4096
#define SIGNATURE_MAX 2048
#define TIME_MAX 20
#define ENTRY_USUAL 51 /* of 16 bytes of serial, a time before 2050 and a reason */
#define LENGTHS_MAX 24 /* three heads of at most six bytes */
#define ROOM (HEAD_MAX + LENGTHS_MAX)

static const uint8_t oid_authority_key_id[] = {0x55, 0x1d, 35};
static const uint8_t oid_crl_number[] = {0x55, 0x1d, 20};
static const uint8_t oid_issuing_point[] = {0x55, 0x1d, 28};
#define OID(name) bytes_of((name), sizeof(name))

struct pki_crl {
        struct buf out;        /* the list as it grows */
        struct buf fields;     /* version … nextUpdate */
        struct buf extensions; /* [0] */
        struct buf signature;
        struct pki_alg alg;
        size_t count;
        int64_t day; /* of the entry before */
        uint8_t time[TIME_MAX];
        size_t time_size;
};

void pki_crl_free(struct pki_crl *crl)
{
        if (!crl)
                return;
        buf_done(&crl->out);
        buf_done(&crl->fields);
        buf_done(&crl->extensions);
        buf_done(&crl->signature);
        free(crl);
}

void pki_crl_free_ptr(struct pki_crl **crl)
{
        pki_crl_free(*crl);
}

static void write_fields(const struct pki_crl_head *head, struct buf *out)
{
        struct bytes alg = pki_alg_der(head->issuer->alg);

        der_add_small(out, 1); /* v2 */
        buf_add(out, alg.p, alg.n);
        buf_add(out, head->issuer->name.p, head->issuer->name.n);
        der_add_time(out, head->this_update);
        der_add_time(out, head->next_update);
}

static void write_authority_key_id(struct bytes key_id, struct buf *out)
{
        struct der_mark extension = der_open(out, DER_SEQUENCE), value, inner;

        der_add_oid(out, OID(oid_authority_key_id));
        value = der_open(out, DER_OCTET_STRING);
        inner = der_open(out, DER_SEQUENCE);
        der_add(out, DER_CONTEXT(0), key_id);
        der_close(out, inner);
        der_close(out, value);
        der_close(out, extension);
}

static void write_number(uint64_t number, struct buf *out)
{
        struct der_mark extension = der_open(out, DER_SEQUENCE), value;

        der_add_oid(out, OID(oid_crl_number));
        value = der_open(out, DER_OCTET_STRING);
        der_add_small(out, number);
        der_close(out, value);
        der_close(out, extension);
}

/* A list of a part must say which part (RFC 5280 §5.2.5): clients compare the URL with the certificate's. */
static void write_issuing_point(const struct pki_crl_head *head, struct buf *out)
{
        struct der_mark extension = der_open(out, DER_SEQUENCE), value, inner, point, full_name;
        uint8_t scope = (uint8_t)(head->of_ca_certs ? DER_CONTEXT(2) : DER_CONTEXT(1));

        der_add_oid(out, OID(oid_issuing_point));
        der_add_bool(out, true);
        value = der_open(out, DER_OCTET_STRING);
        inner = der_open(out, DER_SEQUENCE);
        point = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
        full_name = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
        der_add(out, DER_CONTEXT(6), bytes_of(head->shard_url.p, head->shard_url.n));
        der_close(out, full_name);
        der_close(out, point);
        der_add(out, scope, bytes_of("\xff", 1));
        der_close(out, inner);
        der_close(out, value);
        der_close(out, extension);
}

static void write_extensions(const struct pki_crl_head *head, struct buf *out)
{
        struct der_mark outer = der_open(out, DER_CONTEXT_CONSTRUCTED(0)), list = der_open(out, DER_SEQUENCE);

        write_authority_key_id(head->issuer->key_id, out);
        write_number(head->number, out);
        if (head->shard_url.n > 0)
                write_issuing_point(head, out);
        der_close(out, list);
        der_close(out, outer);
}

res pki_crl_new(size_t ceiling_bytes, struct pki_crl **ret_crl)
{
        CLEAN(pki_crl_free_ptr) struct pki_crl *crl = calloc(1, sizeof(*crl));

        ENSURE(crl, ERR_MEMORY);
        buf_init(&crl->out, ceiling_bytes);
        buf_init(&crl->fields, HEAD_MAX);
        buf_init(&crl->extensions, HEAD_MAX);
        buf_init(&crl->signature, SIGNATURE_MAX);
        ENSURE(buf_grow(&crl->out, ROOM), crl->out.too_large ? ERR_TOO_LARGE : ERR_MEMORY);
        *ret_crl = crl;
        crl = NULL;
        return RES_OK;
}

void pki_crl_clear(struct pki_crl *crl)
{
        buf_clear(&crl->fields);
        buf_clear(&crl->extensions);
        buf_clear(&crl->signature);
        crl->out.n = ROOM; /* what was cleared cannot fail to be grown again: the memory is kept */
        crl->out.failed = crl->out.too_large = false;
        crl->count = 0;
}

res pki_crl_set_head(struct pki_crl *crl, const struct pki_crl_head *head)
{
        ENSURE(pki_alg_der(head->issuer->alg).n > 0 && head->next_update > head->this_update, ERR_FORMAT);
        crl->alg = head->issuer->alg;
        write_fields(head, &crl->fields);
        write_extensions(head, &crl->extensions);
        TRY(buf_check(&crl->fields));
        return buf_check(&crl->extensions);
}

res pki_crl_begin(const struct pki_crl_head *head, size_t ceiling_bytes, struct pki_crl **ret_crl)
{
        CLEAN(pki_crl_free_ptr) struct pki_crl *crl = NULL;

        TRY(pki_crl_new(ceiling_bytes, &crl));
        TRY(pki_crl_set_head(crl, head));
        *ret_crl = crl;
        crl = NULL;
        return RES_OK;
}

/* Reasons that a certificate's entry may have (RFC 5280 §5.3.1); 7 is not used, 8 is for delta lists. */
static bool reason_is_good(uint32_t reason)
{
        return reason <= 10 && reason != 7 && reason != 8;
}

static res write_day(struct pki_crl *crl, int64_t sec)
{
        CLEAN(buf_done) struct buf time = {0};

        buf_init(&time, TIME_MAX);
        der_add_time(&time, sec);
        TRY(buf_check(&time));
        memcpy(crl->time, time.p, time.n);
        crl->time_size = time.n;
        crl->day = sec / 86400;
        return RES_OK;
}

static void put_two(uint8_t *p, int64_t v)
{
        p[0] = (uint8_t)('0' + v / 10);
        p[1] = (uint8_t)('0' + v % 10);
}

/* Entries come in the order of revocation, so the day is nearly always that of the one before: only its clock is written. */
static res write_time(struct pki_crl *crl, int64_t sec)
{
        const int64_t day = sec / 86400, clock = sec % 86400;
        uint8_t *p;

        ENSURE(sec >= 0, ERR_FORMAT); /* what was revoked before 1970 */
        if (crl->time_size == 0 || crl->day != day)
                TRY(write_day(crl, sec));
        p = crl->time + crl->time_size - 7;
        put_two(p, clock / 3600);
        put_two(p + 2, clock / 60 % 60);
        put_two(p + 4, clock % 60);
        return RES_OK;
}

/* Entries are small, so every length is one byte and the bytes are put down directly: this runs a million times. */
res pki_crl_add(struct pki_crl *crl, struct bytes serial, int64_t revoked_at, uint32_t reason)
{
        static const uint8_t reason_list[] = {0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55,
                                              0x1d, 21,   0x04, 0x03, 0x0a, 0x01};
        uint8_t entry[PKI_CRL_ENTRY_MAX], *p = entry + 2;

        while (serial.n > 1 && serial.p[0] == 0)
                serial = bytes_of(serial.p + 1, serial.n - 1);
        ENSURE(serial.n > 0 && serial.n <= 20 && reason_is_good(reason), ERR_FORMAT);
        TRY(write_time(crl, revoked_at));
        *p++ = DER_INTEGER;
        *p++ = (uint8_t)(serial.n + (serial.p[0] >> 7));
        if (serial.p[0] & 0x80)
                *p++ = 0;
        memcpy(p, serial.p, serial.n);
        memcpy(p + serial.n, crl->time, crl->time_size);
        p += serial.n + crl->time_size;
        if (reason > 0) {
                memcpy(p, reason_list, sizeof(reason_list));
                p[sizeof(reason_list)] = (uint8_t)reason;
                p += sizeof(reason_list) + 1;
        }
        entry[0] = DER_SEQUENCE;
        entry[1] = (uint8_t)(p - entry - 2);
        buf_add(&crl->out, entry, (size_t)(p - entry));
        crl->count++;
        return buf_check(&crl->out);
}

res pki_crl_expect(struct pki_crl *crl, size_t count)
{
        return buf_make_room(&crl->out, count * ENTRY_USUAL + HEAD_MAX + SIGNATURE_MAX);
}

size_t pki_crl_count(const struct pki_crl *crl)
{
        return crl->count;
}

/* Write backwards from the entries: list head, fields, TBS head.  Returns where the TBS begins. */
static size_t write_front(struct pki_crl *crl, struct bytes fields, size_t entries_end)
{
        size_t at = ROOM, entries = entries_end - ROOM, content;

        if (entries > 0) { /* an empty list is left out (RFC 5280 §5.1.2.6) */
                at -= der_head_size(entries);
                der_put_head(crl->out.p + at, DER_SEQUENCE, entries);
        }
        at -= fields.n;
        memcpy(crl->out.p + at, fields.p, fields.n);
        content = crl->out.n - at;
        at -= der_head_size(content);
        der_put_head(crl->out.p + at, DER_SEQUENCE, content);
        return at;
}

/* The entries with what is before and behind them: *ret_tbs is where that begins. */
static res write_tbs(struct pki_crl *crl, struct bytes fields, struct bytes extensions, size_t *ret_tbs)
{
        const size_t entries_end = crl->out.n;

        ENSURE(fields.n > 0 && fields.n <= HEAD_MAX && extensions.n <= HEAD_MAX, ERR_FORMAT);
        buf_add(&crl->out, extensions.p, extensions.n);
        TRY(buf_check(&crl->out));
        *ret_tbs = write_front(crl, fields, entries_end);
        return RES_OK;
}

res pki_crl_sign(struct pki_crl *crl, struct pki_key *key, struct pki_crl_frame *ret_frame)
{
        const size_t entries_end = crl->out.n;
        size_t tbs;

        buf_clear(&crl->signature);
        TRY(write_tbs(crl, buf_bytes(&crl->fields), buf_bytes(&crl->extensions), &tbs));
        const res made = pki_key_sign(key, crl->alg, bytes_of(crl->out.p + tbs, crl->out.n - tbs), &crl->signature);

        crl->out.n = entries_end;
        TRY(made);
        *ret_frame = (struct pki_crl_frame){buf_bytes(&crl->fields), buf_bytes(&crl->extensions), buf_bytes(&crl->signature)};
        return RES_OK;
}

res pki_crl_join(struct pki_crl *crl, struct pki_alg alg, const struct pki_crl_frame *frame, struct bytes *ret_tbs,
                 struct bytes *ret_der)
{
        const struct bytes algorithm = pki_alg_der(alg);
        size_t tbs, tbs_end, whole;

        ENSURE(algorithm.n > 0 && frame->signature.n <= SIGNATURE_MAX, ERR_FORMAT);
        TRY(write_tbs(crl, frame->fields, frame->extensions, &tbs));
        tbs_end = crl->out.n;
        buf_add(&crl->out, algorithm.p, algorithm.n);
        der_add_bits(&crl->out, frame->signature);
        TRY(buf_check(&crl->out));
        whole = tbs - der_head_size(crl->out.n - tbs);
        der_put_head(crl->out.p + whole, DER_SEQUENCE, crl->out.n - tbs);
        *ret_tbs = bytes_of(crl->out.p + tbs, tbs_end - tbs);
        *ret_der = bytes_of(crl->out.p + whole, crl->out.n - whole);
        return RES_OK;
}

res pki_crl_end(struct pki_crl *crl, struct pki_key *key, struct bytes *ret_der)
{
        struct pki_crl_frame frame;
        struct bytes tbs;

        TRY(pki_crl_sign(crl, key, &frame));
        return pki_crl_join(crl, crl->alg, &frame, &tbs, ret_der);
}

struct buf pki_crl_take_memory(struct pki_crl *crl)
{
        const struct buf memory = crl->out;

        buf_init(&crl->out, 0);
        return memory;
}
