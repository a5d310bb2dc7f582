// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Host time: reading it, the drift against it, and stepping to it
 */

#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/ktime.h>

#include "vmmci.h"
#include "compat/ptp.h"

/* A clock is set by a reading for which it is worth to look more often. */
#define VMMCI_SYNC_LOOKS	10

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

static u32 vmmci_read_word(struct vmmci *v, unsigned int offset)
{
	u32 word;

	v->vdev->config->get(v->vdev, offset, &word, sizeof(word));
	return word;
}

/*
 * The high words of both fields are 0 in every vmd, and not worth an exit. What
 * is refused may be so for ever, and is said when it begins.
 */
static int vmmci_host_time(struct vmmci *v, u32 sec, s64 *host)
{
	u32 usec = vmmci_read_word(v, VMMCI_CONFIG_TIME_USEC);

	if (sec < VMMCI_SEC_MIN || sec >= VMMCI_SEC_MAX ||
	    usec >= USEC_PER_SEC) {
		if (v->error != -ERANGE)
			dev_warn_ratelimited(&v->vdev->dev,
					     "host time %u s %u us refused: out of range\n",
					     sec, usec);
		return -ERANGE;
	}

	*host = (s64)sec * NSEC_PER_SEC + (s64)usec * NSEC_PER_USEC +
		VMMCI_TRUNCATION_NS;
	return 0;
}

/*
 * The guest's clock, vmd's look at its own, the guest's clock. The read of the
 * low word of the seconds is what makes vmd look, so the brackets are around
 * that and nothing else. They are told by a clock that nobody steps.
 *
 * Returns -EAGAIN where it lies before the last look.
 */
static int vmmci_look(struct vmmci *v, struct vmmci_sample *s,
		      struct ptp_system_timestamp *sts)
{
	s64 previous = v->host_last;
	s64 before, after;
	u32 sec;
	int err;

	before = ktime_to_ns(ktime_get());
	ptp_read_system_prets(sts);
	sec = vmmci_read_word(v, VMMCI_CONFIG_TIME_SEC);
	ptp_read_system_postts(sts);
	after = ktime_to_ns(ktime_get());

	s->window = after - before;
	s->guest = before + s->window / 2;
	err = vmmci_host_time(v, sec, &s->host);
	if (err)
		return err;

	v->host_last = s->host;
	return s->host < previous ? -EAGAIN : 0;
}

/* No time at all is what a clock tells that moves with the tick only. */
static bool vmmci_is_tight(const struct vmmci *v, s64 window)
{
	return window <= v->tightest + v->tightest / 4;
}

/* The tightest one grows old: what was in reach once may not be any more. */
static void vmmci_note_window(struct vmmci *v, s64 window)
{
	if (!window)
		return;
	if (!v->tightest || window < v->tightest)
		v->tightest = window;
	else
		v->tightest += v->tightest / 256;
}

static void vmmci_note_error(struct vmmci *v, int err)
{
	if (err == -EIO && v->error != -EIO)
		dev_warn_ratelimited(&v->vdev->dev,
				     "host time refused: it runs backwards\n");
	if (!err && v->error)
		dev_info_ratelimited(&v->vdev->dev,
				     "host time is believed again\n");
	WRITE_ONCE(v->error, err);
}

/*
 * Looks again only while it is not nearly as tight as of late, and not enough
 * for what it is for. After a look that lies before the last one only later
 * ones count: the host's clock may have been set back.
 */
static int vmmci_look_around(struct vmmci *v, int looks, s64 enough,
			     struct vmmci_sample *best,
			     struct ptp_system_timestamp *sts)
{
	struct ptp_system_timestamp best_sts = {};
	struct vmmci_sample s;
	bool ticks = false, found = false;
	int err;

	do {
		err = vmmci_look(v, &s, sts);
		if (err && err != -EAGAIN)
			return err;

		ticks = ticks || !s.window;
		if (err) {
			found = false;
		} else if (!found || s.window < best->window) {
			found = true;
			*best = s;
			if (sts)
				best_sts = *sts;
		}
	} while (--looks > 0 &&
		 !(found && (best->window <= enough ||
			     vmmci_is_tight(v, best->window))));

