/*
 * Who applies.  A person gives an address where the CA reaches him; an organisation gives itself, an administrator and a
 * contact, who may be the same person (APP-12..APP-18, APP-44, CON-26, CON-34, SIL-57, SIL-67).
 */
#include "core/domain.h"
#include "core/label.h"
#include "core/submit.h"
#include "pki/pem.h"

#define FORM_CHARS 200 /* of any field: an address line */
#define FORM_BYTES (64 * 1024)

#define TEXT(member, name) JSON_FIELD(struct submit_form, member, name, JSON_STR, .omit_absent = true)
/* By the names of SubmittedData: how it is stored. */
static const struct json_field form_fields[] = {
        TEXT(org_name, "OrganizationName"),          TEXT(org_division, "OrganizationDivision"), TEXT(org_address, "OrganizationAddress"),
        TEXT(org_country, "OrganizationCountry"),    TEXT(org_city, "OrganizationCity"),         TEXT(org_region, "OrganizationRegion"),
        TEXT(postal_code, "PostalCode"),             TEXT(phone_area, "PhoneAreaCode"),          TEXT(phone, "PhoneNumber"),
        TEXT(admin_first, "AdminFirstName"),         TEXT(admin_last, "AdminLastName"),          TEXT(admin_phone, "AdminPhoneNum"),
        TEXT(admin_email, "AdminEmail"),             TEXT(admin_position, "AdminPosition"),      TEXT(contact_first, "ContactFirstName"),
        TEXT(contact_last, "ContactLastName"),       TEXT(contact_phone, "ContactNumber"),       TEXT(contact_email, "ContactEmail"),
        TEXT(contact_position, "ContactPosition"),   JSON_FIELDS_END};

static struct str *form_text(struct submit_form *form, const struct json_field *field)
{
        return (struct str *)((char *)form + field->offset);
}

static res form_check_texts(struct act *act, struct submit_form *form)
{
        for (const struct json_field *field = form_fields; field->name; field++) {
                struct str *text = form_text(form, field);

                *text = str_trim(*text);
                if (text->n > FORM_CHARS * 4 || label_has_control_chars(*text) || !str_is_utf8(*text))
                        return act_fail(act, ERR_PARAM_VALUE, "%s may have at most %d printable characters.", field->name, FORM_CHARS);
                if (text->n == 0)
                        *text = (struct str){0};
        }
        return RES_OK;
}

/* APP-18: nothing of a contact of its own means the administrator. */
static void form_complete_contact(struct submit_form *form)
{
        struct str *const pairs[][2] = {
                {&form->contact_first, &form->admin_first}, {&form->contact_last, &form->admin_last},
                {&form->contact_phone, &form->admin_phone}, {&form->contact_position, &form->admin_position},
        };

        if (form->contact_email.n == 0)
                form->contact_email = form->admin_email;
        if (form->contact_first.n + form->contact_last.n + form->contact_phone.n > 0)
                return;
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
                *pairs[i][0] = *pairs[i][1];
}

struct form_needed {
        const char *what;
        struct str value;
};

static res form_check_needed(struct act *act, const struct form_needed *needed, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (needed[i].value.n == 0)
                        return act_fail(act, ERR_PARAM_VALUE, "%s is missing; an organisation's application needs it.", needed[i].what);
        return RES_OK;
}

/* CON-26: the department may be left out.  RVW-20: the landline may not, the CA calls it (APP-15). */
static res form_check_organization(struct act *act, const struct submit_form *form)
{
        const struct form_needed needed[] = {
                {"The organisation's name", form->org_name},
                {"The organisation's address", form->org_address},
                {"The organisation's city", form->org_city},
                {"The organisation's telephone number", form->phone},
                {"The administrator's name", form->admin_first.n ? form->admin_first : form->admin_last},
                {"The administrator's telephone number", form->admin_phone},
                {"The administrator's email address", form->admin_email},
        };

        return form_check_needed(act, needed, sizeof needed / sizeof *needed);
}

static res form_check_emails(struct act *act, const struct submit_form *form)
{
        if (form->contact_email.n == 0)
                return act_fail(act, ERR_CONTACT_EMAIL, "ContactEmail is missing; the CA reaches the applicant there.");
        if (!domain_email_is_valid(form->contact_email))
                return act_fail(act, ERR_EMAIL, "ContactEmail is not an email address.");
        if (form->admin_email.n > 0 && !domain_email_is_valid(form->admin_email))
                return act_fail(act, ERR_EMAIL, "AdminEmail is not an email address.");
        return RES_OK;
}

res submit_form_check(struct act *act, int64_t company_type, const char *level, struct submit_form *form)
{
        if (company_type != SUBMIT_PERSON && company_type != SUBMIT_ORGANIZATION)
                return act_fail(act, ERR_PARAM_VALUE, "CompanyType must be 1 (a person) or 2 (an organisation).");
        if (company_type == SUBMIT_PERSON && strcmp(level, "DV") != 0) /* SIL-57 */
                return act_fail(act, ERR_PARAM_VALUE, "%s certificates are for organisations; send CompanyType 2 with the organisation's data.", level);
        TRY(form_check_texts(act, form));
        if (company_type == SUBMIT_ORGANIZATION)
                TRY(form_check_organization(act, form));
        form_complete_contact(form);
        return form_check_emails(act, form);
}

struct str submit_form_text(struct act *act, const struct submit_form *form)
{
        CLEAN(buf_done) struct buf text = {0};

        buf_init(&text, FORM_BYTES);
        json_encode(&text, form_fields, form);
        return buf_dup(&text, act->arena);
}

res submit_form_read(struct arena *arena, struct str text, struct submit_form *ret_form)
{
        const char *why = NULL;

        return json_decode(arena, text, form_fields, JSON_UNKNOWN_IGNORE, ret_form, &why);
}

const char *submit_csr_pem(struct act *act, struct bytes der)
{
        CLEAN(buf_done) struct buf pem = {0};

        if (der.n == 0)
                return NULL;
        buf_init(&pem, FORM_BYTES);
        pki_pem_write(PKI_PEM_CSR, der, &pem);
        return buf_copy(&pem, act->arena);
}
