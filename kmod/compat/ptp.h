/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ptp_clock_info.gettimex64, which came with 5.0, for kernels before
 *
 * There the core brackets gettime64 as a whole by the system's time.
 */
#ifndef VMMCI_COMPAT_PTP_H
#define VMMCI_COMPAT_PTP_H

#include <linux/ptp_clock_kernel.h>

#ifdef HAVE_PTP_GETTIMEX64

#define COMPAT_GETTIMEX64(fn)	.gettimex64 = (fn)
#define COMPAT_DEFINE_GETTIMEX64(fn)

#else

struct ptp_system_timestamp {
};

static inline void ptp_read_system_prets(struct ptp_system_timestamp *sts)
{
}

static inline void ptp_read_system_postts(struct ptp_system_timestamp *sts)
{
}

#define COMPAT_GETTIMEX64(fn)	.gettime64 = (fn##_compat)
#define COMPAT_DEFINE_GETTIMEX64(fn)					\
static int fn##_compat(struct ptp_clock_info *info,			\
		       struct timespec64 *ts)				\
{									\
	return fn(info, ts, NULL);					\
}

#endif /* HAVE_PTP_GETTIMEX64 */
#endif /* VMMCI_COMPAT_PTP_H */
