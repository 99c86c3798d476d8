/*
 * The command line.  Every subcommand is a row of the table in commands.c and one function in a file of its own
 * name.  All but `serve` are clients like any other: they sign requests to the API, or ask the control socket.
 */
#pragma once

/* Runs the subcommand of argv[1].  Returns the exit code: 0 done, 1 refused or failed, 2 wrong usage. */
int ctl_main(int argc, char **argv);
