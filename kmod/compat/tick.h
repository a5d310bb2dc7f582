/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What 7.3 took out of timekeeper.ntp_tick
 *
 * cs_tick_adj is what the clocksource's whole cycles add to a second, in ns <<
 * NTP_SCALE_SHIFT; before, ticks are of equal length with any clocksource.
 * skew_delta is what adjtime() and the kernel's PLL add to a tick while they
 * slew; before, the tick's own length says it.
 */
#ifndef VMMCI_COMPAT_TICK_H
#define VMMCI_COMPAT_TICK_H

#include <linux/timekeeper_internal.h>

static inline s64 compat_cs_tick_adj(const struct timekeeper *tk)
{
#ifdef HAVE_CS_TICK_ADJ
	return tk->cs_tick_adj;
#else
	return 0;
#endif
}

static inline s64 compat_skew_delta(const struct timekeeper *tk)
{
#ifdef HAVE_CS_TICK_ADJ
	return tk->skew_delta;
#else
	return 0;
#endif
}

#endif /* VMMCI_COMPAT_TICK_H */
