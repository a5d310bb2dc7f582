// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device against what vmd's own code answered, step by step
 *
 *	zcat steps.txt.gz | vmmci_replay
 *
 * A line a step, and behind a bar the state after it:
 *
 *	vm				a fresh device
 *	write OFFSET WIDTH VALUE	by the guest
 *	read OFFSET WIDTH VALUE		"clock" is a word of the host's time
 *	ctl COMMAND RESULT		-1: refused
 *	timeout				the timer that runs ends
 *	reset ends|restarts		the guest's machine resets
 *
 * Prints what is not the same, and then how much was looked at.
 */

#include "vmmci.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TOLD	10

struct step {
	char what[16];
	char words[3][16];
};

static uint32_t number(const char *word)
{
	return (uint32_t)strtoul(word, NULL, 10);
}

static void on_line(struct vmmci *v, bool level)
{
	(void)v;
	(void)level;
}

static void on_timer(struct vmmci *v, unsigned int seconds)
{
	(void)v;
	(void)seconds;
}

static void on_end(struct vmmci *v, const char *why)
{
	(void)v;
	(void)why;
}

static void on_event(struct vmmci *v, const char *what, uint64_t value)
{
	(void)v;
	(void)what;
	(void)value;
}

static const struct vmmci_ops ops = {
	.line = on_line,
	.timer = on_timer,
	.end_vm = on_end,
	.event = on_event,
};

/* The step's words as this device has them, its own answer among them. */
static bool take(struct vmmci *v, const struct step *s, char *out, size_t size)
{
	const char *a = s->words[0], *b = s->words[1], *c = s->words[2];

	if (!strcmp(s->what, "write")) {
		vmmci_write(v, number(a), number(b), number(c));
		snprintf(out, size, "write %s %s %s", a, b, c);
	} else if (!strcmp(s->what, "read")) {
		uint32_t value = vmmci_read(v, number(a), number(b));

		if (!strcmp(c, "clock"))
			snprintf(out, size, "read %s %s clock", a, b);
		else
			snprintf(out, size, "read %s %s %u", a, b, value);
	} else if (!strcmp(s->what, "ctl")) {
		snprintf(out, size, "ctl %s %d", a, vmmci_ctl(v, number(a)));
	} else if (!strcmp(s->what, "timeout")) {
		vmmci_timeout(v);
		snprintf(out, size, "timeout");
	} else if (!strcmp(s->what, "reset")) {
		vmmci_machine_reset(v);
		snprintf(out, size, "reset %s", v->ended ? "ends" : "restarts");
	} else {
		return false;
	}
	return true;
}

static void add_state(const struct vmmci *v, char *out, size_t size)
{
	size_t used = strlen(out);

	snprintf(out + used, size - used,
		 " | status %u features %u isr %u command %u line %d timer %u ended %d",
		 v->status, v->guest_features, v->isr, v->cmd, v->line,
		 v->timer, v->ended);
}

int main(void)
{
	unsigned long machines = 0, steps = 0, different = 0;
	char line[256], ours[256];
	struct vmmci v;

	while (fgets(line, sizeof(line), stdin)) {
		struct step s = { "", { "", "", "" } };

		line[strcspn(line, "\n")] = '\0';
		sscanf(line, "%15s %15s %15s %15s", s.what, s.words[0],
		       s.words[1], s.words[2]);
		if (!strcmp(s.what, "vm")) {
			vmmci_init(&v, &ops);
			machines++;
			continue;
		}
		if (!machines || !take(&v, &s, ours, sizeof(ours))) {
			printf("not a step: %s\n", line);
			return 2;
		}
		steps++;
		add_state(&v, ours, sizeof(ours));
		if (strcmp(line, ours) && different++ < MAX_TOLD)
			printf("vm %lu\n  vmd:  %s\n  here: %s\n", machines,
			       line, ours);
	}
	printf("%lu virtual machines, %lu steps, %lu different\n", machines,
	       steps, different);
	return !steps || different;
}
