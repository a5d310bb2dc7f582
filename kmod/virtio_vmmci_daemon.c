// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether a time daemon disciplines the guest's clock
 *
 * The kernel's NTP state is not for modules. What a daemon does can be seen,
 * though: it makes CLOCK_MONOTONIC run faster or slower than the hardware,
 * which is CLOCK_MONOTONIC_RAW, and never stops to adjust by how much. A rate
 * that only stands, as after the daemon was stopped, disciplines nothing.
 */

#include <linux/ktime.h>
#include <linux/math64.h>

#include "vmmci.h"

/* The tightest of several, as for the host's clock. */
#define VMMCI_LOOKS		5

/* Over a shorter time a rate is too rough. */
#define VMMCI_LOOK_APART_NS	(10LL * NSEC_PER_SEC)

/*
 * CLOCK_MONOTONIC's rate is a whole number of some 2^-22: while no tick comes
 * it runs by one of the two nearest, up to a quarter ppm off, without anybody
 * having touched it.
 */
#define VMMCI_GRAIN_PPB		250

static struct vmmci_look vmmci_look_once(void)
{
	struct vmmci_look look;
	s64 before, mono, after;

	before = ktime_to_ns(ktime_get_raw());
	mono = ktime_to_ns(ktime_get());
	after = ktime_to_ns(ktime_get_raw());

	look.raw = before + (after - before) / 2;
	look.ahead = mono - look.raw;
	look.doubt = (after - before) / 2 + 1;
	return look;
}

static struct vmmci_look vmmci_look(void)
{
	struct vmmci_look look, best = vmmci_look_once();
	int i;

	for (i = 1; i < VMMCI_LOOKS; i++) {
		look = vmmci_look_once();
		if (look.doubt < best.doubt)
			best = look;
	}
	return best;
}

/* Of two lengths of time in ns, in parts per billion. */
static s64 vmmci_ppb(s64 part, s64 whole)
{
	return div64_s64(part * USEC_PER_SEC, div_s64(whole, NSEC_PER_USEC));
}

/* Whether CLOCK_MONOTONIC's rate has changed; false as long as none is known. */
static bool vmmci_rate_changed(struct vmmci_look *last)
{
	struct vmmci_look now = vmmci_look();
	s64 apart = now.raw - last->raw;
	bool changed;

	if (!last->raw) {
		now.rate_doubt = 0;
		*last = now;
		return false;
	}
	if (apart < VMMCI_LOOK_APART_NS)
		return false;

	now.rate = vmmci_ppb(now.ahead - last->ahead, apart);
	now.rate_doubt = vmmci_ppb(now.doubt + last->doubt, apart) +
			 VMMCI_GRAIN_PPB;
	changed = last->rate_doubt &&
		  abs(now.rate - last->rate) > now.rate_doubt + last->rate_doubt;
	*last = now;
	return changed;
}

/**
 * vmmci_watch_daemon - look whether somebody disciplines the clock
 * @v: the device
 *
 * Needs three calls, 10 s apart, to see the first change.
 *
 * Context: process, on the device's ordered queue.
 */
void vmmci_watch_daemon(struct vmmci *v)
{
	s64 hold = (s64)READ_ONCE(vmmci_discipline_hold) * NSEC_PER_SEC;
	bool is;

	if (vmmci_rate_changed(&v->look)) {
		v->steered = v->look.raw;
		vmmci_dbg(v, "clock is steered: %lld ppb\n", v->look.rate);
	}

	is = v->steered && ktime_to_ns(ktime_get_raw()) - v->steered < hold;
	if (is == v->disciplined)
		return;

	WRITE_ONCE(v->disciplined, is);
	dev_info_ratelimited(&v->vdev->dev,
			     is ? "a time daemon disciplines the clock: stepping only at SYNCRTC\n" :
				  "no time daemon disciplines the clock any more\n");
}

/**
 * vmmci_disciplined - whether the clock is a time daemon's, as last seen
 * @v: the device
 *
 * Context: any.
 */
bool vmmci_disciplined(struct vmmci *v)
{
	return READ_ONCE(v->disciplined);
}
