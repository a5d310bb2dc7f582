// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the host asks for: shutdown, reboot, clock synchronisation
 */

#include <linux/reboot.h>

#include "vmmci.h"
#include "compat/sync.h"

/*
 * vmd ends a guest that does not answer after 3 s, and one that does and then
 * hangs after 30 s or, later, 120 s. By then its file systems are written.
 */
#define VMMCI_SYNC_FIRST	(2 * HZ)
#define VMMCI_SYNC_AGAIN	(10 * HZ)

/**
 * vmmci_is_ending - whether it is too late to ask user space for anything
 *
 * Context: any.
 * Return: true once the machine halts, powers off or restarts.
 */
bool vmmci_is_ending(void)
{
	return system_state >= SYSTEM_HALT && system_state <= SYSTEM_RESTART;
}

static u32 vmmci_read_command(struct vmmci *v)
{
	u32 cmd;

	v->vdev->config->get(v->vdev, VMMCI_CONFIG_COMMAND, &cmd, sizeof(cmd));
	return cmd;
}

/* Tells vmd that a command was received; one port write, posted. */
static void vmmci_write_command(struct vmmci *v, enum vmmci_cmd cmd)
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
	WRITE_ONCE(v->last_command, cmd);
	v->counts[cmd < VMMCI_CMD_COUNT ? cmd : 0]++;
	mutex_unlock(&v->lock);
}

/**
 * vmmci_sync_work - write all file systems, again and again
 * @work: the sync_work of a struct vmmci
 *
 * Context: process, on a queue where it keeps nobody waiting.
 */
void vmmci_sync_work(struct work_struct *work)
{
	struct vmmci *v = container_of(to_delayed_work(work), struct vmmci,
				       sync_work);

	if (vmmci_is_ending())
		return;

	compat_sync();
	schedule_delayed_work(&v->sync_work, VMMCI_SYNC_AGAIN);
}

static void vmmci_ask_user_space(struct vmmci *v, enum vmmci_cmd cmd)
{
	if (cmd == VMMCI_CMD_SHUTDOWN) {
		dev_info(&v->vdev->dev, "shutdown requested by host!\n");
		/* If user space cannot be run: better than being ended. */
		orderly_poweroff(true);
	} else {
		dev_info(&v->vdev->dev, "reboot requested by host!\n");
		orderly_reboot();
	}
	schedule_delayed_work(&v->sync_work, VMMCI_SYNC_FIRST);
}

/*
 * vmd leaves SHUTDOWN and REBOOT in the register after the acknowledgment, so
 * one that is still there is a new request only if an interrupt says so. Each
 * one starts vmd's 3 s and is answered; user space is asked once.
 */
static void vmmci_go_down(struct vmmci *v, enum vmmci_cmd cmd, bool asked)
{
	bool first = v->going_down == VMMCI_CMD_NONE;

	if (!first && !asked)
		return;

	v->going_down = cmd;
	/* First the answer, for which vmd waits, then the long part. */
	vmmci_write_command(v, cmd);
	vmmci_count(v, cmd);
	if (first && !vmmci_is_ending())
		vmmci_ask_user_space(v, cmd);
}

/*
 * vmd forgets whatever it asked for when this is acknowledged: so that comes at
 * once, before a stop can take its place. One that came meanwhile is looked for
 * afterwards.
 */
static void vmmci_syncrtc(struct vmmci *v, bool asked)
{
	vmmci_write_command(v, VMMCI_CMD_SYNCRTC);
	vmmci_count(v, VMMCI_CMD_SYNCRTC);
	if (vmmci_is_ending())
		return;

	dev_info_ratelimited(&v->vdev->dev, "clock sync requested by host\n");
	vmmci_sync_clock(v, VMMCI_SYNCRTC);
	if (asked && virtio_has_feature(v->vdev, VMMCI_F_ACK))
		queue_work(v->wq, &v->command_work);
}

static void vmmci_unknown(struct vmmci *v, u32 cmd, bool asked)
{
	if (!asked && cmd == v->last_command)
		return;

	vmmci_count(v, cmd);
	dev_warn_ratelimited(&v->vdev->dev, "invalid command received: 0x%x\n",
			     cmd);
}

/* What is gone may be so for ever, and is said when it begins and ends. */
static void vmmci_note_gone(struct vmmci *v, bool gone)
{
	if (gone == v->gone)
		return;

	v->gone = gone;
	if (gone)
		dev_warn_ratelimited(&v->vdev->dev, "device does not answer\n");
	else
		dev_info_ratelimited(&v->vdev->dev, "device answers again\n");
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
	bool asked = test_and_clear_bit(VMMCI_ASKED, &v->flags);
	u32 cmd = vmmci_read_command(v);

	vmmci_dbg(v, "command register holds %u\n", cmd);
	vmmci_note_gone(v, cmd == U32_MAX);

	switch (cmd) {
	case VMMCI_CMD_NONE:
	case U32_MAX:
		break;
	case VMMCI_CMD_SHUTDOWN:
	case VMMCI_CMD_REBOOT:
		vmmci_go_down(v, cmd, asked);
		break;
	case VMMCI_CMD_SYNCRTC:
		vmmci_syncrtc(v, asked);
		break;
	default:
		vmmci_unknown(v, cmd, asked);
	}
}

/**
 * vmmci_announce_poweroff - tell vmd that the guest is about to stop
 * @v: the device
 *
 * Where the host asked, it knows. What it asked for at the very last is
 * answered; as long as a SYNCRTC is not, vmd takes no announcement.
 *
 * Context: any; nothing else runs any more.
 */
void vmmci_announce_poweroff(struct vmmci *v)
{
	u32 cmd;

	if (v->going_down != VMMCI_CMD_NONE)
		return;

	cmd = vmmci_read_command(v);
	if (cmd == VMMCI_CMD_SHUTDOWN || cmd == VMMCI_CMD_REBOOT) {
		vmmci_write_command(v, cmd);
		return;
	}
	if (cmd == VMMCI_CMD_SYNCRTC)
		vmmci_write_command(v, cmd);
	vmmci_write_command(v, VMMCI_CMD_SHUTDOWN);
}
