/* See proc.h.  Ticks are 10 ms: figures come from runs of seconds. */
#include "bench/proc.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct proc_stat {
        int parent;
        unsigned long user, system;
};

static int proc_read(pid_t pid, struct proc_stat *ret_stat)
{
        char path[64], text[1024];

        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *file = fopen(path, "re");

        if (file == NULL)
                return 0;
        size_t n = fread(text, 1, sizeof text - 1, file);

        fclose(file);
        text[n] = '\0';
        const char *after = strrchr(text, ')'); /* the name may hold anything */

        return after != NULL && sscanf(after + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &ret_stat->parent,
                                       &ret_stat->user, &ret_stat->system) == 3;
}

double proc_cpu_sec(pid_t pid)
{
        struct proc_stat stat;

        return proc_read(pid, &stat) ? (double)(stat.user + stat.system) / (double)sysconf(_SC_CLK_TCK) : 0;
}

static void each_of_tree(pid_t parent, void (*fn)(void *arg, pid_t pid), void *arg)
{
        DIR *dir = opendir("/proc");

        for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
                pid_t pid = (pid_t)atol(entry->d_name);
                struct proc_stat stat;

                if (pid > 0 && proc_read(pid, &stat) && (pid == parent || stat.parent == parent))
                        fn(arg, pid);
        }
        if (dir != NULL)
                closedir(dir);
}

static void add_cpu(void *arg, pid_t pid)
{
        *(double *)arg += proc_cpu_sec(pid);
}

double proc_cpu_sec_tree(pid_t parent)
{
        double sum = 0;

        each_of_tree(parent, add_cpu, &sum);
        return sum;
}

static double run_sec(pid_t pid)
{
        char path[300];
        unsigned long long ns = 0, sum = 0;

        snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
        DIR *dir = opendir(path);

        for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
                snprintf(path, sizeof path, "/proc/%d/task/%.200s/schedstat", (int)pid, entry->d_name);
                FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");

                if (file == NULL)
                        continue;
                sum += fscanf(file, "%llu", &ns) == 1 ? ns : 0;
                fclose(file);
        }
        if (dir != NULL)
                closedir(dir);
        return (double)sum / 1e9;
}

static void add_run(void *arg, pid_t pid)
{
        *(double *)arg += run_sec(pid);
}

double proc_run_sec_tree(pid_t parent)
{
        double sum = 0;

        each_of_tree(parent, add_run, &sum);
        return sum;
}

struct proc_times {
        struct {
                pid_t pid;
                double sec;
        } v[16];
        size_t n;
};

static void note_times(void *arg, pid_t pid)
{
        struct proc_times *times = arg;

        if (times->n == sizeof times->v / sizeof *times->v)
                return;
        times->v[times->n].pid = pid;
        times->v[times->n++].sec = proc_cpu_sec(pid);
}

struct proc_times *proc_times_of(pid_t parent)
{
        struct proc_times *times = calloc(1, sizeof *times);

        if (times != NULL)
                each_of_tree(parent, note_times, times);
        return times;
}

void proc_times_compare(struct proc_times *before, void (*fn)(void *arg, const char *name, double before_sec, double after_sec), void *arg)
{
        char path[64], name[64];

        for (size_t i = 0; before != NULL && i < before->n; i++) {
                snprintf(path, sizeof path, "/proc/%d/cmdline", (int)before->v[i].pid);
                FILE *file = fopen(path, "re");
                const size_t n = file ? fread(name, 1, sizeof name - 1, file) : 0;

                if (file != NULL)
                        fclose(file);
                name[n] = '\0';
                const char *base = strrchr(name, '/');

                fn(arg, base ? base + 1 : name, before->v[i].sec, proc_cpu_sec(before->v[i].pid));
        }
        free(before);
}

static void add_pss(void *arg, pid_t pid)
{
        char path[64], line[256];
        long long kib = 0;

        snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
        FILE *file = fopen(path, "re");

        while (file != NULL && fgets(line, sizeof line, file) != NULL)
                if (sscanf(line, "Pss: %lld kB", &kib) == 1)
                        *(long long *)arg += kib * 1024;
        if (file != NULL)
                fclose(file);
}

long long proc_pss_tree(pid_t parent)
{
        long long sum = 0;

        each_of_tree(parent, add_pss, &sum);
        return sum;
}

#define PROFILE_START_USEC 700000 /* until perf counts; it does not tell */

void proc_profile_begin(struct proc_profile *profile, const char *file, pid_t first, pid_t second)
{
        char pids[64];

        profile->perf = 0;
        if (file == NULL || *file == '\0')
                return;
        snprintf(pids, sizeof pids, "%d,%d", (int)first, (int)second);
        profile->perf = fork();
        if (profile->perf == 0) {
                execlp("perf", "perf", "record", "-q", "-g", "-e", "cpu-clock", "-F", "9973", "-o", file, "-p", pids, (char *)NULL);
                _exit(127);
        }
        usleep(PROFILE_START_USEC);
}

void proc_profile_end(struct proc_profile *profile)
{
        if (profile->perf <= 0)
                return;
        kill(profile->perf, SIGINT);
        waitpid(profile->perf, NULL, 0);
}
