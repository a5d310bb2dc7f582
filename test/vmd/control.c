// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a person or a test asks for: main.c has the words
 */

#include "vm.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static struct timespec timespec_of(double seconds)
{
	return (struct timespec){
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9),
	};
}

void arm(int fd, double seconds, bool repeat)
{
	struct itimerspec spec = { .it_value = timespec_of(seconds) };

	if (repeat)
		spec.it_interval = spec.it_value;
	timerfd_settime(fd, 0, &spec, NULL);
}

void arm_tick(struct vm *vm)
{
	arm(vm->tick_fd, vm->paused ? 0 : 1 / vm->speed, true);
}

static int find(const char *word, const char * const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(word, names[i]))
			return (int)i;
	}
	return -1;
}

bool set_line_kind(struct vm *vm, const char *name)
{
	static const char * const names[] = { "level", "i8259" };
	int kind = find(name, names, ARRAY_SIZE(names));

	if (kind >= 0)
		vm->vfio.edge = kind;
	return kind >= 0;
}

static void tell(struct vm *vm, uint32_t cmd)
{
	log_line(vm, "\"event\":\"vmctl\",\"value\":%u", cmd);
	vmmci_ctl(&vm->dev, cmd);
}

static bool do_stop(struct vm *vm, const char *rest)
{
	if (!*rest)
		tell(vm, VMMCI_REBOOT);
	else if (!strcmp(rest, "--force") || !strcmp(rest, "-f"))
		vmmci_end(&vm->dev, "stop --force");
	else
		return false;
	return true;
}

static bool do_shutdown(struct vm *vm, const char *rest)
{
	(void)rest;
	tell(vm, VMMCI_SHUTDOWN);
	return true;
}

static bool do_sync(struct vm *vm, const char *rest)
{
	(void)rest;
	/* The tick sends no other one for the same jump. */
	vm->dev.tick = vmmci_now(&vm->dev) / 1000000000;
	tell(vm, VMMCI_SYNCRTC);
	return true;
}

/* A stopped QEMU runs no guest; the guest's tsc goes on, as under vmm(4). */
static void pause_vm(struct vm *vm, bool paused)
{
	vm->paused = paused;
	if (vm->vfio.peer > 0)
		kill(vm->vfio.peer, paused ? SIGSTOP : SIGCONT);
	arm_tick(vm);
}

static bool do_pause(struct vm *vm, const char *rest)
{
	(void)rest;
	pause_vm(vm, true);
	return true;
}

static bool do_unpause(struct vm *vm, const char *rest)
{
	(void)rest;
	pause_vm(vm, false);
	return true;
}

static bool do_sleep(struct vm *vm, const char *rest)
{
	struct vmmci *v = &vm->dev;

	vmmci_set_clock(v, v->clock_offset + (int64_t)(atof(rest) * 1e9),
			v->clock_ppm);
	return true;
}

static bool do_clock(struct vm *vm, const char *rest)
{
	char *ppm;
	double offset = strtod(rest, &ppm);

	vmmci_set_clock(&vm->dev, (int64_t)(offset * 1e9), atof(ppm));
	return true;
}

static bool do_status(struct vm *vm, const char *rest)
{
	(void)vm;
	(void)rest;
	return true;
}

static bool do_forget(struct vm *vm, const char *rest)
{
	(void)rest;
	memset(vm->waiting, 0, sizeof(vm->waiting));
	vmmci_forget(&vm->dev);
	return true;
}

/* What is left of a timer passes at the new speed. */
static bool do_speed(struct vm *vm, const char *rest)
{
	double speed = atof(rest), left;
	struct itimerspec t;

	if (!(speed > 0))
		return false;
	timerfd_gettime(vm->timer_fd, &t);
	left = (double)t.it_value.tv_sec + (double)t.it_value.tv_nsec / 1e9;
	arm(vm->timer_fd, left * vm->speed / speed, false);
	vm->speed = speed;
	arm_tick(vm);
	return true;
}

