/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The drivers are written for the newest kernel. What older ones lack is made
 * up for in this folder, and nowhere else. HAVE_* come from probes.mk, which
 * looks into the headers: distributions backport, so versions tell little.
 */
#ifndef VMMCI_COMPAT_H
#define VMMCI_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(4, 14, 0)
#error "vmmci-dkms needs Linux 4.14 or later."
#endif

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sysctl.h>
#include <linux/sysfs.h>

/* sysfs_emit() came with 5.10. */
#ifndef HAVE_SYSFS_EMIT
#define sysfs_emit(buf, fmt, ...) \
	scnprintf(buf, PAGE_SIZE, fmt, ##__VA_ARGS__)
#endif

/* virtio_config_ops.synchronize_cbs came with 5.19. */
#ifdef HAVE_SYNCHRONIZE_CBS
#define COMPAT_SYNCHRONIZE_CBS(fn) .synchronize_cbs = (fn),
#else
#define COMPAT_SYNCHRONIZE_CBS(fn)
#endif

/* virtio_driver.shutdown came with 6.14. */
#ifdef HAVE_VIRTIO_DRIVER_SHUTDOWN
#define COMPAT_VIRTIO_SHUTDOWN(fn) .shutdown = (fn),
#else
#define COMPAT_VIRTIO_SHUTDOWN(fn)
#endif

/* What a proc_handler is given is const since 6.11. */
#ifdef HAVE_CONST_CTL_TABLE
#define COMPAT_CTL_TABLE const struct ctl_table
#else
#define COMPAT_CTL_TABLE struct ctl_table
#endif

/*
 * From 6.6 the number of entries is passed, and from 6.11 an empty one at the
 * end is an error; before, that one is the end. So @table has room for it
 * after the @n entries.
 */
static inline struct ctl_table_header *
compat_register_sysctl(const char *path, struct ctl_table *table, size_t n)
{
#ifdef HAVE_REGISTER_SYSCTL_SZ
	return register_sysctl_sz(path, table, n);
#else
	return register_sysctl(path, table);
#endif
}

#endif /* VMMCI_COMPAT_H */
