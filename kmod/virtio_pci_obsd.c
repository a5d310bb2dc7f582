// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Virtio transport for OpenBSD's vmmci(4) device, PCI 0b5d:0777
 *
 * vmd(8) speaks the legacy (0.9) register layout on an I/O port BAR, but
 * decodes exact port offsets and answers each with the whole register,
 * whatever width was asked for. Linux's own legacy transport reads device
 * configuration byte by byte, which vmd answers with garbage, and it claims
 * only Red Hat's vendor id. Hence this one: each register is accessed by its
 * own width at its own offset. The device has no virtqueue, never touches
 * guest memory and has one INTx line.
 */

#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "compat/compat.h"

#define PCI_VENDOR_ID_OPENBSD		0x0b5d
#define PCI_DEVICE_ID_OPENBSD_VMMCI	0x0777

/* Registers of BAR 0, from the layout in vmd's virtio.h */
#define OBSD_HOST_FEATURES	0	/* 32 bits */
#define OBSD_GUEST_FEATURES	4	/* 32 bits */
#define OBSD_STATUS		18	/* 8 bits */
#define OBSD_ISR		19	/* 8 bits, reading lowers the line */
#define OBSD_CONFIG		20	/* device configuration, 32-bit words */
#define OBSD_CONFIG_SIZE	20
#define OBSD_BAR_SIZE		(OBSD_CONFIG + OBSD_CONFIG_SIZE)

#define OBSD_ISR_CONFIG		0x02
#define OBSD_GONE		0xff	/* what a vanished device reads as */

/* Bits 24 and up negotiate rings and transports, and there are none here. */
#define OBSD_FEATURE_MASK	0x00ffffffU

/**
 * struct obsd_device - one vmmci function and the virtio device it carries
 * @vdev: the virtio device; its release frees the whole structure
 * @pdev: the PCI function
 * @ioaddr: BAR 0
 * @has_line: whether the interrupt line was requested
 */
struct obsd_device {
	struct virtio_device vdev;
	struct pci_dev *pdev;
	void __iomem *ioaddr;
	bool has_line;
};

static struct obsd_device *to_obsd(struct virtio_device *vdev)
{
	return container_of(vdev, struct obsd_device, vdev);
}

/* Both configuration accessors move whole words, in guest byte order. */
static bool obsd_config_ok(unsigned int offset, unsigned int len)
{
	return offset % 4 == 0 && len % 4 == 0 &&
	       offset <= OBSD_CONFIG_SIZE && len <= OBSD_CONFIG_SIZE - offset;
}

static void obsd_get(struct virtio_device *vdev, unsigned int offset,
		     void *buf, unsigned int len)
{
	void __iomem *config = to_obsd(vdev)->ioaddr + OBSD_CONFIG;
	unsigned int i;
	u32 word;

	if (WARN_ON_ONCE(!obsd_config_ok(offset, len))) {
		memset(buf, 0xff, len);
		return;
	}

	/* Low word first: vmd takes its snapshot of the time on that one. */
	for (i = 0; i < len; i += sizeof(word)) {
		word = ioread32(config + offset + i);
		memcpy(buf + i, &word, sizeof(word));
	}
}

static void obsd_set(struct virtio_device *vdev, unsigned int offset,
		     const void *buf, unsigned int len)
{
	void __iomem *config = to_obsd(vdev)->ioaddr + OBSD_CONFIG;
	unsigned int i;
	u32 word;

	if (WARN_ON_ONCE(!obsd_config_ok(offset, len)))
		return;

	for (i = 0; i < len; i += sizeof(word)) {
		memcpy(&word, buf + i, sizeof(word));
		iowrite32(word, config + offset + i);
	}
}

/*
 * All bits at once are no status that anybody set. The core would take them
 * for a driver that did not reset its device, and WARN or even BUG about it.
 */
static u8 obsd_get_status(struct virtio_device *vdev)
{
	u8 status = ioread8(to_obsd(vdev)->ioaddr + OBSD_STATUS);

	return status == OBSD_GONE ? 0 : status;
}

