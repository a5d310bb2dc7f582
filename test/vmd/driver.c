// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The driver's own virtio_vmmci_command.c, between what is not the kernel's
 */

#include "kernel.h"
#include "driver.h"
#include "virtio_vmmci_command.c"

#define LOOKS	2	/* at the host's clock, for one synchronisation */

bool vmmci_debug;
int system_state = SYSTEM_RUNNING;

static unsigned int asked;
static struct virtio_device device;
static struct vmmci driver;

void orderly_poweroff(bool force)
{
	(void)force;
	asked++;
}

void orderly_reboot(void)
{
	asked++;
}

/* Some accesses that are neither the command nor the acknowledgement. */
void vmmci_sync_clock(struct vmmci *v, enum vmmci_cause cause)
{
	(void)v;
	(void)cause;
	for (int i = 0; i < LOOKS; i++) {
		driver_read(VMMCI_CONFIG_TIME_SEC);
		driver_read(VMMCI_CONFIG_TIME_USEC);
	}
}

static void get(struct virtio_device *vdev, unsigned int offset, void *buf,
		unsigned int len)
{
	(void)vdev;
	(void)len;
	*(u32 *)buf = driver_read(offset);
}

static void set(struct virtio_device *vdev, unsigned int offset,
		const void *buf, unsigned int len)
{
	(void)vdev;
	(void)len;
	driver_write(offset, *(const u32 *)buf);
}

static const struct virtio_config_ops config = { .get = get, .set = set };

void driver_bind(void)
{
	asked = 0;
	device = (struct virtio_device){ .config = &config, .features = 7 };
	driver = (struct vmmci){ .vdev = &device };
}

/* As vmmci_config_changed(). */
void driver_changed(void)
{
	set_bit(VMMCI_ASKED, &driver.flags);
	queue_work(driver.wq, &driver.command_work);
}

bool driver_work(void)
{
	if (!driver.command_work.queued)
		return false;
	driver.command_work.queued = false;
	vmmci_command_work(&driver.command_work);
	return true;
}

unsigned int driver_asked(void)
{
	return asked;
}
