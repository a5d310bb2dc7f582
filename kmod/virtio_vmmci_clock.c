// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Host time: sampling it, the drift against it, and stepping to it
 */

#include <linux/hrtimer.h>
#include <linux/timekeeping.h>

#include "vmmci.h"

/* More would tighten the window a little, and each costs two VM exits. */
#define VMMCI_SAMPLES	5

/* A step that was delayed between reading and setting is made again. */
#define VMMCI_STEPS	3

/* What a time daemon corrects by itself, and better than a step would. */
#define VMMCI_SLEWED_NS		NSEC_PER_MSEC

/* vmd cuts its time down to microseconds: on average half of one is lost. */
#define VMMCI_TRUNCATION_NS	(NSEC_PER_USEC / 2)

/*
 * vmmci came with OpenBSD 6.1 and this driver after 2018; 50 years from there
 * is far from where the 32-bit seconds end, and from a register of all ones.
 */
#define VMMCI_SEC_MIN	1514764800U	/* 2018-01-01 00:00:00 UTC */
#define VMMCI_SEC_MAX	3092601600U	/* 2068-01-01 00:00:00 UTC */

/**
 * vmmci_latch - make vmd look at its clock
 * @v: the device
 *
 * The read of the low word of the seconds is what does it, so whoever brackets
 * host time by readings of the guest's puts them around this and nothing else.
 *
 * Context: process, with @v->lock held: vmd keeps one snapshot. One port read.
 * Return: the seconds as they were read, for vmmci_host_time().
 */
u32 vmmci_latch(struct vmmci *v)
{
	u32 sec;

	v->vdev->config->get(v->vdev, VMMCI_CONFIG_TIME_SEC, &sec, sizeof(sec));
	return sec;
}

/**
 * vmmci_host_time - the rest of what vmmci_latch() began
 * @v: the device
 * @sec: what it returned
 * @host: filled with CLOCK_REALTIME of the host at the latch, ns
 *
 * The high words of both fields are 0 in every vmd, and not worth an exit.
 *
 * Context: process, with @v->lock held since the latch. One port read.
 * Return: 0, or -ERANGE where that is no time to be believed.
 */
int vmmci_host_time(struct vmmci *v, u32 sec, s64 *host)
{
	struct virtio_device *vdev = v->vdev;
	u32 usec;

	vdev->config->get(vdev, VMMCI_CONFIG_TIME_USEC, &usec, sizeof(usec));

	if (sec < VMMCI_SEC_MIN || sec >= VMMCI_SEC_MAX ||
	    usec >= USEC_PER_SEC) {
		dev_warn_ratelimited(&vdev->dev,
				     "host time %u s %u us refused: out of range\n",
				     sec, usec);
		return -ERANGE;
	}

	*host = (s64)sec * NSEC_PER_SEC + (s64)usec * NSEC_PER_USEC +
		VMMCI_TRUNCATION_NS;
	return 0;
}

/**
 * vmmci_backwards - what to say and return where host time ran backwards
 * @v: the device
 *
 * Return: -EIO.
 */
int vmmci_backwards(struct vmmci *v)
{
	dev_warn_ratelimited(&v->vdev->dev,
			     "host time refused: it runs backwards\n");
	return -EIO;
}

static int vmmci_sample_once(struct vmmci *v, struct vmmci_sample *s)
{
	s64 before, after;
	u32 sec;
	int err;

	before = ktime_to_ns(ktime_get_real());
	sec = vmmci_latch(v);
	after = ktime_to_ns(ktime_get_real());

	err = vmmci_host_time(v, sec, &s->host);
	if (err)
		return err;

	/* Somebody set the guest's clock in between. */
	if (after < before)
		return -EAGAIN;

	s->drift = s->host - (before + (after - before) / 2);
	/*
	 * A clock that only moves with the tick reads the same twice, and an
	 * empty window is not precision: its grain counts as well.
	 */
	s->uncertainty = (after - before) / 2 + hrtimer_resolution +
			 VMMCI_TRUNCATION_NS;
	return 0;
}

/**
 * vmmci_measure - compare the host's clock with the guest's
 * @v: the device
 * @best: filled with the tightest of several samples
 *
 * The one way to host time: drift, stepping and whatever else wants it.
 *
 * Context: process; takes @v->lock. About ten port reads.
 * Return: 0; -EOPNOTSUPP without TIMESYNC; -ERANGE where the host's time is
 * out of range; -EIO where it ran backwards; -EAGAIN where the guest's clock
 * was being set. After an error @best is undefined and nothing was changed.
 */
