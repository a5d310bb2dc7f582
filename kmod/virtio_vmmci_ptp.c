// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Host time as a PTP hardware clock, for time daemons to follow
 */

#include <linux/err.h>

#include "vmmci.h"
#include "compat/ptp.h"

/* Readings that take long are made again, so often in all. */
#define VMMCI_PTP_TRIES		4

/*
 * The system's time, vmd's look at its clock, the system's time. How long that
 * took is told by a clock that nobody steps.
 *
 * Returns -EAGAIN where it lies before the last one.
 */
static int vmmci_ptp_read_once(struct vmmci *v, s64 *host, u64 *window,
			       struct ptp_system_timestamp *sts)
{
	s64 previous = v->ptp_last;
	ktime_t start;
	u32 sec;
	int err;

	start = ktime_get_raw();
	ptp_read_system_prets(sts);
	sec = vmmci_latch(v);
	ptp_read_system_postts(sts);
	*window = ktime_to_ns(ktime_sub(ktime_get_raw(), start));

	err = vmmci_host_time(v, sec, host);
	if (err)
		return err;

	v->ptp_last = *host;
	return *host < previous ? -EAGAIN : 0;
}

static bool vmmci_ptp_is_tight(const struct vmmci *v, u64 window)
{
	return window <= v->ptp_window + v->ptp_window / 4;
}

/* The tightest one grows old: what was in reach once may not be any more. */
static void vmmci_ptp_note(struct vmmci *v, u64 window)
{
	if (!v->ptp_window || window < v->ptp_window)
		v->ptp_window = window;
	else
		v->ptp_window += v->ptp_window / 256;
}

/*
 * Time daemons learn from the first readings how long one takes, for minutes
 * where those came after a pause, and are misled by as much as the ways there
 * and back differ. So one that is not nearly as tight as the tightest of late
 * is made again, and the tightest counts. Without @sts nobody knows the window.
 *
 * After one that lies before the last only later ones count: the host's clock
 * may have been set back.
 */
static int vmmci_ptp_gettimex64(struct ptp_clock_info *info,
				struct timespec64 *ts,
				struct ptp_system_timestamp *sts)
{
	struct vmmci *v = container_of(info, struct vmmci, ptp_info);
	struct ptp_system_timestamp best_sts = {};
	u64 window, best = U64_MAX;
	s64 host, best_host = 0;
	int i, err;

	mutex_lock(&v->lock);
	for (i = 0; i < VMMCI_PTP_TRIES; i++) {
		err = vmmci_ptp_read_once(v, &host, &window, sts);
		if (err == -EAGAIN) {
			best = U64_MAX;
			continue;
		}
		if (err)
			break;

		if (window < best) {
			best = window;
			best_host = host;
			if (sts)
				best_sts = *sts;
		}
		if (!sts || vmmci_ptp_is_tight(v, best))
			break;
	}
	if (err == -EAGAIN)
		err = vmmci_backwards(v);
	if (!err) {
		vmmci_ptp_note(v, best);
		*ts = ns_to_timespec64(best_host);
		if (sts)
			*sts = best_sts;
	}
	mutex_unlock(&v->lock);
	return err;
}
COMPAT_DEFINE_GETTIMEX64(vmmci_ptp_gettimex64)

/* It is the host's clock, and the host sets it. */

static int vmmci_ptp_settime64(struct ptp_clock_info *info,
			       const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static int vmmci_ptp_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

static int vmmci_ptp_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

static int vmmci_ptp_enable(struct ptp_clock_info *info,
			    struct ptp_clock_request *request, int on)
{
	return -EOPNOTSUPP;
}

static const struct ptp_clock_info vmmci_ptp_info = {
	.owner		= THIS_MODULE,
	.name		= "vmmci",
	.adjfine	= vmmci_ptp_adjfine,
	.adjtime	= vmmci_ptp_adjtime,
	.settime64	= vmmci_ptp_settime64,
	.enable		= vmmci_ptp_enable,
	COMPAT_GETTIMEX64(vmmci_ptp_gettimex64),
};

/**
 * vmmci_ptp_init - register host time as a PTP clock
 * @v: the device, which answers already
 *
 * Does nothing where the host did not offer TIMESYNC. Where there can be no
 * such clock all else works.
 *
 * Context: process.
 */
void vmmci_ptp_init(struct vmmci *v)
{
	struct device *dev = &v->vdev->dev;
	struct ptp_clock *ptp;

	if (!virtio_has_feature(v->vdev, VMMCI_F_TIMESYNC))
		return;

	v->ptp_info = vmmci_ptp_info;
	ptp = ptp_clock_register(&v->ptp_info, dev);
	if (IS_ERR(ptp)) {
		dev_warn(dev, "no PTP clock: error %ld\n", PTR_ERR(ptp));
	} else if (!ptp) {
		dev_info(dev, "no PTP clock: the kernel has no CONFIG_PTP_1588_CLOCK\n");
	} else {
		v->ptp = ptp;
		dev_info(dev, "host time is /dev/ptp%d\n", ptp_clock_index(ptp));
	}
}

/**
 * vmmci_ptp_exit - take the PTP clock away
 * @v: the device
 *
 * Waits for readings under way. Who still has it open gets ENODEV.
 *
 * Context: process.
 */
void vmmci_ptp_exit(struct vmmci *v)
{
	if (v->ptp)
		ptp_clock_unregister(v->ptp);
}
