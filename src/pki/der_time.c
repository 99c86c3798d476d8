/*
 * Days and dates.  The year is taken to begin in March, so that the leap day is its last; 400 years are a period of
 * 146,097 days, and within it everything is plain division.
 */
#include "pki/der_time.h"

#define DAY 86400
#define YEAR_0 (-62167219200LL)   /* 0000-01-01 */
#define YEAR_10000 253402300800LL /* 10000-01-01 */
#define DAYS_TO_1970 719468       /* from 0000-03-01 */

bool der_date_of(int64_t sec, struct der_date *ret_date)
{
        int64_t days, era, day_of_era, year_of_era, day_of_year, month;
        int rest;

        if (sec < YEAR_0 || sec >= YEAR_10000)
                return false;
        days = (sec - YEAR_0) / DAY + YEAR_0 / DAY;
        rest = (int)(sec - days * DAY);
        days += DAYS_TO_1970;
        era = (days >= 0 ? days : days - 146096) / 146097;
        day_of_era = days - era * 146097;
        year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        month = (5 * day_of_year + 2) / 153;
        *ret_date = (struct der_date){
                .year = (int)(year_of_era + era * 400 + (month >= 10)),
                .month = (int)(month < 10 ? month + 3 : month - 9),
                .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
                .hour = rest / 3600,
                .minute = rest / 60 % 60,
                .second = rest % 60,
        };
        return true;
}

static bool is_leap(int year)
{
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
        static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

        return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool der_date_to_sec(const struct der_date *date, int64_t *ret_sec)
{
        int64_t year, era, year_of_era, day_of_year, days;

        if (date->year < 0 || date->year > 9999 || date->month < 1 || date->month > 12 || date->day < 1 ||
            date->day > days_in_month(date->year, date->month))
                return false;
        if (date->hour < 0 || date->hour > 23 || date->minute < 0 || date->minute > 59 || date->second < 0 ||
            date->second > 59)
                return false;
        year = date->year - (date->month <= 2);
        era = (year >= 0 ? year : year - 399) / 400;
        year_of_era = year - era * 400;
        day_of_year = (153 * (date->month + (date->month > 2 ? -3 : 9)) + 2) / 5 + date->day - 1;
        days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - DAYS_TO_1970;
        *ret_sec = days * DAY + date->hour * 3600 + date->minute * 60 + date->second;
        return true;
}
