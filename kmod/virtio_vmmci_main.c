// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * OpenBSD VMM Control Interface: the driver of vmd's vmmci(4) device
 */

#include <linux/module.h>
#include <linux/moduleparam.h>

#include "vmmci.h"

#define VIRTIO_ID_VMMCI		0xffff
#define VIRTIO_VENDOR_OPENBSD	0x0b5d

bool vmmci_debug;
unsigned int vmmci_poll_interval = 15;
/*
 * In ms. A thousand times what a reading leaves in doubt where the host is busy
 * (20 to 80 us, measured), so that no step is made in vain; and a guest whose
 * clock runs off by 50 ppm is stepped twice an hour.
 */
unsigned int vmmci_step_threshold = 100;
/* Longer than any daemon's longest poll: 2048 s are systemd-timesyncd's. */
unsigned int vmmci_discipline_hold = 3600;

/*
 * A parameter belongs to the module, the poll to a device: this is how a
 * device hears of a change. Empty while the module's arguments are parsed.
 */
static BLOCKING_NOTIFIER_HEAD(vmmci_params);

static int vmmci_param_set(const char *val, const struct kernel_param *kp)
{
	int err = param_set_uint(val, kp);

	if (!err)
		blocking_notifier_call_chain(&vmmci_params, 0, NULL);
	return err;
}

/* In whole seconds, as it was once; what is less than one is not nothing. */
static int vmmci_seconds_set(const char *val, const struct kernel_param *kp)
{
	unsigned int seconds;
	int err = kstrtouint(val, 0, &seconds);

	if (err)
		return err;
	if (seconds > UINT_MAX / MSEC_PER_SEC)
		return -ERANGE;

	WRITE_ONCE(vmmci_step_threshold, seconds * MSEC_PER_SEC);
	blocking_notifier_call_chain(&vmmci_params, 0, NULL);
	return 0;
}

static int vmmci_seconds_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%u\n",
			  DIV_ROUND_UP(READ_ONCE(vmmci_step_threshold),
				       (unsigned int)MSEC_PER_SEC));
}

static const struct kernel_param_ops vmmci_seconds_ops = {
	.set = vmmci_seconds_set,
	.get = vmmci_seconds_get,
};

static const struct kernel_param_ops vmmci_param_ops = {
	.set = vmmci_param_set,
	.get = param_get_uint,
};

module_param_named(debug, vmmci_debug, bool, 0644);
MODULE_PARM_DESC(debug, "Log every measurement and command (0 or 1, default 0)");

module_param_cb(poll_interval, &vmmci_param_ops, &vmmci_poll_interval, 0644);
__MODULE_PARM_TYPE(poll_interval, "uint");
MODULE_PARM_DESC(poll_interval,
		 "Seconds between drift measurements (default 15, 0 = never)");

module_param_cb(step_threshold_ms, &vmmci_param_ops, &vmmci_step_threshold,
		0644);
__MODULE_PARM_TYPE(step_threshold_ms, "uint");
MODULE_PARM_DESC(step_threshold_ms,
		 "Drift in ms beyond which the clock is stepped (default 100, 0 = only measure)");

module_param_cb(step_threshold, &vmmci_seconds_ops, NULL, 0644);
__MODULE_PARM_TYPE(step_threshold, "uint");
MODULE_PARM_DESC(step_threshold, "The same in whole seconds");

module_param_cb(discipline_hold, &vmmci_param_ops, &vmmci_discipline_hold,
		0644);
__MODULE_PARM_TYPE(discipline_hold, "uint");
MODULE_PARM_DESC(discipline_hold,
		 "Seconds for which a clock that a time daemon steered is not stepped for its drift (default 3600, 0 = step)");

static int vmmci_params_changed(struct notifier_block *nb,
				unsigned long action, void *data)
{
	vmmci_poll_now(container_of(nb, struct vmmci, params_nb));
	return NOTIFY_OK;
}

/* Called with interrupts off: the register is read where sleeping is fine. */
static void vmmci_config_changed(struct virtio_device *vdev)
{
	struct vmmci *v = vdev->priv;

	set_bit(VMMCI_ASKED, &v->flags);
	queue_work(v->wq, &v->command_work);
}

/*
 * From here on the host may ask. It may have done so before: vmd keeps a
 * SYNCRTC that a former driver did not acknowledge, and sends no other one.
 */
static void vmmci_start(struct vmmci *v)
{
	virtio_device_ready(v->vdev);
	queue_work(v->wq, &v->command_work);
	vmmci_poll_now(v);
}

/*
 * The core lets no further config_changed through before it calls remove or
 * freeze, so nothing queues the works again once they are cancelled.
 */
static void vmmci_stop(struct vmmci *v)
{
	cancel_work_sync(&v->command_work);
	cancel_delayed_work_sync(&v->poll_work);
	cancel_delayed_work_sync(&v->sync_work);
	v->vdev->config->reset(v->vdev);
}