static bool do_features(struct vm *vm, const char *rest)
{
	vm->dev.features = (uint32_t)strtoul(rest, NULL, 0);
	return true;
}

static bool do_command(struct vm *vm, const char *rest)
{
	vmmci_force(&vm->dev, (uint32_t)strtoul(rest, NULL, 0), 2);
	return true;
}

static bool do_irq(struct vm *vm, const char *rest)
{
	(void)rest;
	vmmci_force(&vm->dev, vm->dev.cmd, 0);
	return true;
}

static bool wait_for(struct vm *vm, const char *rest, bool after)
{
	char *line;
	unsigned long n = strtoul(rest, &line, 10);

	line += strspn(line, " ");
	for (size_t i = 0; n && *line && i < MAX_WAITING; i++) {
		struct waiting *w = &vm->waiting[i];

		if (w->access || strlen(line) >= sizeof(w->line))
			continue;
		w->access = vm->accesses + n;
		w->after = after;
		strcpy(w->line, line);
		return true;
	}
	return false;
}

static bool do_at(struct vm *vm, const char *rest)
{
	return wait_for(vm, rest, false);
}

static bool do_after(struct vm *vm, const char *rest)
{
	return wait_for(vm, rest, true);
}

unsigned int waiting(const struct vm *vm)
{
	unsigned int n = 0;

	for (size_t i = 0; i < MAX_WAITING; i++)
		n += vm->waiting[i].access != 0;
	return n;
}

void control_at(struct vm *vm, bool after)
{
	for (size_t i = 0; i < MAX_WAITING; i++) {
		struct waiting w = vm->waiting[i];

		if (w.access != vm->accesses || w.after != after)
			continue;
		vm->waiting[i].access = 0;
		log_line(vm, "\"event\":\"at\",\"value\":%lu", w.access);
		if (!control(vm, w.line))
			log_line(vm, "\"event\":\"unknown\"");
	}
}

static bool do_hostile(struct vm *vm, const char *word, const char *rest)
{
	static const char * const names[] = {
		[HONEST] = "honest",
		[HOSTILE_SEC] = "sec",
		[HOSTILE_USEC] = "usec",
		[HOSTILE_BACKWARDS] = "backwards",
		[HOSTILE_STORM] = "storm",
		[HOSTILE_SLOW] = "slow",
		[HOSTILE_LATE] = "late",
		[HOSTILE_VANISH] = "vanish",
	};
	int mode = find(word, names, ARRAY_SIZE(names));

	if (mode >= 0)
		vmmci_set_hostile(&vm->dev, (enum vmmci_hostile)mode,
				  strtoull(rest, NULL, 0));
	return mode >= 0;
}

static const struct {
	const char *word;
	bool bare;		/* nothing may follow it */
	bool (*run)(struct vm *vm, const char *rest);
} words[] = {
	{ "stop",	false,	do_stop },
	{ "pause",	true,	do_pause },
	{ "unpause",	true,	do_unpause },
	{ "sleep",	false,	do_sleep },
	{ "clock",	false,	do_clock },
	{ "status",	true,	do_status },
	{ "shutdown",	true,	do_shutdown },
	{ "sync",	true,	do_sync },
	{ "forget",	true,	do_forget },
	{ "speed",	false,	do_speed },
	{ "line",	false,	set_line_kind },
	{ "features",	false,	do_features },
	{ "command",	false,	do_command },
	{ "irq",	true,	do_irq },
	{ "at",		false,	do_at },
	{ "after",	false,	do_after },
};

bool control(struct vm *vm, const char *line)
{
	size_t length = strcspn(line, " ");
	const char *rest = line + length + strspn(line + length, " ");
	char word[16] = "";

	if (length < sizeof(word))
		memcpy(word, line, length);
	log_line(vm, "\"event\":\"control\",\"line\":\"%s\"", word);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(word, words[i].word))
			return (!*rest || !words[i].bare) &&
			       words[i].run(vm, rest);
	}
	return do_hostile(vm, word, rest);
}