static void obsd_set_status(struct virtio_device *vdev, u8 status)
{
	iowrite8(status, to_obsd(vdev)->ioaddr + OBSD_STATUS);
}

static void obsd_synchronize_cbs(struct virtio_device *vdev)
{
	synchronize_irq(to_obsd(vdev)->pdev->irq);
}

/* Lowers the line, too. What has vanished has no status. */
static u8 obsd_take_isr(struct obsd_device *obsd)
{
	u8 isr = ioread8(obsd->ioaddr + OBSD_ISR);

	return isr == OBSD_GONE ? 0 : isr;
}

/*
 * Writing 0 resets nothing in vmd. An interrupt status that stays up keeps the
 * line up, and on a line that only tells of edges no other one would ever come.
 *
 * Where nothing runs next, virtio_vmmci is there to the end, and has the last
 * word: vmd ends a guest without a driver where it stands. The bus of some
 * kernels (6.12 among them) resets each device on the way down.
 */
static void obsd_reset(struct virtio_device *vdev)
{
	if (system_state == SYSTEM_POWER_OFF || system_state == SYSTEM_HALT)
		return;

	obsd_set_status(vdev, 0);
	/* The read flushes the write; then no callback runs any more. */
	obsd_get_status(vdev);
	obsd_take_isr(to_obsd(vdev));
	obsd_synchronize_cbs(vdev);
}

static u64 obsd_get_features(struct virtio_device *vdev)
{
	return ioread32(to_obsd(vdev)->ioaddr + OBSD_HOST_FEATURES) &
	       OBSD_FEATURE_MASK;
}

/*
 * The line may be shared, and tells of levels or, up to OpenBSD 7.9, of edges
 * only. Reading the status both says whether the interrupt is ours and lowers
 * the line, so it comes first.
 */
static irqreturn_t obsd_interrupt(int irq, void *opaque)
{
	struct obsd_device *obsd = opaque;
	u8 isr = obsd_take_isr(obsd);

	if (!isr)
		return IRQ_NONE;

	if (isr & OBSD_ISR_CONFIG)
		virtio_config_changed(&obsd->vdev);

	return IRQ_HANDLED;
}

/*
 * Between a reset and DRIVER_OK: the device is quiet, and registering it has
 * made the lock that the handler takes. No interrupt comes before the line is
 * heard, and none before it can be served. Kept until the device goes.
 */
static int obsd_request_line(struct obsd_device *obsd)
{
	int err;

	if (obsd->has_line)
		return 0;

	err = request_irq(obsd->pdev->irq, obsd_interrupt, IRQF_SHARED,
			  KBUILD_MODNAME, obsd);
	if (err)
		dev_err(&obsd->pdev->dev, "no interrupt line: error %d\n", err);
	else
		obsd->has_line = true;
	return err;
}

static int obsd_finalize_features(struct virtio_device *vdev)
{
	struct obsd_device *obsd = to_obsd(vdev);

	vdev->features &= OBSD_FEATURE_MASK;
	iowrite32(vdev->features, obsd->ioaddr + OBSD_GUEST_FEATURES);
	return obsd_request_line(obsd);
}

static const char *obsd_bus_name(struct virtio_device *vdev)
{
	return pci_name(to_obsd(vdev)->pdev);
}

static const struct virtio_config_ops obsd_config_ops = {
	.get			= obsd_get,
	.set			= obsd_set,
	.get_status		= obsd_get_status,
	.set_status		= obsd_set_status,
	.reset			= obsd_reset,
	.get_features		= obsd_get_features,
	.finalize_features	= obsd_finalize_features,
	.bus_name		= obsd_bus_name,
	COMPAT_SYNCHRONIZE_CBS(obsd_synchronize_cbs)
};

static void obsd_release(struct device *dev)
{
	kfree(to_obsd(dev_to_virtio(dev)));
}

