/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's side of vfio-user 0.0, as far as one INTx device without DMA
 * needs it. QEMU's docs/interop/vfio-user.rst describes the protocol.
 */
#ifndef VFIO_USER_H
#define VFIO_USER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct vfio_user_ops - the device behind the socket
 * @bar_read: a read of BAR 0, @width bytes (1, 2 or 4)
 * @bar_write: a write to BAR 0
 * @config: the device's configuration space, 256 bytes
 * @config_write: a write to it, byte by byte
 * @reset: the machine was reset
 */
struct vfio_user_ops {
	uint32_t bar_size;
	uint32_t (*bar_read)(void *dev, uint32_t offset, unsigned int width);
	void (*bar_write)(void *dev, uint32_t offset, unsigned int width,
			  uint32_t value);
	uint8_t (*config_read)(void *dev, uint32_t offset);
	void (*config_write)(void *dev, uint32_t offset, uint8_t value);
	void (*reset)(void *dev);
};

/**
 * struct vfio_user - one connection
 * @fd: the socket, -1 while nobody is connected
 * @irq_fd: eventfd of INTx, -1 while there is none
 * @masked: no trigger until the client unmasks
 * @level: the line
 * @edge: one interrupt each time that the line rises, as vmd's i8259 has it
 * @told: the client was told of this rise
 * @spent: it is not told again, whether or not the guest noticed
 * @peer: process id of the client, QEMU
 */
struct vfio_user {
	const struct vfio_user_ops *ops;
	void *dev;
	int fd;
	int irq_fd;
	bool masked;
	bool level;
	bool edge;
	bool told;
	bool spent;
	pid_t peer;
};

void vfio_user_init(struct vfio_user *u, const struct vfio_user_ops *ops,
		    void *dev);
int vfio_user_accept(struct vfio_user *u, int listener);
/* Serves one message; -1 when the client has gone. */
int vfio_user_serve(struct vfio_user *u);
void vfio_user_close(struct vfio_user *u);
void vfio_user_line(struct vfio_user *u, bool level);

#endif
