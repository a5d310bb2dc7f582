/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmd's vmmci device, as far as a guest and vmctl(8) can tell
 *
 * Behaves as vmmci_io(), vmmci_ctl() and vmmci_ack() of OpenBSD's
 * usr.sbin/vmd/virtio.c do, and the one-second tick of its mc146818.c;
 * steps.txt.gz has what those answered. Knows nothing of sockets: what it wants
 * done comes out through struct vmmci_ops.
 */
#ifndef VMMCI_H
#define VMMCI_H

#include <stdbool.h>
#include <stdint.h>

#define VMMCI_BAR_SIZE		4096

#define VMMCI_F_TIMESYNC	(1u << 0)
#define VMMCI_F_ACK		(1u << 1)
#define VMMCI_F_SYNCRTC		(1u << 2)

#define VMMCI_TIMEOUT_S		3	/* for the acknowledgement */
#define VMMCI_SHUTDOWN_TIMEOUT_S 120	/* once that is acknowledged */
#define VMMCI_JUMP_S		5	/* of the host's clock, in one tick */

enum vmmci_cmd {
	VMMCI_NONE,
	VMMCI_SHUTDOWN,
	VMMCI_REBOOT,			/* vmctl stop: nothing sends SHUTDOWN */
	VMMCI_SYNCRTC,
};

/* How the device lies, one way at a time; only for tests. */
enum vmmci_hostile {
	HONEST,
	HOSTILE_SEC,		/* @hostile_arg as seconds */
	HOSTILE_USEC,		/* @hostile_arg as microseconds */
	HOSTILE_BACKWARDS,	/* each snapshot @hostile_arg us before the last */
	HOSTILE_STORM,		/* raise again after each status read, that often */
	HOSTILE_SLOW,		/* each answer takes @hostile_arg ms */
	HOSTILE_LATE,		/* only the next answer takes @hostile_arg ms */
	HOSTILE_VANISH,		/* all-ones, no writes, no hold on the line */
};

struct vmmci;

/**
 * struct vmmci_ops - what the device asks of its surroundings
 * @line: the interrupt line's level changed
 * @timer: end the VM's patience in @seconds; 0 stops the timer
 * @end_vm: the VM is over, because of @why
 * @event: something worth a line in the log
 */
struct vmmci_ops {
	void (*line)(struct vmmci *v, bool level);
	void (*timer)(struct vmmci *v, unsigned int seconds);
	void (*end_vm)(struct vmmci *v, const char *why);
	void (*event)(struct vmmci *v, const char *what, uint64_t value);
};

/**
 * struct vmmci - the device
 * @ops: its surroundings
 * @features: offered
 * @guest_features: taken
 * @queue_pfn: remembered and meaningless
 * @status: virtio device status
 * @isr: interrupt status; not 0 as long as the line is up
 * @line: the interrupt line
 * @cmd: command register
 * @timer: how long vmd waits for the guest, s; 0 where it does not wait
 * @stopping: the VM was asked to stop, so that a reset ends it
 * @no_restart: a reset ends it anyway, after vmctl start -B
 * @ended: the VM is over
 * @sec: seconds of the snapshot
 * @usec: microseconds of the snapshot
 * @looked: the time that was looked at for it, ns; 0 before the first
 * @tick: the host's clock at the last tick, whole seconds
 * @clock_base: CLOCK_REALTIME of this machine, ns, when @clock_offset was set
 * @clock_offset: what the host's clock is ahead of this machine's, ns
 * @clock_ppm: how much too fast the host's clock runs
 * @hostile: how it lies
 * @hostile_arg: and by how much
 */
struct vmmci {
	const struct vmmci_ops *ops;
	uint32_t features;
	uint32_t guest_features;
	uint32_t queue_pfn;
	uint8_t status;
	uint8_t isr;
	bool line;
	uint32_t cmd;
	unsigned int timer;
	bool stopping;
	bool no_restart;
	bool ended;
	uint32_t sec;
	uint32_t usec;
	int64_t looked;
	int64_t tick;
	int64_t clock_base;
	int64_t clock_offset;
	double clock_ppm;
	enum vmmci_hostile hostile;
	uint64_t hostile_arg;
};

void vmmci_init(struct vmmci *v, const struct vmmci_ops *ops);

/* The host's clock, ns since 1970. */
int64_t vmmci_now(const struct vmmci *v);
void vmmci_set_clock(struct vmmci *v, int64_t offset, double ppm);

/* The guest's side: port accesses, and a reset of the whole machine. */
uint32_t vmmci_read(struct vmmci *v, uint32_t offset, unsigned int width);
void vmmci_write(struct vmmci *v, uint32_t offset, unsigned int width,
		 uint32_t value);
bool vmmci_listed(uint32_t offset, unsigned int width, bool write);
void vmmci_machine_reset(struct vmmci *v);

/* Whether a driver is there that hears of commands. */
bool vmmci_driven(const struct vmmci *v);

/* The host's side: vmctl, the end of the timer, and each second. */
int vmmci_ctl(struct vmmci *v, uint32_t cmd);
void vmmci_end(struct vmmci *v, const char *why);
void vmmci_timeout(struct vmmci *v);
void vmmci_tick(struct vmmci *v);

/* For tests: vmd has asked for nothing; a VM is asked again and again. */
void vmmci_forget(struct vmmci *v);

/* For tests: raise the line with any command, or without a status; and lie. */
void vmmci_force(struct vmmci *v, uint32_t cmd, uint8_t isr);
void vmmci_set_hostile(struct vmmci *v, enum vmmci_hostile mode, uint64_t arg);

#endif
