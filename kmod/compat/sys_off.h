/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * devm_register_sys_off_handler(), which came with 5.19, for kernels before
 *
 * Not the whole of it: one handler of the highest priority, called last thing
 * before the machine is switched off, and one of the lowest, called if nothing
 * else switches it off. pm_power_off is only taken where nobody has it, since
 * a chain of saved pointers cannot be undone in any order.
 *
 * Included by one file: it holds static state, which the old interfaces ask
 * for by passing no argument.
 */
#ifndef VMMCI_COMPAT_SYS_OFF_H
#define VMMCI_COMPAT_SYS_OFF_H

#include <linux/irqflags.h>
#include <linux/processor.h>
#include <linux/reboot.h>

static inline void compat_halt(void)
{
#ifdef CONFIG_X86
	halt();
#else
	cpu_relax();
#endif
}

#ifndef HAVE_SYS_OFF_HANDLER

#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/pm.h>
#include <linux/syscore_ops.h>

#define SYS_OFF_MODE_POWER_OFF	1
#define SYS_OFF_PRIO_PLATFORM	(-256)
#define SYS_OFF_PRIO_FIRMWARE	224

struct sys_off_data {
	int mode;
	void *cb_data;
};

struct compat_sys_off {
	int (*callback)(struct sys_off_data *data);
	struct sys_off_data data;
};

static struct compat_sys_off compat_first, compat_last;

/* The last of a shutdown's steps before machine_power_off(). */
static void compat_syscore_shutdown(void)
{
	if (system_state == SYSTEM_POWER_OFF)
		compat_first.callback(&compat_first.data);
}

static struct syscore_ops compat_syscore_ops = {
	.shutdown = compat_syscore_shutdown,
};

static void compat_pm_power_off(void)
{
	compat_last.callback(&compat_last.data);
}

static void compat_unregister_first(void *unused)
{
	unregister_syscore_ops(&compat_syscore_ops);
	compat_first.callback = NULL;
}

static void compat_unregister_last(void *unused)
{
	if (pm_power_off == compat_pm_power_off)
		pm_power_off = NULL;
	compat_last.callback = NULL;
}

static inline int
devm_register_sys_off_handler(struct device *dev, int mode, int priority,
			      int (*callback)(struct sys_off_data *data),
			      void *cb_data)
{
	bool first = priority > 0;
	struct compat_sys_off *slot = first ? &compat_first : &compat_last;

	if (slot->callback)
		return -EBUSY;

	slot->callback = callback;
	slot->data.mode = mode;
	slot->data.cb_data = cb_data;

	if (first)
		register_syscore_ops(&compat_syscore_ops);
	else if (!pm_power_off)
		pm_power_off = compat_pm_power_off;

	return devm_add_action_or_reset(dev, first ? compat_unregister_first :
					     compat_unregister_last, NULL);
}

#endif /* HAVE_SYS_OFF_HANDLER */
#endif /* VMMCI_COMPAT_SYS_OFF_H */
