// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Announcing the guest's own power-off
 *
 * A guest that writes SHUTDOWN while nothing is pending tells vmd that it is
 * about to stop: vmd ends the VM by itself 3 s later, or at once when the
 * processor halts for good. Without that a guest that was switched off from
 * within stays as a halted VM.
 */

#include <linux/reboot.h>

#include "vmmci.h"
#include "compat/sys_off.h"

/* By now user space is gone and every device is shut down, but this one. */
static int vmmci_last_word(struct sys_off_data *data)
{
	vmmci_announce_poweroff(data->cb_data);
	return NOTIFY_DONE;
}

/*
 * Only reached where nothing else can switch the machine off, which is so
 * under vmd: it has no ACPI. vmm(4) ends a VM that halts like this.
 */
static int vmmci_halt(struct sys_off_data *data)
{
	local_irq_disable();
	for (;;)
		compat_halt();
	return NOTIFY_DONE;
}

static int vmmci_register_poweroff(struct vmmci *v, int priority,
				   int (*callback)(struct sys_off_data *))
{
	return devm_register_sys_off_handler(&v->vdev->dev,
					     SYS_OFF_MODE_POWER_OFF,
					     priority, callback, v);
}

/**
 * vmmci_poweroff_init - announce the guest's power-off as its last act
 * @v: the device
 *
 * Before ACPI, which would not return, and after all others. Undone when the
 * driver is unbound.
 */
void vmmci_poweroff_init(struct vmmci *v)
{
	int err = vmmci_register_poweroff(v, SYS_OFF_PRIO_FIRMWARE + 1,
					  vmmci_last_word);

	if (!err)
		err = vmmci_register_poweroff(v, SYS_OFF_PRIO_PLATFORM - 1,
					      vmmci_halt);
	if (err)
		dev_warn(&v->vdev->dev,
			 "power-off will not be announced: error %d\n", err);
}
