/* `chancery-server --check-catalogue DIR`: what `chancery catalogue check DIR` runs, where the rules of the catalogue are. */
#pragma once

/* Prints the figures as JSON, or the mistake with file and line.  The exit code: 0 good, 1 a mistake. */
int check_catalogue(const char *dir);