static int obsd_map(struct obsd_device *obsd)
{
	struct pci_dev *pdev = obsd->pdev;
	int err;

	if (!(pci_resource_flags(pdev, 0) & IORESOURCE_IO) ||
	    pci_resource_len(pdev, 0) < OBSD_BAR_SIZE) {
		dev_err(&pdev->dev, "BAR 0 is not vmmci's I/O ports\n");
		return -ENODEV;
	}

	err = pci_request_region(pdev, 0, KBUILD_MODNAME);
	if (err)
		return err;

	obsd->ioaddr = pci_iomap(pdev, 0, OBSD_BAR_SIZE);
	if (!obsd->ioaddr) {
		pci_release_region(pdev, 0);
		return -ENOMEM;
	}
	return 0;
}

static void obsd_unmap(struct obsd_device *obsd)
{
	pci_iounmap(obsd->pdev, obsd->ioaddr);
	pci_release_region(obsd->pdev, 0);
}

static int obsd_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct obsd_device *obsd;
	int err;

	obsd = kzalloc(sizeof(*obsd), GFP_KERNEL);
	if (!obsd)
		return -ENOMEM;

	obsd->pdev = pdev;
	obsd->vdev.dev.parent = &pdev->dev;
	obsd->vdev.dev.release = obsd_release;
	obsd->vdev.config = &obsd_config_ops;
	obsd->vdev.id.vendor = pdev->subsystem_vendor;
	obsd->vdev.id.device = pdev->subsystem_device;

	err = pci_enable_device(pdev);
	if (err)
		goto err_free;

	err = obsd_map(obsd);
	if (err)
		goto err_disable;

	/* The words of the first public driver, which people grep for. */
	dev_info(&pdev->dev, "virtio_pci_obsd_match: found OpenBSD device\n");

	pci_set_drvdata(pdev, obsd);
	err = register_virtio_device(&obsd->vdev);
	if (err)
		goto err_put;

	return 0;

err_put:
	obsd_unmap(obsd);
	pci_disable_device(pdev);
	/* Once registered, even in vain, only the last reference frees it. */
	put_device(&obsd->vdev.dev);
	return err;

err_disable:
	pci_disable_device(pdev);
err_free:
	kfree(obsd);
	return err;
}

static void obsd_remove(struct pci_dev *pdev)
{
	struct obsd_device *obsd = pci_get_drvdata(pdev);

	/* Unregistering drops a reference that the lines below still need. */
	get_device(&obsd->vdev.dev);
	unregister_virtio_device(&obsd->vdev);

	if (obsd->has_line)
		free_irq(pdev->irq, obsd);
	obsd_unmap(obsd);
	pci_disable_device(pdev);
	put_device(&obsd->vdev.dev);
}

/* Leave a quiet device to whatever runs next, a kexec'd kernel above all. */
static void obsd_shutdown(struct pci_dev *pdev)
{
	struct obsd_device *obsd = pci_get_drvdata(pdev);

	obsd_reset(&obsd->vdev);
}

#ifdef CONFIG_PM_SLEEP
static int obsd_freeze(struct device *dev)
{
	struct obsd_device *obsd = dev_get_drvdata(dev);

	return virtio_device_freeze(&obsd->vdev);
}

static int obsd_restore(struct device *dev)
{
	struct obsd_device *obsd = dev_get_drvdata(dev);

	return virtio_device_restore(&obsd->vdev);
}
#endif

static const struct dev_pm_ops obsd_pm_ops = {
	SET_SYSTEM_SLEEP_PM_OPS(obsd_freeze, obsd_restore)
};

static const struct pci_device_id obsd_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_OPENBSD, PCI_DEVICE_ID_OPENBSD_VMMCI) },
	{ }
};
MODULE_DEVICE_TABLE(pci, obsd_ids);

static struct pci_driver obsd_driver = {
	.name		= "virtio-pci-obsd",
	.id_table	= obsd_ids,
	.probe		= obsd_probe,
	.remove		= obsd_remove,
	.shutdown	= obsd_shutdown,
	.driver.pm	= &obsd_pm_ops,
};
module_pci_driver(obsd_driver);

MODULE_AUTHOR("The vmmci-dkms authors");
MODULE_DESCRIPTION("Virtio transport for OpenBSD's vmmci(4) device");
MODULE_LICENSE("GPL");
MODULE_VERSION(VMMCI_VERSION);
