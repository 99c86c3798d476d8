/*
 * `chancery serve`: the parent.  It makes the data directory, holds the listening sockets and the lock, starts
 * the programs, introduces them to each other, and starts again what dies.  It never accepts, reads no
 * request and keeps no key.
 */
#pragma once

/* argv[0] is "serve".  Runs until SIGTERM or SIGINT; the exit code of the contract (0, 1, 2). */
int serve_main(int argc, char **argv);
