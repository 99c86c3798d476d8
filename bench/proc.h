/* What the kernel counted for other processes: CPU and memory of one, or of a service's parent with its children. */
#pragma once

#include <sys/types.h>

double proc_cpu_sec(pid_t pid);
double proc_cpu_sec_tree(pid_t parent);
/* Sum of Pss of the parent and its children, in bytes. */
long long proc_pss_tree(pid_t parent);
