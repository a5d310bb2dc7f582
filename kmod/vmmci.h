/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio_vmmci: what its parts share
 *
 * main	probe, remove, sleep, module parameters
 * command	what the host asks for, and the answers
 * clock	host time: sampling, drift, stepping
 * daemon	whether somebody else disciplines the guest's clock
 * ptp	host time as a PTP hardware clock
 * poweroff	announcing the guest's own power-off
 * sysfs	what a person sees: device attributes and sysctl
 */
#ifndef VMMCI_H
#define VMMCI_H

#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/sysctl.h>
#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/workqueue.h>

#include "compat/compat.h"

/* Kernels before 5.0 have none: compat/ptp.h */
struct ptp_system_timestamp;

/* Feature bits, from vmd's virtio.h */
#define VMMCI_F_TIMESYNC	0
#define VMMCI_F_ACK		1
#define VMMCI_F_SYNCRTC		2

/* Offsets in the device configuration; the 64-bit fields start low */
#define VMMCI_CONFIG_COMMAND	0
#define VMMCI_CONFIG_TIME_SEC	4
#define VMMCI_CONFIG_TIME_USEC	12

/* Commands, and what a guest writes back to acknowledge one */
enum vmmci_cmd {
	VMMCI_CMD_NONE		= 0,
	VMMCI_CMD_SHUTDOWN	= 1,
	VMMCI_CMD_REBOOT	= 2,
	VMMCI_CMD_SYNCRTC	= 3,
	VMMCI_CMD_COUNT,	/* above the last one known */
};

/* Why the clock is set */
enum vmmci_cause {
	VMMCI_SYNCRTC,	/* the host said so */
	VMMCI_START,	/* nobody has set it yet, at boot or after a sleep */
	VMMCI_DRIFT,	/* it was too far off */
};

/* Bits of struct vmmci's flags */
enum {
	VMMCI_ASKED,		/* an interrupt came: the command is a new one */
	VMMCI_SET_FIRST,	/* the next poll sets the clock */
	VMMCI_MEASURE,		/* the next poll measures in any case */
};

/* How often vmd is made to look at its clock until the answer was quick. */
#define VMMCI_LOOKS	4

/**
 * struct vmmci_sample - the host's clock against the guest's, all in ns
 * @host: CLOCK_REALTIME of the host when vmd took its snapshot
 * @guest: the guest's CLOCK_MONOTONIC then, to half of @window
 * @window: in which the snapshot was taken
 * @drift: host minus guest; positive when the guest is behind
 * @uncertainty: half of @window, plus the grain of both clocks: the true drift
 *	lies this near to @drift
 */
struct vmmci_sample {
	s64 host;
	s64 guest;
	s64 window;
	s64 drift;
	s64 uncertainty;
};

/**
 * struct vmmci - one bound device
 * @vdev: the virtio device
 * @wq: ordered queue; commands and polls never run side by side
 * @command_work: reads and serves the command register
 * @poll_work: measures the drift every poll_interval seconds
 * @sync_work: writes file systems while the guest goes down
 * @params_nb: called when a module parameter was changed
 * @flags: what the next work has to know, see above
 * @lock: guards the device's latched time and the fields down to @counts
 * @measured: whether @last holds anything
 * @last: the newest measurement
 * @host_last: host time of the newest look, ns
 * @tightest: how long the tightest look of late took, ns; 0 before the first
 * @error: what the newest attempt at a measurement returned
 * @syncs: how many times the clock was synchronised
 * @last_sync: host time of the newest synchronisation, ns
 * @last_command: the newest command read, known or not
 * @counts: commands received, by number; [0] counts the unknown ones
 * @going_down: the SHUTDOWN or REBOOT that was acknowledged last; only the
 *	ordered queue and the last word have it, as @gone and @disciplined
 * @gone: whether the device did not answer when it was last looked at
 * @disciplined: whether it was said that the clock is a daemon's
 * @timekeeping_nb: called at each tick
 * @tick: how long the last one was; only the call has it, as @tick_was_set
 * @tick_was_set: whether that was what a newly set clock began with
 * @tick_adjusted: whether that is not what it would be by itself
 * @steered: when it was last seen to change, s of CLOCK_MONOTONIC; 0 for never
 * @ptp_info: what the PTP core calls
 * @ptp: the PTP clock, or NULL
 * @ptp_read: when it was last read, s of CLOCK_MONOTONIC; 0 for never
 * @sysctl: registered sysctl directory, or NULL
 * @sysctl_table: its entries; the last one is the sentinel of old kernels
 * @drift_sec: for sysctl, the drift split as a struct timespec64 is
 * @drift_nsec: for sysctl, always 0 to 999999999
 * @told: which of them was read while the other was not; guarded by @lock
 * @split: when they were split, in jiffies; guarded by @lock
 */
