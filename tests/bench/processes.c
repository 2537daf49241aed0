/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "processes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pid_t parent_of(pid_t pid)
{
	char path[64], text[512], *end;
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	end = strrchr(text, ')');
	return end ? (pid_t)strtol(end + 3, NULL, 10) : 0;
}

void processes_find(pid_t program, struct processes *out)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	*out = (struct processes){ 1, { program } };
	while (proc && (entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && parent_of(pid) == program &&
		    out->count < PROCESSES_MAX)
			out->pids[out->count++] = pid;
	}
	if (proc)
		closedir(proc);
}

/* The number behind a name in a file of rows; 0 = none. */
static long number_in(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	char row[256];
	long number = 0;

	while (file && fgets(row, sizeof(row), file))
		if (!strncmp(row, name, strlen(name)))
			number = strtol(row + strlen(name), NULL, 10);
	if (file)
		fclose(file);
	return number;
}

static int64_t cpu_of(pid_t pid)
{
	struct timespec time = { 0, 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
		return 0;
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static uint64_t switches_of(pid_t pid)
{
	char path[320];
	struct dirent *entry;
	uint64_t sum = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status",
			 (int)pid, entry->d_name);
		sum += (uint64_t)number_in(path, "voluntary_ctxt_switches:");
	}
	if (tasks)
		closedir(tasks);
	return sum;
}

struct usage processes_usage(const struct processes *processes)
{
	struct usage usage = { 0 };

	for (size_t i = 0; i < processes->count; i++) {
		pid_t pid = processes->pids[i];
		char path[64];

		usage.cpu_ns += cpu_of(pid);
		usage.switches += switches_of(pid);
		snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
		usage.memory[i].rss = number_in(path, "Rss:");
		usage.memory[i].pss = number_in(path, "Pss:");
		snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
		usage.memory[i].peak = number_in(path, "VmHWM:");
	}
	return usage;
}
