/*
 * Choosing.  Numbers are refused when somebody has them; that a number is outside what this user name space holds is
 * no mistake of the operator's, and neither are missing capabilities: there the service runs as one user, and says so.
 */
#include "serve/users.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UID_MAP "/proc/self/uid_map"
#define GID_MAP "/proc/self/gid_map"

static const char *const program_of[MSG_PEER_COUNT] = {
        [MSG_PEER_SERVER] = "server",     [MSG_PEER_SIGNER] = "signer", [MSG_PEER_VAULT] = "vault",
        [MSG_PEER_KEYMAKER] = "keymaker", [MSG_PEER_PROBER] = "prober",
};

/* ---- what this root may do ------------------------------------------------------------------------ */

static bool has_capabilities(void)
{
        static const unsigned needed[] = {CAP_SETUID, CAP_SETGID, CAP_CHOWN, CAP_FOWNER, CAP_DAC_OVERRIDE, CAP_KILL};
        struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2] = {0};

        if (syscall(SYS_capget, &head, data) != 0)
                return false;
        for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
                if (!(data[0].effective >> needed[i] & 1u))
                        return false;
        return true;
}

/* Is `id` one of those that this user name space knows? */
static bool is_mapped(const char *map, unsigned id)
{
        FILE *file = fopen(map, "re");
        unsigned long first, outside, count;
        bool found = !file; /* no /proc: try it */

        while (file && !found && fscanf(file, "%lu %lu %lu", &first, &outside, &count) == 3)
                found = id >= first && id - first < count;
        if (file)
                fclose(file);
        return found;
}

static bool may_set_groups(void)
{
        char word[8] = "";
        FILE *file = fopen("/proc/self/setgroups", "re");
        bool denied = file && fscanf(file, "%7s", word) == 1 && strcmp(word, "deny") == 0;

        if (file)
                fclose(file);
        return !denied;
}

static bool are_mapped(const struct users *users)
{
        for (int i = MSG_PEER_PARENT + 1; i < MSG_PEER_COUNT; i++)
                if (!is_mapped(UID_MAP, users->of[i].uid) || !is_mapped(GID_MAP, users->of[i].gid))
                        return false;
        return may_set_groups();
}

/* ---- who ------------------------------------------------------------------------------------------- */

/* The package's users; false unless all are there. */
static bool by_name(struct users *users)
{
        const struct group *group = getgrnam("chancery");

        if (!group)
                return false;
        users->group = group->gr_gid;
        for (int i = MSG_PEER_PARENT + 1; i < MSG_PEER_COUNT; i++) {
                char name[32];

                snprintf(name, sizeof(name), "chancery-%s", program_of[i]);
                const struct passwd *user = getpwnam(name);
                if (!user || user->pw_uid == 0)
                        return false;
                users->of[i] = (struct user){user->pw_uid, user->pw_gid};
        }
        return true;
}

static res by_number(const struct conf *conf, struct users *users, struct buf *why)
{
        users->group = (unsigned)conf->users_base;
        for (int i = MSG_PEER_PARENT; i < MSG_PEER_COUNT; i++) {
                unsigned id = users->group + (unsigned)i;
                const struct passwd *user = getpwuid(id);
                const struct group *group = getgrgid(id);

                users->of[i] = (struct user){id, id};
                if (!user && !group)
                        continue;
                buf_printf(why, "users.base = %u: the number %u belongs to %s; choose six numbers that are nobody's", users->group,
                           id, user ? user->pw_name : group->gr_name);
                return FAIL(ERR_CONFIG);
        }
        return RES_OK;
}

MUST res users_choose(const struct conf *conf, struct users *ret_users, const char **ret_note, struct buf *why)
{
        struct users users = {.apart = true};

        *ret_users = (struct users){0};
        *ret_note = NULL;
        if (geteuid() != 0)
                return RES_OK;
        if (!by_name(&users))
                TRY(by_number(conf, &users, why));
        users.of[MSG_PEER_PARENT] = (struct user){0, 0};
        users.of[MSG_PEER_SERVER].gid = users.group; /* these two make files in DIR */
        users.of[MSG_PEER_SIGNER].gid = users.group;
        if (!has_capabilities())
                *ret_note = "root here may not change users (no CAP_SETUID, CAP_SETGID, CAP_CHOWN, …)";
        else if (!are_mapped(&users))
                *ret_note = "this user name space does not hold the users";
        else
                *ret_users = users;
        return RES_OK;
}