	if (!found)
		return -EIO;

	/* A clock that only ticks: an empty window is not precision. */
	best->uncertainty = best->window / 2 + VMMCI_TRUNCATION_NS +
			    (ticks ? TICK_NSEC : 0);
	if (sts)
		*sts = best_sts;
	return 0;
}

/**
 * vmmci_measure - read the host's clock, and compare the guest's with it
 * @v: the device
 * @looks: how often to look at most
 * @enough: a window that is good enough for the purpose, ns; 0 for none
 * @best: filled with the tightest look
 * @sts: for the PTP core, filled with the guest's time around it; or NULL
 *
 * The one way to host time: drift, stepping, PTP and whatever else wants it.
 *
 * Context: process; takes @v->lock, since vmd keeps one snapshot. Two port
 * reads a look.
 * Return: 0; -EOPNOTSUPP without TIMESYNC; -ERANGE where the host's time is
 * out of range; -EIO where it runs backwards. After an error @best is undefined
 * and nothing was changed.
 */
int vmmci_measure(struct vmmci *v, int looks, s64 enough,
		  struct vmmci_sample *best, struct ptp_system_timestamp *sts)
{
	int err;

	if (!virtio_has_feature(v->vdev, VMMCI_F_TIMESYNC))
		return -EOPNOTSUPP;

	mutex_lock(&v->lock);
	err = vmmci_look_around(v, looks, enough, best, sts);
	vmmci_note_error(v, err);
	if (!err) {
		vmmci_note_window(v, best->window);
		best->drift = best->host -
			      ktime_to_ns(ktime_mono_to_real(best->guest));
		v->measured = true;
		v->last = *best;
	}
	mutex_unlock(&v->lock);

	if (!err)
		vmmci_dbg(v, "host clock minus CLOCK_REALTIME: drift %lld ns, uncertainty %lld ns\n",
			  best->drift, best->uncertainty);
	return err;
}

/**
 * vmmci_last - the newest measurement, as it was
 * @v: the device
 * @s: filled with it
 *
 * Context: process; takes @v->lock.
 * Return: 0, or -ENODATA where there is none yet.
 */
int vmmci_last(struct vmmci *v, struct vmmci_sample *s)
{
	int err = -ENODATA;

	mutex_lock(&v->lock);
	if (v->measured) {
		*s = v->last;
		err = 0;
	}
	mutex_unlock(&v->lock);
	return err;
}

/* By the difference: the time between sampling and setting costs nothing. */
static int vmmci_step(const struct vmmci_sample *s)
{
	struct timespec64 ts = ns_to_timespec64(ktime_get_real_ns() + s->drift);

	return do_settimeofday64(&ts);
}

/*
 * For those who follow a clock of their own: a time daemon may forget what it
 * measured before. See Documentation/ABI/sysfs-bus-virtio-vmmci.
 */
static void vmmci_tell_user_space(struct vmmci *v, enum vmmci_cause cause,
				  s64 stepped)
{
	static const char * const causes[] = {
		[VMMCI_SYNCRTC]	= "VMMCI_CAUSE=SYNCRTC",
		[VMMCI_START]	= "VMMCI_CAUSE=START",
		[VMMCI_DRIFT]	= "VMMCI_CAUSE=DRIFT",
	};
	char step[sizeof("VMMCI_STEP_NS=-9223372036854775808")];
	char *env[4] = { step, (char *)causes[cause] };

	snprintf(step, sizeof(step), "VMMCI_STEP_NS=%lld", stepped);
	if (cause == VMMCI_SYNCRTC)
		env[2] = "VMMCI_COMMAND=SYNCRTC";
	kobject_uevent_env(&v->vdev->dev.kobj, KOBJ_CHANGE, env);
}

/*
 * Steps until what is measured afterwards cannot be told from zero. A clock
 * that is right already is left alone: a step could only make it worse. What
 * a time daemon is better at, too: it slews the last millisecond.
 */
