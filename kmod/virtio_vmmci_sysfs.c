// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a person sees: attributes in the device's vmmci/ folder, and sysctl
 *
 * Nothing here touches the device: whoever may read cannot make it busy.
 * Described in Documentation/ABI/sysfs-bus-virtio-vmmci.
 */

#include <linux/bitops.h>
#include <linux/jiffies.h>
#include <linux/sysfs.h>

#include "vmmci.h"

static struct vmmci *dev_to_vmmci(struct device *dev)
{
	return dev_to_virtio(dev)->priv;
}

static ssize_t vmmci_emit_time(char *buf, s64 ns)
{
	struct timespec64 ts = ns_to_timespec64(ns);

	return sysfs_emit(buf, "%lld.%09ld\n", (long long)ts.tv_sec,
			  ts.tv_nsec);
}

static ssize_t drift_ns_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct vmmci_sample s;
	int err = vmmci_last(dev_to_vmmci(dev), &s);

	return err ?: sysfs_emit(buf, "%lld\n", s.drift);
}
static DEVICE_ATTR_RO(drift_ns);

static ssize_t drift_uncertainty_ns_show(struct device *dev,
					 struct device_attribute *attr,
					 char *buf)
{
	struct vmmci_sample s;
	int err = vmmci_last(dev_to_vmmci(dev), &s);

	return err ?: sysfs_emit(buf, "%lld\n", s.uncertainty);
}
static DEVICE_ATTR_RO(drift_uncertainty_ns);

static ssize_t host_time_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	struct vmmci_sample s;
	int err = vmmci_last(dev_to_vmmci(dev), &s);

	return err ?: vmmci_emit_time(buf, s.host);
}
static DEVICE_ATTR_RO(host_time);

static ssize_t measure_error_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", -READ_ONCE(dev_to_vmmci(dev)->error));
}
static DEVICE_ATTR_RO(measure_error);

static ssize_t sync_count_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct vmmci *v = dev_to_vmmci(dev);
	u64 syncs;

	mutex_lock(&v->lock);
	syncs = v->syncs;
	mutex_unlock(&v->lock);
	return sysfs_emit(buf, "%llu\n", syncs);
}
static DEVICE_ATTR_RO(sync_count);

static ssize_t last_sync_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	struct vmmci *v = dev_to_vmmci(dev);
	s64 last_sync;

	mutex_lock(&v->lock);
	last_sync = v->last_sync;
	mutex_unlock(&v->lock);
	return last_sync ? vmmci_emit_time(buf, last_sync) : -ENODATA;
}
static DEVICE_ATTR_RO(last_sync);

static ssize_t disciplined_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", vmmci_disciplined(dev_to_vmmci(dev)));
}
static DEVICE_ATTR_RO(disciplined);

static const char * const vmmci_cmd_names[VMMCI_CMD_COUNT] = {
	[VMMCI_CMD_NONE]	= "NONE",
	[VMMCI_CMD_SHUTDOWN]	= "SHUTDOWN",
	[VMMCI_CMD_REBOOT]	= "REBOOT",
	[VMMCI_CMD_SYNCRTC]	= "SYNCRTC",
};

static ssize_t last_command_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	u32 cmd = READ_ONCE(dev_to_vmmci(dev)->last_command);

	if (cmd < VMMCI_CMD_COUNT)
		return sysfs_emit(buf, "%s\n", vmmci_cmd_names[cmd]);
	return sysfs_emit(buf, "0x%x\n", cmd);
}
static DEVICE_ATTR_RO(last_command);

static ssize_t vmmci_emit_count(struct device *dev, int cmd, char *buf)
{
	struct vmmci *v = dev_to_vmmci(dev);
	u64 count;

	mutex_lock(&v->lock);
	count = v->counts[cmd];
	mutex_unlock(&v->lock);
	return sysfs_emit(buf, "%llu\n", count);
}

#define VMMCI_COUNT_ATTR(name, cmd)					\
static ssize_t name##_show(struct device *dev,				\
			   struct device_attribute *attr, char *buf)	\
{									\
	return vmmci_emit_count(dev, cmd, buf);				\
}									\
static DEVICE_ATTR_RO(name)

VMMCI_COUNT_ATTR(shutdown_count, VMMCI_CMD_SHUTDOWN);
VMMCI_COUNT_ATTR(reboot_count, VMMCI_CMD_REBOOT);
VMMCI_COUNT_ATTR(syncrtc_count, VMMCI_CMD_SYNCRTC);
VMMCI_COUNT_ATTR(unknown_count, VMMCI_CMD_NONE);

