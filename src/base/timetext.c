/*
 * Calendar arithmetic of our own (days from the civil date, proleptic Gregorian), because gmtime and
 * timegm drag the process's time zone in and cost more than the whole format.
 */
#include "base/timetext.h"

enum { TIMETEXT_DAY_SEC = 86400, TIMETEXT_GMT8_SEC = 8 * 3600 };

struct timetext_civil {
        int64_t year;
        int month, day, hour, minute, second;
};

/* Years of 400, counted from March, so that the leap day comes last. */
static struct timetext_civil timetext_civil_of(int64_t sec)
{
        int64_t days = sec / TIMETEXT_DAY_SEC;
        int64_t rest = sec % TIMETEXT_DAY_SEC;
        int64_t era, day_of_era, year_of_era, day_of_year, month_from_march;

        if (rest < 0) {
                rest += TIMETEXT_DAY_SEC;
                days--;
        }
        days += 719468; /* 0000-03-01 to 1970-01-01 */
        era = (days >= 0 ? days : days - 146096) / 146097;
        day_of_era = days - era * 146097;
        year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        month_from_march = (5 * day_of_year + 2) / 153;
        return (struct timetext_civil){
                .year = year_of_era + era * 400 + (month_from_march >= 10),
                .month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9),
                .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
                .hour = (int)(rest / 3600),
                .minute = (int)(rest / 60 % 60),
                .second = (int)(rest % 60),
        };
}

