/* See outside.h.  The accounts of those who wait stand in a short row; it is looked through under a lock. */
#include "core/outside.h"

bool outside_enter(struct outside *outside, int64_t account_id)
{
        size_t own = 0;

        pthread_mutex_lock(&outside->lock);
        for (size_t i = 0; i < outside->count; i++)
                own += outside->accounts[i] == account_id;
        const bool room = outside->count < OUTSIDE_MAX && own < OUTSIDE_ACCOUNT_MAX;

        if (room)
                outside->accounts[outside->count++] = account_id;
        pthread_mutex_unlock(&outside->lock);
        return room;
}

void outside_leave(struct outside *outside, int64_t account_id)
{
        size_t i = 0;

        pthread_mutex_lock(&outside->lock);
        while (i < outside->count && outside->accounts[i] != account_id)
                i++;
        if (i < outside->count)
                outside->accounts[i] = outside->accounts[--outside->count];
        pthread_mutex_unlock(&outside->lock);
}
