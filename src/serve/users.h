/*
 * Who the programs are when `serve` is started as root: each a user of its own, so that a program that is broken into
 * can neither read the others' files nor reach into their memory.  The users chancery-server, chancery-signer,
 * chancery-vault, chancery-keymaker and chancery-prober and the group chancery are taken where all of them exist (the
 * package makes them); else six numbers from the setting users.base on.
 */
#pragma once

#include "base/buf.h"
#include "base/conf.h"
#include "base/res.h"
#include "ipc/msg.h"

struct users {
        bool apart; /* false: all programs stay who they are */
        struct user {
                unsigned uid, gid;
        } of[MSG_PEER_COUNT];
        unsigned group; /* of DIR: the server and the signer make files in it */
};

/*
 * Choose.  Not root, or a root that may not change users (a container without CAP_SETUID, a name space of one user): apart is
 * false, and `*ret_note` says why for the log (NULL when not root).  ERR_CONFIG with a sentence: the numbers are somebody
 * else's.
 */
MUST res users_choose(const struct conf *conf, struct users *ret_users, const char **ret_note, struct buf *why);

/*
 * Give everything in DIR to whom it belongs, whoever made it: keys/ and log/ to the signer, the database to the server, the
 * rest to root; nobody may touch another's file.  Does nothing unless users->apart.  Never follows a link, never gives away a file with a
 * second name.  ERR_CONFIG with a sentence.
 */
MUST res users_own_data(const struct users *users, const char *data_dir, struct buf *why);
