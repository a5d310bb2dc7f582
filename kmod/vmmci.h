/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio_vmmci: what its parts share
 *
 * main	probe, remove, sleep, module parameters
 * command	what the host asks for, and the acknowledgement
 * clock	host time: sampling, drift, stepping
 * daemon	whether somebody else disciplines the guest's clock
 * ptp	host time as a PTP hardware clock
 * poweroff	announcing the guest's own power-off
 * sysfs	what a person sees: device attributes and sysctl
 */
#ifndef VMMCI_H
#define VMMCI_H

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

/**
 * struct vmmci_sample - the host's clock against the guest's, all in ns
 * @host: CLOCK_REALTIME of the host when vmd took its snapshot
 * @drift: host minus guest; positive when the guest is behind
 * @uncertainty: half the window in which the snapshot was taken, plus the
 *	grain of both clocks: the true drift lies this near to @drift
 */
struct vmmci_sample {
	s64 host;
	s64 drift;
	s64 uncertainty;
};

/**
 * struct vmmci_look - how far CLOCK_MONOTONIC, which daemons steer, is ahead of
 *	CLOCK_MONOTONIC_RAW, which nobody does
 * @raw: when, ns of CLOCK_MONOTONIC_RAW; 0 before the first one
 * @ahead: ns
 * @doubt: how near to @ahead the truth lies, ns
 * @rate: how much faster it ran since the look before, ppb
 * @rate_doubt: how near to @rate the truth lies, ppb; 0 as long as there is none
 */
struct vmmci_look {
	s64 raw;
	s64 ahead;
	s64 doubt;
	s64 rate;
	s64 rate_doubt;
};

/**
 * struct vmmci - one bound device
 * @vdev: the virtio device
 * @wq: ordered queue; commands and polls never run side by side
 * @command_work: reads and serves the command register
 * @poll_work: measures the drift every poll_interval seconds
 * @params_nb: called when a module parameter was changed
 * @lock: guards the device's latched time and all fields below
 * @measured: whether @last holds anything
 * @last: the newest measurement
 * @error: what the newest attempt at one returned
 * @syncs: how many times the clock was synchronised
 * @last_sync: host time of the newest synchronisation, ns
 * @last_command: the newest command read, known or not
 * @look: the newest one at CLOCK_MONOTONIC's rate; only the poll has it
 * @steered: when the rate was last seen to change, ns of CLOCK_MONOTONIC_RAW;
 *	0 for never. Only the ordered queue has it
 * @disciplined: whether that was so recently that the clock is a daemon's
 * @ptp_info: what the PTP core calls
 * @ptp: the PTP clock, or NULL
 * @ptp_last: host time of its newest reading, ns
 * @ptp_window: how long its tightest reading of late took, ns; 0 before the first
 * @counts: commands received, by number; [0] counts the unknown ones
 * @going_down: the SHUTDOWN or REBOOT that was already acted upon
 * @sysctl: registered sysctl directory, or NULL
 * @sysctl_table: its entries; the last one is the sentinel of old kernels
 * @drift_sec: for sysctl, the drift split as a struct timespec64 is
 * @drift_nsec: for sysctl, always 0 to 999999999
 */
struct vmmci {
	struct virtio_device *vdev;
	struct workqueue_struct *wq;
	struct work_struct command_work;
	struct delayed_work poll_work;
	struct notifier_block params_nb;

	struct mutex lock;
	bool measured;
	struct vmmci_sample last;
	int error;
	u64 syncs;
	s64 last_sync;
	u32 last_command;
	u64 counts[VMMCI_CMD_COUNT];
	struct vmmci_look look;
	s64 steered;
	bool disciplined;
	struct ptp_clock_info ptp_info;
	struct ptp_clock *ptp;
	s64 ptp_last;
	u64 ptp_window;
	enum vmmci_cmd going_down;

	struct ctl_table_header *sysctl;
	struct ctl_table sysctl_table[3];
	int drift_sec;
	int drift_nsec;
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
void vmmci_command_work(struct work_struct *work);
void vmmci_write_command(struct vmmci *v, enum vmmci_cmd cmd);

/* clock */
u32 vmmci_latch(struct vmmci *v);
int vmmci_host_time(struct vmmci *v, u32 sec, s64 *host);
int vmmci_backwards(struct vmmci *v);
int vmmci_measure(struct vmmci *v, struct vmmci_sample *best);
int vmmci_sync_clock(struct vmmci *v, s64 *stepped);
void vmmci_poll_work(struct work_struct *work);
void vmmci_poll_now(struct vmmci *v);

/* daemon */
void vmmci_watch_daemon(struct vmmci *v);
bool vmmci_disciplined(struct vmmci *v);

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
void vmmci_publish(struct vmmci *v, const struct vmmci_sample *sample);

#endif /* VMMCI_H */