static ssize_t features_show(struct device *dev,
			     struct device_attribute *attr, char *buf)
{
	static const char * const names[] = {
		[VMMCI_F_TIMESYNC]	= "TIMESYNC",
		[VMMCI_F_ACK]		= "ACK",
		[VMMCI_F_SYNCRTC]	= "SYNCRTC",
	};
	const char *present[ARRAY_SIZE(names)] = { "", "", "" };
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (virtio_has_feature(dev_to_virtio(dev), i))
			present[n++] = names[i];

	return sysfs_emit(buf, "%s%s%s%s%s\n", present[0],
			  n > 1 ? " " : "", present[1],
			  n > 2 ? " " : "", present[2]);
}
static DEVICE_ATTR_RO(features);

static struct attribute *vmmci_attrs[] = {
	&dev_attr_drift_ns.attr,
	&dev_attr_drift_uncertainty_ns.attr,
	&dev_attr_host_time.attr,
	&dev_attr_measure_error.attr,
	&dev_attr_sync_count.attr,
	&dev_attr_last_sync.attr,
	&dev_attr_disciplined.attr,
	&dev_attr_last_command.attr,
	&dev_attr_shutdown_count.attr,
	&dev_attr_reboot_count.attr,
	&dev_attr_syncrtc_count.attr,
	&dev_attr_unknown_count.attr,
	&dev_attr_features.attr,
	NULL
};

/* A folder of its own: the virtio bus has a "features" attribute already. */
static const struct attribute_group vmmci_group = {
	.name = "vmmci",
	.attrs = vmmci_attrs,
};

int vmmci_sysfs_init(struct vmmci *v)
{
	return sysfs_create_group(&v->vdev->dev.kobj, &vmmci_group);
}

void vmmci_sysfs_exit(struct vmmci *v)
{
	sysfs_remove_group(&v->vdev->dev.kobj, &vmmci_group);
}

/*
 * Two files are one value: what the second of them says is of the measurement
 * that the first one told, unless that was long ago.
 */
static void vmmci_split_drift(struct vmmci *v, const int *half)
{
	struct timespec64 drift = ns_to_timespec64(v->last.drift);
	unsigned long old = v->split + 10 * HZ;
	int *other = half == &v->drift_sec ? &v->drift_nsec : &v->drift_sec;

	if (v->told == other && time_before(jiffies, old)) {
		v->told = NULL;
		return;
	}
	v->drift_sec = clamp_t(s64, drift.tv_sec, INT_MIN, INT_MAX);
	v->drift_nsec = drift.tv_nsec;
	v->told = half;
	v->split = jiffies;
}

static int vmmci_show_drift(COMPAT_CTL_TABLE *table, int write, void *buf,
			    size_t *lenp, loff_t *ppos)
{
	struct vmmci *v = table->extra1;
	int err;

	mutex_lock(&v->lock);
	if (!*ppos)
		vmmci_split_drift(v, table->data);
	err = proc_dointvec(table, write, buf, lenp, ppos);
	mutex_unlock(&v->lock);
	return err;
}

static void vmmci_sysctl_entry(struct vmmci *v, int i, const char *name,
			       int *half)
{
	struct ctl_table *entry = &v->sysctl_table[i];

	entry->procname = name;
	entry->data = half;
	entry->maxlen = sizeof(*half);
	entry->mode = 0444;
	entry->proc_handler = vmmci_show_drift;
	entry->extra1 = v;
}

/* The names have no device in them. The kernel prints a stack for a second. */
static unsigned long vmmci_sysctl_taken;

/**
 * vmmci_sysctl_init - sysctl vmmci.drift_sec and vmmci.drift_nsec
 * @v: the device
 *
 * As the first public driver had them. Only for compatibility, so without
 * them all else works. The first of several devices has them.
 */
void vmmci_sysctl_init(struct vmmci *v)
{
	vmmci_sysctl_entry(v, 0, "drift_sec", &v->drift_sec);
	vmmci_sysctl_entry(v, 1, "drift_nsec", &v->drift_nsec);

	if (!test_and_set_bit(0, &vmmci_sysctl_taken)) {
		v->sysctl = compat_register_sysctl("vmmci", v->sysctl_table, 2);
		if (!v->sysctl)
			clear_bit(0, &vmmci_sysctl_taken);
	}
	if (!v->sysctl)
		dev_warn(&v->vdev->dev, "no sysctl vmmci\n");
}

void vmmci_sysctl_exit(struct vmmci *v)
{
	if (!v->sysctl)
		return;

	unregister_sysctl_table(v->sysctl);
	clear_bit(0, &vmmci_sysctl_taken);
}
