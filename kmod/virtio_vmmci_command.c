// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the host asks for: shutdown, reboot, clock synchronisation
 */

#include <linux/kobject.h>
#include <linux/reboot.h>

#include "vmmci.h"

static u32 vmmci_read_command(struct vmmci *v)
{
	u32 cmd;

	v->vdev->config->get(v->vdev, VMMCI_CONFIG_COMMAND, &cmd, sizeof(cmd));
	return cmd;
}

/**
 * vmmci_write_command - tell vmd that a command was received
 * @v: the device
 * @cmd: the command that was read, or SHUTDOWN to announce a power-off
 *
 * Does nothing where the host did not offer ACK.
 *
 * Context: any; one port write, posted.
 */
void vmmci_write_command(struct vmmci *v, enum vmmci_cmd cmd)
{
	u32 word = cmd;

	if (!virtio_has_feature(v->vdev, VMMCI_F_ACK))
		return;

	v->vdev->config->set(v->vdev, VMMCI_CONFIG_COMMAND, &word,
			     sizeof(word));
}

static void vmmci_count(struct vmmci *v, u32 cmd)
{
	mutex_lock(&v->lock);
	v->last_command = cmd;
	v->counts[cmd < VMMCI_CMD_COUNT ? cmd : 0]++;
	mutex_unlock(&v->lock);
}

/*
 * vmd leaves SHUTDOWN and REBOOT in the register after the acknowledgement,
 * so one that is still there at a later interrupt is not a new request.
 */
static void vmmci_go_down(struct vmmci *v, enum vmmci_cmd cmd)
{
	if (v->going_down == cmd)
		return;

	v->going_down = cmd;
	vmmci_count(v, cmd);
	/* First the answer, for which vmd waits 3 s, then the long part. */
	vmmci_write_command(v, cmd);

	if (cmd == VMMCI_CMD_SHUTDOWN) {
		dev_info(&v->vdev->dev, "shutdown requested by host!\n");
		/* If user space cannot be run: better than being ended. */
		orderly_poweroff(true);
	} else {
		dev_info(&v->vdev->dev, "reboot requested by host!\n");
		orderly_reboot();
	}
}

/*
 * For those who follow a clock of their own: a time daemon may forget what it
 * measured before. See Documentation/ABI/sysfs-bus-virtio-vmmci.
 */
static void vmmci_tell_user_space(struct vmmci *v, s64 stepped)
{
	char step[sizeof("VMMCI_STEP_NS=-9223372036854775808")];
	char *env[] = { "VMMCI_COMMAND=SYNCRTC", step, NULL };

	snprintf(step, sizeof(step), "VMMCI_STEP_NS=%lld", stepped);
	kobject_uevent_env(&v->vdev->dev.kobj, KOBJ_CHANGE, env);
}

/* vmd clears the command on the acknowledgement: each one seen is new. */
static void vmmci_syncrtc(struct vmmci *v)
{
	s64 stepped;
	int err;

	vmmci_count(v, VMMCI_CMD_SYNCRTC);
	dev_info_ratelimited(&v->vdev->dev, "clock sync requested by host\n");

	err = vmmci_sync_clock(v, &stepped);
	if (err)
		dev_warn_ratelimited(&v->vdev->dev,
				     "clock not synchronized: error %d\n", err);

	/* Also after a failure: vmd sends no other one before. */
	vmmci_write_command(v, VMMCI_CMD_SYNCRTC);
	vmmci_tell_user_space(v, stepped);
}

/**
 * vmmci_command_work - read the command register and do what it says
 * @work: the command_work of a struct vmmci
 *
 * Context: process, on the device's ordered queue.
 */
void vmmci_command_work(struct work_struct *work)
{
	struct vmmci *v = container_of(work, struct vmmci, command_work);
	u32 cmd = vmmci_read_command(v);

	vmmci_dbg(v, "command register holds %u\n", cmd);

	switch (cmd) {
	case VMMCI_CMD_NONE:
		break;
	case VMMCI_CMD_SHUTDOWN:
	case VMMCI_CMD_REBOOT:
		vmmci_go_down(v, cmd);
		break;
	case VMMCI_CMD_SYNCRTC:
		vmmci_syncrtc(v);
		break;
	case U32_MAX:
		dev_warn_ratelimited(&v->vdev->dev, "device does not answer\n");
		break;
	default:
		vmmci_count(v, cmd);
		dev_warn_ratelimited(&v->vdev->dev,
				     "invalid command received: 0x%x\n", cmd);
	}
}
