// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vfio-user server: messages, INTx, regions
 */

#define _GNU_SOURCE
#include "vfio_user.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_BODY	4096
#define MAX_FDS		8

#define REGION_BAR0	0
#define REGION_CONFIG	7
#define NUM_REGIONS	9
#define NUM_IRQS	5
#define CONFIG_SIZE	256

enum command {
	VERSION			= 1,
	DMA_MAP			= 2,
	DMA_UNMAP		= 3,
	DEVICE_GET_INFO		= 4,
	DEVICE_GET_REGION_INFO	= 5,
	DEVICE_GET_IRQ_INFO	= 7,
	DEVICE_SET_IRQS		= 8,
	REGION_READ		= 9,
	REGION_WRITE		= 10,
	DEVICE_RESET		= 13,
};

#define FLAG_REPLY	0x01u
#define FLAG_NO_REPLY	0x10u
#define FLAG_ERROR	0x20u

#define IRQ_DATA_NONE	0x01u
#define IRQ_DATA_FD	0x04u
#define IRQ_MASK	0x08u
#define IRQ_UNMASK	0x10u
#define IRQ_TRIGGER	0x20u

struct header {
	uint16_t id;
	uint16_t command;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

struct device_info {
	uint32_t argsz, flags, num_regions, num_irqs;
};

struct region_info {
	uint32_t argsz, flags, index, cap_offset;
	uint64_t size, offset;
};

struct irq_info {
	uint32_t argsz, flags, index, count;
};

struct irq_set {
	uint32_t argsz, flags, index, start, count;
};

struct region_access {
	uint64_t offset;
	uint32_t region, count;
};

/* One message, in and out: the reply is made in place. */
struct message {
	struct header header;
	union {
		uint8_t body[MAX_BODY];
		struct device_info device;
		struct region_info region;
		struct irq_info irq;
		struct irq_set irqs;
		struct region_access access;
	};
	uint32_t length;	/* of the body */
	int fds[MAX_FDS];
	unsigned int nfds;
};

void vfio_user_init(struct vfio_user *u, const struct vfio_user_ops *ops,
		    void *dev)
{
	*u = (struct vfio_user){
		.ops = ops, .dev = dev, .fd = -1, .irq_fd = -1,
	};
}

/*
 * QEMU lowers its pin at any access to the BAR, also where the guest has not
 * taken the interrupt yet, which an i8259 remembers. So one is told again, as a
 * level line is, until it is spent.
 */
static bool due(const struct vfio_user *u)
{
	return u->level && !(u->edge && u->told && u->spent);
}

static void trigger(struct vfio_user *u)
{
	uint64_t one = 1;

	if (!due(u) || u->masked || u->irq_fd < 0)
		return;
	/* Automasked: the client unmasks once the guest has looked. */
	u->masked = write(u->irq_fd, &one, sizeof(one)) > 0;
	u->told = u->masked;
}

void vfio_user_line(struct vfio_user *u, bool level)
{
	if (!level)
		u->told = u->spent = false;
	u->level = level;
	trigger(u);
}

static void close_irq(struct vfio_user *u)
{
	if (u->irq_fd >= 0)
		close(u->irq_fd);
	u->irq_fd = -1;
}

void vfio_user_close(struct vfio_user *u)
{
	close_irq(u);
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
}

int vfio_user_accept(struct vfio_user *u, int listener)
{
	struct ucred cred = { 0 };
	socklen_t length = sizeof(cred);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	vfio_user_close(u);
	u->fd = fd;
	u->masked = false;
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &length))
		u->peer = cred.pid;
	return 0;
}

static int read_all(int fd, void *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, (char *)buf + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static void take_fds(struct message *m, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		if (n > MAX_FDS)
			n = MAX_FDS;
		memcpy(m->fds, CMSG_DATA(c), n * sizeof(int));
		m->nfds = (unsigned int)n;
	}
}