static int vmmci_step_to_host(struct vmmci *v, s64 *stepped)
{
	s64 tolerance = vmmci_disciplined(v) ? VMMCI_SLEWED_NS : 0;
	struct vmmci_sample s;
	int i, err;

	err = vmmci_measure(v, VMMCI_SYNC_LOOKS, 0, &s, NULL);
	for (i = 0; !err && i < VMMCI_STEPS &&
	     abs(s.drift) > max(tolerance, s.uncertainty); i++) {
		err = vmmci_step(&s);
		if (err)
			break;

		/* It has lost what it knew, and nothing is left to spare. */
		tolerance = 0;
		*stepped += s.drift;
		err = vmmci_measure(v, VMMCI_SYNC_LOOKS, 0, &s, NULL);
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

/**
 * vmmci_sync_clock - set the guest's clock to the host's
 * @v: the device
 * @cause: why, for user space
 *
 * Context: process, on the device's ordered queue; do_settimeofday64() sleeps.
 */
void vmmci_sync_clock(struct vmmci *v, enum vmmci_cause cause)
{
	s64 stepped = 0;
	int err = vmmci_step_to_host(v, &stepped);

	if (err)
		dev_warn_ratelimited(&v->vdev->dev,
				     "clock not synchronized: error %d\n", err);
	if (stepped || cause == VMMCI_SYNCRTC)
		vmmci_tell_user_space(v, cause, stepped);
}

/*
 * At boot the guest has the RTC's whole seconds, and after its own sleep too;
 * vmd says nothing about either.
 */
static void vmmci_set_first(struct vmmci *v)
{
	if (READ_ONCE(vmmci_step_threshold) && !vmmci_disciplined(v))
		vmmci_sync_clock(v, VMMCI_START);
}

/* A daemon that reads the PTP clock measures the drift by the way. */
static bool vmmci_is_read(struct vmmci *v, unsigned int interval)
{
	unsigned long read = READ_ONCE(v->ptp_read);

	return read && ktime_get_seconds() - read < 2 * (u64)interval;
}

static void vmmci_check_drift(struct vmmci *v, unsigned int interval)
{
	unsigned int threshold = READ_ONCE(vmmci_step_threshold);
	bool asked = test_and_clear_bit(VMMCI_MEASURE, &v->flags);
	struct vmmci_sample s;
	s64 enough;
	int err;

	/* Nobody waits for this one: it has to tell the threshold apart. */
	enough = asked ? 0 : (s64)threshold * NSEC_PER_MSEC / 16;

	vmmci_watch_daemon(v);
	if (!asked && vmmci_is_read(v, interval))
		err = vmmci_last(v, &s);
	else
		err = vmmci_measure(v, VMMCI_LOOKS, enough, &s, NULL);
	if (err)
		return;

	if (!threshold || abs(s.drift) <= (s64)threshold * NSEC_PER_MSEC +
					  s.uncertainty)
		return;

	/* Two that step the same clock by different ones would never end. */
	if (vmmci_disciplined(v)) {
		vmmci_dbg(v, "drift left to the time daemon\n");
		return;
	}

	dev_info_ratelimited(&v->vdev->dev,
			     "detected drift greater than %u.%03u seconds, synchronizing clock\n",
			     threshold / 1000, threshold % 1000);
	vmmci_sync_clock(v, VMMCI_DRIFT);
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

	if (vmmci_is_ending())
		return;

	if (test_and_clear_bit(VMMCI_SET_FIRST, &v->flags))
		vmmci_set_first(v);
	if (!interval)
		return;

	vmmci_check_drift(v, interval);
	queue_delayed_work(v->wq, &v->poll_work,
			   min_t(u64, (u64)interval * HZ, MAX_JIFFY_OFFSET));
}

/**
 * vmmci_poll_now - poll at once, and from now on by the current parameters
 * @v: the device
 */
void vmmci_poll_now(struct vmmci *v)
{
	if (!virtio_has_feature(v->vdev, VMMCI_F_TIMESYNC))
		return;

	set_bit(VMMCI_MEASURE, &v->flags);
	mod_delayed_work(v->wq, &v->poll_work, 0);
}