static void vmmci_log_features(struct virtio_device *vdev)
{
	if (virtio_has_feature(vdev, VMMCI_F_TIMESYNC))
		dev_info(&vdev->dev, "found feature TIMESYNC\n");
	if (virtio_has_feature(vdev, VMMCI_F_ACK))
		dev_info(&vdev->dev, "found feature ACK\n");
	if (virtio_has_feature(vdev, VMMCI_F_SYNCRTC))
		dev_info(&vdev->dev, "found feature SYNCRTC\n");
}

static int vmmci_probe(struct virtio_device *vdev)
{
	struct vmmci *v;
	int err;

	v = devm_kzalloc(&vdev->dev, sizeof(*v), GFP_KERNEL);
	if (!v)
		return -ENOMEM;

	v->vdev = vdev;
	vdev->priv = v;
	mutex_init(&v->lock);
	INIT_WORK(&v->command_work, vmmci_command_work);
	INIT_DELAYED_WORK(&v->poll_work, vmmci_poll_work);
	INIT_DELAYED_WORK(&v->sync_work, vmmci_sync_work);
	v->params_nb.notifier_call = vmmci_params_changed;

	/* vmd waits 3 s for an answer, however little memory there is. */
	v->wq = alloc_ordered_workqueue("vmmci", WQ_FREEZABLE | WQ_MEM_RECLAIM);
	if (!v->wq)
		return -ENOMEM;

	err = vmmci_daemon_init(v);
	if (err)
		goto err_wq;

	err = vmmci_sysfs_init(v);
	if (err)
		goto err_daemon;

	vmmci_sysctl_init(v);
	vmmci_poweroff_init(v);
	vmmci_log_features(vdev);
	if (!vmmci_daemon_was_there(v))
		set_bit(VMMCI_SET_FIRST, &v->flags);
	vmmci_start(v);
	vmmci_ptp_init(v);
	blocking_notifier_chain_register(&vmmci_params, &v->params_nb);

	dev_info(&vdev->dev, "started VMM Control Interface driver\n");
	return 0;

err_daemon:
	vmmci_daemon_exit(v);
err_wq:
	destroy_workqueue(v->wq);
	return err;
}

static void vmmci_remove(struct virtio_device *vdev)
{
	struct vmmci *v = vdev->priv;

	blocking_notifier_chain_unregister(&vmmci_params, &v->params_nb);
	vmmci_ptp_exit(v);
	vmmci_stop(v);
	vmmci_sysctl_exit(v);
	vmmci_sysfs_exit(v);
	vmmci_daemon_exit(v);
	destroy_workqueue(v->wq);
	vmmci_dbg(v, "removed device\n");
}

/*
 * Here, so that the core does not reset the device: without DRIVER_OK vmd ends
 * at once a guest that it is asked to stop, whatever it has still to write.
 * Before another kernel the transport resets it.
 */
static void __maybe_unused vmmci_shutdown(struct virtio_device *vdev)
{
}

#ifdef CONFIG_PM_SLEEP
static int vmmci_freeze(struct virtio_device *vdev)
{
	struct vmmci *v = vdev->priv;

	blocking_notifier_chain_unregister(&vmmci_params, &v->params_nb);
	vmmci_stop(v);
	return 0;
}

static int vmmci_restore(struct virtio_device *vdev)
{
	struct vmmci *v = vdev->priv;

	set_bit(VMMCI_SET_FIRST, &v->flags);
	vmmci_start(v);
	blocking_notifier_chain_register(&vmmci_params, &v->params_nb);
	return 0;
}
#endif

static const struct virtio_device_id vmmci_ids[] = {
	{ VIRTIO_ID_VMMCI, VIRTIO_VENDOR_OPENBSD },
	{ }
};
MODULE_DEVICE_TABLE(virtio, vmmci_ids);

static const unsigned int vmmci_features[] = {
	VMMCI_F_TIMESYNC,
	VMMCI_F_ACK,
	VMMCI_F_SYNCRTC,
};

static struct virtio_driver vmmci_driver = {
	.driver.name		= KBUILD_MODNAME,
	.driver.owner		= THIS_MODULE,
	.id_table		= vmmci_ids,
	.feature_table		= vmmci_features,
	.feature_table_size	= ARRAY_SIZE(vmmci_features),
	.probe			= vmmci_probe,
	.remove			= vmmci_remove,
	.config_changed		= vmmci_config_changed,
	COMPAT_VIRTIO_SHUTDOWN(vmmci_shutdown)
#ifdef CONFIG_PM_SLEEP
	.freeze			= vmmci_freeze,
	.restore		= vmmci_restore,
#endif
};
module_virtio_driver(vmmci_driver);

/* Loading the driver by name brings its transport along. */
MODULE_SOFTDEP("pre: virtio_pci_obsd");
MODULE_AUTHOR("The vmmci-dkms authors");
MODULE_DESCRIPTION("OpenBSD VMM Control Interface");
MODULE_LICENSE("GPL");
MODULE_VERSION(VMMCI_VERSION);