static int receive(struct vfio_user *u, struct message *m)
{
	union {
		char buf[CMSG_SPACE(MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { &m->header, sizeof(m->header) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
	};
	ssize_t n;

	m->nfds = 0;
	do {
		n = recvmsg(u->fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -1;
	take_fds(m, &msg);
	if (read_all(u->fd, (char *)&m->header + n, sizeof(m->header) - (size_t)n))
		return -1;
	if (m->header.size < sizeof(m->header) ||
	    m->header.size - sizeof(m->header) > MAX_BODY)
		return -1;
	m->length = (uint32_t)(m->header.size - sizeof(m->header));
	memset(m->body, 0, sizeof(m->body));
	return read_all(u->fd, m->body, m->length);
}

static int reply(struct vfio_user *u, struct message *m, int error)
{
	struct iovec iov[2];

	if (m->header.flags & FLAG_NO_REPLY)
		return 0;
	if (error)
		m->length = 0;
	m->header.flags = FLAG_REPLY | (error ? FLAG_ERROR : 0);
	m->header.error = (uint32_t)error;
	m->header.size = (uint32_t)sizeof(m->header) + m->length;
	iov[0] = (struct iovec){ &m->header, sizeof(m->header) };
	iov[1] = (struct iovec){ m->body, m->length };
	return writev(u->fd, iov, 2) == (ssize_t)m->header.size ? 0 : -1;
}

static int do_version(struct message *m)
{
	static const char capabilities[] =
		"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1024}}";

	memset(m->body, 0, 4);	/* version 0.0 */
	memcpy(m->body + 4, capabilities, sizeof(capabilities));
	m->length = 4 + sizeof(capabilities);
	return 0;
}

static int do_region_info(struct vfio_user *u, struct message *m)
{
	uint32_t index = m->region.index;

	if (index >= NUM_REGIONS)
		return EINVAL;
	m->region = (struct region_info){
		.argsz = sizeof(m->region), .index = index,
	};
	if (index == REGION_BAR0)
		m->region.size = u->ops->bar_size;
	if (index == REGION_CONFIG)
		m->region.size = CONFIG_SIZE;
	if (m->region.size)
		m->region.flags = 3;	/* read, write */
	m->length = sizeof(m->region);
	return 0;
}

static int do_irq_info(struct message *m)
{
	uint32_t index = m->irq.index;

	if (index >= NUM_IRQS)
		return EINVAL;
	m->irq = (struct irq_info){ .argsz = sizeof(m->irq), .index = index };
	if (!index) {
		m->irq.flags = 7;	/* eventfd, maskable, automasked */
		m->irq.count = 1;
	}
	m->length = sizeof(m->irq);
	return 0;
}

static int do_set_irqs(struct vfio_user *u, struct message *m)
{
	const struct irq_set set = m->irqs;

	m->length = 0;
	if (set.index)
		return EINVAL;

	if ((set.flags & IRQ_TRIGGER) && (set.flags & IRQ_DATA_FD) && m->nfds) {
		close_irq(u);
		u->irq_fd = m->fds[0];
		m->nfds--;
		memmove(m->fds, m->fds + 1, m->nfds * sizeof(int));
		u->masked = false;
	} else if ((set.flags & IRQ_TRIGGER) && !set.count) {
		close_irq(u);
	} else if (set.flags & IRQ_MASK) {
		u->masked = true;
	} else if (set.flags & IRQ_UNMASK) {
		u->masked = false;
	}
	/* A level line that is still up interrupts again. */
	trigger(u);
	return 0;
}

static bool access_ok(struct vfio_user *u, const struct message *m)
{
	uint64_t size = m->access.region == REGION_BAR0 ? u->ops->bar_size :
			m->access.region == REGION_CONFIG ? CONFIG_SIZE : 0;

	return m->access.count <= 1024 && m->access.count <= size &&
	       m->access.offset <= size - m->access.count;
}

static int do_read(struct vfio_user *u, struct message *m)
{
	uint8_t *data = m->body + sizeof(m->access);
	const struct region_access a = m->access;

	if (!access_ok(u, m))
		return EINVAL;
	if (a.region == REGION_CONFIG) {
		for (uint32_t i = 0; i < a.count; i++)
			data[i] = u->ops->config_read(u->dev,
						      (uint32_t)a.offset + i);
	} else if (a.count <= 4) {
		uint32_t value = u->ops->bar_read(u->dev, (uint32_t)a.offset,
						  a.count);

		memcpy(data, &value, a.count);
	} else {
		return EINVAL;
	}
	m->length = (uint32_t)sizeof(a) + a.count;
	return 0;
}

static int do_write(struct vfio_user *u, struct message *m)
{
	const uint8_t *data = m->body + sizeof(m->access);
	const struct region_access a = m->access;

	if (!access_ok(u, m) || m->length < sizeof(a) + a.count)
		return EINVAL;
	if (a.region == REGION_CONFIG) {
		for (uint32_t i = 0; i < a.count; i++)
			u->ops->config_write(u->dev, (uint32_t)a.offset + i,
					     data[i]);
	} else if (a.count <= 4) {
		uint32_t value = 0;

		memcpy(&value, data, a.count);
		u->ops->bar_write(u->dev, (uint32_t)a.offset, a.count, value);
	} else {
		return EINVAL;
	}
	m->length = sizeof(a);
	return 0;
}

static int handle(struct vfio_user *u, struct message *m)
{
	switch (m->header.command) {
	case VERSION:
		return do_version(m);
	case DMA_MAP:
		m->length = 0;
		return 0;
	case DMA_UNMAP:
		return 0;
	case DEVICE_GET_INFO:
		m->device = (struct device_info){
			sizeof(m->device), 3 /* reset, PCI */,
			NUM_REGIONS, NUM_IRQS,
		};
		m->length = sizeof(m->device);
		return 0;
	case DEVICE_GET_REGION_INFO:
		return do_region_info(u, m);
	case DEVICE_GET_IRQ_INFO:
		return do_irq_info(m);
	case DEVICE_SET_IRQS:
		return do_set_irqs(u, m);
	case REGION_READ:
		return do_read(u, m);
	case REGION_WRITE:
		return do_write(u, m);
	case DEVICE_RESET:
		u->ops->reset(u->dev);
		m->length = 0;
		return 0;
	default:
		return ENOTSUP;
	}
}

int vfio_user_serve(struct vfio_user *u)
{
	struct message m;
	int error, ret;

	if (receive(u, &m))
		return -1;
	error = handle(u, &m);
	ret = reply(u, &m, error);
	for (unsigned int i = 0; i < m.nfds; i++)
		close(m.fds[i]);
	return ret;
}
