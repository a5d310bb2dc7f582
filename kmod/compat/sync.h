/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ksys_sync_helper(), which came with 5.2 and goes with CONFIG_PM_SLEEP: without
 * it a program has to do it
 */
#ifndef VMMCI_COMPAT_SYNC_H
#define VMMCI_COMPAT_SYNC_H

#if defined(HAVE_KSYS_SYNC_HELPER) && defined(CONFIG_PM_SLEEP)

#include <linux/suspend.h>

static inline void compat_sync(void)
{
	ksys_sync_helper();
}

#else

#include <linux/kmod.h>

static inline void compat_sync(void)
{
	static char *env[] = { "HOME=/", "PATH=/sbin:/bin:/usr/sbin:/usr/bin",
			       NULL };
	static char *argv[] = { "/bin/sync", NULL };

	call_usermodehelper(argv[0], argv, env, UMH_WAIT_PROC);
}

#endif /* HAVE_KSYS_SYNC_HELPER && CONFIG_PM_SLEEP */
#endif /* VMMCI_COMPAT_SYNC_H */
