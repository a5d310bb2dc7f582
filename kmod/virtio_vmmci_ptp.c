// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Host time as a PTP hardware clock, for time daemons to follow
 */

#include <linux/err.h>
#include <linux/ktime.h>

#include "vmmci.h"
#include "compat/ptp.h"

/*
 * Time daemons learn from the first readings how long one takes, for minutes
 * where those came after a pause, and are misled by as much as the ways there
 * and back differ: hence the looks. Without @sts the core brackets all of them,
 * and more would only make it longer.
 */
static int vmmci_ptp_gettimex64(struct ptp_clock_info *info,
				struct timespec64 *ts,
				struct ptp_system_timestamp *sts)
{
	struct vmmci *v = container_of(info, struct vmmci, ptp_info);
	struct vmmci_sample s;
	int err;

	err = vmmci_measure(v, sts ? VMMCI_LOOKS : 2, 0, &s, sts);
	if (err)
		return err;

	WRITE_ONCE(v->ptp_read, ktime_get_seconds());
	*ts = ns_to_timespec64(s.host);
	return 0;
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