static int64_t timetext_days(int64_t year, int month, int day)
{
        const int64_t y = month <= 2 ? year - 1 : year;
        const int64_t era = (y >= 0 ? y : y - 399) / 400;
        const int64_t year_of_era = y - era * 400;
        const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

        return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static char *timetext_put(char *out, int64_t value, int digits)
{
        for (int i = digits - 1; i >= 0; i--) {
                out[i] = (char)('0' + value % 10);
                value /= 10;
        }
        return out + digits;
}

/* Outside the years 0 to 9999 the nearest end is written: four digits are all the text has. */
static struct timetext_civil timetext_bounded(int64_t sec)
{
        static const int64_t first = -62167219200, last = 253402300799;

        return timetext_civil_of(sec < first ? first : sec > last ? last : sec);
}

static char *timetext_put_date(char *out, const struct timetext_civil *t)
{
        out = timetext_put(out, t->year, 4);
        *out++ = '-';
        out = timetext_put(out, t->month, 2);
        *out++ = '-';
        return timetext_put(out, t->day, 2);
}

static char *timetext_put_time(char *out, const struct timetext_civil *t)
{
        out = timetext_put(out, t->hour, 2);
        *out++ = ':';
        out = timetext_put(out, t->minute, 2);
        *out++ = ':';
        return timetext_put(out, t->second, 2);
}

void timetext_api(int64_t sec, char out[TIMETEXT_SIZE])
{
        const struct timetext_civil t =
                timetext_bounded(sec > INT64_MAX - TIMETEXT_GMT8_SEC ? sec : sec + TIMETEXT_GMT8_SEC);

        out = timetext_put_date(out, &t);
        *out++ = ' ';
        *timetext_put_time(out, &t) = '\0';
}

void timetext_utc_date(int64_t sec, char out[11])
{
        const struct timetext_civil t = timetext_bounded(sec);

        *timetext_put_date(out, &t) = '\0';
}

void timetext_stamp17(int64_t ms, char out[18])
{
        const int64_t part = ms % 1000 < 0 ? ms % 1000 + 1000 : ms % 1000;
        /* the quotient rounds towards zero; before 1970 it has to go down */
        const struct timetext_civil t = timetext_bounded(ms / 1000 - (ms % 1000 < 0 ? 1 : 0));

        out = timetext_put(out, t.year, 4);
        out = timetext_put(out, t.month, 2);
        out = timetext_put(out, t.day, 2);
        out = timetext_put(out, t.hour, 2);
        out = timetext_put(out, t.minute, 2);
        out = timetext_put(out, t.second, 2);
        *timetext_put(out, part, 3) = '\0';
}

/* Digits where the pattern has a 0, itself elsewhere. */
static bool timetext_has_form(struct str text, const char *pattern)
{
        if (text.n != strlen(pattern))
                return false;
        for (size_t i = 0; i < text.n; i++)
                if (pattern[i] == '0' ? text.p[i] < '0' || text.p[i] > '9' : text.p[i] != pattern[i])
                        return false;
        return true;
}

static int timetext_number(const char *p, int digits)
{
        int v = 0;

        for (int i = 0; i < digits; i++)
                v = v * 10 + (p[i] - '0');
        return v;
}

res timetext_parse_api(struct str text, int64_t *ret_sec)
{
        struct timetext_civil t;
        int64_t sec;

        ENSURE(timetext_has_form(text, "0000-00-00 00:00:00"), ERR_FORMAT);
        t = (struct timetext_civil){
                .year = timetext_number(text.p, 4),
                .month = timetext_number(text.p + 5, 2),
                .day = timetext_number(text.p + 8, 2),
                .hour = timetext_number(text.p + 11, 2),
                .minute = timetext_number(text.p + 14, 2),
                .second = timetext_number(text.p + 17, 2),
        };
        ENSURE(t.month >= 1 && t.month <= 12 && t.day >= 1 && t.hour <= 23 && t.minute <= 59 && t.second <= 59,
               ERR_FORMAT);
        sec = timetext_days(t.year, t.month, t.day) * TIMETEXT_DAY_SEC + t.hour * 3600 + t.minute * 60 + t.second;
        ENSURE(timetext_civil_of(sec).day == t.day, ERR_FORMAT); /* 31 April would come back as 1 May */
        *ret_sec = sec - TIMETEXT_GMT8_SEC;
        return RES_OK;
}

res timetext_parse_utc_date(struct str text, int64_t *ret_sec)
{
        char whole[TIMETEXT_SIZE] = "";

        ENSURE(timetext_has_form(text, "0000-00-00"), ERR_FORMAT);
        memcpy(whole, text.p, text.n);
        memcpy(whole + text.n, " 08:00:00", sizeof(" 08:00:00")); /* GMT+8 */
        return timetext_parse_api(str_of(whole), ret_sec);
}

/* "Z" or "+08:00" as seconds east of UTC. */
static res timetext_parse_offset(struct str text, int64_t *ret_sec)
{
        *ret_sec = 0;
        if (str_equal_nocase(text, STR("Z")))
                return RES_OK;
        ENSURE(timetext_has_form(text, "+00:00") || timetext_has_form(text, "-00:00"), ERR_FORMAT);
        const int hours = timetext_number(text.p + 1, 2), minutes = timetext_number(text.p + 4, 2);

        ENSURE(hours <= 23 && minutes <= 59, ERR_FORMAT);
        *ret_sec = (hours * 3600 + minutes * 60) * (text.p[0] == '-' ? -1 : 1);
        return RES_OK;
}

res timetext_parse_rfc3339(struct str text, int64_t *ret_sec)
{
        char whole[TIMETEXT_SIZE] = "";
        size_t at = TIMETEXT_SIZE - 1;
        int64_t sec = 0, east = 0;

        ENSURE(text.n > at && (text.p[10] == 'T' || text.p[10] == 't'), ERR_FORMAT);
        memcpy(whole, text.p, at);
        whole[10] = ' ';
        TRY(timetext_parse_api(str_of(whole), &sec));
        if (text.p[at] == '.') {
                const size_t point = at++;

                while (at < text.n && text.p[at] == '0')
                        at++;
                ENSURE(at > point + 1, ERR_FORMAT);
        }
        TRY(timetext_parse_offset((struct str){text.p + at, text.n - at}, &east));
        *ret_sec = sec + TIMETEXT_GMT8_SEC - east;
        return RES_OK;
}

void timetext_utc(int64_t sec, char out[TIMETEXT_UTC_SIZE])
{
        const struct timetext_civil t = timetext_bounded(sec);

        out = timetext_put_date(out, &t);
        *out++ = 'T';
        out = timetext_put_time(out, &t);
        *out++ = 'Z';
        *out = '\0';
}
