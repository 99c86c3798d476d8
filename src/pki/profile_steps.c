/*
 * Limits that change with the years.  The rules of the public web shorten lives and proofs by date; a profile that
 * follows them says all the steps at once, so that nobody has to remember a day in 2029.
 */
#include "base/timetext.h"
#include "pki/profile.h"

#define STEP_DAYS_MAX 36525

static int64_t steps_days(const struct pki_profile_steps *steps, int64_t at, int64_t days)
{
        for (size_t i = 0; i < steps->n && steps->v[i].from <= at; i++)
                if (steps->v[i].days < days)
                        days = steps->v[i].days;
        return days;
}

int64_t pki_profile_max_days(const struct pki_profile *profile, int64_t at)
{
        return steps_days(&profile->max_days_from, at, profile->max_days);
}

int64_t pki_profile_evidence_days(const struct pki_profile *profile, int64_t at)
{
        return steps_days(&profile->evidence_days_from, at, profile->evidence_days);
}

static res step_parse(struct str text, struct pki_profile_step *ret_step)
{
        struct str days = text, date = str_cut(&days, ' ');

        TRY(timetext_parse_utc_date(date, &ret_step->from));
        TRY(str_to_int64(str_trim(days), &ret_step->days));
        ENSURE(ret_step->days >= 1 && ret_step->days <= STEP_DAYS_MAX, ERR_CONFIG);
        return RES_OK;
}

res pki_profile_steps_parse(struct str list, struct pki_profile_steps *ret_steps)
{
        struct pki_profile_steps steps = {0};

        while (list.p && !str_equals(list, "none")) {
                struct str text = str_trim(str_cut(&list, ','));

                ENSURE(steps.n < PKI_PROFILE_STEPS && res_is_ok(step_parse(text, &steps.v[steps.n])), ERR_CONFIG);
                ENSURE(steps.n == 0 || (steps.v[steps.n].from > steps.v[steps.n - 1].from &&
                                        steps.v[steps.n].days < steps.v[steps.n - 1].days),
                       ERR_CONFIG);
                steps.n++;
        }
        *ret_steps = steps;
        return RES_OK;
}

void pki_profile_steps_text(const struct pki_profile_steps *steps, struct buf *out)
{
        char date[11];

        if (steps->n == 0)
                buf_add_text(out, "none");
        for (size_t i = 0; i < steps->n; i++) {
                timetext_utc_date(steps->v[i].from, date);
                buf_printf(out, "%s%s %lld", i ? ", " : "", date, (long long)steps->v[i].days);
        }
}
