// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether a time daemon disciplines the guest's clock
 *
 * The kernel's NTP state is not for modules, but what it makes of it is: the
 * length of a tick, handed at each one to whoever asks for it. A daemon never
 * stops to adjust that, be it by however little. A length that only stands, as
 * after the daemon was stopped, disciplines nothing.
 */

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/pvclock_gtod.h>
#include <linux/timekeeper_internal.h>
#include <linux/timex.h>

#include "compat/tick.h"
#include "vmmci.h"

/* The length of a tick that nobody adjusted, ns << NTP_SCALE_SHIFT */
static u64 vmmci_own_tick(const struct timekeeper *tk)
{
	u64 second = (u64)NSEC_PER_SEC << NTP_SCALE_SHIFT;

	return div_u64(second + compat_cs_tick_adj(tk), HZ);
}

/*
 * Called with the timekeeper's lock held: no clock can be read here, but it
 * knows the time. Where the clock was set, or exchanged for another one, the
 * length is what it begins with, and the next one is no daemon's doing.
 */
static int vmmci_timekeeping(struct notifier_block *nb, unsigned long was_set,
			     void *data)
{
	struct vmmci *v = container_of(nb, struct vmmci, timekeeping_nb);
	const struct timekeeper *tk = data;
	u64 tick = tk->ntp_tick + compat_skew_delta(tk);

	if (!was_set && !v->tick_was_set && tick != v->tick)
		WRITE_ONCE(v->steered, tk->ktime_sec);

	v->tick = tick;
	v->tick_was_set = was_set;
	WRITE_ONCE(v->tick_adjusted, v->tick != vmmci_own_tick(tk));
	return NOTIFY_OK;
}

/**
 * vmmci_daemon_init - look whether somebody disciplines the clock
 * @v: the device
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int vmmci_daemon_init(struct vmmci *v)
{
	v->timekeeping_nb.notifier_call = vmmci_timekeeping;
	return pvclock_gtod_register_notifier(&v->timekeeping_nb);
}

/**
 * vmmci_daemon_exit - do not look any more
 * @v: the device
 *
 * Context: process.
 */
void vmmci_daemon_exit(struct vmmci *v)
{
	pvclock_gtod_unregister_notifier(&v->timekeeping_nb);
}

/**
 * vmmci_daemon_was_there - whether a daemon was at work before the driver was
 * @v: the device
 *
 * Context: any; right after vmmci_daemon_init().
 * Return: true where the tick is not as long as it is by itself.
 */
bool vmmci_daemon_was_there(struct vmmci *v)
{
	return READ_ONCE(v->tick_adjusted);
}

/**
 * vmmci_disciplined - whether the clock is a time daemon's
 * @v: the device
 *
 * Context: process.
 * Return: true if one steered it in the last discipline_hold seconds.
 */
bool vmmci_disciplined(struct vmmci *v)
{
	unsigned long steered = READ_ONCE(v->steered);

	return steered && ktime_get_seconds() - steered <
			  READ_ONCE(vmmci_discipline_hold);
}

/**
 * vmmci_watch_daemon - say when a daemon comes and goes
 * @v: the device
 *
 * Context: process, on the device's ordered queue.
 */
void vmmci_watch_daemon(struct vmmci *v)
{
	bool is = vmmci_disciplined(v);

	if (is == v->disciplined)
		return;

	v->disciplined = is;
	if (is)
		dev_info_ratelimited(&v->vdev->dev,
				     "a time daemon disciplines the clock: stepping only at SYNCRTC\n");
	else
		dev_info_ratelimited(&v->vdev->dev,
				     "no time daemon disciplines the clock any more\n");
}
