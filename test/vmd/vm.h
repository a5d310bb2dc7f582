/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual machine as vmd-vmmci has it: device, connection, timers
 */
#ifndef VM_H
#define VM_H

#include "vfio_user.h"
#include "vmmci.h"

#include <stdio.h>

#define MAX_CLIENTS	8
#define MAX_WAITING	16

/**
 * struct waiting - a line of control that waits for the guest
 * @access: the number of the access that it belongs to; 0 for none
 * @after: directly after it, not before
 * @line: what is to be done then
 */
struct waiting {
	unsigned long access;
	bool after;
	char line[64];
};

/**
 * struct vm - everything there is
 * @dev: the device; it comes first, so that its ops find the rest
 * @vfio: the connection to QEMU
 * @config: configuration space
 * @config_mask: bits of it that the guest may write
 * @timer_fd: vmd's patience
 * @tick_fd: vmd's look at its clock, each second
 * @speed: how many times as fast both are
 * @clients: of the control socket
 * @log: a line for all that happens
 * @accesses: to BAR 0 so far
 * @waiting: lines of control for accesses to come
 * @paused: by vmctl
 * @on: the machine was switched on
 * @gone: there is nothing more to serve
 */
struct vm {
	struct vmmci dev;
	struct vfio_user vfio;
	uint8_t config[256];
	uint8_t config_mask[256];
	int timer_fd;
	int tick_fd;
	double speed;
	int clients[MAX_CLIENTS];
	FILE *log;
	unsigned long accesses;
	struct waiting waiting[MAX_WAITING];
	bool paused;
	bool on;
	bool gone;
};

__attribute__((format(printf, 2, 3)))
void log_line(struct vm *vm, const char *fmt, ...);

/* Has a timer end in @seconds, then again and again if @repeat; 0 stops it. */
void arm(int fd, double seconds, bool repeat);

/* Has the tick come each second, but not to a VM that is paused. */
void arm_tick(struct vm *vm);

/* By its name: i8259 or level. */
bool set_line_kind(struct vm *vm, const char *name);

/* Does what a line says; false where it says nothing known. */
bool control(struct vm *vm, const char *line);

/* How many lines wait for an access. */
unsigned int waiting(const struct vm *vm);

/* Does what waits for the access that is to come, or has just been made. */
void control_at(struct vm *vm, bool after);

#endif
