/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As much of a kernel as virtio_vmmci_command.c needs to run in user space
 *
 * One processor, one thread. What the driver asks user space for is counted,
 * and its works are queued and run by race.c.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define U32_MAX			UINT32_MAX
#define HZ			250
#define READ_ONCE(x)		(x)
#define WRITE_ONCE(x, value)	((x) = (value))
#define container_of(p, type, member)					\
	((type *)((char *)(p) - offsetof(type, member)))

struct device { int unused; };
struct mutex { int unused; };
struct notifier_block { int unused; };
struct ptp_clock_info { int unused; };
struct ctl_table { int unused; };
struct workqueue_struct { int unused; };
struct work_struct { bool queued; };
struct delayed_work { struct work_struct work; };
struct virtio_device;
struct ptp_clock;
struct ptp_system_timestamp;
struct ctl_table_header;

struct virtio_config_ops {
	void (*get)(struct virtio_device *vdev, unsigned int offset, void *buf,
		    unsigned int len);
	void (*set)(struct virtio_device *vdev, unsigned int offset,
		    const void *buf, unsigned int len);
};

struct virtio_device {
	struct device dev;
	const struct virtio_config_ops *config;
	u64 features;
};

static inline bool virtio_has_feature(const struct virtio_device *vdev,
				      unsigned int bit)
{
	return vdev->features & (1u << bit);
}

static inline void mutex_lock(struct mutex *lock)
{
	(void)lock;
}

static inline void mutex_unlock(struct mutex *lock)
{
	(void)lock;
}

static inline void set_bit(unsigned int bit, unsigned long *flags)
{
	*flags |= 1ul << bit;
}

static inline bool test_and_clear_bit(unsigned int bit, unsigned long *flags)
{
	bool was = *flags & (1ul << bit);

	*flags &= ~(1ul << bit);
	return was;
}

static inline bool queue_work(struct workqueue_struct *wq,
			      struct work_struct *work)
{
	(void)wq;
	work->queued = true;
	return true;
}

static inline bool schedule_delayed_work(struct delayed_work *work,
					 unsigned long delay)
{
	(void)work;
	(void)delay;
	return true;
}

static inline struct delayed_work *to_delayed_work(struct work_struct *work)
{
	return container_of(work, struct delayed_work, work);
}

#define dev_info(dev, ...)		((void)(dev))
#define dev_info_ratelimited(dev, ...)	((void)(dev))
#define dev_warn_ratelimited(dev, ...)	((void)(dev))

enum { SYSTEM_RUNNING, SYSTEM_HALT, SYSTEM_POWER_OFF, SYSTEM_RESTART };
extern int system_state;

void orderly_poweroff(bool force);
void orderly_reboot(void);

/* Instead of compat/, whose headers are for real kernels. */
#define VMMCI_COMPAT_H
#define VMMCI_COMPAT_SYNC_H

static inline void compat_sync(void)
{
}

#endif
