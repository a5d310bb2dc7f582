// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The driver's command work against the device, at every single access
 *
 * Up to MAX_EVENTS times the host asks for something, the first time while the
 * driver idles, then so many of the driver's accesses later, in every order and
 * at every distance; and the interrupt handler comes at once, after one more
 * access, or only when the work is done. No request may be lost but those that
 * no driver can save: a SYNCRTC took the place of a stop in the register, or
 * the stop came between the read of a SYNCRTC and its acknowledgement.
 */

#include "driver.h"
#include "vmmci.h"

#include <stdio.h>
#include <string.h>

#define MAX_EVENTS	4
#define MAX_GAP		10	/* more accesses than one work makes */
#define MAX_TOLD	10

#define REG_ISR		19
#define REG_CONFIG	20

enum delay { AT_ONCE, ONE_LATER, WORK_DONE, DELAYS };

static struct plan {
	unsigned int n;
	uint32_t cmd[MAX_EVENTS];
	unsigned int gap[MAX_EVENTS];
	enum delay delay;
} plan;

static struct vmmci dev;

static struct {
	unsigned int next;	/* event of the plan */
	unsigned int since;	/* accesses since the one before */
	unsigned int raised_at;	/* accesses since the line rose */
	uint32_t pending;	/* asked for and not acknowledged */
	bool just_read;		/* SYNCRTC, by the work's newest access */
	unsigned int stops;
	unsigned int beyond_help;
	unsigned int lost;
} now;

static bool is_stop(uint32_t cmd)
{
	return cmd == VMMCI_SHUTDOWN || cmd == VMMCI_REBOOT;
}

static void on_line(struct vmmci *v, bool level)
{
	(void)v;
	if (level)
		now.raised_at = 0;
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
	now.lost++;
}

static void on_event(struct vmmci *v, const char *what, uint64_t value)
{
	if (!strcmp(what, "interrupt")) {
		now.stops += is_stop(v->cmd);
		if (is_stop(now.pending) && !is_stop(v->cmd))
			now.beyond_help++;
		now.pending = v->cmd;
	} else if (!strcmp(what, "ack")) {
		if (value == VMMCI_SYNCRTC && is_stop(now.pending)) {
			if (now.just_read)
				now.beyond_help++;
			else
				now.lost++;
		}
		if (value == VMMCI_SYNCRTC || value == now.pending)
			now.pending = VMMCI_NONE;
	}
}

static const struct vmmci_ops ops = {
	.line = on_line,
	.timer = on_timer,
	.end_vm = on_end,
	.event = on_event,
};

static void ask(void)
{
	now.since = 0;
	vmmci_ctl(&dev, plan.cmd[now.next++]);
}

static void handle(void)
{
	if (vmmci_read(&dev, REG_ISR, 1))
		driver_changed();
}

/* What may come before an access: the host, then the handler. */
static void meanwhile(void)
{
	now.since++;
	while (now.next < plan.n && now.since >= plan.gap[now.next])
		ask();
	if (dev.line && plan.delay < WORK_DONE && now.raised_at++ >= plan.delay)
		handle();
}

uint32_t driver_read(unsigned int offset)
{
	uint32_t value;

	meanwhile();
	value = vmmci_read(&dev, REG_CONFIG + offset, 4);
	now.just_read = !offset && value == VMMCI_SYNCRTC;
	return value;
}

void driver_write(unsigned int offset, uint32_t value)
{
	meanwhile();
	vmmci_write(&dev, REG_CONFIG + offset, 4, value);
	now.just_read = false;
}

static void run(void)
{
	memset(&now, 0, sizeof(now));
	vmmci_init(&dev, &ops);
	driver_bind();
	vmmci_write(&dev, 4, 4, 7);
	vmmci_write(&dev, 18, 1, 7);

	while (dev.line || driver_work() || now.next < plan.n) {
		if (dev.line)
			handle();
		else if (now.next < plan.n)
			ask();
	}
	now.lost += now.pending != VMMCI_NONE;
	if (now.stops && !now.beyond_help) {
		now.lost += dev.timer != VMMCI_SHUTDOWN_TIMEOUT_S;
		now.lost += driver_asked() != 1;
	}
	now.lost += driver_asked() > 1;
}

static void tell(void)
{
	printf("lost:");
	for (unsigned int i = 0; i < plan.n; i++)
		printf(" %u after %u", plan.cmd[i], plan.gap[i]);
	printf(", interrupt %d late\n", plan.delay);
}

/* The next plan of so many events, as an odometer; false after the last one. */
static bool next_plan(void)
{
	for (unsigned int i = 0; i < plan.n; i++) {
		if (plan.cmd[i]++ < VMMCI_SYNCRTC)
			return true;
		plan.cmd[i] = VMMCI_SHUTDOWN;
		/* The first comes out of nothing. */
		if (i && plan.gap[i]++ < MAX_GAP)
			return true;
		plan.gap[i] = 0;
	}
	return ++plan.delay < DELAYS;
}

int main(void)
{
	unsigned long runs = 0, lost = 0, beyond_help = 0, stops = 0;

	for (unsigned int n = 1; n <= MAX_EVENTS; n++) {
		plan = (struct plan){ .n = n };
		for (unsigned int i = 0; i < n; i++)
			plan.cmd[i] = VMMCI_SHUTDOWN;
		do {
			run();
			runs++;
			stops += now.stops;
			beyond_help += now.beyond_help;
			if (now.lost && lost++ < MAX_TOLD)
				tell();
		} while (next_plan());
	}
	printf("%lu orders, %lu stops, %lu beyond help, %lu orders that lost one\n",
	       runs, stops, beyond_help, lost);
	return lost != 0;
}