struct vmmci {
	struct virtio_device *vdev;
	struct workqueue_struct *wq;
	struct work_struct command_work;
	struct delayed_work poll_work;
	struct delayed_work sync_work;
	struct notifier_block params_nb;
	unsigned long flags;

	struct mutex lock; /* see above */
	bool measured;
	struct vmmci_sample last;
	s64 host_last;
	s64 tightest;
	int error;
	u64 syncs;
	s64 last_sync;
	u32 last_command;
	u64 counts[VMMCI_CMD_COUNT];

	enum vmmci_cmd going_down;
	bool gone;
	bool disciplined;

	struct notifier_block timekeeping_nb;
	u64 tick;
	bool tick_was_set;
	bool tick_adjusted;
	unsigned long steered;

	struct ptp_clock_info ptp_info;
	struct ptp_clock *ptp;
	unsigned long ptp_read;

	struct ctl_table_header *sysctl;
	struct ctl_table sysctl_table[3];
	int drift_sec;
	int drift_nsec;
	const int *told;
	unsigned long split;
};

extern bool vmmci_debug;
extern unsigned int vmmci_poll_interval;
extern unsigned int vmmci_step_threshold;
extern unsigned int vmmci_discipline_hold;

#define vmmci_dbg(v, fmt, ...)						\
	do {								\
		if (READ_ONCE(vmmci_debug))				\
			dev_info(&(v)->vdev->dev, fmt, ##__VA_ARGS__);	\
	} while (0)

/* command */
bool vmmci_is_ending(void);
void vmmci_command_work(struct work_struct *work);
void vmmci_sync_work(struct work_struct *work);
void vmmci_announce_poweroff(struct vmmci *v);

/* clock */
int vmmci_measure(struct vmmci *v, int looks, s64 enough,
		  struct vmmci_sample *best, struct ptp_system_timestamp *sts);
int vmmci_last(struct vmmci *v, struct vmmci_sample *s);
void vmmci_sync_clock(struct vmmci *v, enum vmmci_cause cause);
void vmmci_poll_work(struct work_struct *work);
void vmmci_poll_now(struct vmmci *v);

/* daemon */
int vmmci_daemon_init(struct vmmci *v);
void vmmci_daemon_exit(struct vmmci *v);
bool vmmci_daemon_was_there(struct vmmci *v);
bool vmmci_disciplined(struct vmmci *v);
void vmmci_watch_daemon(struct vmmci *v);

/* ptp */
void vmmci_ptp_init(struct vmmci *v);
void vmmci_ptp_exit(struct vmmci *v);

/* poweroff */
void vmmci_poweroff_init(struct vmmci *v);

/* sysfs */
int vmmci_sysfs_init(struct vmmci *v);
void vmmci_sysfs_exit(struct vmmci *v);
void vmmci_sysctl_init(struct vmmci *v);
void vmmci_sysctl_exit(struct vmmci *v);

#endif /* VMMCI_H */