int vmmci_measure(struct vmmci *v, struct vmmci_sample *best)
{
	struct vmmci_sample s;
	s64 previous = 0;
	int i, err = 0;

	if (!virtio_has_feature(v->vdev, VMMCI_F_TIMESYNC))
		return -EOPNOTSUPP;

	mutex_lock(&v->lock);
	for (i = 0; i < VMMCI_SAMPLES; i++) {
		err = vmmci_sample_once(v, &s);
		if (err)
			break;

		if (s.host < previous) {
			err = vmmci_backwards(v);
			break;
		}
		previous = s.host;

		if (i == 0 || s.uncertainty < best->uncertainty)
			*best = s;
	}
	v->error = err;
	if (!err)
		vmmci_publish(v, best);
	mutex_unlock(&v->lock);

	if (!err)
		vmmci_dbg(v, "host clock minus CLOCK_REALTIME: drift %lld ns, uncertainty %lld ns\n",
			  best->drift, best->uncertainty);
	return err;
}

/* By the difference: the time between sampling and setting costs nothing. */
static int vmmci_step(const struct vmmci_sample *s)
{
	struct timespec64 ts = ns_to_timespec64(ktime_get_real_ns() + s->drift);

	return do_settimeofday64(&ts);
}

/* How far from the host's the clock may stay, ns. */
static s64 vmmci_tolerance(struct vmmci *v, const struct vmmci_sample *s)
{
	return vmmci_disciplined(v) ? max_t(s64, s->uncertainty, VMMCI_SLEWED_NS) :
				      s->uncertainty;
}

/**
 * vmmci_sync_clock - set the guest's clock to the host's
 * @v: the device
 * @stepped: filled with how far forward the clock was set in all, ns, also
 *	after an error
 *
 * Steps until what is measured afterwards cannot be told from zero. A clock
 * that is right already is left alone: a step could only make it worse. What
 * a time daemon is better at, too: it slews the last millisecond.
 *
 * Context: process, on the device's ordered queue; do_settimeofday64() sleeps.
 * Return: 0, or the error of vmmci_measure() or do_settimeofday64().
 */
int vmmci_sync_clock(struct vmmci *v, s64 *stepped)
{
	struct vmmci_sample s;
	int i, err;

	*stepped = 0;
	err = vmmci_measure(v, &s);
	for (i = 0; !err && abs(s.drift) > vmmci_tolerance(v, &s) &&
		    i < VMMCI_STEPS; i++) {
		err = vmmci_step(&s);
		if (!err) {
			*stepped += s.drift;
			err = vmmci_measure(v, &s);
		}
	}
	if (err)
		return err;

	mutex_lock(&v->lock);
	v->syncs++;
	v->last_sync = s.host;
	mutex_unlock(&v->lock);

	dev_info_ratelimited(&v->vdev->dev,
			     "clock synchronization routine finished, host clock minus CLOCK_REALTIME: %lld us left (+/- %lld us)\n",
			     div_s64(s.drift, NSEC_PER_USEC),
			     div_s64(s.uncertainty, NSEC_PER_USEC));
	return 0;
}

static void vmmci_check_drift(struct vmmci *v)
{
	unsigned int threshold = READ_ONCE(vmmci_step_threshold);
	struct vmmci_sample s;
	s64 stepped;

	vmmci_watch_daemon(v);
	if (vmmci_measure(v, &s))
		return;

	if (!threshold || abs(s.drift) <= (s64)threshold * NSEC_PER_SEC)
		return;

	/* Two that step the same clock by different ones would never end. */
	if (vmmci_disciplined(v)) {
		vmmci_dbg(v, "drift left to the time daemon\n");
		return;
	}

	dev_info_ratelimited(&v->vdev->dev,
			     "detected drift greater than %u seconds, synchronizing clock\n",
			     threshold);
	vmmci_sync_clock(v, &stepped);
}

/**
 * vmmci_poll_work - measure the drift, step if it is too large, come back
 * @work: the poll_work of a struct vmmci
 *
 * Context: process, on the device's ordered queue.
 */
void vmmci_poll_work(struct work_struct *work)
{
	struct vmmci *v = container_of(to_delayed_work(work), struct vmmci,
				       poll_work);
	unsigned int interval = READ_ONCE(vmmci_poll_interval);

	if (!interval)
		return;

	vmmci_check_drift(v);
	queue_delayed_work(v->wq, &v->poll_work,
			   min_t(u64, (u64)interval * HZ, MAX_JIFFY_OFFSET));
}

/**
 * vmmci_poll_now - poll at once, and from now on by the current parameters
 * @v: the device
 */
void vmmci_poll_now(struct vmmci *v)
{
	if (virtio_has_feature(v->vdev, VMMCI_F_TIMESYNC))
		mod_delayed_work(v->wq, &v->poll_work, 0);
}
