/* Money for people. */
#pragma once

#include <jansson.h>

#include "ctl/command.h"

/* "399.00 CNY" of an amount in the smallest unit, or "15 points": the currency is the object's member. */
const char *money_of(struct ctl *ctl, const json_t *object, const char *name);
